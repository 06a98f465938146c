//! What follows tickets (`loader/follow.js`), as the module sees it that shows them.

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::JsFuture;

use super::http::{self, Answer};
use super::loader::{self, Sent};
use wire::Source;

#[wasm_bindgen]
extern "C" {
    /// The way to the gateway, as who the person is.
    #[derive(Clone, Debug)]
    pub type Line;
    #[wasm_bindgen(method)]
    fn request(this: &Line, method: &str, path: &str, body: &str) -> js_sys::Promise;
    #[wasm_bindgen(method)]
    fn send(this: &Line, path: &str, body: &str, text: &str) -> js_sys::Promise;
    #[wasm_bindgen(method)]
    fn add(this: &Line, path: &str, body: &str, text: &str) -> js_sys::Promise;
    /// The gateway's origin.
    #[wasm_bindgen(method, getter)]
    pub fn base(this: &Line) -> String;
    /// A number of bytes, as people say it.
    #[wasm_bindgen(method)]
    pub fn sized(this: &Line, bytes: u32) -> String;
    /// Shows, in a place, the files that go along with the reply to the ticket of an id, and how to add some.
    #[wasm_bindgen(method)]
    pub fn files(this: &Line, place: &web_sys::Node, id: &str);
    #[wasm_bindgen(method)]
    fn begun(this: &Line, id: &str) -> js_sys::Promise;
    /// Keeps on the device what was begun as a reply to the ticket of an id; nothing where it is empty.
    #[wasm_bindgen(method)]
    pub fn keep(this: &Line, id: &str, text: &str);
    /// Something about a ticket was changed from here.
    #[wasm_bindgen(method)]
    pub fn touched(this: &Line);
}

/// Asks for something below `…/tickets`. `body` is empty where there is none.
pub async fn ask(line: &Line, method: &str, path: &str, body: &str) -> Answer {
    // It never rejects.
    http::heard(&JsFuture::from(line.request(method, path, body)).await.unwrap_or(JsValue::UNDEFINED))
}

/// What was begun as a reply to the ticket of an id; empty where nothing was.
pub async fn begun(line: &Line, id: &str) -> String {
    // It never rejects.
    JsFuture::from(line.begun(id)).await.unwrap_or(JsValue::UNDEFINED).text()
}

/// Seals as a reply what was to be a ticket, with its files, and sends it.
pub async fn add(line: &Line, path: &str, body: &str, text: &str) -> Sent {
    loader::outcome(line.add(path, body, text)).await
}

/// Seals a reply in which a person wrote a text, at once, and sends it.
pub fn send(line: &Line, path: &str, body: &str, text: &str) -> impl Future<Output = Sent> + use<> {
    loader::outcome(line.send(path, body, text))
}
