//! The form, as the screens beyond it use it.

use wasm_bindgen::JsValue;

use wire::Source;

/// The form's answer (`screens::answer`); undefined if it has none.
pub fn ask(what: &str, about: &str) -> JsValue {
    super::answer(what, about)
}

/// Whether the form answers yes.
pub fn agrees(what: &str, about: &str) -> bool {
    ask(what, about).is_true()
}
