//! What customers and agents have sent, and when it was acknowledged.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

/// Who has written a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Author {
    /// The customer.
    Customer,
    /// The agent.
    Support,
}

/// A ticket with its acknowledged messages.
#[derive(Clone, Debug)]
pub struct Ticket {
    /// Its number in the benchmark.
    pub number: usize,
    /// Whose it is.
    pub person: usize,
    /// Its id.
    pub id: String,
    /// Its reference.
    pub reference: String,
    /// Its messages in order, the ticket itself first, with the time of the acknowledgement.
    pub messages: Vec<(Author, Instant)>,
}

/// All tickets.
#[derive(Clone, Debug, Default)]
pub struct Book(Arc<Mutex<Vec<Ticket>>>);

impl Book {
    /// The tickets.
    pub fn tickets(&self) -> MutexGuard<'_, Vec<Ticket>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a message to a ticket, now.
    pub fn add(&self, number: usize, author: Author) {
        if let Some(ticket) = self.tickets().iter_mut().find(|ticket| ticket.number == number) {
            ticket.messages.push((author, Instant::now()));
        }
    }
}

/// The text of a message, by which it is found again.
pub fn text(ticket: usize, message: usize) -> String {
    format!("mark-{ticket}-{message}. The export stops at this row")
}

/// The ticket and the message that a text names.
pub fn marked(text: &str) -> Option<(usize, usize)> {
    let (_, rest) = text.split_once("mark-")?;
    let (ticket, rest) = rest.split_once('-')?;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    Some((ticket.parse().ok()?, rest.get(..end)?.parse().ok()?))
}
