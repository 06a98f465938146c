//! The texts of the screens beyond the form, and the labels of a ticket's members, in the panel's language.

use std::cell::RefCell;

use wasm_bindgen::JsValue;

use super::browser::intl;
use super::screens::words;
use domain::texts::{self, Phrase};
use wire::Source;

thread_local! {
    /// The table of the language (`LANG.labels.json`); undefined until it has loaded.
    static TABLE: RefCell<JsValue> = const { RefCell::new(JsValue::UNDEFINED) };
}

/// Sets the table of the panel's language; undefined if it could not be loaded.
pub fn set_table(table: JsValue) {
    if !table.is_undefined() {
        TABLE.set(table);
    }
}

/// A text: as the site replaces it, in the language, or in English.
pub fn text(text: impl Phrase) -> String {
    find(text.key(), text.key()).unwrap_or_else(|| text.english().to_string())
}

/// A text with its placeholder filled.
pub fn fill(text: impl Phrase, placeholder: &str, value: &str) -> String {
    texts::fill(&self::text(text), placeholder, &words::isolated(value))
}

/// A text with a count.
pub fn count(text: impl Phrase, n: u32) -> String {
    let (text, lang) = (self::text(text), words::lang());
    let plural = texts::plural(&text, &intl::plural_category(n, &lang));
    texts::fill(plural, "{n}", &intl::number(n, &lang))
}

/// The label of a member; names that the host chose stay as they are.
pub fn label(name: &str) -> String {
    find(name, &["is_", name].concat()).unwrap_or_else(|| name.to_string())
}

/// A text that only the table has, by its name; empty if the table is not loaded.
pub fn named(name: &str) -> String {
    find(name, name).unwrap_or_default()
}

/// A text that only the table has, with its placeholder filled.
pub fn named_with(name: &str, placeholder: &str, value: &str) -> String {
    texts::fill(&named(name), placeholder, &words::isolated(value))
}

#[inline(never)]
fn find(name: &str, key: &str) -> Option<String> {
    let found = words::replacement(key).or_else(|| TABLE.with_borrow(|table| table.get(name).as_text()));
    found.filter(|text| !text.is_empty())
}
