//! `GET /v1/health`: whether the API can be reached. It answers any page with a few bytes, so that whoever gets no answer to something
//! large can find out whether the way or the size is the reason.

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

/// Answers the request.
pub async fn answer() -> impl IntoResponse {
    ([(header::CACHE_CONTROL, "no-store")], Json(Health { status: "ok", version: env!("CARGO_PKG_VERSION") }))
}
