//! Shows a question with its answers.

mod question;

use std::cell::RefCell;

use super::browser::HtmlElement;
use wasm_bindgen::JsValue;

use super::browser::nodes::Drawing;
use super::markdown;
use domain::question::Question;
use wire::{Read, Source};

/// The labels in the panel's language.
pub struct Labels {
    lang: String,
    texts: Vec<String>,
    markdown: markdown::Labels,
}

/// A label, by its place in the list that the form passes (`screens/question.rs`).
#[derive(Clone, Copy)]
pub enum Label {
    /// The answer that the asker accepted.
    Accepted,
    /// An author from the company.
    Staff,
    /// There are no answers.
    NoAnswers,
    /// The link to the question's own page.
    OpenInTab,
    /// The button beside code.
    CopyCode,
    /// The code was copied.
    Copied,
    /// The button for a picture without a name.
    ShowPicture,
    /// The button for a picture with its name.
    ShowNamedPicture,
}

impl Labels {
    fn get(&self, label: Label) -> &str {
        self.texts.get(label as usize).map_or("", String::as_str)
    }
}

/// Draws a question into a place. `live` is the panel's live region.
pub fn show(place: &HtmlElement, live: &HtmlElement, question: &JsValue, lang: String, labels: &JsValue) {
    thread_local! {
        static SHOWN: RefCell<Option<Drawing>> = const { RefCell::new(None) };
    }
    let Some(mut drawing) = Drawing::new() else { return };
    let mut labels =
        Labels { lang, texts: labels.items().iter().map(Source::text).collect(), markdown: Default::default() };
    let [copy_code, copied, picture, named_picture] =
        [Label::CopyCode, Label::Copied, Label::ShowPicture, Label::ShowNamedPicture].map(|one| labels.get(one).into());
    labels.markdown = markdown::Labels { copy_code, copied, picture, named_picture };
    let nodes = question::nodes(&mut drawing, &labels, live, &Question::read(question));
    drawing.put(place, nodes);
    SHOWN.set(Some(drawing));
}
