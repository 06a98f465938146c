//! What the widget asks of the gateway.

use std::time::Duration;

use wasm_bindgen::JsValue;

use super::browser::http::{self, Abort, Answer};

const ASK_TIMEOUT: Duration = Duration::from_secs(8);

/// Asks for something of a site, such as `config`. `None` where no good answer came.
pub async fn ask(site_url: &str, what: &str, abort: &Abort) -> Option<JsValue> {
    ask_within(site_url, what, ASK_TIMEOUT, abort).await
}

/// Asks for something of a site, and does not wait for longer than that. Nobody is asked by a page that has no gateway.
pub async fn ask_within(site_url: &str, what: &str, time: Duration, abort: &Abort) -> Option<JsValue> {
    if site_url.is_empty() {
        return None;
    }
    match http::get(&[site_url, "/", what].concat(), time, abort).await {
        Answer::Http { status: 200, body, .. } => body,
        _ => None,
    }
}
