//! The state of the middleware around all requests.

use std::sync::Arc;

use crate::config::Proxies;
use crate::guard::{Guard, ProxyWatch};

/// Limits and trusted proxies.
#[derive(Clone)]
pub struct Edge {
    /// Rate limits.
    pub guard: Arc<Guard>,
    /// The trusted proxies.
    pub proxies: Arc<Proxies>,
    /// Detects a proxy that is not configured.
    pub proxy_watch: Arc<ProxyWatch>,
}
