//! Reads what a page passes, whatever it is: a number where a string belongs must not lose a ticket its user.

use wasm_bindgen::JsValue;
use wire::{Pairs, Source};

pub use wire::js::{entries, property};

/// Whether a key belongs to the input method. Safari ends a composition before the key that ends it, which has the code 229.
pub fn is_composing(event: &JsValue) -> bool {
    event.get("isComposing").is_true() || event.get("keyCode").number() == 229.0
}

/// Parses JSON; `None` if it is invalid.
pub fn parse(json: &str) -> Option<JsValue> {
    js_sys::JSON::parse(json).ok()
}

/// A value as a JavaScript value; undefined if it has no JSON.
pub fn value(value: &impl serde::Serialize) -> JsValue {
    serde_json::to_string(value).ok().and_then(|json| parse(&json)).unwrap_or(JsValue::UNDEFINED)
}

/// A property as a string.
pub fn text_of(object: &JsValue, name: &str) -> String {
    text(&property(object, name))
}

/// A value as a string: strings as they are, objects as JSON, null and undefined as empty.
pub fn text(value: &JsValue) -> String {
    if value.is_null() || value.is_undefined() || value.is_function() {
        return String::new();
    }
    if let Some(text) = value.as_string() {
        return text;
    }
    js_sys::JSON::stringify(value).ok().and_then(|json| json.as_string()).unwrap_or_default()
}

/// The properties of an object as strings, except for some names.
pub fn texts_of(object: &JsValue, except: &[&str]) -> Pairs<String> {
    let mut texts = Pairs::default();
    for (name, value) in entries(object) {
        let value = text(&value);
        if !except.contains(&name.as_str()) && !value.is_empty() {
            texts.0.push((name, value));
        }
    }
    texts
}
