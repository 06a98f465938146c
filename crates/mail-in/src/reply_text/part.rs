//! Which part of a mail is read: the plain text, or the HTML where the text stands for nothing.

use super::line::letters;
use super::phrases::NO_TEXT;

/// A text that only says to look at the HTML has no more letters.
const NO_TEXT_MAX: usize = 300;

/// What a part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chosen {
    /// The plain text.
    Text,
    /// The HTML.
    Html,
}

/// Which of the two is read.
pub fn choose(text: &str, html: &str) -> Chosen {
    if html.trim().is_empty() {
        return Chosen::Text;
    }
    let says = letters(text);
    let stands_for_nothing = says.is_empty()
        || says.chars().count() <= NO_TEXT_MAX && NO_TEXT.iter().any(|phrase| says.contains(phrase))
        || is_markup(text);
    if stands_for_nothing { Chosen::Html } else { Chosen::Text }
}

/// HTML in the place of the text, as some programs send it.
pub fn is_markup(text: &str) -> bool {
    let start: String = text.trim_start().chars().take(200).collect::<String>().to_ascii_lowercase();
    ["<!doctype html", "<html", "<body", "<div", "<p>", "<table"].iter().any(|tag| start.starts_with(tag))
}
