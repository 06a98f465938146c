//! `GET /v1/health`: whether the API is reachable. The response is a few bytes, readable by every page, so that a client whose large request
//! fails can find out whether the connection or the size is the reason.

use aide::transform::TransformOperation;
use axum::Json;
use axum::http::header;
use axum::response::IntoResponse;
use schemars::JsonSchema;
use serde::Serialize;

/// That the gateway is there.
#[derive(Serialize, JsonSchema)]
struct Health {
    /// Always `ok`.
    status: &'static str,
    /// The version of the gateway.
    version: &'static str,
}

/// Describes the route.
pub fn docs(operation: TransformOperation<'_>) -> TransformOperation<'_> {
    operation.summary("Health check, open to every origin.").response::<200, Json<Health>>()
}

/// Handles the request.
pub async fn answer() -> impl IntoResponse {
    ([(header::CACHE_CONTROL, "no-store")], Json(Health { status: "ok", version: env!("CARGO_PKG_VERSION") }))
}
