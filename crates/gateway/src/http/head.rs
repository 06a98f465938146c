//! Rejects requests with too large a head, with a response that pages can read, below the limits at which the HTTP library rejects without an
//! explanation.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::http::connections::{HEAD_MAX, HEADERS_MAX};
use crate::http::problem::Refusal;

/// Rejects a request with too many or too long headers.
pub async fn limit(request: Request, next: Next) -> Response {
    let headers = request.headers();
    let lines = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len());
    let length = request.uri().to_string().len() + lines.sum::<usize>();
    if headers.len() > HEADERS_MAX || length > HEAD_MAX {
        return Refusal::HeadTooLarge.into_response();
    }
    next.run(request).await
}
