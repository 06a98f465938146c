//! The loader's module that follows tickets (`loader/follow.js`), as the tickets module uses it.

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::JsFuture;

use super::http::{self, Answer};
use super::loader::{self, Sent};
use wire::Source;

#[wasm_bindgen]
extern "C" {
    /// Sends requests to the gateway as the current user.
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
    /// Formats a number of bytes for people.
    #[wasm_bindgen(method)]
    pub fn sized(this: &Line, bytes: u32) -> String;
    /// Shows, in a place, the attachments of the reply to the ticket with an id, and how to add some.
    #[wasm_bindgen(method)]
    pub fn files(this: &Line, place: &web_sys::Node, id: &str);
    #[wasm_bindgen(method)]
    fn begun(this: &Line, id: &str) -> js_sys::Promise;
    /// Stores the draft of a reply to the ticket with an id on the device; deletes it if it is empty.
    #[wasm_bindgen(method)]
    pub fn keep(this: &Line, id: &str, text: &str);
    /// A ticket was changed from here.
    #[wasm_bindgen(method)]
    pub fn touched(this: &Line);
}

/// Sends a request below `…/tickets`. `body` is empty if there is none.
pub async fn ask(line: &Line, method: &str, path: &str, body: &str) -> Answer {
    // It never rejects.
    http::heard(&JsFuture::from(line.request(method, path, body)).await.unwrap_or(JsValue::UNDEFINED))
}

/// The draft of a reply to the ticket with an id; empty if there is none.
pub async fn begun(line: &Line, id: &str) -> String {
    // It never rejects.
    JsFuture::from(line.begun(id)).await.unwrap_or(JsValue::UNDEFINED).text()
}

/// Submits the draft of a ticket, with its attachments, as a reply.
pub async fn add(line: &Line, path: &str, body: &str, text: &str) -> Sent {
    loader::outcome(line.add(path, body, text)).await
}

/// Submits a reply at once. `text` is what the customer wrote.
pub fn send(line: &Line, path: &str, body: &str, text: &str) -> impl Future<Output = Sent> + use<> {
    loader::outcome(line.send(path, body, text))
}
