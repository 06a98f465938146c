//! JSON as parsed by the browser.

use js_sys::{Array, Object, Reflect};
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
