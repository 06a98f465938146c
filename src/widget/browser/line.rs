//! What follows tickets (`src/loader/follow.js`), as the module sees it that shows them.

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::JsFuture;

use super::http::Answer;
use super::read;
use crate::domain::source::Source;

#[wasm_bindgen]
extern "C" {
    /// The way to the gateway, as who the person is.
    #[derive(Clone, Debug)]
    pub type Line;
    #[wasm_bindgen(method)]
    fn request(this: &Line, method: &str, path: &str, body: &str, key: &str) -> js_sys::Promise;
    /// Something about a ticket was changed from here.
    #[wasm_bindgen(method)]
    pub fn touched(this: &Line);
}

/// Asks for something below `…/tickets`. `body` and `key`, the `Idempotency-Key`, are empty where there is none.
pub async fn ask(line: &Line, method: &str, path: &str, body: &str, key: &str) -> Answer {
    // It never rejects.
    let answer = JsFuture::from(line.request(method, path, body, key)).await.unwrap_or(JsValue::UNDEFINED);
    let status = answer.get("status").number() as u16;
    match status {
        0 if answer.get("late").yes() => Answer::TimedOut,
        0 => Answer::Unreachable,
        _ => {
            let after = answer.get("after").number() as u32;
            Answer::Http {
                status,
                body: read::parse(&answer.text_of("text")),
                retry_after: Some(after).filter(|after| *after > 0),
            }
        }
    }
}
