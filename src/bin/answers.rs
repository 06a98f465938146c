//! Links the module that shows answers.

#![cfg_attr(target_arch = "wasm32", allow(missing_docs))]

#[cfg(target_arch = "wasm32")]
mod exports {
    use deskbell::answers;
    use deskbell::browser::HtmlElement;
    use wasm_bindgen::JsValue;
    use wasm_bindgen::prelude::wasm_bindgen;

    #[global_allocator]
    static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

    /// Draws a question into a place.
    #[wasm_bindgen]
    pub fn show(place: HtmlElement, live: HtmlElement, question: JsValue, lang: String, labels: JsValue) {
        answers::show(&place, &live, &question, lang, &labels);
    }
}

fn main() {}
