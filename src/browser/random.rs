//! Random numbers of the browser.

use js_sys::{Math, Uint8Array};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = crypto, js_name = getRandomValues, catch)]
    fn fill(bytes: &Uint8Array) -> Result<JsValue, JsValue>;
}

/// Random bytes. Where the browser has no good ones they can be guessed, so they are no secrets.
pub fn bytes<const N: usize>() -> [u8; N] {
    let filled = Uint8Array::new_with_length(N as u32);
    let mut bytes = [0; N];
    if fill(&filled).is_ok() {
        filled.copy_to(&mut bytes);
    } else {
        bytes.fill_with(|| (Math::random() * 256.0) as u8);
    }
    bytes
}
