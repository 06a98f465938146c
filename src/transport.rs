//! Requests to the gateway.

use std::time::Duration;

use wasm_bindgen::JsValue;

use super::browser::http::{self, Abort, Answer};

const ASK_TIMEOUT: Duration = Duration::from_secs(8);

/// Requests something of a site, such as `config`. `None` without a successful response.
pub async fn ask(site_url: &str, path: &str, abort: &Abort) -> Option<JsValue> {
    ask_within(site_url, path, ASK_TIMEOUT, abort).await
}

/// Requests something of a site with a timeout. A page without a gateway requests nothing.
pub async fn ask_within(site_url: &str, path: &str, time: Duration, abort: &Abort) -> Option<JsValue> {
    if site_url.is_empty() {
        return None;
    }
    match http::get(&[site_url, "/", path].concat(), time, abort).await {
        Answer::Http { status: 200, body, .. } => body,
        _ => None,
    }
}
