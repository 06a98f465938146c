//! The way to the customer's tickets.

use leptos::prelude::*;

use super::Panel;
use super::model::Screen;
use crate::components::el::{button, el, nothing};
use domain::texts::Text;

/// Opens the conversation of a ticket, or the list.
pub fn open(panel: Panel, id: String) {
    panel.change(|model| model.ticket = id);
    panel.go(Screen::Tickets);
}

/// On Home: the link to the outbox, if it is not empty.
pub fn waiting(panel: Panel) -> AnyView {
    let text = match panel.read(|model| (model.queued, model.unsure)) {
        (0, _) => return nothing(),
        (n, 0) => panel.count(Text::WaitToBeSent, n),
        (n, _) => panel.count(Text::WaitToBeKnown, n),
    };
    button("button yours", move |_| panel.go(Screen::Outbox)).text(text)
}

/// On Home: the link to the tickets, if there are any.
pub fn row(panel: Panel) -> AnyView {
    panel.read(|model| {
        let (total, unread) = model.tickets;
        if total == 0 || !model.text.is_empty() {
            return nothing();
        }
        let mut parts = vec![el("span").text(panel.t(Text::YourTickets))];
        if unread > 0 {
            parts.push(el("span").attr("class", "tag unread").text(panel.count(Text::NewMessages, unread)));
        }
        button("button yours", move |_| open(panel, String::new())).children(parts)
    })
}
