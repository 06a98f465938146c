//! "What we send": everything that leaves the page with a ticket, exactly as it will be sent, with a switch for each part.

mod rows;

use std::cell::RefCell;
use std::rc::Rc;

use wasm_bindgen::JsValue;

use super::browser::nodes::Drawing;
use super::browser::{HtmlElement, Node, intl, read};
use super::form;
use super::words::Words;
use domain::context::Group;
use domain::context::document::Value;
use domain::texts::SendsText;
use rows::Row;
use wire::Read;

/// What a part of the screen is drawn with.
struct Screen {
    drawing: Drawing,
    words: Words,
    /// The elements that depend on the switches.
    following: Rc<RefCell<Vec<Following>>>,
}

/// An element that depends on the switches.
enum Following {
    /// The note about a withheld part, in the element that the style hides then.
    Part {
        place: String,
        /// A link may reveal what is withheld elsewhere, and is hidden with it.
        link: Option<Value>,
        hint: Node,
    },
    /// The breadcrumbs, which must not reveal what is withheld elsewhere.
    Steps { since: bool, within: Node },
}

thread_local! {
    static SHOWN: RefCell<Option<Screen>> = const { RefCell::new(None) };
}

/// Draws the screen into a place. `labels` has the texts, `host` is the address that searches go to, empty if none leave the page.
pub fn show(place: &HtmlElement, lang: String, labels: JsValue, host: &str) {
    let Some(drawing) = Drawing::new() else { return };
    let words = Words::new(lang, labels);
    let mut screen = Screen { drawing, words, following: Rc::default() };
    let nodes = nodes(&mut screen, host);
    screen.drawing.put(place, nodes);
    follow(&screen.words, &screen.following);
    SHOWN.set(Some(screen));
}

fn nodes(screen: &mut Screen, host: &str) -> Vec<Node> {
    let ticket = told("ticket");
    let nothing_yet = Value::default();
    let context = ticket.get("context").unwrap_or(&nothing_yet);
    let since = context.get("since").unwrap_or(&nothing_yet);
    let mut parts = vec![paragraph(screen, "", SendsText::Intro)];
    for group in Group::ALL.iter().copied() {
        if !form::agrees("off", group.word()) {
            parts.extend(part(screen, group, context, since));
        }
    }
    parts.push(with_message(screen, &ticket));
    if !host.is_empty() {
        parts.push(search(screen, host));
    }
    if since.is_empty() && form::agrees("later", context.text_of("frozen_at")) {
        let text = screen.words.said(SendsText::AddSince);
        parts.push(button(screen, "button wide", &text, |_| drop(form::ask("since", ""))));
    }
    let [as_text, as_json] = [SendsText::CopyAsText, SendsText::CopyAsJson].map(|text| screen.words.said(text));
    let as_text = button(screen, "button", &as_text, |words| {
        drop(form::ask("copy", &rows::written(words, &told("sent"))));
    });
    let as_json = button(screen, "button", &as_json, |_| {
        drop(form::ask("copy", &read::text(&form::ask("sent", ""))));
    });
    parts.push(screen.drawing.element("div", &[("class", "row")], vec![as_text, as_json]));
    parts
}

/// The ticket as the form stands, in wire format: all of it (`ticket`), or what is sent of it (`sent`).
fn told(which: &str) -> Value {
    read::parse(&read::text(&form::ask(which, ""))).map(|json| Value::read(&json)).unwrap_or_default()
}

/// A group with its switch; none if it is empty.
fn part(screen: &mut Screen, group: Group, context: &Value, since: &Value) -> Option<Node> {
    let name = group.word();
    let place = ["/", name].concat();
    let mut inside = Vec::new();
    for (prefix, moment) in [("", context), ("/since", since)] {
        if has_items(group) {
            for (index, entry) in moment.list(name).iter().enumerate() {
                let place = [prefix, &place, "/", &index.to_string()].concat();
                let link = (group == Group::Links && prefix.is_empty()).then(|| entry.clone());
                let switched = switch(screen, &place, &rows::title(group, entry));
                let listed = list(screen, entry);
                let details = follows(screen, place, link, listed);
                inside.push(screen.drawing.element("div", &[("class", "item")], vec![switched, details]));
            }
        } else if group == Group::Breadcrumbs {
            if !moment.list(name).is_empty() {
                let within = screen.drawing.element("div", &[], Vec::new());
                let steps = Following::Steps { since: !prefix.is_empty(), within: within.clone() };
                screen.following.borrow_mut().push(steps);
                inside.push(within);
            }
        } else if let Some(value) = moment.get(name) {
            inside.push(list(screen, value));
        }
    }
    if inside.is_empty() {
        return None;
    }
    let mut label = screen.words.label(name);
    if has_items(group) {
        label = [label.as_str(), " · ", &intl::number(inside.len() as u32, &screen.words.lang)].concat();
    }
    let switched = switch(screen, &place, &label);
    let folded = folded(screen, inside);
    let followed = follows(screen, place, None, folded);
    Some(screen.drawing.element("section", &[], vec![switched, followed]))
}

