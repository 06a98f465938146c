//! Chooses the part of a mail to read: the plain text, or the HTML if the text is only a placeholder.

use super::line::letters;
use super::phrases::NO_TEXT;

/// The most letters of a text that only refers to the HTML.
const NO_TEXT_MAX: usize = 300;

/// The chosen part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chosen {
    /// The plain text.
    Text,
    /// The HTML.
    Html,
}

/// Chooses one of the two.
pub fn choose(text: &str, html: &str) -> Chosen {
    if html.trim().is_empty() {
        return Chosen::Text;
    }
    let text_letters = letters(text);
    let stands_for_nothing = text_letters.is_empty()
        || text_letters.chars().count() <= NO_TEXT_MAX && NO_TEXT.iter().any(|phrase| text_letters.contains(phrase))
        || is_markup(text);
    if stands_for_nothing { Chosen::Html } else { Chosen::Text }
}

/// Whether the text is HTML, as some programs send it.
pub fn is_markup(text: &str) -> bool {
    let start: String = text.trim_start().chars().take(200).collect::<String>().to_ascii_lowercase();
    ["<!doctype html", "<html", "<body", "<div", "<p>", "<table"].iter().any(|tag| start.starts_with(tag))
}
