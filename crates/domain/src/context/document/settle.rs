//! Fits a document to its shape.

use super::super::shape::Shape::{self, Bool, Count, Kept, List, Members, Text, Texts};
use super::super::shape::TEXTS_MAX;
use super::value::Value;
use redaction::{self, Origin, Rules};

/// The longest text of the host, and the longest name of one.
const VALUE_MAX: usize = 1_000;
const NAME_MAX: usize = 64;

/// Fits a value to a shape: removes members that do not belong there, redacts secrets, and cuts what is too long, with its pointer added to
/// `cut`. Idempotent.
pub fn settle(value: &mut Value, shape: &Shape, pointer: &str, rules: &Rules, cut: &mut Vec<String>) {
    match (value, shape) {
        (Value::Text(text), Text(max) | Kept(max)) => {
            if let Text(_) = shape {
                *text = redaction::redact(text, Origin::Collected, rules);
            }
            if shorten(text, *max) {
                cut.push(pointer.to_string());
            }
        }
        (Value::Count(_), Count) | (Value::Bool(_), Bool) => {}
        (Value::Members(members), Texts) => {
            members.0.retain(|(_, value)| matches!(value, Value::Text(text) if !text.is_empty()));
            if members.0.len() > TEXTS_MAX {
                members.0.truncate(TEXTS_MAX);
                cut.push(pointer.to_string());
            }
            for (name, value) in &mut members.0 {
                if let Value::Text(text) = value {
                    *text = redaction::redact_value(name, text, rules);
                    if shorten(text, VALUE_MAX) {
                        cut.push([pointer, "/", name].concat());
                    }
                }
                *name = redaction::redact(name, Origin::Collected, rules);
                shorten(name, NAME_MAX);
            }
        }
        (Value::Members(members), Members(shapes)) => {
            let mut before = std::mem::take(&mut members.0);
            for (name, shape) in *shapes {
                if let Some(position) = before.iter().position(|(existing, _)| existing == name) {
                    let (_, mut value) = before.swap_remove(position);
                    settle(&mut value, shape, &[pointer, "/", name].concat(), rules, cut);
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
                cut.push(pointer.to_string());
            }
            for (index, item) in items.iter_mut().enumerate() {
                settle(item, shape, &[pointer, "/", &index.to_string()].concat(), rules, cut);
            }
            items.retain(|item| !item.is_empty());
        }
        // An empty text counts as missing.
        (value, _) => *value = Value::Text(String::new()),
    }
}

/// Cuts a text to a number of characters; `true` if it was longer.
fn shorten(text: &mut String, max: usize) -> bool {
    let Some((end, _)) = text.char_indices().nth(max) else { return false };
    // A text that was cut before stays as it is.
    if text.get(end..) == Some("…") {
        return false;
    }
    text.truncate(end);
    text.push('…');
    true
}
