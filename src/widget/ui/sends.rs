//! What we send: everything that leaves the page with a ticket, as it will be sent, with a switch for each part of it.

use leptos::prelude::*;

use super::el::{button, div, el, live, nothing, paragraph, spawn};
use super::model::Screen;
use super::{Panel, STATE, choices, copy, send};
use crate::domain::context::Group;
use crate::domain::context::document::{self, Value};
use crate::domain::joined::joined;
use crate::domain::source::Read;
use crate::domain::texts::Text;
use crate::widget::browser::{context as moment, intl, loader, read};

/// Something under a name, as deep as it is nested.
struct Row {
    depth: usize,
    label: String,
    text: String,
}

/// From how many members on something that happened is more than a line.
const DETAILED: usize = 6;

/// The screen.
pub fn view(panel: Panel) -> AnyView {
    let ticket = ticket(panel, send::full(panel));
    let nothing_yet = Value::default();
    let context = ticket.get("context").unwrap_or(&nothing_yet);
    let since = context.get("since").unwrap_or(&nothing_yet);
    let mut parts = vec![paragraph("", panel.t(Text::SendsIntro))];
    for group in Group::ALL.iter().copied() {
        if !panel.peek(|model| model.config.context.off.contains(&group)) {
            parts.push(part(panel, group, context, since));
        }
    }
    parts.push(with_message(panel, &ticket));
    parts.push(search(panel));
    if since.is_empty() && something_new(panel, context.text_of("frozen_at")) {
        parts.push(button("button wide", move |_| add_since(panel)).text(panel.t(Text::AddSince)));
    }
    let as_text = button("button", move |_| copy(as_text(panel))).text(panel.t(Text::CopyAsText));
    let as_json = button("button", move |_| copy(as_json(panel))).text(panel.t(Text::CopyAsJson));
    parts.push(div("row").children([as_text, as_json]));
    div("screen sends").children(parts)
}

/// Goes to the screen, once what is on it has its names.
pub fn look(panel: Panel) {
    spawn(async move {
        let labels = loader::labels(&panel.loader(), &panel.lang()).await;
        STATE.with(|state| state.words.borrow_mut().label(labels));
        panel.go(Screen::Sends);
    });
}

/// What is sent, in words: for the line above Send.
pub fn summary(panel: Panel) -> String {
    let now = panel.moment();
    let along = panel.read(|model| {
        let mut along = Vec::new();
        for group in Group::ALL.iter().filter(|group| !model.config.context.off.contains(group)) {
            if !choices::goes(model, &["/", group.word()].concat()) {
                continue;
            }
            let counted = |text| match moment::count(&now, group.word()) {
                0 => String::new(),
                n => panel.count(text, n),
            };
            along.push(match group {
                Group::Page => panel.t(Text::SendsPage),
                Group::User if model.user.is_some() => panel.t(Text::SendsUser),
                Group::Errors => counted(Text::SendsErrors),
                Group::Requests => counted(Text::SendsRequests),
                Group::Breadcrumbs => counted(Text::SendsSteps),
                Group::Device => panel.t(Text::SendsBrowser),
                _ => String::new(),
            });
        }
        along.retain(|text| !text.is_empty());
        along
    });
    match along.is_empty() {
        true => panel.t(Text::SendsNothing),
        false => panel.fill(Text::SendsAlong, "{list}", &joined(&along, &panel.t(Text::ListComma))),
    }
}

/// The ticket as the form stands, with a context, as it goes over the wire.
fn ticket(panel: Panel, context: Value) -> Value {
    read::parse(&send::json(&send::draft(panel, context))).map(|json| Value::read(&json)).unwrap_or_default()
}

/// A group with its switch; nothing where there is nothing of it.
fn part(panel: Panel, group: Group, context: &Value, since: &Value) -> AnyView {
    let name = group.word();
    let place = ["/", name].concat();
    let mut inside = Vec::new();
    for (prefix, moment) in [("", context), ("/since", since)] {
        match group_has_items(group) {
            true => {
                for (index, entry) in moment.list(name).iter().enumerate() {
                    let place = [prefix, &place, "/", &index.to_string()].concat();
                    // A link may tell what is kept back elsewhere, and goes with that.
                    let link = (group == Group::Links && prefix.is_empty()).then(|| entry.clone());
                    let switched = switch(panel, place.clone(), title(group, entry));
                    let details = hidden_when_off(panel, place, link, list(panel, entry));
                    inside.push(div("item").children([switched, details]));
                }
            }
            // What is kept back elsewhere is not told by the last steps either.
            false if group == Group::Breadcrumbs && !moment.list(name).is_empty() => {
                let since = !prefix.is_empty();
                inside.push(live(move || {
                    // It depends on every switch.
                    panel.read(|_| ());
                    let sent = send::sent(panel);
                    let moment = if since { sent.get("since") } else { Some(&sent) };
                    moment.and_then(|moment| moment.get("breadcrumbs")).map_or_else(nothing, |steps| list(panel, steps))
                }));
            }
            false => inside.extend(moment.get(name).map(|value| list(panel, value))),
        }
    }
    if inside.is_empty() {
        return nothing();
    }
    let mut label = label(panel, name);
    if group_has_items(group) {
        label = [label.as_str(), " · ", &intl::number(inside.len() as u32, &panel.lang())].concat();
    }
    el("section")
        .children([switch(panel, place.clone(), label), hidden_when_off(panel, place, None, folded(panel, inside))])
}

fn group_has_items(group: Group) -> bool {
    matches!(group, Group::Errors | Group::Requests | Group::Links)
}

