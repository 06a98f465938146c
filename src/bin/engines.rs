//! Links the module that searches several engines.

#![cfg_attr(target_arch = "wasm32", allow(missing_docs))]

#[cfg(target_arch = "wasm32")]
mod exports {
    use deskbell::browser::timer::tell;
    use deskbell::engines;
    use wasm_bindgen::JsValue;
    use wasm_bindgen::prelude::wasm_bindgen;

    #[global_allocator]
    static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

    /// Searches the engines without low rate limits.
    #[wasm_bindgen]
    pub fn find(done: JsValue, sources: JsValue, site_url: String, given: JsValue) {
        tell(done, Box::pin(engines::find(sources, site_url, given)));
    }

    /// Searches the others, once the customer has paused typing.
    #[wasm_bindgen]
    pub fn rest(done: JsValue) {
        tell(done, Box::pin(engines::rest()));
    }

    /// A question from an index or from the gateway.
    #[wasm_bindgen]
    pub fn question(done: JsValue, sources: JsValue, site_url: String, id: String) {
        tell(done, Box::pin(engines::question(sources, site_url, id)));
    }
}

fn main() {}
