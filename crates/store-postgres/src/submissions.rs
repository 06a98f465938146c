//! Daily quotas of submissions in PostgreSQL.

use sqlx::PgConnection;

use super::attachments::{count_usage, usage_of};
use deskbell_core::ids::SiteKey;
use deskbell_core::ports::{StoreError, SubmissionExceeded, SubmissionQuota, Usage};

const NETWORK: &str = "ticket-address";
const SITE: &str = "ticket-site";

/// The quota that does not admit a submission at the moment, if any. Nothing is counted or locked, so this only saves the work for submissions
/// that [`spend`] would refuse.
pub async fn exceeded(
    read: &mut PgConnection,
    site: &SiteKey,
    quota: &SubmissionQuota,
) -> Result<Option<SubmissionExceeded>, StoreError> {
    let mut of_networks = Vec::new();
    for (network, _) in &quota.networks {
        of_networks.push(usage_of(read, &quota.day, NETWORK, network).await?);
    }
    let of_site = usage_of(read, &quota.day, SITE, site.as_str().as_bytes()).await?;
    Ok(quota.check(&of_networks, of_site).err())
}

/// Counts a submission. Returns the quota that does not admit it, if any; then the transaction has to be rolled back. All transactions of a site
/// wait for each other from here on, so this is the last step of a transaction.
pub async fn spend(
    write: &mut PgConnection,
    site: &SiteKey,
    quota: &SubmissionQuota,
) -> Result<Option<SubmissionExceeded>, StoreError> {
    // Counting locks the rows: those of the networks in the order of their digests, then that of the site.
    let mut networks: Vec<&[u8; 32]> = quota.networks.iter().map(|(network, _)| network).collect();
    networks.sort_unstable();
    for network in networks {
        count_usage(write, &quota.day, (NETWORK, network), quota.bytes).await?;
    }
    count_usage(write, &quota.day, (SITE, site.as_str().as_bytes()), quota.bytes).await?;
    let mut of_networks = Vec::new();
    for (network, _) in &quota.networks {
        of_networks.push(before(usage_of(write, &quota.day, NETWORK, network).await?, quota));
    }
    let of_site = before(usage_of(write, &quota.day, SITE, site.as_str().as_bytes()).await?, quota);
    Ok(quota.check(&of_networks, of_site).err())
}

/// The usage without the submission that has been counted.
fn before(used: Usage, quota: &SubmissionQuota) -> Usage {
    Usage { bytes: used.bytes.saturating_sub(quota.bytes), files: used.files.saturating_sub(1) }
}
