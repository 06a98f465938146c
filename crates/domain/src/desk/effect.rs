//! What the desk wants to be done.

use super::customer::Credential;
use super::draft::Target;
use super::ids::{AttachmentId, CustomerId, IdempotencyKey, Time};
use super::records::{Reset, Transaction};
use super::submission::Cause;

/// Something to do, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Read everything of the site from the device, after the transactions before it.
    Load(u64),
    /// Write a transaction.
    Write(Transaction),
    /// Read the bytes of a chosen file into memory.
    ReadAttachment(AttachmentId),
    /// Upload an attachment as a customer and session. A token that is refused is replaced once, and then left away.
    Upload {
        /// Its id.
        id: AttachmentId,
        /// Whose token may be used; nobody's if it is none.
        customer: Option<CustomerId>,
        /// The anonymous session.
        session: String,
    },
    /// End an upload.
    CancelUpload(AttachmentId),
    /// Send a submission, with a time limit.
    Post {
        /// Its key.
        key: IdempotencyKey,
        /// Where it is sent.
        target: Target,
        /// Its bytes.
        body: String,
        /// What says who it comes from.
        credential: Credential,
        /// Whose token may be used, if any. With another customer's token it must not be sent.
        customer: CustomerId,
        /// The anonymous session.
        session: String,
    },
    /// Ask for the lock of a submission, which one tab at a time can have.
    AskLock(IdempotencyKey),
    /// Release the lock of a submission.
    ReleaseLock(IdempotencyKey),
    /// Set a timer, in place of an earlier one of the same name.
    SetTimer(Timer, Time),
    /// Clear a timer.
    ClearTimer(Timer),
    /// Tell the other tabs that the records have changed.
    TellOtherTabs,
    /// Tell the host.
    Emit(HostEvent),
    /// Announce a text to the customer.
    Announce(Note),
    /// Leave a mark that outlives the page, before anything else is done: the reset is carried out by whoever opens the device next.
    MarkReset(Reset),
    /// Remove a mark, because its reset was carried out.
    ClearReset(Reset),
}

/// A timer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// Typing has paused.
    Save,
    /// A submission is due.
    Outbox,
    /// The configuration took too long for somebody who has pressed Send.
    Configuration,
    /// A lock is not granted.
    Lock(IdempotencyKey),
}

/// An event for the host.
#[derive(Clone, Debug, PartialEq)]
pub enum HostEvent {
    /// A new ticket has arrived.
    Sent {
        /// Its key.
        key: IdempotencyKey,
        /// The response of the gateway.
        response: String,
        /// The bytes that were sent.
        body: String,
        /// The visit to which it is to be counted; empty if it is not counted.
        visit: String,
    },
    /// A new ticket has not arrived at an attempt; refused if there is no cause.
    Failed(Option<Cause>),
    /// A submission waits to be sent again.
    Queued(usize),
}

/// A text for the customer, by its key in the language tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Note {
    /// It is being sent.
    Sending,
    /// It has arrived.
    Sent,
    /// A reply has arrived.
    ReplySent,
    /// It waits to be sent again, for a reason.
    Waiting(Cause),
    /// It was refused.
    Refused,
    /// Something is missing in the form.
    Incomplete,
    /// The device cannot keep drafts.
    DraftUnkept,
    /// The device cannot keep submissions: the page has to stay open.
    SubmissionUnkept,
    /// There are too many submissions that were not sent.
    OutboxFull,
    /// An attachment was added.
    AttachmentAdded,
    /// An attachment was removed.
    AttachmentRemoved,
    /// An attachment is sent along as soon as possible.
    AttachmentWaits,
    /// There are too many attachments.
    AttachmentsTooMany,
    /// The attachment is too large.
    AttachmentTooLarge,
    /// The attachment cannot be read or is empty.
    AttachmentUnreadable,
    /// The attachment is refused, or is blocked on its way.
    AttachmentRefused,
    /// There is no room for the attachment at the moment.
    AttachmentNoRoom,
    /// There is another draft.
    OtherDraft,
}
