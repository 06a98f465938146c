//! `GET /v1/health`: whether the API can be reached. It answers any page with a few bytes, so that whoever gets no answer to something
//! large can find out whether the way or the size is the reason.

use axum::Json;
use axum::http::header;
use axum::response::IntoResponse;
use serde_json::json;

/// Answers the request.
pub async fn answer() -> impl IntoResponse {
    ([(header::CACHE_CONTROL, "no-store")], Json(json!({"status": "ok", "version": env!("CARGO_PKG_VERSION")})))
}
