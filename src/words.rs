//! Texts and labels on the screens beyond the form.

use wasm_bindgen::JsValue;

use super::browser::intl;
use super::form;
use domain::texts::{self, Phrase};
use wire::Source;

/// The texts of a screen, and the labels of a ticket's members.
#[derive(Clone, Debug)]
pub struct Words {
    /// The tag of the panel's language.
    pub lang: String,
    /// The table of that language (`LANG.labels.json`); undefined if it did not load.
    labels: JsValue,
}

impl Words {
    /// The texts of a language.
    pub fn new(lang: String, labels: JsValue) -> Words {
        Words { lang, labels }
    }

    /// A text: as the site replaces it, in the language, or in English.
    pub fn said(&self, text: impl Phrase) -> String {
        self.named(text.key(), text.key()).unwrap_or_else(|| text.english().to_string())
    }

    /// A text with its placeholder filled.
    pub fn filled(&self, text: impl Phrase, placeholder: &str, value: &str) -> String {
        texts::fill(&self.said(text), placeholder, value)
    }

    /// A text with a count.
    pub fn count(&self, text: impl Phrase, n: u32) -> String {
        let said = self.said(text);
        let plural = texts::plural(&said, &intl::plural_category(n, &self.lang));
        texts::fill(plural, "{n}", &intl::number(n, &self.lang))
    }

    /// The label of a member; names that the host chose stay as they are.
    pub fn label(&self, name: &str) -> String {
        self.named(name, &["is_", name].concat()).unwrap_or_else(|| name.to_string())
    }

    fn named(&self, name: &str, replaced_as: &str) -> Option<String> {
        let replaced = form::ask("said", replaced_as).as_text();
        replaced.or_else(|| self.labels.get(name).as_text()).filter(|text| !text.is_empty())
    }
}
