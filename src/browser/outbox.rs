//! The outbox, as the loader's scripts keep it (`loader/outbox.js`).

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::JsFuture;

use super::loader::Loader;

#[wasm_bindgen]
extern "C" {
    /// The loader, as far as it concerns the outbox.
    type Outbox;
    #[wasm_bindgen(method)]
    fn labels(this: &Outbox) -> js_sys::Promise;
    #[wasm_bindgen(method)]
    fn outbox(this: &Outbox) -> js_sys::Promise;
    #[wasm_bindgen(method, js_name = sendAgain)]
    fn send_again(this: &Outbox, key: &str, is_unsure: bool);
    #[wasm_bindgen(method)]
    fn discard(this: &Outbox, key: &str);
    #[wasm_bindgen(method)]
    fn edit(this: &Outbox, key: &str);
    #[wasm_bindgen(method, js_name = lastSent)]
    fn last_sent(this: &Outbox) -> JsValue;
    #[wasm_bindgen(method)]
    fn save(this: &Outbox, text: &str, body: &str);
}

/// The texts beyond those of the form; `None` if they could not be loaded.
pub async fn labels(loader: &Loader) -> Option<JsValue> {
    JsFuture::from(outbox(loader).labels()).await.ok()
}

/// The submissions as `items`, with `going` if this tab is sending one, and whether some could not be stored as `unkept`; `None` if what keeps
/// them could not be loaded.
pub async fn read(loader: &Loader) -> Option<JsValue> {
    JsFuture::from(outbox(loader).outbox()).await.ok()
}

/// Sends a submission at once. One that may have arrived (`is_unsure`) is sent only if the customer has seen that.
pub fn send_again(loader: &Loader, key: &str, is_unsure: bool) {
    outbox(loader).send_again(key, is_unsure);
}

/// Discards a submission.
pub fn discard(loader: &Loader, key: &str) {
    outbox(loader).discard(key);
}

/// Puts a submission that was refused back into the form.
pub fn edit(loader: &Loader, key: &str) {
    outbox(loader).edit(key);
}

/// What was last sent: `text` is what the customer wrote, `body` all of it, `lost`, `unaccepted` and `stopped` the names of attachments that it
/// lacks.
pub fn last_sent(loader: &Loader) -> JsValue {
    outbox(loader).last_sent()
}

/// Saves a text, and what would be sent, as a file.
pub fn save(loader: &Loader, text: &str, body: &str) {
    outbox(loader).save(text, body);
}

fn outbox(loader: &Loader) -> Outbox {
    let loader: &JsValue = loader;
    loader.clone().into()
}
