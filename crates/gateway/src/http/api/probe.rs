//! `POST` and `GET /v1/probe`: reports which parts of a request arrive, for `deskbell check URL`, which tests a gateway through its proxies.
//! A body is read and discarded, and the response contains only what the client has sent. The stream is short.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use aide::transform::TransformOperation;
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::IntoResponse;
use axum::response::sse::{Event, Sse};
use futures_util::stream::{self, Stream};
use http_body_util::BodyExt;
use sha2::{Digest, Sha256};

use super::describe::{Describe, EventStream};
use super::tickets::KEY_HEADER;
use crate::body_limits::BODY_MAX;
use crate::deployment::{PROBE_PAUSE, ProbeReceipt};
use crate::http::body::drain;
use crate::http::client::Client;
use crate::http::problem::Refusal;
use crate::http::requester::Requesters;
use identity::SESSION_HEADER;

/// How long a body may take to arrive.
const BODY_TIME: Duration = Duration::from_secs(60);
/// The number of events of the stream.
const EVENTS: u32 = 4;

/// Describes the route for bodies.
pub fn take_docs(operation: TransformOperation<'_>) -> TransformOperation<'_> {
    operation
        .summary(
            "Discards a body of up to the largest file size of any site and reports which parts of the request \
             arrived.",
        )
        .bytes_body()
        .optional_body()
        .response::<200, Json<ProbeReceipt>>()
}

/// Reads a body of at most the size of the largest file that a site accepts, and reports what arrived.
pub async fn take(
    State(requesters): State<Arc<Requesters>>,
    client: Client,
    headers: HeaderMap,
    body: Body,
) -> Result<impl IntoResponse, Refusal> {
    let largest = requesters.sites().iter().map(|site| site.config.attachments.max_bytes as usize).max();
    let max = largest.unwrap_or_default().max(BODY_MAX);
    let (bytes, sha256) = tokio::time::timeout(BODY_TIME, read(body, max)).await.map_err(|_| Refusal::Timeout)??;
    let recorded = [header::AUTHORIZATION.as_str(), SESSION_HEADER, KEY_HEADER, "traceparent"];
    let arrived = ProbeReceipt {
        bytes,
        sha256,
        host: client.host,
        https: client.is_https,
        client: client.address.map(|address| address.to_string()).unwrap_or_default(),
        headers: recorded.into_iter().filter(|name| headers.contains_key(*name)).map(String::from).collect(),
    };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(arrived)))
}

async fn read(mut body: Body, max: usize) -> Result<(usize, String), Refusal> {
    let (mut length, mut hash) = (0, Sha256::new());
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Refusal::Torn)?.into_data() else { continue };
        length += data.len();
        if length > max {
            drain(body, max).await;
            return Err(Refusal::TooLarge(max));
        }
        hash.update(&data);
    }
    Ok((length, hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()))
}

/// Describes the stream.
pub fn stream_docs(operation: TransformOperation<'_>) -> TransformOperation<'_> {
    operation.summary("A few server-sent events, for `deskbell check URL`.").response::<200, EventStream>()
}

/// A few events with pauses between them, which a buffering proxy would deliver all at once.
pub async fn stream() -> impl IntoResponse {
    ([(header::CACHE_CONTROL.as_str(), "no-store"), ("x-accel-buffering", "no")], Sse::new(events()))
}

fn events() -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold(0, async |number| {
        if number == EVENTS {
            return None;
        }
        if number > 0 {
            tokio::time::sleep(PROBE_PAUSE).await;
        }
        Some((Ok(Event::default().data(number.to_string())), number + 1))
    })
}
