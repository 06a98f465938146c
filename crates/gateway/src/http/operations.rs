//! What the people and programs ask who run the gateway: whether it lives, whether it can serve, and its metrics.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};

use crate::http::problem::{Refusal, RefusalCode};
use crate::metrics::{Answered, Metrics, RequestMetrics};
use crate::readiness::Readiness;

/// The path of the health check.
const HEALTH: &str = "/healthz";
/// The path of the readiness check.
const READY: &str = "/readyz";
/// The paths that are probed from inside the network.
pub const PROBES: [&str; 2] = [HEALTH, READY];
/// The media type of metrics (OpenMetrics 1.0, "Protocol Negotiation").
const METRICS_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Whether the process lives, and whether it can serve.
pub fn health(readiness: Arc<Readiness>) -> Router {
    Router::new().route(HEALTH, get(|| async { "ok\n" })).route(READY, get(ready)).with_state(readiness)
}

/// The metrics, for a listener that customers do not reach: they name sites and destinations.
pub fn metrics(metrics: Arc<Metrics>) -> Router {
    Router::new().route("/metrics", get(render)).with_state(metrics)
}

/// Counts a request when its response begins.
pub async fn count(State(metrics): State<RequestMetrics>, request: Request, next: Next) -> Response {
    let (start, method) = (Instant::now(), request.method().clone());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let response = next.run(request).await;
    metrics.count(Answered {
        method: method.as_str(),
        route: route.as_ref().map_or("-", MatchedPath::as_str),
        status: response.status().as_u16(),
        took: start.elapsed(),
        code: response.extensions().get::<RefusalCode>().map(|code| code.0),
    });
    response
}

async fn ready(State(readiness): State<Arc<Readiness>>) -> impl IntoResponse {
    let report = readiness.report().await;
    let status = if report.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, [(header::CACHE_CONTROL, "no-store")], Json(report))
}

async fn render(State(metrics): State<Arc<Metrics>>) -> Result<impl IntoResponse, Refusal> {
    let text = metrics.render().await.map_err(|_| Refusal::Internal)?;
    Ok(([(header::CONTENT_TYPE, METRICS_TYPE), (header::CACHE_CONTROL, "no-store")], text))
}
