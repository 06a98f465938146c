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

    /// Draws the list of tickets, or the ticket with an id, into a place.
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

    /// Shows similar tickets in a place of the form.
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

    /// Reloads after a change of the ticket with an id, or of any ticket.
    #[wasm_bindgen]
    pub fn refresh(id: &str) {
        tickets::refresh(id);
    }

    /// Clears the screen, because its tickets do not belong to the current user.
    #[wasm_bindgen]
    pub fn leave() {
        tickets::leave();
    }
}

fn main() {}
