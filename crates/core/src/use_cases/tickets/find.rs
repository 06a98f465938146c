//! Finds a ticket for a requester; a ticket of somebody else is the same as none.

use crate::ids::{SiteKey, TicketId};
use crate::ports::{Conversations, ListedTicket, Reader, StoreError, StoredTicket};

/// Why a ticket of a requester was not found.
#[derive(Debug, thiserror::Error)]
pub enum FindTicketError {
    /// It does not exist, or belongs to somebody else; the two are indistinguishable.
    #[error("the requester has no such ticket")]
    NoTicket,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The ticket with an id, if the reader may open it.
pub async fn find_ticket(
    conversations: &dyn Conversations,
    site: &SiteKey,
    reader: Reader<'_>,
    id: &TicketId,
) -> Result<StoredTicket, FindTicketError> {
    conversations.ticket_of(site, reader, id).await?.ok_or(FindTicketError::NoTicket)
}

/// The ticket with an id as lists show it, if the reader may open it.
pub async fn find_listed_ticket(
    conversations: &dyn Conversations,
    site: &SiteKey,
    reader: Reader<'_>,
    id: &TicketId,
) -> Result<ListedTicket, FindTicketError> {
    conversations.listed_ticket_of(site, reader, id).await?.ok_or(FindTicketError::NoTicket)
}
