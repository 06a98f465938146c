//! The preview: everything that leaves the page with a ticket, exactly as it will be sent, with a switch for each part.

mod rows;

use leptos::prelude::*;

use super::document::{self, Contents};
use super::{Panel, choices, copy};
use crate::browser::{intl, loader, read};
use crate::components::el::{button, div, el, live, nothing, paragraph};
use crate::components::shared::Shared;
use crate::texts;
use domain::context::Group;
use domain::context::document::Value;
use domain::texts::PreviewText;
use rows::Row;
use wire::Read;

/// The screen.
#[derive(Clone)]
struct Preview {
    panel: Panel,
    /// What is sent of the ticket, after the customer's choices.
    sent: Shared<Value>,
}

/// The preview of the ticket as the form stands.
pub fn view(panel: Panel) -> AnyView {
    let ticket = ticket(panel, Contents::Collected);
    let preview = Preview { panel, sent: Shared::new(self::ticket(panel, Contents::Sent)) };
    let none = Value::default();
    let context = ticket.get("context").unwrap_or(&none);
    let since = context.get("since").unwrap_or(&none);
    let mut parts = vec![paragraph("", texts::text(PreviewText::Intro))];
    let is_off = |group: &Group| panel.peek(|model| model.config.context.off.contains(group));
    parts.extend(Group::ALL.iter().filter(|group| !is_off(group)).map(|group| preview.group(*group, context, since)));
    parts.push(with_message(&ticket));
    parts.push(preview.search());
    let happened_since =
        || document::ready().is_some_and(|chunk| (chunk.happened_since)(panel, context.text_of("frozen_at")));
    if since.is_empty() && happened_since() {
        let add = move |_| {
            loader::add_since(&panel.loader(), &panel.moment());
            panel.redraw();
        };
        parts.push(button("button wide", add).text(texts::text(PreviewText::AddSince)));
    }
    let as_text = move |_| copy(rows::written(&self::ticket(panel, Contents::Sent)));
    let as_json = move |_| copy(json(panel, Contents::Sent));
    parts.push(div("row").children([
        button("button", as_text).text(texts::text(PreviewText::CopyAsText)),
        button("button", as_json).text(texts::text(PreviewText::CopyAsJson)),
    ]));
    parts.into_any()
}

/// The ticket in wire format.
fn ticket(panel: Panel, contents: Contents) -> Value {
    read::parse(&json(panel, contents)).map(|json| Value::read(&json)).unwrap_or_default()
}

/// The ticket as JSON; empty while the chunk that writes it is not there.
fn json(panel: Panel, contents: Contents) -> String {
    document::ready().map(|chunk| (chunk.ticket)(panel, contents)).unwrap_or_default()
}

impl Preview {
    /// A group with its switch; nothing if it is empty.
    fn group(&self, group: Group, context: &Value, since: &Value) -> AnyView {
        let name = group.word();
        let place = ["/", name].concat();
        let mut inside = Vec::new();
        for (prefix, moment) in [("", context), ("/since", since)] {
            if has_items(group) {
                for (index, item) in moment.list(name).iter().enumerate() {
                    let place = [prefix, &place, "/", &index.to_string()].concat();
                    let link = (group == Group::Links && prefix.is_empty()).then(|| item.clone());
                    let switch = self.switch(&place, rows::title(group, item));
                    inside.push(div("item").children([switch, self.switched(place, link, list(item))]));
                }
            } else if group == Group::Breadcrumbs {
                if !moment.list(name).is_empty() {
                    let (preview, since) = (self.clone(), !prefix.is_empty());
                    inside.push(div("").children([live(move || preview.breadcrumbs(since))]));
                }
            } else if let Some(value) = moment.get(name) {
                inside.push(list(value));
            }
        }
        if inside.is_empty() {
            return nothing();
        }
        let mut label = texts::label(name);
        if has_items(group) {
            label = [label.as_str(), " · ", &intl::number(inside.len() as u32, &self.panel.lang())].concat();
        }
        let switch = self.switch(&place, label);
        el("section").children([switch, self.switched(place, None, folded(inside))])
    }

    /// The breadcrumbs, which must not reveal what is withheld elsewhere.
    fn breadcrumbs(&self, since: bool) -> AnyView {
        self.sent.with(|sent| {
            let context = sent.get("context");
            let moment = if since { context.and_then(|context| context.get("since")) } else { context };
            moment.and_then(|moment| moment.get(Group::Breadcrumbs.word())).map_or_else(nothing, list)
        })
    }

    fn switch(&self, place: &str, label: String) -> AnyView {
        let place = place.to_string();
        let goes = self.panel.peek(|model| choices::goes(model, &place));
        let preview = self.clone();
        let flip = move |_| {
            choices::flip(preview.panel, &place);
            let sent = ticket(preview.panel, Contents::Sent);
            preview.sent.update(|known| *known = sent);
        };
        let input = el("input").attr("type", "checkbox").attr("role", "switch").checked(goes).on("click", flip);
        el("label").attr("class", "switch").children([input.children([]), el("span").text(label)])
    }

    /// What the style hides while its switch is off, with a note in its place. A link may reveal what is withheld elsewhere, and is hidden with
    /// it.
    fn switched(&self, place: String, link: Option<Value>, inside: AnyView) -> AnyView {
        let preview = self.clone();
        let note = live(move || {
            let is_sent = preview.sent.with(|sent| {
                let links = sent.get("context").map(|context| context.list("links")).unwrap_or_default();
                preview.panel.peek(|model| choices::goes(model, &place))
                    && link.as_ref().is_none_or(|link| links.contains(link))
            });
            match is_sent {
                true => paragraph("", String::new()),
                false => paragraph("hint", texts::text(PreviewText::Withheld)),
            }
        });
        div("inside").children([note, inside])
    }

    /// The switch for searches, if they leave the page.
    fn search(&self) -> AnyView {
        let host = self.panel.searched_host();
        if host.is_empty() {
            return nothing();
        }
        let switch = self.switch(choices::SEARCH, texts::text(PreviewText::SearchSwitch));
        let hint = paragraph("hint", texts::fill(PreviewText::SearchesAt, "{host}", &host));
        el("section").children([switch, div("about").children([hint])])
    }
}

fn has_items(group: Group) -> bool {
    matches!(group, Group::Errors | Group::Requests | Group::Links)
}

/// The rest of the ticket besides the message: it comes from the form and has no switch.
fn with_message(ticket: &Value) -> AnyView {
    let mut rest = ticket.clone();
    for name in ["context", "message"] {
        rest.remove(name);
    }
    let title = paragraph("switch", texts::text(PreviewText::WithMessage));
    el("section").children([title, div("inside").children([folded(vec![list(&rest)])])])
}

fn folded(inside: Vec<AnyView>) -> AnyView {
    let summary = el("summary").text(texts::text(PreviewText::Open));
    el("details").children([summary, el("div").children(inside)])
}

fn list(value: &Value) -> AnyView {
    let mut parts = Vec::new();
    for Row { depth, label, text } in rows::flatten(value) {
        let class = if depth > 0 { "deep" } else { "" };
        parts.push(el("dt").attr("class", class).text(label));
        parts.push(el("dd").attr("class", class).in_any_language().text(text));
    }
    el("dl").attr("dir", "auto").children(parts)
}
