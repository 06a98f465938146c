//! The demo's broken button.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// The endpoint that the button calls.
pub async fn fail() -> Response {
    (StatusCode::INTERNAL_SERVER_ERROR, Json(json!({ "error": "this fails on purpose" }))).into_response()
}
