//! What the widget asks of the gateway.

use std::time::Duration;

use wasm_bindgen::JsValue;

use super::browser::dom::encoded;
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
    match http::get(&[site_url, "/", what].concat(), ASK_TIMEOUT, abort).await {
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

/// The address under which the gateway answers for a site.
pub fn site_url(gateway: &str, site: &str) -> String {
    [gateway.trim_end_matches('/'), "/v1/sites/", &encoded(site)].concat()
}
