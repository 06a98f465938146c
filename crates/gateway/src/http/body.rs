//! Reading the body of a request.

use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::http::{HeaderMap, header};
use http_body_util::BodyExt;
use tokio::time::{Instant, timeout_at};

use super::problem::Refusal;
use crate::body_limits::{BODY_MAX, BODY_TIME, DRAIN_MAX, DRAIN_TIME, LARGE_BODY_TIME};

/// In which time at least so many bytes of it have to come.
const LARGE_PROGRESS: Progress = Progress { time: Duration::from_secs(5), bytes: 64 * 1024 };
/// Reads a JSON body.
pub async fn json(headers: &HeaderMap, body: Body) -> Result<Vec<u8>, Refusal> {
    let bytes = tokio::time::timeout(BODY_TIME, read(body, BODY_MAX)).await.map_err(|_| Refusal::Timeout)??;
    if is(headers, "application/json") { Ok(bytes) } else { Err(Refusal::UnsupportedMediaType) }
}

/// Whether a body may be larger than usual.
pub fn is_large(body: &Body) -> bool {
    body.size_hint().exact().is_none_or(|size| size > BODY_MAX as u64)
}

/// Reads a body of at most so many bytes that is larger than usual. It has to make progress.
pub async fn read_large(body: Body, max: usize) -> Result<Vec<u8>, Refusal> {
    tokio::time::timeout(LARGE_BODY_TIME, read_on(body, max, LARGE_PROGRESS)).await.map_err(|_| Refusal::Timeout)?
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

/// How much has to come in a time.
#[derive(Clone, Copy)]
struct Progress {
    time: Duration,
    bytes: usize,
}

async fn read(body: Body, max: usize) -> Result<Vec<u8>, Refusal> {
    read_on(body, max, Progress { time: BODY_TIME, bytes: 0 }).await
}

async fn read_on(mut body: Body, max: usize, least: Progress) -> Result<Vec<u8>, Refusal> {
    let mut bytes = Vec::new();
    let (mut length, mut progress, mut deadline) = (0, 0, Instant::now() + least.time);
    while let Some(frame) = timeout_at(deadline, body.frame()).await.map_err(|_| Refusal::Timeout)? {
        let Ok(data) = frame.map_err(|_| Refusal::Torn)?.into_data() else { continue };
        length += data.len();
        progress += data.len();
        if progress >= least.bytes {
            (progress, deadline) = (0, Instant::now() + least.time);
        }
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
