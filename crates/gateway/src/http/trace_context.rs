//! Makes the span of a request a part of the trace that its client or proxy has begun (W3C Trace Context).

use axum::extract::Request;
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::{Status, TraceContextExt};
use opentelemetry_http::HeaderExtractor;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// Makes a request's span a part of the trace in its headers (W3C Trace Context, `traceparent`), and its log lines name the trace. Does
/// nothing if traces are not exported.
pub fn join_trace(span: &Span, request: &Request, route: &str) {
    let parent = TraceContextPropagator::new().extract(&HeaderExtractor(request.headers()));
    if span.set_parent(parent).is_err() {
        return;
    }
    // Before the context is used, which starts the span: its kind cannot change afterwards.
    span.record("otel.kind", "server");
    let context = span.context();
    let started = context.span();
    started.update_name(format!("{} {route}", request.method()));
    span.set_attribute("http.request.method", request.method().to_string());
    span.set_attribute("http.route", route.to_string());
    span.record("trace_id", tracing::field::display(started.span_context().trace_id()));
}

/// Adds the status of a response to the request's span.
pub fn record_status(span: &Span, status: u16) {
    span.set_attribute("http.response.status_code", i64::from(status));
    if status >= 500 {
        span.set_status(Status::error(""));
    }
}
