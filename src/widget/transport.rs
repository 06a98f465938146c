//! What the widget asks of the gateway.

use std::time::Duration;

use wasm_bindgen::JsValue;

use super::browser::http::{self, Abort, Answer};
use crate::domain::outbox::{self, Outcome};

/// A ticket as it is sent and sent again: a key and the bytes that belong to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// The `Idempotency-Key`.
    pub key: String,
    /// The body.
    pub body: String,
}

const ASK_TIMEOUT: Duration = Duration::from_secs(8);
const SEND_TIMEOUT: Duration = Duration::from_secs(20);

/// Asks for something of a site, such as `config`. `None` where no good answer came.
pub async fn ask(site_url: &str, what: &str, abort: &Abort) -> Option<JsValue> {
    ask_within(site_url, what, ASK_TIMEOUT, abort).await
}

/// Asks for something of a site, and does not wait for longer than that.
pub async fn ask_within(site_url: &str, what: &str, time: Duration, abort: &Abort) -> Option<JsValue> {
    match http::get(&[site_url, "/", what].concat(), time, abort).await {
        Answer::Http { status: 200, body, .. } => body,
        _ => None,
    }
}

/// Posts a sealed ticket.
pub async fn send(site_url: &str, sealed: &Sealed, session: &str) -> Outcome {
    let headers = [("Idempotency-Key", sealed.key.as_str()), ("Deskbell-Session", session)];
    let answer = http::post(&[site_url, "/tickets"].concat(), &headers, &sealed.body, SEND_TIMEOUT).await;
    outbox::decide(&answer, http::online())
}
