//! The port for tickets as destinations know them.

use async_trait::async_trait;

use super::error::StoreError;
use super::tickets::StoredTicket;
use crate::ids::{DestinationName, ExternalId, SiteKey, TicketId};

/// External tickets. Writes are on disk when they return.
#[async_trait]
pub trait ExternalTickets: Send + Sync {
    /// The external ticket of a ticket at a destination.
    async fn external_ticket(
        &self,
        ticket: &TicketId,
        destination: &DestinationName,
    ) -> Result<Option<ExternalTicketRef>, StoreError>;

    /// Records that a ticket was merged into another at the destination and continues there. The ticket remains known under its own external
    /// id.
    async fn merge_external_ticket(
        &self,
        ticket: &TicketId,
        destination: &DestinationName,
        external: &ExternalTicketRef,
    ) -> Result<(), StoreError>;

    /// Whether a ticket of a destination is stored here, or was erased here.
    async fn knows_external_ticket(
        &self,
        site: &SiteKey,
        destination: &DestinationName,
        external_id: &ExternalId,
    ) -> Result<bool, StoreError>;

    /// Stores a ticket that was created at the destination, with its external ticket. `false` if it is stored here already, or was erased here.
    async fn adopt(
        &self,
        ticket: &StoredTicket,
        destination: &DestinationName,
        external: &ExternalTicketRef,
    ) -> Result<bool, StoreError>;
}

/// A ticket at a destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalTicketRef {
    /// The external id.
    pub external_id: ExternalId,
    /// The destination's id of the customer; empty if it gives none.
    pub requester: String,
    /// If another ticket was merged into this one there: the id of the comment that says so. Comments before it are not about the merged
    /// ticket.
    pub merged_after: Option<String>,
}
