//! Metrics of answered requests.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// The upper limits of the buckets of request durations, in seconds.
const BUCKETS: [f64; 11] = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 3.0, 10.0];

/// Counts answered requests. Clones share their counts.
#[derive(Clone, Debug)]
pub struct RequestMetrics {
    requests: Family<RequestLabels, Counter>,
    durations: Family<RouteLabels, Histogram>,
    refusals: Family<RefusalLabels, Counter>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    method: &'static str,
    route: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RefusalLabels {
    code: &'static str,
}

/// An answered request.
#[derive(Clone, Copy, Debug)]
pub struct Answered<'a> {
    /// The method; others than those of [`METHODS`] are counted together.
    pub method: &'a str,
    /// The pattern of its path, which contains nothing that a client has chosen.
    pub route: &'a str,
    /// The HTTP status.
    pub status: u16,
    /// The time until the response began.
    pub took: Duration,
    /// The code of the problem document, if it was refused.
    pub code: Option<&'static str>,
}

/// The methods that are told apart. A client may send any other word as a method.
const METHODS: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"];

impl Default for RequestMetrics {
    fn default() -> RequestMetrics {
        RequestMetrics {
            requests: Family::default(),
            durations: Family::new_with_constructor(|| Histogram::new(BUCKETS)),
            refusals: Family::default(),
        }
    }
}

impl RequestMetrics {
    /// Counts a request.
    pub fn count(&self, answered: Answered<'_>) {
        let Answered { method, route, status, took, code } = answered;
        let method = METHODS.into_iter().find(|known| *known == method).unwrap_or("other");
        self.requests.get_or_create(&RequestLabels { method, route: route.into(), status }).inc();
        self.durations.get_or_create(&RouteLabels { method, route: route.into() }).observe(took.as_secs_f64());
        if let Some(code) = code {
            self.refusals.get_or_create(&RefusalLabels { code }).inc();
        }
    }

    /// Adds the metrics to a registry.
    pub fn register(&self, registry: &mut Registry) {
        registry.register("http_requests", "Answered requests", self.requests.clone());
        registry.register("http_request_duration_seconds", "Time until a response began", self.durations.clone());
        registry.register("http_refusals", "Refused requests, by the code of the problem", self.refusals.clone());
    }
}
