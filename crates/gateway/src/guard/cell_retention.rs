//! Deletes what the store has of buckets that are full again, so that it does not grow with clients that are gone.

use std::convert::Infallible;
use std::time::Duration;

use deskbell_core::ports::SharedBuckets;

/// How often.
const EVERY: Duration = Duration::from_secs(60 * 60);

/// Deletes them every hour; never returns.
pub async fn run(buckets: &dyn SharedBuckets) -> Infallible {
    loop {
        tokio::time::sleep(EVERY).await;
        if let Err(error) = buckets.delete_full_cells().await {
            tracing::warn!(%error, "deleting cells of rate limits failed");
        }
    }
}
