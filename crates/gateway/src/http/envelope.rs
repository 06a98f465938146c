//! Adds a request id, a log line, the headers of every response and a time limit to every request.

use std::time::Duration;

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::{Next, map_request};
use axum::response::{IntoResponse, Response};
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, RequestId, SetRequestIdLayer};
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::trace::TraceLayer;
use tracing::Span;
use tracing::field::Empty;

use crate::body_limits::{LARGE_BODY_TIME, REQUEST_TIME};
use crate::guard::Charge;
use crate::http::problem::Refusal;
use crate::http::trace_context::{join_trace, record_status};
use deskbell_core::use_cases::attachments::UPLOAD_TIME;

/// The header with the id of a request, by which it can be found in the log.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The header that distinguishes a response of the gateway from one of a proxy; its value is the gateway's version.
pub const VERSION: HeaderName = HeaderName::from_static("deskbell-version");

/// Assigns request ids, logs each request by its route, which contains nothing that a customer has typed, and sets the headers of every
/// response.
pub fn wrap<S: Clone + Send + Sync + 'static>(routes: Router<S>) -> Router<S> {
    let version = HeaderValue::from_static(env!("CARGO_PKG_VERSION"));
    let trace = TraceLayer::new_for_http().make_span_with(span).on_request(()).on_response(log);
    routes
        .layer(SetResponseHeaderLayer::overriding(VERSION, version))
        .layer(SetResponseHeaderLayer::overriding(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")))
        // The code that fails logs why.
        .layer(trace.on_body_chunk(()).on_eos(()).on_failure(()))
        .layer(PropagateRequestIdLayer::new(REQUEST_ID))
        .layer(SetRequestIdLayer::new(REQUEST_ID, MakeRequestUuid))
        .layer(map_request(forget_id))
}

/// Removes the id that a client has set: it could be anything, and would appear in the log.
async fn forget_id(mut request: Request) -> Request {
    request.headers_mut().remove(REQUEST_ID);
    request
}

fn span(request: &Request) -> Span {
    let id = request.extensions().get::<RequestId>().and_then(|id| id.header_value().to_str().ok());
    let route = request.extensions().get::<MatchedPath>().map_or("-", MatchedPath::as_str);
    // The empty fields are set only if traces are exported.
    let span =
        tracing::info_span!("request", id, method = %request.method(), route, otel.kind = Empty, trace_id = Empty);
    join_trace(&span, request, route);
    span
}

fn log<B>(response: &axum::http::Response<B>, duration: Duration, span: &Span) {
    record_status(span, response.status().as_u16());
    tracing::info!(status = response.status().as_u16(), took_ms = duration.as_millis() as u64, "request answered");
}

/// Ends a request that takes too long. It may have been carried out all the same, so this is not a rejection.
pub async fn in_time(request: Request, next: Next) -> Response {
    // All other bodies have to arrive much faster.
    let arriving = match request.extensions().get::<Charge>() {
        Some(Charge::Upload) => UPLOAD_TIME,
        Some(Charge::Hook) => LARGE_BODY_TIME,
        _ => Duration::ZERO,
    };
    match tokio::time::timeout(REQUEST_TIME + arriving, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Refusal::Busy.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use axum::routing::get;
    use std::io::Write;
    use std::sync::{Arc, Mutex};
    use tower::ServiceExt;

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl Write for Log {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn requests_are_logged_by_route_with_a_generated_id() {
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
        let _guard = tracing::subscriber::set_default(subscriber);
        let routes = wrap(Router::new().route("/things/{id}", get(|| async { "there" })));
        let request = Request::get("/things/secret?q=secret").header(REQUEST_ID, "chosen").body(Body::empty()).unwrap();
        let response = routes.oneshot(request).await.unwrap();
        let headers = response.headers();
        assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert_eq!(headers[VERSION], env!("CARGO_PKG_VERSION"));
        assert_eq!(headers.get_all(REQUEST_ID).iter().count(), 1);
        let id = headers[REQUEST_ID].to_str().unwrap();
        let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        let line = format!(
            "request{{id=\"{id}\" method=GET route=\"/things/{{id}}\"}}: gateway::http::envelope: request answered status=200 took_ms="
        );
        assert!(text.contains(&line), "{text}");
        assert!(!text.contains("secret") && !text.contains("chosen") && text.lines().count() == 1, "{text}");
    }
}
