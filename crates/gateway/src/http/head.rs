//! Rejects requests with too large a head, with a response that pages can read, below the limits at which the HTTP library rejects without an
//! explanation.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::http::connections::{HEAD_MAX, HEADERS_MAX};
use crate::http::envelope::REQUEST_ID;
use crate::http::problem::Refusal;

/// Rejects a request with too many or too long headers.
pub async fn limit(request: Request, next: Next) -> Response {
    // The request id is the gateway's own.
    let headers = request.headers().iter().filter(|(name, _)| *name != REQUEST_ID);
    let lines = headers.map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len());
    let (count, length) =
        lines.fold((0, request.uri().to_string().len()), |(count, total), line| (count + 1, total + line));
    if count > HEADERS_MAX || length > HEAD_MAX {
        return Refusal::HeadTooLarge.into_response();
    }
    next.run(request).await
}
