//! The port for where tickets are at destinations.

use async_trait::async_trait;

use super::error::StoreError;
use super::tickets::StoredTicket;

/// Tickets as destinations know them. When a write returns, it is on disk.
#[async_trait]
pub trait ExternalTickets: Send + Sync {
    /// Where a ticket is at a destination.
    async fn external_ticket(&self, ticket: &str, destination: &str) -> Result<Option<Place>, StoreError>;

    /// Keeps that a ticket was merged into another there and goes on in that one. By its own name it stays known.
    async fn merge_external_ticket(&self, ticket: &str, destination: &str, place: &Place) -> Result<(), StoreError>;

    /// Whether a ticket of a destination is here, or was erased here.
    async fn knows_external_ticket(&self, site: &str, destination: &str, remote: &str) -> Result<bool, StoreError>;

    /// Keeps a ticket that did not come from here, with the place where it is. `false` where it is here already, or was erased
    /// here.
    async fn adopt(&self, ticket: &StoredTicket, destination: &str, place: &Place) -> Result<bool, StoreError>;
}

/// Where a ticket is at a destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// What the destination calls the ticket.
    pub remote: String,
    /// What the destination calls the person whose it is; empty where it does not say.
    pub requester: String,
    /// Where another ticket was merged into this one there: what the destination calls the comment that says so. What was said before it is
    /// not about that ticket.
    pub merged_after: Option<String>,
}
