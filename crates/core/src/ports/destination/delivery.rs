//! What is delivered, and what comes of it.

use std::path::PathBuf;
use std::time::Duration;

use crate::ports::external_tickets::Place;
use crate::ports::queue::{Delivery, What};
use crate::ports::tickets::StoredTicket;
use domain::attachment::FileType;
use domain::config::Config;
use domain::conversation::Message;

/// Something on its way.
#[derive(Debug)]
pub struct Parcel<'a> {
    /// The configuration of the ticket's site.
    pub config: &'a Config,
    /// What is to be done.
    pub delivery: &'a Delivery,
    /// The ticket that it is about.
    pub ticket: &'a StoredTicket,
    /// The message, where it is one.
    pub message: Option<&'a Message>,
    /// The files that go along with the ticket or the message.
    pub files: &'a [ParcelFile],
    /// Where the ticket is at the destination already.
    pub place: Option<&'a Place>,
}

impl Parcel<'_> {
    /// A name that is the same in every try and that nothing else has: the ticket's id, and behind it the number of the message.
    pub fn id(&self) -> String {
        parcel_id(self.delivery)
    }
}

/// What [`Parcel::id`] is for a delivery.
pub fn parcel_id(Delivery { ticket, number, what, id, .. }: &Delivery) -> String {
    match what {
        What::Ticket => ticket.clone(),
        What::Message => format!("{ticket}/{number}"),
        What::Solved | What::Reopened | What::Confirmed => format!("{ticket}/{what}/{id}"),
    }
}

/// A file on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParcelFile {
    /// What it is called.
    pub name: String,
    /// What it is.
    pub media: FileType,
    /// How large it is, in bytes.
    pub size: u32,
    /// Where its bytes are.
    pub path: PathBuf,
}

/// It is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delivered {
    /// What the destination calls it; empty where it says nothing.
    pub remote: String,
    /// Where the ticket is now, where that has changed.
    pub place: Option<Place>,
    /// What of it is not there, and why: a sentence each, for operators.
    pub told: Vec<String>,
}

/// Why it is not there. What the destination says may name a person, so no reason repeats what the customer wrote.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Nothing gets through now: everything waits, for as long as the destination says or longer from time to time.
    #[error("{reason}")]
    Away {
        /// Why, for operators.
        reason: String,
        /// How long it wants to be left alone.
        after: Option<Duration>,
    },
    /// This did not get through, or nobody knows: it is tried again, and other things are tried meanwhile.
    #[error("{reason}")]
    Later {
        /// Why, for operators.
        reason: String,
        /// How long it wants to be left alone.
        after: Option<Duration>,
    },
    /// What it answers is larger than what is read of an answer. Less may be asked for.
    #[error("{0}")]
    TooLarge(String),
    /// It is refused for good: an operator has to see to it.
    #[error("{0}")]
    Never(String),
}

impl Failure {
    /// It is tried again.
    pub fn later(reason: impl Into<String>) -> Failure {
        Failure::Later { reason: reason.into(), after: None }
    }

    /// Nothing gets through.
    pub fn away(reason: impl Into<String>) -> Failure {
        Failure::Away { reason: reason.into(), after: None }
    }
}
