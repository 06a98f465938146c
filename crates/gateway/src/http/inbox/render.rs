//! Renders pages as HTTP responses.

use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use maud::Markup;

use super::page;
use super::texts::PageTexts;
use crate::http::problem::Refusal;
use deskbell_core::ports::StoreError;

/// A page.
pub fn html(page: Markup) -> Html<String> {
    Html(page.into_string())
}

/// A page with a status.
pub fn message(status: StatusCode, page: Markup) -> Response {
    (status, html(page)).into_response()
}

/// The store failed. The error is in the log.
pub enum Failed {
    /// It does not answer; [`explain_outage`] says so.
    Unavailable,
    /// A row cannot be read, for this reason.
    Unreadable(String),
    /// Anything else.
    Internal,
}

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Failed {
        tracing::error!(%error, "store failed");
        match error {
            StoreError::Busy => Failed::Unavailable,
            StoreError::Damaged { .. } => Failed::Unreadable(error.to_string()),
            _ => Failed::Internal,
        }
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        let reason = match &self {
            Failed::Unavailable => return Refusal::Busy.into_response(),
            Failed::Unreadable(reason) => Some(reason.as_str()),
            Failed::Internal => None,
        };
        message(StatusCode::INTERNAL_SERVER_ERROR, page::failed(reason))
    }
}

/// Middleware that answers with a page where the store did not answer or a request took too long, in the language of the browser.
pub async fn explain_outage(texts: PageTexts, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let is_page =
        response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/"));
    if response.status() != StatusCode::SERVICE_UNAVAILABLE || is_page {
        return response;
    }
    let retry_after = response.headers().get(header::RETRY_AFTER).cloned();
    let mut page = message(StatusCode::SERVICE_UNAVAILABLE, page::unavailable(texts.0));
    page.headers_mut().extend(retry_after.map(|seconds| (header::RETRY_AFTER, seconds)));
    page
}
