//! Adds a request id, a log line and a time limit to every request.

use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tracing::Instrument;
use uuid::Uuid;

use crate::body_limits::{LARGE_BODY_TIME, REQUEST_TIME, UPLOAD_TIME};
use crate::guard::Charge;
use crate::http::problem::Refusal;

/// The header with the id of a request, by which it can be found in the log.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The header that distinguishes a response of the gateway from one of a proxy; its value is the gateway's version.
pub const VERSION: HeaderName = HeaderName::from_static("deskbell-version");

/// Assigns a request id, logs the request by its route, which contains nothing that a customer has typed, and sets the headers of every
/// response.
pub async fn wrap(request: Request, next: Next) -> Response {
    let id = Uuid::new_v4().to_string();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map_or("-", MatchedPath::as_str).to_string();
    let started = Instant::now();
    let span = tracing::info_span!("request", id);
    let mut response = async {
        let response = next.run(request).await;
        let (status, took) = (response.status().as_u16(), started.elapsed().as_millis());
        tracing::info!("{method} {route} {status} {took} ms");
        response
    }
    .instrument(span)
    .await;
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(VERSION, HeaderValue::from_static(env!("CARGO_PKG_VERSION")));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// Ends a request that takes too long. It may have been carried out all the same, so this is not a rejection.
pub async fn in_time(request: Request, next: Next) -> Response {
    // All other bodies have to arrive much faster.
    let arriving = match request.extensions().get::<Charge>() {
        Some(Charge::Upload) => UPLOAD_TIME,
        Some(Charge::Hook) => LARGE_BODY_TIME,
        _ => Duration::ZERO,
    };
    match tokio::time::timeout(REQUEST_TIME + arriving, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Refusal::Busy.into_response(),
    }
}
