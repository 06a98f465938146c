//! Links the module that shows tickets and conversations.

#![cfg_attr(target_arch = "wasm32", allow(missing_docs))]

#[cfg(target_arch = "wasm32")]
mod exports {
    use deskbell::browser::HtmlElement;
    use deskbell::browser::line::Line;
    use deskbell::tickets;
    use wasm_bindgen::JsValue;
    use wasm_bindgen::prelude::wasm_bindgen;

    #[global_allocator]
    static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

    /// Draws the tickets, or the one of an id, into a place.
    #[wasm_bindgen]
    pub fn show(
        place: HtmlElement,
        live: HtmlElement,
        line: Line,
        form: JsValue,
        lang: String,
        labels: JsValue,
        id: String,
    ) {
        tickets::show(place, live, line, form, lang, labels, id);
    }

    /// Shows, in a place of the form, the tickets that say already what is about to be sent.
    #[wasm_bindgen]
    pub fn alike(
        place: HtmlElement,
        live: HtmlElement,
        line: Line,
        form: JsValue,
        lang: String,
        labels: JsValue,
        found: JsValue,
    ) {
        tickets::show_alike(place, live, line, form, lang, labels, &found);
    }

    /// Something has changed: about the ticket of an id, or about any.
    #[wasm_bindgen]
    pub fn refresh(id: &str) {
        tickets::refresh(id);
    }

    /// What is shown is not of whoever is here.
    #[wasm_bindgen]
    pub fn leave() {
        tickets::leave();
    }
}

fn main() {}