fn has_items(group: Group) -> bool {
    matches!(group, Group::Errors | Group::Requests | Group::Links)
}

fn switch(screen: &mut Screen, place: &str, label: &str) -> Node {
    let mut attributes = vec![("type", "checkbox"), ("role", "switch")];
    if form::agrees("goes", place) {
        attributes.push(("checked", ""));
    }
    let input = screen.drawing.element("input", &attributes, Vec::new());
    let (words, following) = (screen.words.clone(), screen.following.clone());
    let place = place.to_string();
    screen.drawing.on_press(&input, move |_| {
        form::ask("flip", &place);
        follow(&words, &following);
    });
    let text = screen.drawing.text(label);
    let says = screen.drawing.element("span", &[], vec![text]);
    screen.drawing.element("label", &[("class", "switch")], vec![input, says])
}

/// An element that the style hides while its switch is off, with a note in its place.
fn follows(screen: &Screen, place: String, link: Option<Value>, inside: Node) -> Node {
    let hint = screen.drawing.element("p", &[], Vec::new());
    screen.following.borrow_mut().push(Following::Part { place, link, hint: hint.clone() });
    screen.drawing.element("div", &[("class", "inside")], vec![hint, inside])
}

/// Updates the elements that depend on the switches.
fn follow(words: &Words, following: &RefCell<Vec<Following>>) {
    let Some(drawing) = Drawing::new() else { return };
    let sent = told("sent");
    let nothing_yet = Value::default();
    let context = sent.get("context").unwrap_or(&nothing_yet);
    for one in following.borrow().iter() {
        match one {
            Following::Part { place, link, hint } => {
                let goes = form::agrees("goes", place)
                    && link.as_ref().is_none_or(|link| context.list("links").contains(link));
                drawing.say(hint, "hint", if goes { None } else { Some(words.said(SendsText::Withheld)) });
            }
            Following::Steps { since, within } => {
                let moment = if *since { context.get("since") } else { Some(context) };
                let steps = moment.and_then(|moment| moment.get("breadcrumbs"));
                let steps = steps.map(|steps| list_of(&drawing, rows::of(words, steps)));
                drawing.fill(within, steps.into_iter().collect());
            }
        }
    }
}

/// The rest of the ticket besides the message: it comes from the form and has no switch.
fn with_message(screen: &Screen, ticket: &Value) -> Node {
    let mut rest = ticket.clone();
    for name in ["context", "message"] {
        rest.remove(name);
    }
    let title = paragraph(screen, "switch", SendsText::WithMessage);
    let listed = folded(screen, vec![list(screen, &rest)]);
    let inside = screen.drawing.element("div", &[("class", "inside")], vec![listed]);
    screen.drawing.element("section", &[], vec![title, inside])
}

fn search(screen: &mut Screen, host: &str) -> Node {
    let label = screen.words.said(SendsText::SearchSwitch);
    let switch = switch(screen, "search", &label);
    let text = screen.drawing.text(&screen.words.filled(SendsText::SearchesAt, "{host}", host));
    let about = screen.drawing.element("p", &[("class", "hint")], vec![text]);
    let about = screen.drawing.element("div", &[("class", "about")], vec![about]);
    screen.drawing.element("section", &[], vec![switch, about])
}

fn folded(screen: &Screen, inside: Vec<Node>) -> Node {
    let text = screen.drawing.text(&screen.words.said(SendsText::Open));
    let summary = screen.drawing.element("summary", &[], vec![text]);
    let inside = screen.drawing.element("div", &[], inside);
    screen.drawing.element("details", &[], vec![summary, inside])
}

fn list(screen: &Screen, value: &Value) -> Node {
    list_of(&screen.drawing, rows::of(&screen.words, value))
}

fn list_of(drawing: &Drawing, rows: Vec<Row>) -> Node {
    let mut parts = Vec::new();
    for Row { depth, label, text } in rows {
        let class = if depth > 0 { "deep" } else { "" };
        for (tag, text) in [("dt", label), ("dd", text)] {
            let text = drawing.text(&text);
            parts.push(drawing.element(tag, &[("class", class)], vec![text]));
        }
    }
    drawing.element("dl", &[("dir", "auto")], parts)
}

fn paragraph(screen: &Screen, class: &str, text: SendsText) -> Node {
    let text = screen.drawing.text(&screen.words.said(text));
    screen.drawing.element("p", &[("class", class)], vec![text])
}

fn button(screen: &mut Screen, class: &str, text: &str, press: fn(&Words)) -> Node {
    let text = screen.drawing.text(text);
    let button = screen.drawing.element("button", &[("type", "button"), ("class", class)], vec![text]);
    let words = screen.words.clone();
    screen.drawing.on_press(&button, move |_| press(&words));
    button
}
