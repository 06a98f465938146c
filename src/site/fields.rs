//! Custom fields of the form, and consent for support to look into the account.

use std::cell::RefCell;

use wasm_bindgen::JsValue;

use super::{Tools, said, tools};
use crate::browser::nodes::Drawing;
use crate::browser::{HtmlElement, Node, dom, read};
use crate::form;
use domain::fields::{self, AnswerProblem, Field, FieldAnswer, FieldType};
use domain::texts::SiteText;
use domain::ticket::Kind;
use wire::Pairs;
use wire::{Read, Source};

/// The id of the consent checkbox, which no field can have.
const CONSENT: &str = "consent";

#[derive(Default)]
struct State {
    place: Option<HtmlElement>,
    fields: Vec<Field>,
    /// Whether the site asks for consent.
    asks: bool,
    /// The values of the fields by id; `true` for a ticked checkbox.
    texts: Pairs<String>,
    /// Whether Send was pressed, so that missing answers are shown.
    pressed: bool,
    /// The listeners of the fields, and of the form.
    drawn: Vec<Drawing>,
}

thread_local! {
    static STATE: RefCell<State> = RefCell::new(State::default());
}

/// Draws the fields into a place, and again when the kind of the ticket changes. Answers are preserved.
pub fn show(place: HtmlElement, fields: &JsValue, asks: bool) {
    let fields: Vec<Field> = fields.items().iter().map(Field::read).collect();
    if let Some(problem) = fields::check(&fields) {
        // An error here must not affect the rest of the form.
        crate::browser::loader::warn_developer(&["deskbell: configure: ", &problem].concat());
    }
    let Some(mut form) = Drawing::new() else { return };
    if let Some(around) = place.parent_node() {
        form.on(&around, "change", |event| {
            if dom::name_of(&event) == "kind" {
                draw();
            }
        });
    }
    STATE.with_borrow_mut(|state| {
        state.fields = if fields::check(&fields).is_none() { fields } else { Vec::new() };
        state.place = Some(place);
        state.asks = asks;
        state.drawn = vec![form];
    });
    draw();
}

/// Whether every required field is answered. If not, shows the errors and moves the focus to the first.
pub fn complete() -> bool {
    let Some(kind) = kind() else { return true };
    let lacking = STATE.with_borrow_mut(|state| {
        state.pressed = true;
        let lacking = asked(state, kind).find(|field| lack(state, field).is_some());
        lacking.map(|field| (state.place.clone(), field.id.clone()))
    });
    draw();
    let Some((place, id)) = lacking else { return true };
    if let Some(place) = place {
        dom::focus_row(&place, &id_of(&id));
    }
    if let (Some(tools), Some(text)) = (tools(), STATE.with_borrow(|state| told(state, &id))) {
        dom::set_text(&tools.live, &tools.words.said(text));
    }
    false
}

/// The answers, as on a ticket: `{fields, consent}`.
pub fn values() -> JsValue {
    let Some(kind) = kind() else { return JsValue::UNDEFINED };
    STATE.with_borrow(|state| {
        let fields = asked(state, kind).filter_map(|field| Some((field.id.clone(), answer(state, field)?)));
        let consent = state.asks.then(|| ticked(state, CONSENT));
        read::value(&Extras { fields: Pairs(fields.collect()), consent })
    })
}

/// Restores earlier answers from a ticket.
pub fn restore(ticket: &JsValue) {
    for (id, answer) in ticket.get("fields").entries() {
        set(&id, if answer.is_true() { "true".to_string() } else { answer.text() });
    }
    if ticket.get(CONSENT).is_true() {
        set(CONSENT, "true".to_string());
    }
    draw();
}

/// Forgets the answers: the draft was sent, or its author has logged out.
pub fn forget() {
    STATE.with_borrow_mut(|state| {
        state.texts = Pairs::default();
        state.pressed = false;
    });
    draw();
}

#[derive(serde::Serialize)]
struct Extras {
    fields: Pairs<FieldAnswer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    consent: Option<bool>,
}

fn kind() -> Option<Kind> {
    Kind::from_word(&form::ask("kind", "").text())
}

fn asked(state: &State, kind: Kind) -> impl Iterator<Item = &Field> {
    state.fields.iter().filter(move |field| field.applies_to(kind))
}

fn answer(state: &State, field: &Field) -> Option<FieldAnswer> {
    field.answer(state.texts.get(&field.id)?)
}

fn lack(state: &State, field: &Field) -> Option<AnswerProblem> {
    field.problem_with(answer(state, field).as_ref())
}

fn told(state: &State, id: &str) -> Option<SiteText> {
    let lack = lack(state, state.fields.iter().find(|field| field.id == id)?)?;
    Some(match lack {
        AnswerProblem::Missing => SiteText::NeedAnswer,
        AnswerProblem::NotANumber => SiteText::NeedNumber,
    })
}

