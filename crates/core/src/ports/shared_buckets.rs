//! The port for rate limits that hold for several gateways together.

use async_trait::async_trait;

use super::error::StoreError;
use super::limits::RetryAfter;

/// The buckets that all gateways on a store share.
#[async_trait]
pub trait SharedBuckets: Send + Sync {
    /// The key with which all gateways hash what a bucket belongs to.
    async fn bucket_key(&self) -> Result<Vec<u8>, StoreError>;

    /// Charges requests that arrived together, one after the other: all withdrawals of a request, or none if one of the buckets does not hold
    /// enough. One result for each request.
    async fn charge(&self, requests: &[Vec<Draw>]) -> Result<Vec<Result<(), RetryAfter>>, StoreError>;

    /// Deletes what the store has of buckets that have been full for an hour.
    async fn delete_full_cells(&self) -> Result<(), StoreError>;
}

/// What buckets are for. Those of clients, of whom anybody can be many, have cells of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BucketKind {
    /// Addresses, sessions and customers.
    Client,
    /// Sites.
    Site,
}

/// A withdrawal from one bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Draw {
    /// What the bucket is for.
    pub kind: BucketKind,
    /// The hash of what the bucket belongs to.
    pub bucket: u64,
    /// The time in which the bucket regains the amount, in nanoseconds.
    pub cost: u64,
    /// Whether it only checks the amount and takes nothing.
    pub is_probe: bool,
}

impl Draw {
    /// The same withdrawal, which takes nothing.
    pub fn probe(self) -> Draw {
        Draw { is_probe: true, ..self }
    }
}
