//! The functions of `loader/site.js` for the site module.

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    /// Sends requests to the gateway.
    #[derive(Clone, Debug)]
    pub type Site;
    #[wasm_bindgen(method)]
    fn affect(this: &Site, id: &str) -> js_sys::Promise;
}

/// Reports that the customer is affected by an incident. Returns the incident after that, or undefined if the report failed.
pub async fn affect(site: &Site, id: &str) -> JsValue {
    // It never rejects.
    JsFuture::from(site.affect(id)).await.unwrap_or(JsValue::UNDEFINED)
}
