//! The end: the ticket has arrived, or a question has helped.

use leptos::prelude::*;

use super::model::Screen;
use super::{Panel, beyond};
use crate::browser::dom;
use crate::components::el::{button, div, el, live_text, nothing, paragraph, spawn};
use domain::texts::Text;

/// The ticket has arrived.
pub fn view(panel: Panel) -> AnyView {
    let reference = reference(panel);
    let ticket = panel.fill(Text::ReceiptReference, "{reference}", &reference);
    let label = move || panel.t(if panel.read(|model| model.copied) { Text::Copied } else { Text::CopyReference });
    let copy = button("button", move |_| copy(panel)).children([live_text(label)]);
    let mut parts = vec![
        el("h3").attr("class", "asked done").text(panel.t(Text::ReceiptTitle)),
        div("row").children([el("span").attr("class", "reference").text(ticket), copy]),
    ];
    let lines = panel.peek(|model| model.promised.clone()).into_iter().chain([panel.t(Text::ReadEvery)]);
    parts.extend(lines.filter(|line| !line.is_empty()).map(|line| paragraph("", line)));
    let see = move |_| {
        let id = panel.peek(|model| model.receipt.as_ref().map(|receipt| receipt.id.clone()));
        panel.open_ticket(id.unwrap_or_default());
    };
    let see = match panel.has_gateway() {
        true => button("link", see).text(panel.t(Text::SeeConversation)),
        false => nothing(),
    };
    parts.push(div("row").children([
        see,
        el("section").attr("id", "copy").children([beyond::outgoing(panel, |context| context.receipt)]),
    ]));
    parts.push(done(panel));
    div("screen").children(parts)
}

/// A question has helped.
pub fn thanks(panel: Panel) -> AnyView {
    let title = el("h3").attr("class", "asked").text(panel.t(Text::Thanks));
    div("screen").children([title, paragraph("", panel.t(Text::ThanksDetail)), done(panel)])
}

fn copy(panel: Panel) {
    let reference = reference(panel);
    spawn(async move {
        if dom::copy(&reference).await {
            panel.change(|model| model.copied = true);
            panel.announce(&panel.t(Text::Copied));
        }
    });
}

fn reference(panel: Panel) -> String {
    panel.peek(|model| model.receipt.as_ref().map(|receipt| receipt.reference.clone()).unwrap_or_default())
}

fn done(panel: Panel) -> AnyView {
    let finish = move |_| {
        panel.loader().close();
        panel.change(|model| model.screen = Screen::Home);
        panel.redraw();
    };
    div("foot").children([button("button main wide", finish).text(panel.t(Text::Done))])
}
