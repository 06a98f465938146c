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

    /// Initialises the module.
    #[wasm_bindgen]
    pub fn begin(site: Site, live: HtmlElement, form: JsValue, lang: String, labels: JsValue) {
        site::begin(site, live, form, lang, labels);
    }

    /// Draws current incidents into a place.
    #[wasm_bindgen]
    pub fn notices(place: HtmlElement, incidents: JsValue) {
        site::notices(place, &incidents);
    }

    /// Draws the custom fields into a place, and the checkbox for consent if the site `asks` for it.
    #[wasm_bindgen]
    pub fn ask(place: HtmlElement, fields: JsValue, asks: bool) {
        site::ask(place, &fields, asks);
    }

    /// Whether every required field is answered; shows which ones are not.
    #[wasm_bindgen]
    pub fn complete() -> bool {
        site::complete()
    }

    /// The answers.
    #[wasm_bindgen]
    pub fn values() -> JsValue {
        site::values()
    }

    /// Restores earlier answers from a ticket.
    #[wasm_bindgen]
    pub fn restore(ticket: JsValue) {
        site::restore(&ticket);
    }

    /// Forgets the answers, because the draft is gone.
    #[wasm_bindgen]
    pub fn forget() {
        site::forget();
    }
}

fn main() {}
