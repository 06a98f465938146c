//! Reads the bodies of requests.

use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::http::{HeaderMap, header};
use http_body_util::BodyExt;
use tokio::time::{Instant, timeout_at};

use super::problem::Refusal;
use crate::body_limits::{BODY_MAX, BODY_TIME, DRAIN_MAX, DRAIN_TIME, LARGE_BODY_TIME};

/// The minimum progress of a large body.
const LARGE_PROGRESS: MinimumRate = MinimumRate { time: Duration::from_secs(5), bytes: 64 * 1024 };
/// Reads a JSON body.
pub async fn json(headers: &HeaderMap, body: Body) -> Result<Vec<u8>, Refusal> {
    let bytes = tokio::time::timeout(BODY_TIME, read(body, BODY_MAX)).await.map_err(|_| Refusal::Timeout)??;
    if has_media_type(headers, "application/json") { Ok(bytes) } else { Err(Refusal::UnsupportedMediaType) }
}

/// Whether a body may be larger than usual.
pub fn is_large(body: &Body) -> bool {
    body.size_hint().exact().is_none_or(|size| size > BODY_MAX as u64)
}

/// Reads a body of at most `max` bytes that is larger than usual. It has to make progress.
pub async fn read_large(body: Body, max: usize) -> Result<Vec<u8>, Refusal> {
    tokio::time::timeout(LARGE_BODY_TIME, read_on(body, max, LARGE_PROGRESS)).await.map_err(|_| Refusal::Timeout)?
}

/// Reads a body of at most `max` bytes, with any content.
pub async fn read_body(body: Body, max: usize) -> Result<Vec<u8>, Refusal> {
    tokio::time::timeout(BODY_TIME, read(body, max)).await.map_err(|_| Refusal::Timeout)?
}

/// Reads JSON that may have a text content type, which browsers send to other origins without a preflight.
pub async fn json_or_text(headers: &HeaderMap, body: Body) -> Result<Vec<u8>, Refusal> {
    let bytes = tokio::time::timeout(BODY_TIME, read(body, BODY_MAX)).await.map_err(|_| Refusal::Timeout)??;
    let allowed = has_media_type(headers, "application/json") || has_media_type(headers, "text/plain");
    if allowed { Ok(bytes) } else { Err(Refusal::UnsupportedMediaType) }
}

/// Reads and discards the rest of a body: as much as it may have, and a little more.
pub async fn drain(mut body: Body, max: usize) {
    let mut length = 0;
    let reading = async {
        while let Some(Ok(frame)) = body.frame().await {
            length += frame.data_ref().map_or(0, |data| data.len());
            if length > max + DRAIN_MAX {
                break;
            }
        }
    };
    // A slower client does not see the error, and retries.
    let _ = tokio::time::timeout(DRAIN_TIME, reading).await;
}

/// The minimum number of bytes that have to arrive in a time.
#[derive(Clone, Copy)]
struct MinimumRate {
    time: Duration,
    bytes: usize,
}

async fn read(body: Body, max: usize) -> Result<Vec<u8>, Refusal> {
    read_on(body, max, MinimumRate { time: BODY_TIME, bytes: 0 }).await
}

async fn read_on(mut body: Body, max: usize, minimum: MinimumRate) -> Result<Vec<u8>, Refusal> {
    let mut bytes = Vec::new();
    let (mut length, mut progress, mut deadline) = (0, 0, Instant::now() + minimum.time);
    while let Some(frame) = timeout_at(deadline, body.frame()).await.map_err(|_| Refusal::Timeout)? {
        let Ok(data) = frame.map_err(|_| Refusal::Torn)?.into_data() else { continue };
        length += data.len();
        progress += data.len();
        if progress >= minimum.bytes {
            (progress, deadline) = (0, Instant::now() + minimum.time);
        }
        if length <= max {
            bytes.extend_from_slice(&data);
        } else if length > max + DRAIN_MAX {
            break;
        }
    }
    if length > max { Err(Refusal::TooLarge(max)) } else { Ok(bytes) }
}

fn has_media_type(headers: &HeaderMap, media_type: &str) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case(media_type))
}
