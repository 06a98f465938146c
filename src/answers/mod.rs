//! Reading answers: a module of its own, which only those fetch who have something to read.
//!
//! It shares neither memory nor code with the form's module. What it is told and what it gives are the browser's values.

mod question;

use std::cell::RefCell;

use super::browser::HtmlElement;
use wasm_bindgen::JsValue;

use super::browser::nodes::Drawing;
use super::markdown;
use domain::question::Question;
use wire::{Read, Source};

/// What the panel calls things, in its language.
pub struct Labels {
    lang: String,
    texts: Vec<String>,
    markdown: markdown::Labels,
}

/// A text of the module, by its place in what the form hands over (`widget/ui/question.rs`).
#[derive(Clone, Copy)]
pub enum Label {
    /// The answer that the asker accepted.
    Accepted,
    /// Somebody of the company.
    Staff,
    /// There are no answers.
    NoAnswers,
    /// Where it can be read outside.
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

/// Draws a question into a place. `live` is where the panel says what has happened.
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
