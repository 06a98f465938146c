//! A ticket with everything stored about it, as exports have it.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::ids::{CustomerId, DestinationName, ExternalId, Reference, SiteKey, TicketId};
use crate::timestamp::Timestamp;
use domain::conversation::Message;
use domain::ticket::NewTicket;

/// A ticket with everything stored about it.
#[derive(Serialize)]
pub struct TicketDocument {
    /// Its id.
    pub id: TicketId,
    /// Its site.
    pub site: SiteKey,
    /// Its reference.
    pub reference: Reference,
    /// The word of its status.
    pub status: &'static str,
    /// When it was received.
    pub received_at: Timestamp,
    /// When its last message was written.
    pub updated_at: Timestamp,
    /// When the first reply is due.
    pub due_at: Option<Timestamp>,
    /// When support first replied.
    pub answered_at: Option<Timestamp>,
    /// The host's id of the customer, if verified.
    pub person: Option<CustomerId>,
    /// Its topic, as sent or as corrected.
    pub topic: String,
    /// The word of its severity, as sent or as corrected.
    pub severity: &'static str,
    /// The team that owns it; empty if none does.
    pub team: String,
    /// The agent who has taken it; empty if nobody has.
    pub assignee: String,
    /// As it was submitted.
    pub ticket: NewTicket,
    /// Its messages, oldest first.
    pub messages: Vec<Message>,
    /// What agents and customers did with it, oldest first.
    pub activities: Vec<DocumentActivity>,
    /// Its files and those of its messages.
    pub files: Vec<DocumentFile>,
    /// The external id at each destination.
    pub destinations: BTreeMap<DestinationName, ExternalId>,
    /// The address claimed by the sender, and when it was confirmed.
    pub claimed_address: Option<DocumentAddress>,
    /// The recipient of its receipt; deleted after a day.
    pub receipt: Option<DocumentReceipt>,
}

/// An address that a sender claims.
#[derive(Serialize)]
pub struct DocumentAddress {
    /// The address.
    pub address: String,
    /// When the last code was mailed there.
    pub sent_at: Option<Timestamp>,
    /// When it was confirmed.
    pub confirmed_at: Option<Timestamp>,
    /// When a mail server reported that it does not exist.
    pub bounced_at: Option<Timestamp>,
}

/// The recipient of a receipt.
#[derive(Serialize)]
pub struct DocumentReceipt {
    /// The address.
    pub address: String,
    /// When the receipt was queued.
    pub created_at: Timestamp,
}

/// Something that was done to a ticket.
#[derive(Serialize)]
pub struct DocumentActivity {
    /// Who did it.
    pub agent: String,
    /// What was done, in a word.
    pub activity: &'static str,
    /// What belongs to it, such as the text of a note.
    pub text: String,
    /// When it was done.
    pub at: Timestamp,
}

/// A file of a ticket or of a message.
#[derive(Serialize)]
pub struct DocumentFile {
    /// The number of its message; 0 for the ticket itself.
    pub message: u32,
    /// Its name.
    pub name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub media: &'static str,
    /// Its size in bytes.
    pub size: u32,
    /// When it was uploaded.
    pub put_at: Timestamp,
    /// Its path beside an exported document; none if its bytes are missing or were not exported.
    pub path: Option<String>,
}
