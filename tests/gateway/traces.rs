//! Traces for an OpenTelemetry collector: the real gateway exports them to a stand-in that speaks OTLP over HTTP.

use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::trace::v1::{Span, span, status};
use prost::Message;
use tempfile::TempDir;
use tokio::process::Command;

use crate::command::{deskbell, start};
use crate::support::ticket;

/// A collector that stores what it gets.
#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Vec<ExportTraceServiceRequest>>>);

impl Collector {
    /// Starts it; returns also its address.
    async fn start() -> (Collector, String) {
        let collector = Collector::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let routes = Router::new().route("/v1/traces", post(Collector::take)).with_state(collector.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        (collector, url)
    }

    async fn take(State(collector): State<Collector>, body: Bytes) {
        collector.0.lock().unwrap().push(ExportTraceServiceRequest::decode(body).unwrap());
    }

    /// The spans so far, with the attributes of their process.
    fn spans(&self) -> Vec<(Span, Vec<KeyValue>)> {
        let exports = self.0.lock().unwrap().clone();
        let resources = exports.into_iter().flat_map(|export| export.resource_spans);
        let spans = resources.flat_map(|part| {
            let process = part.resource.unwrap_or_default().attributes;
            part.scope_spans.into_iter().flat_map(|scope| scope.spans).map(move |span| (span, process.clone()))
        });
        spans.collect()
    }

    /// Waits for a span with this name.
    async fn span(&self, name: &str) -> (Span, Vec<KeyValue>) {
        let find = async {
            loop {
                if let Some(found) = self.spans().into_iter().find(|(span, _)| span.name == name) {
                    return found;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let found = tokio::time::timeout(Duration::from_secs(30), find).await;
        found.unwrap_or_else(|_| panic!("no span {name:?} in {:#?}", self.spans()))
    }
}

/// An attribute as text.
fn attribute(attributes: &[KeyValue], key: &str) -> Option<String> {
    let found = attributes.iter().find(|attribute| attribute.key == key)?;
    let Some(AnyValue { value: Some(value) }) = &found.value else { return None };
    Some(match value {
        any_value::Value::StringValue(text) => text.clone(),
        any_value::Value::IntValue(number) => number.to_string(),
        other => format!("{other:?}"),
    })
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A site with a destination that nobody listens at.
fn site(folder: &TempDir) {
    let settings = "[sites.acme]\norigins = [\"*\"]\n[sites.acme.destinations.crm]\nto = \"webhook\"\n\
        url = \"http://127.0.0.1:1/hook\"\nprivate = true\nsecret = \"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"\n";
    std::fs::write(folder.path().join("deskbell.toml"), settings).unwrap();
}

const SERVE: [&str; 7] = ["serve", "--config", "deskbell.toml", "--listen", "127.0.0.1:0", "--log-format", "json"];

#[tokio::test]
async fn requests_and_deliveries_are_exported_as_spans_of_the_trace_that_the_client_has_begun() {
    let (collector, url) = Collector::start().await;
    let folder = tempfile::tempdir().unwrap();
    site(&folder);
    let log = folder.path().join("log");
    let mut command = deskbell(folder.path(), &SERVE);
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", &url).env("OTEL_BSP_SCHEDULE_DELAY", "50");
    command.stderr(Stdio::from(std::fs::File::create(&log).unwrap()));
    let (mut child, address, _out) = start(&mut command).await;

    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let posted = reqwest::Client::new()
        .post(format!("http://{address}/v1/sites/acme/tickets"))
        .header("idempotency-key", "key")
        .header("deskbell-session", "0".repeat(32))
        .header("traceparent", format!("00-{trace}-00f067aa0ba902b7-01"))
        .header("content-type", "application/json")
        .body(ticket("secret text").to_string());
    assert_eq!(posted.send().await.unwrap().status(), 202);

    let (request, process) = collector.span("POST /v1/sites/{site}/tickets").await;
    assert_eq!(hexadecimal(&request.trace_id), trace);
    assert_eq!(hexadecimal(&request.parent_span_id), "00f067aa0ba902b7");
    assert_eq!(request.kind, span::SpanKind::Server as i32);
    assert_eq!(attribute(&request.attributes, "http.request.method").as_deref(), Some("POST"));
    assert_eq!(attribute(&request.attributes, "http.route").as_deref(), Some("/v1/sites/{site}/tickets"));
    assert_eq!(attribute(&request.attributes, "http.response.status_code").as_deref(), Some("202"));
    assert_eq!(request.status.unwrap_or_default().code, status::StatusCode::Unset as i32);
    assert_eq!(attribute(&process, "service.name").as_deref(), Some("deskbell"));
    assert_eq!(attribute(&process, "service.version").as_deref(), Some(env!("CARGO_PKG_VERSION")));

    let (delivery, _) = collector.span("delivery").await;
    assert_eq!(attribute(&delivery.attributes, "site").as_deref(), Some("acme"));
    assert_eq!(attribute(&delivery.attributes, "destination").as_deref(), Some("crm"));

    let missing = reqwest::get(format!("http://{address}/v1/sites/acme/config")).await.unwrap();
    assert_eq!(missing.status(), 200);
    let id = child.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().await.unwrap().success());
    assert!(child.wait().await.unwrap().success());
    let (own, _) = collector.span("GET /v1/sites/{site}/config").await;
    assert_ne!(hexadecimal(&own.trace_id), trace, "a request without a header begins a trace of its own");

    assert!(!format!("{:?}", collector.spans()).contains("secret text"));
    assert!(collector.spans().iter().all(|(span, _)| span.events.is_empty()), "log lines are not exported");
    let text = std::fs::read_to_string(&log).unwrap();
    let answered = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let named = answered.filter(|line| line["span"]["trace_id"] == trace).map(|line| line["message"].clone());
    assert!(named.collect::<Vec<_>>().contains(&"request answered".into()), "log lines name the trace: {text}");
}

#[tokio::test]
async fn the_gateway_serves_while_its_collector_cannot_be_reached() {
    let folder = tempfile::tempdir().unwrap();
    site(&folder);
    let mut command = deskbell(folder.path(), &SERVE);
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1").env("OTEL_BSP_SCHEDULE_DELAY", "50");
    let (mut child, address, _out) = start(command.stderr(Stdio::null())).await;
    for _ in 0..3 {
        let answer = reqwest::get(format!("http://{address}/v1/sites/acme/config")).await.unwrap();
        assert_eq!(answer.status(), 200);
    }
    let id = child.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().await.unwrap().success());
    assert!(child.wait().await.unwrap().success(), "it stops without the collector");
}

#[tokio::test]
async fn settings_that_cannot_work_end_the_start_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    site(&folder);
    for (name, value, reason) in [
        (
            "OTEL_EXPORTER_OTLP_PROTOCOL",
            "grpc",
            "OTEL_EXPORTER_OTLP_PROTOCOL=\"grpc\": only http/protobuf is supported",
        ),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "not an address", "OTEL_EXPORTER_OTLP_"),
    ] {
        let mut command = deskbell(folder.path(), &SERVE);
        command.env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1").env(name, value);
        let output = tokio::time::timeout(Duration::from_secs(20), command.output()).await.unwrap().unwrap();
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && text.contains(reason), "{text}");
    }
}
