//! Randomness.

use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = crypto, js_name = getRandomValues, catch)]
    fn get_random_values(bytes: &mut [u8]) -> Result<(), wasm_bindgen::JsValue>;
}

/// 128 random bits as 32 hexadecimal digits. `crypto.randomUUID` would be shorter, but insecure pages lack it.
pub fn id() -> String {
    let mut bytes = [0; 16];
    if get_random_values(&mut bytes).is_err() {
        bytes.iter_mut().for_each(|byte| *byte = (js_sys::Math::random() * 256.0) as u8);
    }
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}
