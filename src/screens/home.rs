//! Home: hits for the box, or suggestions before anything is typed; the way to a ticket; links.

use leptos::prelude::*;

use super::hits::section;
use super::model::Screen;
use super::{Panel, hits, suggestions};
use crate::components::el::{button, div, el, live, live_text, nothing};
use crate::components::link::outside;
use domain::config::Link;
use domain::texts::Text;

/// The home screen.
pub fn view(panel: Panel) -> AnyView {
    let found = live(move || {
        panel.read(|model| match model.text.is_empty() {
            false => hits::home(panel, model),
            true => suggestions::view(panel, model),
        })
    });
    // The label does not wait for anything, so the button never changes under the finger.
    let label = move || {
        let answered = panel.read(|model| !model.text.is_empty() && !model.hits.is_empty());
        panel.t(if answered { Text::NoAnswerSend } else { Text::SendTicket })
    };
    let send = button("button main wide", move |_| panel.go(Screen::Ticket)).children([live_text(label)]);
    let [waiting, yours] = [live(move || outbox(panel)), live(move || tickets(panel))];
    div("screen").children([waiting, found, yours, live(move || links(panel)), div("foot").children([send])])
}

/// The way to the outbox, if it is not empty.
fn outbox(panel: Panel) -> AnyView {
    let text = match panel.read(|model| (model.queued, model.unsure)) {
        (0, _) => return nothing(),
        (n, 0) => panel.count(Text::WaitToBeSent, n),
        (n, _) => panel.count(Text::WaitToBeKnown, n),
    };
    button("button yours", move |_| panel.go(Screen::Outbox)).text(text)
}

/// The way to the tickets, if there are any. It waits for the suggestions above it, which would move it away under the finger.
fn tickets(panel: Panel) -> AnyView {
    panel.read(|model| {
        let (total, unread) = model.tickets;
        if total == 0 || !model.text.is_empty() || !model.suggestions.settled() {
            return nothing();
        }
        let mut parts = vec![el("span").text(panel.t(Text::YourTickets))];
        if unread > 0 {
            parts.push(el("span").attr("class", "tag unread").text(panel.count(Text::NewMessages, unread)));
        }
        button("button yours", move |_| panel.open_ticket(String::new())).children(parts)
    })
}

/// Links. They come last, so they wait for what is above them, and make room for hits.
fn links(panel: Panel) -> AnyView {
    panel.read(|model| {
        let plan = model.user.as_ref().map_or("", |user| &user.plan);
        let places = model.config.channels.iter().chain(&model.config.links).filter(|link| link.is_for(plan));
        let rows: Vec<AnyView> = places.map(link).collect();
        if !model.text.is_empty() || !model.suggestions.settled() || rows.is_empty() {
            return nothing();
        }
        section("links", panel.t(Text::Links), rows)
    })
}

fn link(link: &Link) -> AnyView {
    el("li").in_page_language().children([outside("", &link.url, link.label.clone())])
}
