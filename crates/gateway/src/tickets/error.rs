//! Why tickets and their conversations are not taken in, found or changed.

use super::quota::QuotaError;
use crate::attachments::MissingFiles;
use crate::guard::RetryAfter;
use crate::json::JsonError;
use crate::store::{Limit, StoreError};
use domain::problem::FieldError;

/// Why a ticket is not taken in.
#[derive(Debug, thiserror::Error)]
pub enum TakeTicketError {
    /// The body is no JSON, or none of a ticket.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// The ticket breaks rules.
    #[error("the ticket breaks {} rules", .0.len())]
    Invalid(Vec<FieldError>),
    /// A ticket with the same key is being taken in right now.
    #[error("a ticket with this key is being taken in")]
    InProgress,
    /// The key was used for another body, or by another session.
    #[error("the key was used for another body or session")]
    KeyReused,
    /// The ticket that came under the key was erased.
    #[error("the ticket of this key was erased")]
    Erased,
    /// Files that the ticket names are not there for it.
    #[error(transparent)]
    MissingFiles(#[from] MissingFiles),
    /// The site or the customer has sent too many within a minute.
    #[error(transparent)]
    RateLimited(#[from] RetryAfter),
    /// No more is kept of what nobody has signed.
    #[error(transparent)]
    Quota(#[from] QuotaError),
    /// Every reference that was drawn is taken.
    #[error("every reference that was drawn is taken")]
    NoReference,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why nothing is read for a requester.
#[derive(Debug, thiserror::Error)]
pub enum ReaderError {
    /// Neither a token nor a session says who it is.
    #[error("neither a token nor a session says who is asking")]
    Unidentified,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a ticket of a requester is not found.
#[derive(Debug, thiserror::Error)]
pub enum FindTicketError {
    /// There is none, or it is somebody else's, which is not told apart.
    #[error("no ticket of the requester")]
    NoTicket,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why similar tickets are not found.
#[derive(Debug, thiserror::Error)]
pub enum SimilarTicketsError {
    /// The draft is no JSON, or none of a draft.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// Comparing the texts panicked.
    #[error("comparing texts failed")]
    Comparison,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a reply is not taken in.
#[derive(Debug, thiserror::Error)]
pub enum ReplyError {
    /// The ticket is not found.
    #[error(transparent)]
    Find(#[from] FindTicketError),
    /// The body is no JSON, or none of a reply.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// The reply breaks rules.
    #[error("the reply breaks {} rules", .0.len())]
    Invalid(Vec<FieldError>),
    /// The key was used for another reply.
    #[error("the key was used for another reply")]
    KeyReused,
    /// Files that the reply names are not there for it.
    #[error(transparent)]
    MissingFiles(#[from] MissingFiles),
    /// The site or the customer has sent too many within a minute.
    #[error(transparent)]
    RateLimited(#[from] RetryAfter),
    /// No more is kept of what nobody has signed.
    #[error(transparent)]
    Quota(#[from] QuotaError),
    /// A limit of the ticket is reached.
    #[error("a limit of the ticket is reached: {0:?}")]
    Limit(Limit),
    /// The store has written the reply and does not have it.
    #[error("the reply is not in the store")]
    NotStored,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a ticket is not changed by its customer.
#[derive(Debug, thiserror::Error)]
pub enum AmendTicketError {
    /// The ticket is not found.
    #[error(transparent)]
    Find(#[from] FindTicketError),
    /// The body is no JSON, or none of a change.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// A limit of the ticket is reached.
    #[error("a limit of the ticket is reached: {0:?}")]
    Limit(Limit),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
