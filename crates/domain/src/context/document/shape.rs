//! What belongs into the document, with its limits: the table that the widget goes by.

use super::value::Value;
use redaction::{self, Origin, Rules};

/// What a value may be.
pub enum Shape {
    /// A text of at most so many characters.
    Text(usize),
    /// A text of at most so many characters that is redacted already, or holds what redaction must not touch.
    Kept(usize),
    /// A whole number.
    Count,
    /// Yes or no.
    Yes,
    /// Texts under names that the host gave.
    Texts,
    /// Members of these names.
    Members(&'static [(&'static str, Shape)]),
    /// At most so many values of one shape, the newest, which come last.
    List(usize, &'static Shape),
}

use Shape::{Count, Kept, List, Members, Text, Texts, Yes};

/// How many errors, requests, routes and links there are at most.
pub const RECORDS_MAX: usize = 20;
/// How many breadcrumbs there are at most.
pub const BREADCRUMBS_MAX: usize = 50;
const URL: Shape = Text(2_000);
const LINE: Shape = Text(500);
const WORD: Shape = Text(64);
/// How many texts of the host's there are under one name, and how long they are.
const TEXTS_MAX: usize = 50;
const VALUE_MAX: usize = 1_000;
const NAME_MAX: usize = 64;

/// The document.
pub const CONTEXT: Shape = Members(&[
    ("version", Count),
    ("frozen_at", WORD),
    (
        "page",
        Members(&[
            ("url", URL),
            ("title", LINE),
            ("referrer", URL),
            ("canonical", URL),
            ("open_ms", Count),
            ("routes", List(RECORDS_MAX, &Members(&[("url", URL), ("at", WORD)]))),
            (
                "timings",
                Members(&[
                    ("first_byte", Count),
                    ("dom_ready", Count),
                    ("loaded", Count),
                    ("first_paint", Count),
                    ("largest_paint", Count),
                    ("interaction", Count),
                    ("layout_shift", WORD),
                ]),
            ),
        ]),
    ),
    (
        "user",
        Members(&[
            ("id", LINE),
            ("name", LINE),
            ("email", LINE),
            ("plan", LINE),
            ("role", LINE),
            ("organization", Members(&[("id", LINE), ("name", LINE)])),
            ("attributes", Texts),
        ]),
    ),
    (
        "application",
        Members(&[
            ("release", LINE),
            ("environment", LINE),
            ("build", LINE),
            ("tenant", LINE),
            ("region", LINE),
            ("flags", Texts),
        ]),
    ),
    (
        "device",
        Members(&[
            ("browser", LINE),
            ("system", LINE),
            ("model", LINE),
            ("user_agent", LINE),
            ("viewport", WORD),
            ("screen", WORD),
            ("pixel_ratio", WORD),
            ("touch_points", Count),
            ("languages", LINE),
            ("time_zone", WORD),
            ("memory", WORD),
            ("cores", Count),
            ("connection", LINE),
            ("save_data", Yes),
            ("online", Yes),
            ("theme", WORD),
            ("contrast", WORD),
            ("reduced_motion", Yes),
            ("storage", Yes),
            ("cookies", Yes),
        ]),
    ),
    (
        "errors",
        List(
            RECORDS_MAX,
            &Members(&[
                ("source", WORD),
                ("name", LINE),
                ("message", Text(1_000)),
                ("stack", Text(4_000)),
                ("location", URL),
                ("first_at", WORD),
                ("at", WORD),
                ("count", Count),
                ("extension", Yes),
            ]),
        ),
    ),
    (
        "requests",
        List(
            RECORDS_MAX,
            &Members(&[
                ("method", WORD),
                ("url", URL),
                ("status", Count),
                ("failure", LINE),
                ("at", WORD),
                ("duration_ms", Count),
                ("size", Count),
                ("headers", Texts),
            ]),
        ),
    ),
    (
        "breadcrumbs",
        List(
            BREADCRUMBS_MAX,
            &Members(&[("at", WORD), ("kind", WORD), ("role", WORD), ("name", LINE), ("path", LINE)]),
        ),
    ),
    // The address of a replay names the project by its public key; without it the link leads nowhere.
    ("links", List(RECORDS_MAX, &Members(&[("source", WORD), ("label", LINE), ("text", LINE), ("url", Kept(2_000))]))),
    ("page_values", Texts),
    ("unanswered", List(TEXTS_MAX, &WORD)),
]);

/// Brings a value into its shape: what does not belong there goes, secrets are hidden, what is too much is cut and named
/// in `cut` by its place. A second time changes nothing.
pub fn settle(value: &mut Value, shape: &Shape, place: &str, rules: &Rules, cut: &mut Vec<String>) {
    match (value, shape) {
        (Value::Text(text), Text(max) | Kept(max)) => {
            if let Text(_) = shape {
                *text = redaction::redact(text, Origin::Collected, rules);
            }
            if shorten(text, *max) {
                cut.push(place.to_string());
            }
        }
        (Value::Count(_), Count) | (Value::Yes(_), Yes) => {}
        (Value::Members(members), Texts) => {
            members.0.retain(|(_, value)| matches!(value, Value::Text(text) if !text.is_empty()));
            if members.0.len() > TEXTS_MAX {
                members.0.truncate(TEXTS_MAX);
                cut.push(place.to_string());
            }
            for (name, value) in &mut members.0 {
                if let Value::Text(text) = value {
                    *text = redaction::redact_value(name, text, rules);
                    if shorten(text, VALUE_MAX) {
                        cut.push([place, "/", name].concat());
                    }
                }
                *name = redaction::redact(name, Origin::Collected, rules);
                shorten(name, NAME_MAX);
            }
        }
        (Value::Members(members), Members(shapes)) => {
            let mut before = std::mem::take(&mut members.0);
            for (name, shape) in *shapes {
                if let Some(at) = before.iter().position(|(known, _)| known == name) {
                    let (_, mut value) = before.swap_remove(at);
                    settle(&mut value, shape, &[place, "/", name].concat(), rules, cut);
                    if !value.is_empty() {
                        members.0.push((name.to_string(), value));
                    }
                }
            }
        }
        (Value::List(items), List(max, shape)) => {
            let surplus = items.len().saturating_sub(*max);
            if surplus > 0 {
                items.drain(..surplus);
                cut.push(place.to_string());
            }
            for (index, item) in items.iter_mut().enumerate() {
                settle(item, shape, &[place, "/", &index.to_string()].concat(), rules, cut);
            }
            items.retain(|item| !item.is_empty());
        }
        // An empty text is nothing, and goes.
        (value, _) => *value = Value::Text(String::new()),
    }
}

/// Cuts a text to a number of characters; tells whether it had to.
fn shorten(text: &mut String, max: usize) -> bool {
    let Some((end, _)) = text.char_indices().nth(max) else { return false };
    // What was cut once stays as it is.
    if text.get(end..) == Some("…") {
        return false;
    }
    text.truncate(end);
    text.push('…');
    true
}
