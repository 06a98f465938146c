//! What is around every request, whatever it asks for.

use std::sync::Arc;

use crate::config::Proxies;
use crate::guard::{Guard, ProxyWatch};

/// Who is let in, and through which proxies.
#[derive(Clone)]
pub struct Edge {
    /// How much anybody may ask for.
    pub guard: Arc<Guard>,
    /// Which proxies are believed.
    pub proxies: Arc<Proxies>,
    /// Notices a proxy that is not configured.
    pub proxy_watch: Arc<ProxyWatch>,
}
