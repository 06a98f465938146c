//! The port for sites that are configured in the store instead of the configuration file.

use async_trait::async_trait;

use super::error::StoreError;
use crate::ids::SiteKey;
use crate::timestamp::Timestamp;

/// The configuration of a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteTable {
    /// The site.
    pub site: SiteKey,
    /// Its table as in the configuration file, in TOML with its header `[sites.KEY]`. The store does not read it.
    pub text: String,
    /// When it was written.
    pub updated_at: Timestamp,
}

/// What a gateway did when it was to read the configuration again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReloadReport {
    /// The gateway, by a name that no other has.
    pub gateway: String,
    /// The revision of the configuration that it has read.
    pub revision: i64,
    /// Why it, or a site in the database, did not take effect; none if everything did.
    pub error: Option<String>,
}

/// What is stored for a site.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SiteContents {
    /// Tickets.
    pub tickets: u64,
    /// Community questions.
    pub questions: u64,
}

/// Sites that are configured in the store, and their revision.
#[async_trait]
pub trait SiteTables: Send + Sync {
    /// The revision, which increases with every change of a site and every requested reload.
    async fn sites_revision(&self) -> Result<i64, StoreError>;

    /// The sites in the order of their keys.
    async fn site_tables(&self) -> Result<Vec<SiteTable>, StoreError>;

    /// Writes the table of a site if it is still `expected`; none if there is none yet. Returns the new revision, or none if it was not written.
    async fn write_site_table(
        &self,
        site: &SiteKey,
        expected: Option<&str>,
        text: &str,
    ) -> Result<Option<i64>, StoreError>;

    /// Removes a site. Returns the new revision, or none if there was no such site. What belongs to it, such as tickets, stays.
    async fn remove_site_table(&self, site: &SiteKey) -> Result<Option<i64>, StoreError>;

    /// Makes every gateway read its configuration again. Returns the new revision.
    async fn request_reload(&self) -> Result<i64, StoreError>;

    /// Records what a gateway did, and forgets gateways that have recorded nothing for a week.
    async fn record_reload(&self, report: &ReloadReport) -> Result<(), StoreError>;

    /// What gateways did about a revision or a later one.
    async fn reload_reports(&self, since: i64) -> Result<Vec<ReloadReport>, StoreError>;

    /// What is stored for a site.
    async fn site_contents(&self, site: &SiteKey) -> Result<SiteContents, StoreError>;
}
