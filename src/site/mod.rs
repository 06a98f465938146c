//! What a site adds to the panel: what is broken now, fields of its own, consent. A module of its own, which only those pages
//! fetch whose site has something of it.

mod fields;
mod notices;

use std::cell::RefCell;

use wasm_bindgen::JsValue;

use super::browser::form::Form;
use super::browser::nodes::Drawing;
use super::browser::site::Site;
use super::browser::{HtmlElement, Node};
use super::words::Words;

pub use fields::{complete, forget, restore, show as ask, values};
pub use notices::show as notices;

/// What everything is drawn with.
#[derive(Clone, Debug)]
struct Tools {
    site: Site,
    /// Where the panel says what has happened.
    live: HtmlElement,
    form: Form,
    words: Words,
}

thread_local! {
    static TOOLS: RefCell<Option<Tools>> = const { RefCell::new(None) };
}

/// Makes ready. `live` is where the panel says what has happened, `form` answers for the form, `labels` holds the texts.
pub fn begin(site: Site, live: HtmlElement, form: JsValue, lang: String, labels: JsValue) {
    let form = Form::new(form);
    let words = Words::new(lang, labels, form.clone());
    TOOLS.set(Some(Tools { site, live, form, words }));
}

fn tools() -> Option<Tools> {
    TOOLS.with_borrow(Clone::clone)
}

fn said(drawing: &Drawing, tag: &str, class: &str, text: &str) -> Node {
    let text = drawing.text(text);
    drawing.element(tag, &[("class", class)], vec![text])
}
