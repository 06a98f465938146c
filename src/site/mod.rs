//! What a site adds to the form: custom fields, consent.

mod fields;

use std::cell::RefCell;

use wasm_bindgen::JsValue;

use super::browser::nodes::Drawing;
use super::browser::{HtmlElement, Node};
use super::words::Words;

pub use fields::{complete, forget, restore, show as ask, values};

/// What everything is drawn with.
#[derive(Clone, Debug)]
struct Tools {
    /// The panel's live region.
    live: HtmlElement,
    words: Words,
}

thread_local! {
    static TOOLS: RefCell<Option<Tools>> = const { RefCell::new(None) };
}

/// Initialises it. `live` is the panel's live region, `labels` has the texts.
pub fn begin(live: HtmlElement, lang: String, labels: JsValue) {
    let words = Words::new(lang, labels);
    TOOLS.set(Some(Tools { live, words }));
}

fn tools() -> Option<Tools> {
    TOOLS.with_borrow(Clone::clone)
}

fn said(drawing: &Drawing, tag: &str, class: &str, text: &str) -> Node {
    let text = drawing.text(text);
    drawing.element(tag, &[("class", class)], vec![text])
}
