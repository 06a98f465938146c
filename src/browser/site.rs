//! What `loader/site.js` does for the module that draws what a site adds.

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    /// The way to the gateway.
    #[derive(Clone, Debug)]
    pub type Site;
    #[wasm_bindgen(method)]
    fn affect(this: &Site, id: &str) -> js_sys::Promise;
}

/// Says that the person has what is broken, too; gives the incident as it is then, or undefined where that did not arrive.
pub async fn affect(site: &Site, id: &str) -> JsValue {
    // It never rejects.
    JsFuture::from(site.affect(id)).await.unwrap_or(JsValue::UNDEFINED)
}
