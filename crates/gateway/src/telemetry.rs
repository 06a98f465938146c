//! What the gateway reports about itself while it works: log lines, and traces for an OpenTelemetry collector.
//!
//! The environment variables of the OpenTelemetry specification configure the collector; without an endpoint no trace is made.

use std::env;
use std::fmt::Debug;
use std::io::IsTerminal;

use clap::ValueEnum;
use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Metadata};
use tracing_subscriber::filter::{FilterExt, Targets, filter_fn};
use tracing_subscriber::layer::{Context, Filter, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use crate::database_watch;
use deskbell_core::ports::StoreError;

/// The collector of all signals, and that of traces.
const ENDPOINTS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];
const PROTOCOLS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"];
/// The only protocol that is built in.
const PROTOCOL: &str = "http/protobuf";
/// What is logged without `RUST_LOG`. Connections of the database that were lost while nobody used them are replaced, and mean nothing.
const LEVELS: &str = "info,sqlx_core::pool=warn";
/// The crates whose spans are exported. Those of the exporter's own requests are not among them.
const TRACED: [&str; 2] = ["gateway", "deskbell_core"];

/// How log lines are written.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object per line, with the fields of the event and of its span.
    Json,
}

/// Why traces cannot be exported.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The protocol is not supported.
    #[error("{0}={1:?}: only {PROTOCOL} is supported; it is usually on port 4318 of a collector")]
    Protocol(&'static str, String),
    /// The exporter refuses its settings.
    #[error("the settings in OTEL_EXPORTER_OTLP_* are invalid: {0}")]
    Exporter(#[from] opentelemetry_otlp::ExporterBuildError),
}

/// Exports traces until it is stopped.
#[derive(Default)]
pub struct Telemetry(Option<SdkTracerProvider>);

impl Telemetry {
    /// Logs to standard error, filtered by `RUST_LOG`, and with `traces` exports traces to the collector of the environment, if there is one.
    pub fn start(format: LogFormat, traces: bool) -> Result<Telemetry, TelemetryError> {
        let provider = if traces && is_configured() { Some(provider()?) } else { None };
        let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(LEVELS)).and(OutageFilter);
        let log = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_target(false);
        let log = match format {
            LogFormat::Text => log.with_ansi(std::io::stderr().is_terminal()).boxed(),
            LogFormat::Json => log.json().flatten_event(true).with_span_list(false).boxed(),
        };
        let traces = provider.as_ref().map(|provider| {
            let spans = Targets::new().with_targets(TRACED.map(|name| (name, LevelFilter::INFO)));
            let tracer = provider.tracer("deskbell");
            let layer = tracing_opentelemetry::layer().with_tracer(tracer).with_location(false).with_threads(false);
            // No log lines: they may contain addresses and names of files.
            layer.with_filter(spans.and(filter_fn(|metadata| metadata.is_span())))
        });
        tracing_subscriber::registry().with(log.with_filter(filter)).with(traces).init();
        if provider.is_some() {
            tracing::info!("exporting traces");
        }
        Ok(Telemetry(provider))
    }

    /// Exports what is still queued.
    pub fn stop(self) {
        if let Some(Err(error)) = self.0.map(|provider| provider.shutdown()) {
            tracing::warn!(%error, "exporting the last traces failed");
        }
    }
}

/// Leaves out lines that say no more than that the database does not answer, while an outage of it is logged.
struct OutageFilter;

impl<S> Filter<S> for OutageFilter {
    fn enabled(&self, _: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        true
    }

    fn event_enabled(&self, event: &Event<'_>, _: &Context<'_, S>) -> bool {
        if !database_watch::is_unavailable() {
            return true;
        }
        let mut cause = OutageCause::default();
        event.record(&mut cause);
        !cause.is_found
    }
}

/// Finds out whether the error of a line is that the database does not answer.
#[derive(Default)]
struct OutageCause {
    is_found: bool,
}

impl Visit for OutageCause {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.is_found |= field.name() == "error" && format!("{value:?}").contains(&StoreError::Busy.to_string());
    }
}

/// Whether the environment names a collector.
fn is_configured() -> bool {
    let is_off = variable("OTEL_SDK_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true"))
        || variable("OTEL_TRACES_EXPORTER").is_some_and(|value| value == "none");
    !is_off && ENDPOINTS.iter().any(|name| variable(name).is_some())
}

/// Exports in batches, in a thread of its own.
fn provider() -> Result<SdkTracerProvider, TelemetryError> {
    for name in PROTOCOLS {
        if let Some(value) = variable(name).filter(|value| value != PROTOCOL) {
            return Err(TelemetryError::Protocol(name, value));
        }
    }
    outbound_http::install_crypto();
    let exporter = SpanExporter::builder().with_http().build()?;
    let mut resource = Resource::builder();
    let attributes = variable("OTEL_RESOURCE_ATTRIBUTES").unwrap_or_default();
    if variable("OTEL_SERVICE_NAME").is_none() && !attributes.contains("service.name=") {
        resource = resource.with_service_name("deskbell");
    }
    let resource = resource.with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
    Ok(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource.build()).build())
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}
