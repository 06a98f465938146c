//! `POST /inbox/tickets/{name}`: the actions of agents on a ticket.

use std::sync::Arc;

use axum::extract::rejection::FormRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Extension, Form};
use serde::Deserialize;

use super::access::CurrentAgent;
use super::render::{Failed, message};
use super::ticket_reader::TicketReader;
use super::{erase, page};
use deskbell_core::ports::StoredTicket;
use deskbell_core::rules::permissions::Permission;
use deskbell_core::site::Sites;
use deskbell_core::use_cases::privacy::EraseTicket;
use deskbell_core::use_cases::tickets::{Action, ActionOutcome, HandleTicket};
use domain::targets::Owner;
use domain::ticket::{MESSAGE_MAX, Severity, Status};

/// The longest value of a field that is not a text, in characters.
const WORD_MAX: usize = 80;

/// The form of an action; fields of other actions are empty.
#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
pub struct ActionForm {
    action: String,
    text: String,
    key: String,
    place: String,
    topic: String,
    severity: String,
    assignee: String,
    owner: String,
    team: String,
}

/// Handles the form, and redirects to the ticket.
pub async fn handle(
    State(tickets): State<Arc<TicketReader>>,
    State(actions): State<Arc<HandleTicket>>,
    State(erase): State<Arc<EraseTicket>>,
    Extension(agent): Extension<CurrentAgent>,
    Path(name): Path<String>,
    form: Result<Form<ActionForm>, FormRejection>,
) -> Result<Response, Failed> {
    let ticket = match tickets.ticket(&name, &agent.sites(Permission::HandleTickets)).await {
        Ok(Some(ticket)) => ticket,
        Ok(None) => return Ok(message(StatusCode::NOT_FOUND, page::not_found())),
        // Whether there is one on another site, the response does not say.
        Err(error) if error.concerns_row() => return erase::unreadable(&erase, &agent, &name, error).await,
        Err(error) => return Err(error.into()),
    };
    let action = match form {
        Ok(Form(form)) => parse(&tickets.sites, &ticket, form),
        Err(rejection) => Err((rejection.body_text(), String::new())),
    };
    let action = match action {
        Ok(action) => action,
        Err((problem, text)) => {
            let ticket_page = format!("/inbox/tickets/{}", ticket.reference);
            return Ok(message(StatusCode::UNPROCESSABLE_ENTITY, page::problem_page(&problem, &text, &ticket_page)));
        }
    };
    let fragment = match action {
        Action::Answer { .. } | Action::Note(_) | Action::Contacted(_) => "#conversation",
        _ => "#handling",
    };
    let ticket_page = format!("/inbox/tickets/{}{fragment}", ticket.reference);
    let text = if let Action::Answer { text, .. } = &action { text.clone() } else { String::new() };
    match actions.act(&ticket, agent.name(), action).await? {
        ActionOutcome::Done => Ok(Redirect::to(&ticket_page).into_response()),
        ActionOutcome::NotFound => Ok(message(StatusCode::NOT_FOUND, page::not_found())),
        ActionOutcome::KeyReused => {
            let explanation = "This form has already sent a different answer, so this one was not sent. Check the conversation, \
                        then send what is missing from a new form.";
            Ok(message(StatusCode::CONFLICT, page::problem_page(explanation, &text, &ticket_page)))
        }
    }
}

/// The action of a form; or the error and the text that was written.
fn parse(sites: &Sites, ticket: &StoredTicket, form: ActionForm) -> Result<Action, (String, String)> {
    let text = form.text.replace("\r\n", "\n").trim().to_string();
    let invalid = |problem: &str| Err((problem.to_string(), text.clone()));
    let words = [&form.key, &form.place, &form.topic, &form.assignee, &form.team];
    if words.iter().any(|word| word.chars().count() > WORD_MAX) {
        return invalid("A name can have at most 80 characters.");
    }
    if text.chars().count() > MESSAGE_MAX {
        return invalid("A text can have at most 10,000 characters. Please shorten it.");
    }
    let action = form.action.as_str();
    if matches!(action, "answer" | "answer-solved" | "note") && text.is_empty() {
        return invalid("Please write something first.");
    }
    if matches!(action, "answer" | "answer-solved") && form.key.trim().is_empty() {
        return invalid(
            "The field key is missing. It keeps an answer from being sent twice; use a new one for each answer, \
             for example a UUID.",
        );
    }
    Ok(match action {
        "answer" | "answer-solved" => Action::Answer { text, key: form.key, solved: action == "answer-solved" },
        "note" => Action::Note(text),
        "contacted" if form.place.trim().is_empty() => {
            return invalid("Please choose the channel on which the customer was contacted.");
        }
        "contacted" => Action::Contacted(form.place.trim().into()),
        "triage" => {
            let topics = sites.get(&ticket.site).map(|site| site.config.topics.as_slice()).unwrap_or_default();
            let is_known_topic = form.topic.is_empty()
                || form.topic == ticket.handling.topic
                || topics.iter().any(|topic| topic.id == form.topic);
            match Severity::from_word(&form.severity).filter(|_| is_known_topic) {
                Some(severity) => Action::Triage { topic: form.topic, severity },
                None => return invalid("Unknown topic or severity."),
            }
        }
        "assign" => Action::Assign(form.assignee.trim().into()),
        "hand-over" => match Owner::from_word(&form.owner).filter(|owner| *owner != Owner::Automated) {
            Some(owner) => Action::HandOver { owner, team: form.team.trim().into() },
            None => return invalid("Unknown owner."),
        },
        "solve" => Action::Mark(Status::Solved),
        "reopen" => Action::Mark(Status::Open),
        _ => return invalid("Unknown action."),
    })
}
