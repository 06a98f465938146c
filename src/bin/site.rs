//! Links the module that draws what a site adds to the panel.

#![cfg_attr(target_arch = "wasm32", allow(missing_docs))]

#[cfg(target_arch = "wasm32")]
mod exports {
    use deskbell::browser::HtmlElement;
    use deskbell::browser::site::Site;
    use deskbell::site;
    use wasm_bindgen::JsValue;
    use wasm_bindgen::prelude::wasm_bindgen;

    #[global_allocator]
    static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

    /// Makes ready.
    #[wasm_bindgen]
    pub fn begin(site: Site, live: HtmlElement, form: JsValue, lang: String, labels: JsValue) {
        site::begin(site, live, form, lang, labels);
    }

    /// Draws what is broken into a place.
    #[wasm_bindgen]
    pub fn notices(place: HtmlElement, incidents: JsValue) {
        site::notices(place, &incidents);
    }

    /// Draws the fields of the site's own into a place, and the box for consent where the site `asks` for it.
    #[wasm_bindgen]
    pub fn ask(place: HtmlElement, fields: JsValue, asks: bool) {
        site::ask(place, &fields, asks);
    }

    /// Whether everything is answered that is needed; what is not is told.
    #[wasm_bindgen]
    pub fn complete() -> bool {
        site::complete()
    }

    /// What was answered.
    #[wasm_bindgen]
    pub fn values() -> JsValue {
        site::values()
    }

    /// Takes up what was answered before, as it stood on a ticket.
    #[wasm_bindgen]
    pub fn restore(ticket: JsValue) {
        site::restore(&ticket);
    }

    /// The draft is gone.
    #[wasm_bindgen]
    pub fn forget() {
        site::forget();
    }
}

fn main() {}
