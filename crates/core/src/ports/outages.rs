//! The port for what several gateways on a store find out about destinations.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;

use super::error::StoreError;
use crate::ids::QueueName;
use crate::timestamp::Timestamp;

/// The destinations that gateways cannot reach.
#[async_trait]
pub trait Outages: Send + Sync {
    /// Records that this gateway cannot reach a destination, why, and how long it leaves it alone, in place of what others have reported; or
    /// that it has reached it.
    async fn report_outage(&self, queue: &QueueName, outage: Option<(&str, Duration)>) -> Result<(), StoreError>;

    /// The destinations that a gateway could not reach and none has reached since.
    async fn outages(&self) -> Result<BTreeMap<QueueName, ReportedOutage>, StoreError>;
}

/// A destination that a gateway cannot reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportedOutage {
    /// Why.
    pub reason: String,
    /// When that gateway tries again, by the store's clock. It may have passed, if the gateway has stopped or has nothing to deliver.
    pub retry_at: Timestamp,
    /// Whether this gateway has reported it.
    pub is_own: bool,
}
