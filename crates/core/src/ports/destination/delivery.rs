//! What is delivered, and its outcome.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::ports::external_tickets::ExternalTicketRef;
use crate::ports::files::{FileError, Files, read_file};
use crate::ports::queue::{Delivery, DeliveryKind};
use crate::ports::tickets::StoredTicket;
use crate::timestamp::Timestamp;
use domain::attachment::FileType;
use domain::config::Config;
use domain::conversation::Message;

/// A delivery with everything that a destination needs for it.
#[derive(Debug)]
pub struct DeliveryContents<'a> {
    /// The configuration of the ticket's site.
    pub config: &'a Config,
    /// The delivery.
    pub delivery: &'a Delivery,
    /// Its ticket.
    pub ticket: &'a StoredTicket,
    /// Its message, if it is a message.
    pub message: Option<&'a Message>,
    /// The attachments of the ticket or the message.
    pub files: &'a [DeliveryFile],
    /// The external ticket, if there is one.
    pub external: Option<&'a ExternalTicketRef>,
    /// The time of the attempt, by the clock of the store.
    pub now: Timestamp,
    /// Whether the attempt may still send something.
    pub hold: &'a ClaimHold,
}

/// Until when a gateway surely has the claim to a delivery. After a time in which the process was paused, or could not reach the store, another
/// gateway may have made the delivery: what has no idempotency key at the destination must then not be sent.
#[derive(Clone, Debug)]
pub struct ClaimHold(Arc<Mutex<Instant>>);

impl ClaimHold {
    /// A claim that expires at a time.
    pub fn until(expires_at: Instant) -> ClaimHold {
        ClaimHold(Arc::new(Mutex::new(expires_at)))
    }

    /// Sets when it expires after it was extended.
    pub fn extend(&self, expires_at: Instant) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = expires_at;
    }

    /// A failure once it has expired.
    pub fn check(&self) -> Result<(), Failure> {
        match Instant::now() < *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            true => Ok(()),
            false => {
                Err(Failure::later("the attempt was interrupted for so long that another gateway may have made it"))
            }
        }
    }
}

impl DeliveryContents<'_> {
    /// A unique key that is the same in every attempt: the ticket's id, followed by the number of the message, or by the kind and the number of
    /// the delivery.
    pub fn key(&self) -> String {
        delivery_key(self.delivery)
    }
}

/// The [`DeliveryContents::key`] of a delivery.
pub fn delivery_key(Delivery { ticket, number, kind, id, .. }: &Delivery) -> String {
    match kind {
        DeliveryKind::Ticket => ticket.to_string(),
        DeliveryKind::Message => format!("{ticket}/{number}"),
        DeliveryKind::Solved | DeliveryKind::Reopened | DeliveryKind::Confirmed => format!("{ticket}/{kind}/{id}"),
    }
}

/// An attachment to deliver.
#[derive(Clone)]
pub struct DeliveryFile {
    /// Its name.
    pub name: String,
    /// Its type.
    pub media: FileType,
    /// Its size in bytes.
    pub size: u32,
    /// Its name in `files`.
    pub file: String,
    /// Where its bytes are.
    pub files: Arc<dyn Files>,
}

impl DeliveryFile {
    /// Reads its bytes into memory.
    pub async fn read(&self) -> Result<Vec<u8>, FileError> {
        read_file(self.files.as_ref(), &self.file, self.size.into()).await
    }
}

impl fmt::Debug for DeliveryFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeliveryFile({:?}, {}, {} bytes)", self.name, self.media.word(), self.size)
    }
}

/// The destination has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeliveryReceipt {
    /// Its external id; empty if the destination returns none.
    pub external_id: String,
    /// The external ticket, if it has changed.
    pub external: Option<ExternalTicketRef>,
    /// The parts that were not delivered, with the reasons: a sentence each, for agents.
    pub not_delivered: Vec<String>,
}

/// Why it was not delivered. What the destination says may name a person, so no reason repeats what the customer wrote.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Nothing gets through at the moment: the whole queue waits, as long as the destination demands or with backoff.
    #[error("{reason}")]
    Away {
        /// The reason, for agents.
        reason: String,
        /// How long the destination wants no requests.
        after: Option<Duration>,
    },
    /// This delivery did not get through, or its outcome is unknown: it is retried, and others are attempted meanwhile.
    #[error("{reason}")]
    Later {
        /// The reason, for agents.
        reason: String,
        /// How long the destination wants no requests.
        after: Option<Duration>,
    },
    /// The response is larger than the limit. A smaller one may be requested.
    #[error("{0}")]
    TooLarge(String),
    /// Refused for good: an agent or administrator has to act.
    #[error("{0}")]
    Never(String),
}

impl Failure {
    /// A failure with a retry.
    pub fn later(reason: impl Into<String>) -> Failure {
        Failure::Later { reason: reason.into(), after: None }
    }

    /// A file that cannot be read at the moment.
    pub fn unreadable(file: &DeliveryFile, error: &FileError) -> Failure {
        Failure::later(format!("the file {:?} cannot be read by the gateway: {error}", file.name))
    }

    /// A failure of the destination as a whole.
    pub fn away(reason: impl Into<String>) -> Failure {
        Failure::Away { reason: reason.into(), after: None }
    }
}
