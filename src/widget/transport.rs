//! What the widget asks of the gateway.

use std::time::Duration;

use wasm_bindgen::JsValue;

use super::browser::http::{self, Abort, Answer};
use super::browser::loader::{self, Loader};
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

/// Posts a sealed ticket, signed where the host signs and the person lets us say who they are (`known`). A token that is
/// refused is fetched anew; where that one is refused as well, the ticket goes without, because it matters more.
pub async fn send(loader: &Loader, sealed: &Sealed, session: &str, known: bool) -> Outcome {
    let url = loader.site_url() + "/tickets";
    let mut token = if known { loader::token(loader, false).await } else { String::new() };
    let mut fresh = false;
    loop {
        let bearer = ["Bearer ", &token].concat();
        let headers =
            [("Idempotency-Key", sealed.key.as_str()), ("Deskbell-Session", session), ("Authorization", &bearer)];
        let headers = if token.is_empty() { headers.get(..2).unwrap_or_default() } else { &headers };
        let answer = http::post(&url, headers, &sealed.body, SEND_TIMEOUT).await;
        if token.is_empty() || !matches!(answer, Answer::Http { status: 401, .. }) {
            return outbox::decide(&answer, http::online());
        }
        token = if fresh { String::new() } else { loader::token(loader, true).await };
        fresh = true;
    }
}
