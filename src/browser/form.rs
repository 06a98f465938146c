//! The form's module, as the modules beside it see it: they share neither memory nor code, so they ask.

use wasm_bindgen::{JsCast, JsValue};

use wire::Source;

/// Asks the form.
#[derive(Clone, Debug)]
pub struct Form(JsValue);

impl Form {
    /// By the function that the form answers with.
    pub fn new(function: JsValue) -> Form {
        Form(function)
    }

    /// What the form answers; undefined where it cannot.
    pub fn ask(&self, what: &str, about: &str) -> JsValue {
        let Some(function) = self.0.dyn_ref::<js_sys::Function>() else { return JsValue::UNDEFINED };
        // It throws only after it has panicked, and has said so by then.
        function.call2(&JsValue::UNDEFINED, &what.into(), &about.into()).unwrap_or(JsValue::UNDEFINED)
    }

    /// Whether the form says yes.
    pub fn agrees(&self, what: &str, about: &str) -> bool {
        self.ask(what, about).is_true()
    }
}
