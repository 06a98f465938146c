//! Reading the body of a request.

use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::http::{HeaderMap, header};
use http_body_util::BodyExt;
use tokio::sync::Semaphore;

use super::super::problem::Refusal;

/// The largest body, in bytes.
pub const BODY_MAX: usize = 192 * 1024;
/// How long a body may take to arrive.
const BODY_TIME: Duration = Duration::from_secs(10);
/// How long it may take until what is thrown away has arrived.
const DRAIN_TIME: Duration = Duration::from_secs(30);
/// How long one may take that is larger than usual.
const LARGE_TIME: Duration = Duration::from_secs(60);
/// How many of those are read at a time.
const LARGE_AT_ONCE: usize = 2;
/// How much is read beyond the limit and thrown away: a connection that is closed with unread bytes in it is reset, and
/// the client never sees why.
const DRAIN_MAX: usize = 4 * 1024 * 1024;

/// Reads a JSON body.
pub async fn json(headers: &HeaderMap, body: Body) -> Result<Vec<u8>, Refusal> {
    let bytes = tokio::time::timeout(BODY_TIME, read(body, BODY_MAX)).await.map_err(|_| Refusal::Timeout)??;
    if is(headers, "application/json") { Ok(bytes) } else { Err(Refusal::UnsupportedMediaType) }
}

/// Reads a body, whatever it is, up to so many bytes. Only a few that are larger than usual are read at a time, because nobody knows whose
/// they are before they are read.
pub async fn bytes(body: Body, max: usize) -> Result<Vec<u8>, Refusal> {
    static LARGE: Semaphore = Semaphore::const_new(LARGE_AT_ONCE);
    let is_large = max > BODY_MAX && body.size_hint().exact().is_none_or(|size| size > BODY_MAX as u64);
    let _one = if is_large { Some(LARGE.try_acquire().map_err(|_| Refusal::Busy)?) } else { None };
    let (max, time) = if is_large { (max, LARGE_TIME) } else { (BODY_MAX, BODY_TIME) };
    tokio::time::timeout(time, read(body, max)).await.map_err(|_| Refusal::Timeout)?
}

/// Reads a body of at most so many bytes, whatever it is.
pub async fn read_body(body: Body, max: usize) -> Result<Vec<u8>, Refusal> {
    tokio::time::timeout(BODY_TIME, read(body, max)).await.map_err(|_| Refusal::Timeout)?
}

/// Reads JSON that may come as a text, which a browser sends to another origin without asking first.
pub async fn json_or_text(headers: &HeaderMap, body: Body) -> Result<Vec<u8>, Refusal> {
    let bytes = tokio::time::timeout(BODY_TIME, read(body, BODY_MAX)).await.map_err(|_| Refusal::Timeout)??;
    let allowed = is(headers, "application/json") || is(headers, "text/plain");
    if allowed { Ok(bytes) } else { Err(Refusal::UnsupportedMediaType) }
}

/// Reads what a client is still sending and throws it away: as much as it may send, and a little more.
pub async fn drain(mut body: Body, max: usize) {
    let mut length = 0;
    let read = async {
        while let Some(Ok(frame)) = body.frame().await {
            length += frame.data_ref().map_or(0, |data| data.len());
            if length > max + DRAIN_MAX {
                break;
            }
        }
    };
    // Whoever takes longer sees no reason, and asks again.
    let _ = tokio::time::timeout(DRAIN_TIME, read).await;
}

async fn read(mut body: Body, max: usize) -> Result<Vec<u8>, Refusal> {
    let mut bytes = Vec::new();
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Refusal::Torn)?.into_data() else { continue };
        length += data.len();
        if length <= max {
            bytes.extend_from_slice(&data);
        } else if length > max + DRAIN_MAX {
            break;
        }
    }
    if length > max { Err(Refusal::TooLarge(max)) } else { Ok(bytes) }
}

fn is(headers: &HeaderMap, wanted: &str) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case(wanted))
}
