//! The form's module, as the modules besides it use it. They share neither memory nor code, so they call a function.

use wasm_bindgen::{JsCast, JsValue};

use wire::Source;

/// The function that the form answers with.
#[derive(Clone, Debug)]
pub struct Form(JsValue);

impl Form {
    /// Wraps the function that the form answers with.
    pub fn new(function: JsValue) -> Form {
        Form(function)
    }

    /// The form's answer; undefined if it has none.
    pub fn ask(&self, what: &str, about: &str) -> JsValue {
        let Some(function) = self.0.dyn_ref::<js_sys::Function>() else { return JsValue::UNDEFINED };
        // It throws only after a panic, which the form has reported by then.
        function.call2(&JsValue::UNDEFINED, &what.into(), &about.into()).unwrap_or(JsValue::UNDEFINED)
    }

    /// Whether the form answers yes.
    pub fn agrees(&self, what: &str, about: &str) -> bool {
        self.ask(what, about).is_true()
    }
}
