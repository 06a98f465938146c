//! What things are called on this screen.

use wasm_bindgen::JsValue;

use crate::domain::source::Source;
use crate::domain::texts::{self, SendsText};
use crate::widget::browser::form::Form;

/// The texts of the screen, and the names of what is on a ticket.
#[derive(Clone)]
pub struct Words {
    /// The tag of the panel's language.
    pub lang: String,
    /// The table of that language (`LANG.labels.json`); undefined where it did not come.
    labels: JsValue,
    form: Form,
}

impl Words {
    /// The words of a language.
    pub fn new(lang: String, labels: JsValue, form: Form) -> Words {
        Words { lang, labels, form }
    }

    /// A text: as the site says it, as the language does, or in English.
    pub fn said(&self, text: SendsText) -> String {
        self.named(text.key(), text.key()).unwrap_or_else(|| text.english().to_string())
    }

    /// A text with its placeholder filled.
    pub fn filled(&self, text: SendsText, placeholder: &str, value: &str) -> String {
        texts::fill(&self.said(text), placeholder, value)
    }

    /// The name of a member; names that the host gave stay as they are.
    pub fn label(&self, name: &str) -> String {
        self.named(name, &["is_", name].concat()).unwrap_or_else(|| name.to_string())
    }

    fn named(&self, name: &str, replaced_as: &str) -> Option<String> {
        let replaced = self.form.ask("said", replaced_as).as_text();
        replaced.or_else(|| self.labels.get(name).as_text()).filter(|text| !text.is_empty())
    }
}
