//! Renders pages as HTTP responses.

use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use maud::Markup;

use super::page;
use deskbell_core::ports::StoreError;

/// A page.
pub fn html(page: Markup) -> Html<String> {
    Html(page.into_string())
}

/// A page with a status.
pub fn message(status: StatusCode, page: Markup) -> Response {
    (status, html(page)).into_response()
}

/// The store failed. The error is in the log, and on the page if a row cannot be read.
pub struct Failed(pub Option<String>);

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Failed {
        tracing::error!(%error, "store failed");
        Failed(matches!(error, StoreError::Damaged { .. }).then(|| error.to_string()))
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        message(StatusCode::INTERNAL_SERVER_ERROR, page::failed(self.0.as_deref()))
    }
}
