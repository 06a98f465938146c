//! Files and their bytes.

use js_sys::{Array, Object, Promise, Reflect};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use wire::Source;

#[wasm_bindgen]
extern "C" {
    type Blob;
    #[wasm_bindgen(constructor, catch)]
    fn new(parts: &Array, options: &JsValue) -> Result<Blob, JsValue>;
    #[wasm_bindgen(method, catch, js_name = arrayBuffer)]
    fn array_buffer(this: &Blob) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn slice(this: &Blob, start: u32, end: u32) -> Result<Blob, JsValue>;
}

/// The bytes of a chosen file, in memory: it may be changed or deleted later. `None` if they cannot be read.
pub async fn read(file: &JsValue) -> Option<JsValue> {
    let bytes = file.unchecked_ref::<Blob>().array_buffer().ok()?;
    let bytes = JsFuture::from(bytes).await.ok()?;
    let options = Object::new();
    // Fails only on frozen objects, and this one is ours.
    let _ = Reflect::set(&options, &"type".into(), &file.text_of("type").into());
    Blob::new(&Array::of1(&bytes), &options).ok().map(JsValue::from)
}

/// Whether the bytes of a file can be read.
pub async fn is_readable(blob: &JsValue) -> bool {
    let Ok(bytes) = blob.unchecked_ref::<Blob>().slice(0, 1).and_then(|start| start.array_buffer()) else {
        return false;
    };
    JsFuture::from(bytes).await.is_ok()
}

/// Adds a member to an object of ours.
pub fn attach(object: &JsValue, name: &str, blob: &JsValue) {
    // Fails only on frozen objects.
    let _ = Reflect::set(object, &name.into(), blob);
}
