//! Errors of storing, finding and changing tickets and their conversations.

use super::find::FindTicketError;
use super::limits::QuotaError;
use crate::json::JsonError;
use crate::ports::{RetryAfter, StoreError, TicketLimit};
use crate::use_cases::attachments::MissingFiles;
use domain::problem::FieldError;

/// Why a ticket was not stored.
#[derive(Debug, thiserror::Error)]
pub enum TakeTicketError {
    /// The body is not JSON, or not a ticket.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// The ticket is invalid.
    #[error("the ticket has {} errors", .0.len())]
    Invalid(Vec<FieldError>),
    /// A ticket with the same key is being stored by another request.
    #[error("a ticket with this key is being stored")]
    InProgress,
    /// The key was used with another body, or by another session.
    #[error("the key was used with another body or session")]
    KeyReused,
    /// The ticket with this key was erased.
    #[error("the ticket with this key was erased")]
    Erased,
    /// Files that the ticket names are missing.
    #[error(transparent)]
    MissingFiles(#[from] MissingFiles),
    /// The site or the customer is over its rate limit.
    #[error(transparent)]
    RateLimited(#[from] RetryAfter),
    /// A quota for unverified submissions is used up.
    #[error(transparent)]
    Quota(#[from] QuotaError),
    /// Every drawn reference was taken.
    #[error("no free reference was found")]
    NoReference,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why the search for similar tickets failed.
#[derive(Debug, thiserror::Error)]
pub enum SimilarTicketsError {
    /// The draft is not JSON, or not a draft.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// The comparison of texts panicked.
    #[error("comparing texts failed")]
    Comparison,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a reply was not stored.
#[derive(Debug, thiserror::Error)]
pub enum ReplyError {
    /// The ticket is not found.
    #[error(transparent)]
    Find(#[from] FindTicketError),
    /// The body is not JSON, or not a reply.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// The reply is invalid.
    #[error("the reply has {} errors", .0.len())]
    Invalid(Vec<FieldError>),
    /// The key was used for another reply.
    #[error("the key was used for another reply")]
    KeyReused,
    /// Files that the reply names are missing.
    #[error(transparent)]
    MissingFiles(#[from] MissingFiles),
    /// The site or the customer is over its rate limit.
    #[error(transparent)]
    RateLimited(#[from] RetryAfter),
    /// A quota for unverified submissions is used up.
    #[error(transparent)]
    Quota(#[from] QuotaError),
    /// A limit of the ticket is reached.
    #[error("the ticket has reached a limit: {0:?}")]
    Limit(TicketLimit),
    /// The reply was written but cannot be read back.
    #[error("the reply was not found after it was stored")]
    NotStored,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a customer's change was rejected.
#[derive(Debug, thiserror::Error)]
pub enum AmendTicketError {
    /// The ticket is not found.
    #[error(transparent)]
    Find(#[from] FindTicketError),
    /// The body is not JSON, or not a change.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// A limit of the ticket is reached.
    #[error("the ticket has reached a limit: {0:?}")]
    Limit(TicketLimit),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