fn switch(panel: Panel, place: String, label: String) -> AnyView {
    let on = panel.peek(|model| choices::goes(model, &place));
    let flip = move |_| choices::flip(panel, &place);
    let input = el("input").attr("type", "checkbox").attr("role", "switch");
    let input = input.maybe("checked", on.then(String::new)).on("change", flip).children([]);
    el("label").attr("class", "switch").children([input, el("span").text(label)])
}

/// The style hides what follows a switch that is off, and shows this word instead.
fn hidden_when_off(panel: Panel, place: String, link: Option<Value>, inside: AnyView) -> AnyView {
    let said = live(move || {
        let goes = panel.read(|model| choices::goes(model, &place));
        match goes && link.as_ref().is_none_or(|link| send::sent(panel).list("links").contains(link)) {
            true => nothing(),
            false => paragraph("hint", panel.t(Text::Withheld)),
        }
    });
    div("inside").children([said, inside])
}

fn folded(panel: Panel, inside: Vec<AnyView>) -> AnyView {
    el("details").children([el("summary").text(panel.t(Text::Look)), div("").children(inside)])
}

fn list(panel: Panel, value: &Value) -> AnyView {
    let mut parts = Vec::new();
    for Row { depth, label, text } in rows_of(panel, value) {
        let class = if depth > 0 { "deep" } else { "" };
        for (tag, text) in [("dt", label), ("dd", text)] {
            parts.push(el(tag).attr("class", class).text(text));
        }
    }
    el("dl").attr("dir", "auto").children(parts)
}

/// What else is on the ticket, beside the message: it comes from the form and has no switch.
fn with_message(panel: Panel, ticket: &Value) -> AnyView {
    let mut rest = ticket.clone();
    for name in ["context", "message"] {
        rest.remove(name);
    }
    let title = el("p").attr("class", "switch").text(panel.t(Text::WithMessage));
    el("section").children([title, div("inside").children([folded(panel, vec![list(panel, &rest)])])])
}

fn search(panel: Panel) -> AnyView {
    let gateway = panel.loader().gateway();
    let host = gateway.split('/').nth(2).unwrap_or_default();
    let about = paragraph("hint", panel.fill(Text::SearchesAt, "{host}", host));
    let switch = switch(panel, choices::SEARCH.to_string(), panel.t(Text::SearchSwitch));
    el("section").children([switch, div("about").children([about])])
}

fn something_new(panel: Panel, frozen_at: &str) -> bool {
    let loader = panel.loader();
    document::happened_since(moment::describe(&loader, &loader.snapshot()), frozen_at)
}

fn add_since(panel: Panel) {
    loader::add_since(&panel.loader(), &panel.moment());
    panel.redraw();
}

fn as_json(panel: Panel) -> String {
    send::json(&send::draft(panel, send::sent(panel)))
}

fn as_text(panel: Panel) -> String {
    let mut text = String::new();
    for Row { depth, label, text: value } in rows_of(panel, &ticket(panel, send::sent(panel))) {
        for part in ["  ".repeat(depth).as_str(), &label, ": ", &value, "\n"] {
            text.push_str(part);
        }
    }
    text
}

fn rows_of(panel: Panel, value: &Value) -> Vec<Row> {
    let mut rows = Vec::new();
    add_rows(panel, value, 0, &mut rows);
    rows
}

fn add_rows(panel: Panel, value: &Value, depth: usize, rows: &mut Vec<Row>) {
    match value {
        Value::Members(members) => {
            for (name, value) in &members.0 {
                add_row(panel, label(panel, name), value, depth, rows);
            }
        }
        Value::List(items) => {
            for (index, item) in items.iter().enumerate() {
                let at = intl::time(item.text_of("at"), &panel.lang());
                let label = if at.is_empty() { (index + 1).to_string() } else { at };
                add_row(panel, label, item, depth, rows);
            }
        }
        _ => rows.push(Row { depth, label: String::new(), text: text(value) }),
    }
}

fn add_row(panel: Panel, label: String, value: &Value, depth: usize, rows: &mut Vec<Row>) {
    match value {
        // What was done at a time is one line.
        Value::Members(members) if value.get("at").is_some() && members.0.len() < DETAILED => {
            let texts: Vec<String> =
                members.0.iter().filter(|(name, _)| name != "at").map(|(_, value)| text(value)).collect();
            rows.push(Row { depth, label, text: joined(&texts, " · ") });
        }
        Value::Members(_) | Value::List(_) if value.is_empty() => {}
        Value::Members(_) | Value::List(_) => {
            rows.push(Row { depth, label, text: String::new() });
            add_rows(panel, value, depth + 1, rows);
        }
        _ if value.is_empty() => {}
        _ => rows.push(Row { depth, label, text: text(value) }),
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::Count(count) => count.to_string(),
        Value::Yes(true) => "✓".into(),
        Value::Yes(false) => "✗".into(),
        Value::List(_) | Value::Members(_) => String::new(),
    }
}

/// The name of a member in the panel's language; names that the host gave stay as they are.
fn label(panel: Panel, name: &str) -> String {
    panel.label(name).filter(|label| !label.is_empty()).unwrap_or_else(|| name.to_string())
}

fn title(group: Group, item: &Value) -> String {
    let names: &[&str] = match group {
        Group::Errors => &["name", "message"],
        Group::Requests => &["method", "url", "status"],
        _ => &["source", "label", "text"],
    };
    let texts: Vec<String> =
        names.iter().filter_map(|name| item.get(name)).map(text).filter(|text| !text.is_empty()).collect();
    joined(&texts, " ")
}
