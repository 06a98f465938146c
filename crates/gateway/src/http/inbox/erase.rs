//! `/inbox/tickets/{name}/erase`: asks for confirmation and shows what erasing a ticket would erase; then erases it.

use std::sync::Arc;

use axum::extract::rejection::FormRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Form};
use maud::{Markup, html};
use serde::Deserialize;

use super::access::{CurrentAgent, InboxAccess};
use super::page;
use super::render::{Failed, message};
use super::texts::PageTexts;
use deskbell_core::ids::{DestinationName, ExternalId, Reference};
use deskbell_core::ports::{ErasureCounts, StoreError, StoredTicket, TicketHead};
use deskbell_core::rules::permissions::Permission;
use deskbell_core::use_cases::agents::Audited;
use deskbell_core::use_cases::privacy::{EraseTicket, Erased};
use domain::reference;

/// The form: the reference of the ticket that the agent has confirmed.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct EraseForm {
    confirm: String,
}

/// Asks for confirmation.
pub async fn show_form(
    State(erase): State<Arc<EraseTicket>>,
    Extension(agent): Extension<CurrentAgent>,
    texts: PageTexts,
    Path(name): Path<String>,
) -> Result<Response, Failed> {
    let ticket = match ticket(&erase, &agent, texts, &name).await? {
        Ok(ticket) => ticket,
        Err(refused) => return Ok(refused),
    };
    let (counts, external) = erase.preview(&ticket).await?;
    Ok(message(StatusCode::OK, question(&ticket, &counts, &external)))
}

/// Erases the ticket, and shows the external tickets that remain.
pub async fn handle(
    State(erase): State<Arc<EraseTicket>>,
    State(access): State<Arc<InboxAccess>>,
    Extension(agent): Extension<CurrentAgent>,
    texts: PageTexts,
    Path(name): Path<String>,
    form: Result<Form<EraseForm>, FormRejection>,
) -> Result<Response, Failed> {
    let ticket = match ticket(&erase, &agent, texts, &name).await? {
        Ok(ticket) => ticket,
        Err(refused) => return Ok(refused),
    };
    if form.map(|Form(form)| form.confirm).unwrap_or_default() != ticket.reference.as_str() {
        let explanation = "The form does not confirm which ticket to erase. Nothing was erased.";
        let ticket_page = address(&ticket.reference);
        return Ok(message(StatusCode::UNPROCESSABLE_ENTITY, page::problem_page(explanation, "", &ticket_page)));
    }
    agent.record(&access.audit, Audited::TicketErased(&ticket.site, &ticket.reference)).await?;
    let erased = erase.erase(&ticket, agent.name()).await?;
    Ok(message(StatusCode::OK, erased_page(&ticket.reference, &erased)).into_response())
}

/// The link to the confirmation.
pub fn link(ticket: &StoredTicket) -> Markup {
    html! { p { a href=(address(&ticket.reference)) { "Erase this ticket…" } } }
}

/// The page of a ticket that cannot be read but can still be erased.
pub async fn unreadable(
    erase: &EraseTicket,
    agent: &CurrentAgent,
    name: &str,
    error: StoreError,
) -> Result<Response, Failed> {
    let reason = error.to_string();
    tracing::error!(error = reason, "ticket unreadable");
    let Some(head) = erase.find(name).await? else { return Err(error.into()) };
    if !agent.may_on(Permission::ReadTickets, &head.site) {
        return Ok(message(StatusCode::NOT_FOUND, page::not_found()));
    }
    let page = page::notice(
        &format!("{} cannot be read", head.reference),
        html! {
            p { "Reason: " (reason) "." }
            @if agent.may_on(Permission::EraseTickets, &head.site) {
                p { a href=(address(&head.reference)) { "Erase this ticket…" } }
            }
            p { a href="/inbox" { "All tickets" } }
        },
    );
    Ok(message(StatusCode::INTERNAL_SERVER_ERROR, page))
}

/// The head of the ticket, so that unreadable tickets can be erased as well; or the response if the agent may not erase it.
async fn ticket(
    erase: &EraseTicket,
    agent: &CurrentAgent,
    texts: PageTexts,
    name: &str,
) -> Result<Result<TicketHead, Response>, Failed> {
    let name = reference::parse(name).unwrap_or_else(|| name.to_string());
    let head = erase.find(&name).await?.filter(|head| agent.may_on(Permission::ReadTickets, &head.site));
    Ok(match head {
        Some(head) if agent.may_on(Permission::EraseTickets, &head.site) => Ok(head),
        Some(_) => Err(message(StatusCode::FORBIDDEN, page::forbidden(texts.0))),
        None => Err(message(StatusCode::NOT_FOUND, page::not_found())),
    })
}

fn address(reference: &Reference) -> String {
    format!("/inbox/tickets/{reference}/erase")
}

fn question(ticket: &TicketHead, counts: &ErasureCounts, external: &[(DestinationName, ExternalId)]) -> Markup {
    let reference = &ticket.reference;
    page::notice(
        &format!("Erase {reference}?"),
        html! {
            p { "This cannot be undone. It erases the ticket with its " (amounts(counts)) "." }
            (not_reached(external))
            form.buttons method="post" action=(address(reference)) {
                input type="hidden" name="confirm" value=(reference);
                button.button.main type="submit" { "Erase " (reference) }
                a href=(format!("/inbox/tickets/{reference}")) { "Cancel" }
            }
        },
    )
}

fn erased_page(reference: &Reference, erased: &Erased) -> Markup {
    let external: Vec<(DestinationName, ExternalId)> = erased
        .external
        .iter()
        .map(|(_, destination, external_id)| (destination.clone(), external_id.clone()))
        .collect();
    page::notice(
        &format!("{reference} erased"),
        html! {
            p { "The ticket was erased with its " (amounts(&erased.counts)) "." }
            (not_reached(&external))
            p { a href="/inbox" { "All tickets" } }
        },
    )
}

fn amounts(counts: &ErasureCounts) -> String {
    let ErasureCounts { messages, activities, deliveries, mails, files, .. } = counts;
    let amount = |count: &u64, amount: &str, more: &str| format!("{count} {}", if *count == 1 { amount } else { more });
    [
        amount(messages, "message", "messages"),
        amount(activities, "activity or note", "activities and notes"),
        amount(deliveries, "delivery", "deliveries"),
        amount(mails, "receipt", "receipts"),
    ]
    .join(", ")
        + " and "
        + &amount(files, "file", "files")
}

fn not_reached(external: &[(DestinationName, ExternalId)]) -> Markup {
    html! {
        p { "Not erased:" }
        ul {
            @for (destination, external_id) in external {
                li { "the ticket in " bdi { (destination) } ", " bdi { (external_id) } "; erase it there as well" }
            }
            li { "mails and notifications already sent" }
            li { "backups, and data in the customer's own browser" }
        }
    }
}
