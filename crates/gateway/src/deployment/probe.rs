//! The responses of `POST` and `GET /v1/probe`: which parts of a request arrive through proxies.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The pause between two events of the stream.
pub const PROBE_PAUSE: Duration = Duration::from_millis(400);

/// What has arrived.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Arrived")]
pub struct ProbeReceipt {
    /// How many bytes the body had.
    pub bytes: usize,
    /// Their SHA-256, in hexadecimal digits.
    pub sha256: String,
    /// The host and port that were asked for, as far as trusted proxies say.
    pub host: String,
    /// Whether the client asked over HTTPS, as far as trusted proxies say.
    pub https: bool,
    /// The client's address, as far as trusted proxies say.
    pub client: String,
    /// Which of the headers that the panel sends are there.
    pub headers: Vec<String>,
}
