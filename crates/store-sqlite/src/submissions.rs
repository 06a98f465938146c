//! Daily quotas of submissions in SQLite.

use sqlx::sqlite::SqliteConnection;

use super::attachments::{count_usage, usage_of};
use deskbell_core::ids::SiteKey;
use deskbell_core::ports::{StoreError, SubmissionExceeded, SubmissionQuota};

const NETWORK: &str = "ticket-address";
const SITE: &str = "ticket-site";

/// Counts a submission. Returns the quota that does not admit it, if any, and counts nothing then.
pub async fn spend(
    write: &mut SqliteConnection,
    site: &SiteKey,
    quota: &SubmissionQuota,
) -> Result<Option<SubmissionExceeded>, StoreError> {
    let day = &quota.day;
    let mut of_networks = Vec::new();
    for (network, _) in &quota.networks {
        of_networks.push(usage_of(write, day, NETWORK, network).await?);
    }
    let of_site = usage_of(write, day, SITE, site.as_str().as_bytes()).await?;
    if let Err(exceeded) = quota.check(&of_networks, of_site) {
        return Ok(Some(exceeded));
    }
    for (network, _) in &quota.networks {
        count_usage(write, day, (NETWORK, network), quota.bytes).await?;
    }
    count_usage(write, day, (SITE, site.as_str().as_bytes()), quota.bytes).await?;
    Ok(None)
}
