//! Reading what a page hands over, whatever it is: a number where a text belongs must not cost a ticket its user.

use wasm_bindgen::{JsCast, JsValue};

use crate::domain::pairs::Pairs;
use crate::domain::source::Source;

impl Source for JsValue {
    fn get(&self, key: &str) -> JsValue {
        property(self, key)
    }

    fn entries(&self) -> Vec<(String, JsValue)> {
        entries(self)
    }

    fn items(&self) -> Vec<JsValue> {
        if js_sys::Array::is_array(self) { js_sys::Array::from(self).to_vec() } else { Vec::new() }
    }

    fn as_text(&self) -> Option<String> {
        self.as_string()
    }

    fn as_number(&self) -> Option<f64> {
        self.as_f64()
    }

    fn as_yes(&self) -> Option<bool> {
        self.as_bool()
    }

    fn is_list(&self) -> bool {
        js_sys::Array::is_array(self)
    }
}

/// Parses JSON; `None` where it is none.
pub fn parse(json: &str) -> Option<JsValue> {
    js_sys::JSON::parse(json).ok()
}

/// A value as the browser has it; undefined where it has no JSON.
pub fn value(value: &impl serde::Serialize) -> JsValue {
    serde_json::to_string(value).ok().and_then(|json| parse(&json)).unwrap_or(JsValue::UNDEFINED)
}

/// A property of an object; undefined where there is none.
pub fn property(object: &JsValue, name: &str) -> JsValue {
    js_sys::Reflect::get(object, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
}

/// A property as a text.
pub fn text_of(object: &JsValue, name: &str) -> String {
    text(&property(object, name))
}

/// A value as a text: texts as they are, objects as JSON, nothing as nothing.
pub fn text(value: &JsValue) -> String {
    if value.is_null() || value.is_undefined() || value.is_function() {
        return String::new();
    }
    if let Some(text) = value.as_string() {
        return text;
    }
    js_sys::JSON::stringify(value).ok().and_then(|json| json.as_string()).unwrap_or_default()
}

/// The properties of an object as texts, but for those of certain names.
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

/// The properties of an object.
pub fn entries(object: &JsValue) -> Vec<(String, JsValue)> {
    let Some(object) = object.dyn_ref::<js_sys::Object>() else { return Vec::new() };
    // Not Object::entries, which a getter that throws would end.
    js_sys::Object::keys(object)
        .iter()
        .filter_map(|name| name.as_string())
        .map(|name| (name.clone(), property(object, &name)))
        .collect()
}