fn ticked(state: &State, id: &str) -> bool {
    state.texts.get(id).is_some_and(|text| text == "true")
}

fn set(id: &str, text: String) {
    STATE.with_borrow_mut(|state| match state.texts.0.iter_mut().find(|(known, _)| known == id) {
        Some((_, kept)) => *kept = text,
        None => state.texts.0.push((id.to_string(), text)),
    });
}

/// The id of a field's element; the form has ids of its own.
fn id_of(id: &str) -> String {
    ["field-", id].concat()
}

fn draw() {
    let (Some(tools), Some(kind), Some(mut drawing)) = (tools(), kind(), Drawing::new()) else { return };
    STATE.with_borrow_mut(|state| {
        let Some(place) = state.place.clone() else { return };
        let mut nodes: Vec<Node> = Vec::new();
        for field in asked(state, kind) {
            nodes.push(one(&tools, &mut drawing, state, field));
        }
        if state.asks {
            let label = tools.words.said(SiteText::ConsentAsk);
            nodes.push(tick(&mut drawing, CONSENT, CONSENT, &label, ticked(state, CONSENT), ""));
        }
        drawing.put(&place, nodes);
        // The first one listens on the form, and stays.
        state.drawn.truncate(1);
        state.drawn.push(drawing);
    });
}

fn one(tools: &Tools, drawing: &mut Drawing, state: &State, field: &Field) -> Node {
    let words = &tools.words;
    let (id, told) = (id_of(&field.id), told(state, &field.id).filter(|_| state.pressed));
    let error = [&id, "-error"].concat();
    let described = if told.is_some() { error.as_str() } else { "" };
    let label = match field.needed {
        true => field.label.clone(),
        false => words.filled(SiteText::Optional, "{label}", &field.label),
    };
    let now = state.texts.get(&field.id).cloned().unwrap_or_default();
    let mut parts = match field.field_type {
        FieldType::YesNo => vec![tick(drawing, &id, &field.id, &label, now == "true", described)],
        _ => {
            let text = drawing.text(&label);
            let label = drawing.element("label", &[("for", id.as_str())], vec![text]);
            vec![label, input(tools, drawing, field, &now, described)]
        }
    };
    if let Some(told) = told {
        let text = drawing.text(&words.said(told));
        parts.push(drawing.element("p", &[("class", "error"), ("id", error.as_str())], vec![text]));
    }
    drawing.element("div", &[("class", "field")], parts)
}

fn input(tools: &Tools, drawing: &mut Drawing, field: &Field, now: &str, described: &str) -> Node {
    let id = id_of(&field.id);
    let mut attributes = vec![("id", id.as_str())];
    if !described.is_empty() {
        attributes.extend([("aria-invalid", "true"), ("aria-describedby", described)]);
    }
    if field.needed {
        attributes.push(("aria-required", "true"));
    }
    let node = if field.field_type == FieldType::Choice {
        let none = tools.words.said(SiteText::Choose);
        let choices = std::iter::once(("", none.as_str()))
            .chain(field.choices.iter().map(|choice| (choice.id.as_str(), choice.label.as_str())));
        let mut options = Vec::new();
        for (value, label) in choices {
            let text = drawing.text(label);
            let mut attributes = vec![("value", value)];
            if value == now {
                attributes.push(("selected", ""));
            }
            options.push(drawing.element("option", &attributes, vec![text]));
        }
        drawing.element("select", &attributes, options)
    } else {
        let numeric = if field.field_type == FieldType::Number { "decimal" } else { "text" };
        attributes.extend([("type", "text"), ("inputmode", numeric), ("maxlength", "2000"), ("value", now)]);
        drawing.element("input", &attributes, Vec::new())
    };
    let id = field.id.clone();
    drawing.on(&node, "input", move |event| set(&id, dom::value_of(&event)));
    node
}

/// A checkbox with its label.
fn tick(drawing: &mut Drawing, id: &str, field: &str, label: &str, on: bool, described: &str) -> Node {
    let mut attributes = vec![("type", "checkbox"), ("id", id)];
    if on {
        attributes.push(("checked", ""));
    }
    if !described.is_empty() {
        attributes.extend([("aria-invalid", "true"), ("aria-describedby", described)]);
    }
    let input = drawing.element("input", &attributes, Vec::new());
    let name = field.to_string();
    drawing.on(&input, "input", move |_| {
        let now = STATE.with_borrow(|state| ticked(state, &name));
        set(&name, if now { String::new() } else { "true".to_string() });
    });
    let label = said(drawing, "span", "", label);
    drawing.element("label", &[("class", "switch")], vec![input, label])
}
