//! An attachment: chosen, read at once, uploaded before or with its message.

use super::ids::{AttachmentId, Time};

/// How long an attachment that belongs to nothing is kept, in milliseconds: another tab may not have stored its draft yet.
pub const ORPHAN_KEPT_MS: u64 = 3_600_000;
/// How often the upload of an attachment may be blocked before its message is sent without it.
pub const BLOCKED_MAX: u32 = 2;

/// An attachment, as it is stored on the device together with its bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct Attachment {
    /// Its id.
    pub id: AttachmentId,
    /// Its name.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// Whether the gateway has it, as far as is known.
    pub is_uploaded: bool,
    /// Whether it may still contain metadata, according to the gateway.
    pub has_metadata: bool,
    /// Why the gateway refused it: the code of its problem document; empty if it did not.
    pub refusal: String,
    /// When it was added.
    pub added_at: Time,
}

/// The state of an attachment in this tab.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttachmentState {
    /// Its bytes are being read, so that the message has them as they were when it was chosen.
    Reading,
    /// Its bytes are here.
    Ready,
    /// It is being uploaded.
    Uploading,
    /// The gateway has it.
    Uploaded,
    /// The gateway has no room for it at the moment.
    NoRoom,
    /// It cannot be uploaded: refused, or something on the way blocks it.
    Refused,
    /// Its bytes cannot be read, or are gone.
    Missing,
}

/// An attachment that this tab knows.
#[derive(Clone, Debug, PartialEq)]
pub struct KnownAttachment {
    /// Its record.
    pub record: Attachment,
    /// Its state.
    pub state: AttachmentState,
    /// How often its upload was blocked in a row.
    pub blocked: u32,
}

/// Why a message was sent without one of its attachments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeftBehindReason {
    /// It is neither at the gateway nor on the device.
    Missing,
    /// Something on the way to the gateway blocks it.
    Blocked,
    /// The gateway refuses it.
    Refused,
    /// The customer did not want to wait for it.
    Chosen,
}

/// The refusal of an attachment that something on the way takes for too large, and not the gateway.
pub const STOPPED: &str = "stopped";

/// An attachment that its message was sent without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftBehind {
    /// Its name.
    pub name: String,
    /// Why.
    pub reason: LeftBehindReason,
}

/// How an upload ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UploadOutcome {
    /// The gateway has it.
    Uploaded {
        /// Whether it may still contain metadata.
        has_metadata: bool,
    },
    /// The gateway refuses it, with the code of its problem document.
    Refused(String),
    /// The gateway has no room for it at the moment.
    NoRoom {
        /// How long to wait, in milliseconds; 0 if the gateway did not say.
        retry_after_ms: u64,
    },
    /// The gateway wants it later.
    Busy {
        /// How long to wait, in milliseconds; 0 if the gateway did not say.
        retry_after_ms: u64,
    },
    /// Something on the way refuses it, although other requests reach the gateway.
    Blocked,
    /// The gateway could not be reached.
    Unreachable,
    /// Its bytes are gone.
    Unreadable,
}
