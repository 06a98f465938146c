//! The port for status pages that several gateways on a store show.

use std::time::Duration;

use async_trait::async_trait;

use super::error::StoreError;
use crate::ids::SiteKey;
use domain::incident::Incident;

/// What gateways have read from status pages. `page` is the address of a page.
#[async_trait]
pub trait StatusPolls: Send + Sync {
    /// Claims the next poll of a page of a site for this gateway. `false` if a gateway has claimed one within `every`.
    async fn claim_status_poll(&self, site: &SiteKey, page: &str, every: Duration) -> Result<bool, StoreError>;

    /// Records the incidents that a page of a site shows.
    async fn record_incidents(&self, site: &SiteKey, page: &str, incidents: &[Incident]) -> Result<(), StoreError>;

    /// The incidents that a page of a site has shown last, and how long ago; none if no gateway has read it.
    async fn recorded_incidents(
        &self,
        site: &SiteKey,
        page: &str,
    ) -> Result<Option<(Vec<Incident>, Duration)>, StoreError>;
}
