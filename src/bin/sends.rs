//! Links the module that shows what is sent.

#![cfg_attr(target_arch = "wasm32", allow(missing_docs))]

#[cfg(target_arch = "wasm32")]
mod exports {
    use deskbell::browser::HtmlElement;
    use deskbell::sends;
    use wasm_bindgen::JsValue;
    use wasm_bindgen::prelude::wasm_bindgen;

    #[global_allocator]
    static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

    /// Draws the screen into a place.
    #[wasm_bindgen]
    pub fn look(place: HtmlElement, form: JsValue, lang: String, labels: JsValue, host: String) {
        sends::show(&place, form, lang, labels, &host);
    }
}

fn main() {}
