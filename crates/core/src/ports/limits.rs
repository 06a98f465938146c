//! The port for rate limits of what use cases store.

use std::time::Duration;

use async_trait::async_trait;

use crate::ids::{CustomerId, SiteKey};

/// Charges what is stored to its site.
#[async_trait]
pub trait SiteLimits: Send + Sync {
    /// Charges a valid new ticket, reply or file to its site, and to the customer (by the host's id) if verified, just before it is stored.
    async fn charge_site(
        &self,
        share: LimitShare,
        site: &SiteKey,
        person: Option<&CustomerId>,
    ) -> Result<(), RetryAfter>;
}

/// The share of a site's limit that a write is charged to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LimitShare {
    /// Tickets and replies.
    Tickets,
    /// Files.
    Files,
}

/// How long to wait until the limit allows the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many requests")]
pub struct RetryAfter(pub Duration);
