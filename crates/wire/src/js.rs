//! JSON as parsed by the browser.

use js_sys::{Array, JSON, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};

use super::Source;

impl Source for JsValue {
    fn get(&self, key: &str) -> JsValue {
        property(self, key)
    }

    fn entries(&self) -> Vec<(String, JsValue)> {
        entries(self)
    }

    fn items(&self) -> Vec<JsValue> {
        if Array::is_array(self) { Array::from(self).to_vec() } else { Vec::new() }
    }

    fn as_text(&self) -> Option<String> {
        self.as_string()
    }

    fn as_number(&self) -> Option<f64> {
        self.as_f64()
    }

    fn as_bool(&self) -> Option<bool> {
        self.as_bool()
    }

    fn is_list(&self) -> bool {
        Array::is_array(self)
    }

    fn to_json(&self) -> String {
        json(self, JSON_DEPTH_MAX)
    }

    fn parse(json: &str) -> Option<JsValue> {
        JSON::parse(json).ok()
    }
}

/// How deep JSON is written. Values on the device may contain themselves.
const JSON_DEPTH_MAX: usize = 64;

/// Not `JSON::stringify` for the whole: pages give arrays and objects a `toJSON` of their own.
fn json(value: &JsValue, depth: usize) -> String {
    if depth == 0 {
        return "null".into();
    }
    if Array::is_array(value) {
        let items: Vec<String> = value.items().iter().map(|item| json(item, depth - 1)).collect();
        return ["[", &items.join(","), "]"].concat();
    }
    let members = entries(value);
    if !value.is_object() || members.is_empty() {
        return JSON::stringify(value).ok().and_then(|json| json.as_string()).unwrap_or_else(|| "null".into());
    }
    let has_json = |value: &JsValue| !value.is_undefined() && !value.is_function() && !value.is_symbol();
    let members = members.iter().filter(|(_, value)| has_json(value));
    let members: Vec<String> =
        members.map(|(name, value)| [&json(&name.into(), depth), ":", &json(value, depth - 1)].concat()).collect();
    ["{", &members.join(","), "}"].concat()
}

/// A property of an object; undefined if there is none, or if its getter throws.
pub fn property(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
}

/// The properties of an object.
pub fn entries(object: &JsValue) -> Vec<(String, JsValue)> {
    let Some(object) = object.dyn_ref::<Object>() else { return Vec::new() };
    // Not `Object::entries`, which fails if one getter throws.
    Object::keys(object)
        .iter()
        .filter_map(|name| name.as_string())
        .map(|name| (name.clone(), property(object, &name)))
        .collect()
}
