//! The requests about tickets, as the loader's scripts send them (`loader/follow.js`), and the drafts of replies.

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::JsFuture;

use super::http::{self, Answer};
use super::loader::{self, Loader, Sent};
use wire::Source;

#[wasm_bindgen]
extern "C" {
    /// The loader, as far as it concerns tickets.
    type Tickets;
    #[wasm_bindgen(method)]
    fn request(this: &Tickets, method: &str, path: &str, body: &str) -> js_sys::Promise;
    #[wasm_bindgen(method)]
    fn reply(this: &Tickets, id: &str, body: &str, text: &str) -> js_sys::Promise;
    #[wasm_bindgen(method, js_name = addDraft)]
    fn add_draft(this: &Tickets, id: &str, body: &str, text: &str) -> js_sys::Promise;
    #[wasm_bindgen(method, js_name = replyDraft)]
    fn reply_draft(this: &Tickets, id: &str) -> js_sys::Promise;
    #[wasm_bindgen(method, js_name = keepReplyDraft)]
    fn keep_reply_draft(this: &Tickets, id: &str, text: &str);
    #[wasm_bindgen(method)]
    fn touched(this: &Tickets);
}

/// Sends a request below `…/tickets` as the current user. `body` is empty if there is none.
pub async fn ask(loader: &Loader, method: &str, path: &str, body: &str) -> Answer {
    let request = tickets(loader).request(method, path, body);
    // Without a value, what sends could not be loaded.
    http::loader_answer(&JsFuture::from(request).await.unwrap_or(JsValue::UNDEFINED))
}

/// Submits a reply to the ticket with an id, with the attachments that were added to it, at once. `text` is what the customer wrote.
pub fn reply(loader: &Loader, id: &str, body: &str, text: &str) -> impl Future<Output = Sent> + use<> {
    loader::outcome(tickets(loader).reply(id, body, text))
}

/// Submits the draft of a ticket, with its attachments, as a reply to the ticket with an id.
pub fn add_draft(loader: &Loader, id: &str, body: &str, text: &str) -> impl Future<Output = Sent> + use<> {
    loader::outcome(tickets(loader).add_draft(id, body, text))
}

/// The draft of a reply to the ticket with an id; empty if there is none.
pub async fn reply_draft(loader: &Loader, id: &str) -> String {
    JsFuture::from(tickets(loader).reply_draft(id)).await.unwrap_or(JsValue::UNDEFINED).text()
}

/// Stores the draft of a reply to the ticket with an id on the device; deletes it if it is empty.
pub fn keep_reply_draft(loader: &Loader, id: &str, text: &str) {
    tickets(loader).keep_reply_draft(id, text);
}

/// A ticket was changed from here.
pub fn touched(loader: &Loader) {
    tickets(loader).touched();
}

fn tickets(loader: &Loader) -> Tickets {
    let loader: &JsValue = loader;
    loader.clone().into()
}
