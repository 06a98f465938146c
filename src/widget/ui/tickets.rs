//! The way to what was sent before. Its module draws the screen.

use leptos::prelude::*;

use super::Panel;
use super::el::{button, el, nothing, spawn};
use super::model::Screen;
use crate::domain::texts::Text;
use crate::widget::browser::loader;

/// The id of the screen's place.
const PLACE: &str = "tickets";

/// Opens the conversation about a ticket, or the list of them.
pub fn open(panel: Panel, id: String) {
    panel.change(|model| model.ticket = id);
    panel.go(Screen::Tickets);
}

/// The screen; its module draws it.
pub fn view(panel: Panel) -> AnyView {
    spawn(async move {
        let id = panel.peek(|model| model.ticket.clone());
        if loader::show_tickets(&panel.loader(), PLACE, &id).await.is_none() {
            panel.announce(&panel.t(Text::FailUnreachable));
            panel.go(Screen::Home);
        }
    });
    // Of a tag that no other screen has, as that of what is sent.
    el("article").attr("class", "screen tickets").attr("id", PLACE).children([])
}

/// On Home: how to get there, where there is something.
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
