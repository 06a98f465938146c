//! What the desk is told.

use super::attachment::UploadOutcome;
use super::customer::Customer;
use super::draft::{Form, Target};
use super::ids::{AttachmentId, IdempotencyKey, TicketId, Time, TransactionId};
use super::records::{Record, Reset};
use super::rules::FormRules;
use super::submission::Cause;
use crate::problem::Problem;

/// Something that happened, and when.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The time by the device's clock.
    pub now: Time,
    /// What happened.
    pub happening: Happening,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Happening {
    /// Help is about to be shown, or something may wait to be sent: the desk loads what is on the device.
    Started,
    /// Everything of the site that was on the device when [`super::Effect::Load`] number `load` was carried out, and the marks of resets.
    Loaded {
        /// The number of the load.
        load: u64,
        /// The records.
        records: Vec<Record>,
        /// Resets that were asked for and not carried out yet.
        resets: Vec<Reset>,
    },
    /// The device could not be read, or not in time.
    LoadFailed,
    /// A transaction was written.
    Stored(TransactionId),
    /// A transaction was not written.
    StorageFailed(TransactionId),
    /// A transaction took too long. It may still be written, and then `Stored` follows.
    StorageTimedOut(TransactionId),
    /// A transaction was not written, because an expectation was not met. `found` are the records at the expected places.
    Conflicted(TransactionId, Vec<Record>),

    /// The customer has changed the form, or a reply.
    Typed(Target, Box<Form>),
    /// The host opens help with a text, which never replaces what somebody has written.
    Prefilled(Target, String),
    /// The customer has opened a conversation.
    ReplyOpened(TicketId),
    /// The customer wants to see another draft in place of the one they see.
    DraftChosen(IdempotencyKey),
    /// What is written is done with: a question has helped.
    Finished(Target),
    /// The customer has chosen a file. The caller has the file, under the id.
    AttachmentAdded {
        /// What it belongs to.
        target: Target,
        /// Its new id.
        id: AttachmentId,
        /// Its name.
        name: String,
        /// Its size in bytes.
        size: u64,
    },
    /// The bytes of a chosen file are in memory.
    AttachmentRead(AttachmentId),
    /// The bytes of a chosen file cannot be read.
    AttachmentUnreadable(AttachmentId),
    /// The customer has removed an attachment.
    AttachmentRemoved(AttachmentId),
    /// The customer wants to try the upload again.
    AttachmentRetried(AttachmentId),
    /// An upload has ended.
    AttachmentUploaded(AttachmentId, UploadOutcome),
    /// Send was pressed.
    SendPressed {
        /// Where.
        written_in: Target,
        /// Where it is sent: as a new ticket, or to a ticket that is open.
        target: Target,
        /// The members of a ticket's body that the form does not hold, a JSON object.
        more: String,
        /// The visit to which a ticket is counted once it has arrived; empty to count none.
        visit: String,
    },
    /// The gateway has answered, or has not.
    Answered(IdempotencyKey, Answer),
    /// The customer wants a submission to be sent now.
    SendAgainPressed {
        /// Its key.
        key: IdempotencyKey,
        /// Whether the customer saw that it may have arrived, when they pressed. Otherwise what may have arrived is not sent again.
        saw_unsure: bool,
    },
    /// The customer wants to edit a refused submission.
    EditPressed(IdempotencyKey),
    /// The customer discards a submission.
    DiscardPressed(IdempotencyKey),
    /// The customer does not want to wait for an attachment of a submission.
    LeaveBehindPressed(IdempotencyKey, AttachmentId),
    /// This tab alone may send a submission.
    LockGranted(IdempotencyKey),
    /// This tab cannot have the lock, or has lost it.
    LockLost(IdempotencyKey),

    /// The host has declared a customer, or given a new token.
    Identified(Customer),
    /// The customer has logged out.
    Reset {
        /// Whether their submissions are deleted as well.
        discards: bool,
        /// Who is logged out if that is not known yet: the last customer on the device.
        fallback: super::ids::CustomerId,
        /// The anonymous session from now on.
        session: String,
    },
    /// The tickets of a customer, as the gateway knows them.
    TicketsLoaded(super::ids::CustomerId, Vec<crate::conversation::Summary>),
    /// The configuration of the site has arrived.
    Configured(Box<FormRules>),
    /// The configuration does not arrive.
    ConfigurationFailed,
    /// The page speaks a language from now on.
    LanguageChosen {
        /// The sentence that names an attachment which was left behind, with `{name}` for its name.
        left_behind_line: String,
    },
    /// Another tab has changed what is on the device.
    OtherTabSpoke,
    /// The browser is online again, or the page is shown again.
    Online,
    /// The page may be closed the next moment.
    Leaving,
    /// A timer fired.
    TimerFired(super::effect::Timer),
}

/// The answer to a submission, or why there is none.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// It has arrived. The response is proof of it: a receipt with a reference, or a message with a number.
    Accepted {
        /// The response.
        response: String,
    },
    /// It is refused for good, and nothing was stored.
    Refused(Problem),
    /// The gateway wants it later; it was not processed.
    RetryLater {
        /// How long to wait, in milliseconds; 0 if the gateway did not say.
        retry_after_ms: u64,
    },
    /// Nothing was stored, because attachments are missing at the gateway.
    AttachmentsMissing,
    /// The gateway does not accept the credential; nothing was stored.
    Unauthorised,
    /// Whether it has arrived is not known.
    Unknown {
        /// Why not.
        cause: Cause,
        /// How long to wait at least, in milliseconds; 0 if nobody said.
        retry_after_ms: u64,
    },
}
