//! Similar open tickets: the draft is added to one of them, or sent as a new one.

use std::pin::Pin;

use leptos::prelude::*;

use super::reply;
use crate::browser::http::Answer;
use crate::browser::{dom, intl, tickets};
use crate::components::el::{button, div, el, live, nothing, paragraph, spawn};
use crate::screens::model::{Model, Sending};
use crate::screens::{Panel, send, ticket};
use crate::texts;
use domain::conversation::{Draft, Summaries, Summary};
use domain::texts::TicketsText;
use wire::Read;

/// The similar tickets; nothing if there are none.
pub fn view(panel: Panel) -> AnyView {
    live(move || panel.read(|model| offer(panel, model)))
}

/// Asks the gateway for open tickets like the draft, and shows them. Whether there are any.
pub fn find(panel: Panel) -> Pin<Box<dyn Future<Output = bool>>> {
    Box::pin(async move {
        let (draft, user_changes) = panel
            .peek(|model| (Draft { message: model.text.clone(), topic: ticket::topic(model) }, model.user_changes));
        // Serialising plain data into memory cannot fail.
        let body = serde_json::to_string(&draft).unwrap_or_default();
        let answer = tickets::ask(&panel.loader(), "POST", "/alike", &body).await;
        let Answer::Http { status: 200, body: Some(body), .. } = answer else { return false };
        if panel.peek(|model| model.user_changes != user_changes) {
            return false;
        }
        let tickets = Summaries::read(&body).tickets;
        let is_any = !tickets.is_empty();
        panel.change(|model| model.similar = tickets);
        panel.later(move || {
            let root = panel.loader().root();
            dom::all(&root, ".alike").first().into_iter().for_each(|offer| dom::show(offer));
            dom::all(&root, ".alike h3").first().into_iter().for_each(dom::focus);
        });
        is_any
    })
}

fn offer(panel: Panel, model: &Model) -> AnyView {
    if model.similar.is_empty() {
        return nothing();
    }
    let is_adding = |ticket: &Summary| matches!(&model.sending, Sending::Adding(id) if *id == ticket.id);
    let rows: Vec<AnyView> = model.similar.iter().map(|ticket| row(panel, ticket, is_adding(ticket))).collect();
    let new = button("button", move |_| send::start(panel)).text(texts::text(TicketsText::SendNew));
    div("alike").children([
        el("h3").attr("tabindex", "-1").text(texts::text(TicketsText::Alike)),
        paragraph("hint", texts::text(TicketsText::AlikeHint)),
        el("ul").attr("class", "plain").children(rows),
        div("row").children([new]),
    ])
}

fn row(panel: Panel, ticket: &Summary, is_adding: bool) -> AnyView {
    let since = texts::fill(TicketsText::Since, "{time}", &intl::moment(&ticket.updated_at, &panel.lang()));
    let details = [ticket.reference.as_str(), " · ", &since].concat();
    let text = if is_adding { TicketsText::Adding } else { TicketsText::AddTo };
    let id = ticket.id.clone();
    let add = button("button", move |_| add(panel, id.clone())).text(texts::text(text));
    let title = el("p").attr("class", "title").in_any_language().text(ticket.title.clone());
    el("li").children([title, paragraph("hint", details), add])
}

/// Adds the draft to a ticket, once.
fn add(panel: Panel, id: String) {
    if panel.peek(Model::is_sealed) {
        return;
    }
    panel.change(|model| model.sending = Sending::Adding(id.clone()));
    spawn(async move {
        let (message, user_changes) = panel.peek(|model| (model.text.clone(), model.user_changes));
        let sent = tickets::add_draft(&panel.loader(), &id, &reply::json(&message), &message).await;
        if send::has_arrived(panel, user_changes, &sent) {
            panel.announce(&texts::text(TicketsText::ReplySent));
            panel.open_ticket(id);
        }
    });
}
