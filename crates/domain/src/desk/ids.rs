//! Ids, revisions and times of the desk.

use super::hash::StableHash;

/// Declares ids that are text.
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
            pub struct $name(pub String);

            impl $name {
                /// Whether it names nothing.
                pub fn is_empty(&self) -> bool {
                    self.0.is_empty()
                }
            }

            impl From<&str> for $name {
                fn from(text: &str) -> $name {
                    $name(text.into())
                }
            }
        )+
    };
}

ids! {
    /// The id of a draft, and later the `Idempotency-Key` of the submission that it becomes. That both are one makes it impossible for a draft
    /// to become two submissions, whichever tabs submit it.
    IdempotencyKey;
    /// The id that the host gave a customer; empty for an anonymous one.
    CustomerId;
    /// The id of a ticket at the gateway.
    TicketId;
    /// The id of an attachment, a UUID, on the device and at the gateway.
    AttachmentId;
}

impl IdempotencyKey {
    /// The key of a text that was written under this key, which belongs to another text by now. It is the same in every tab that shows the text,
    /// so that two of them that send it send it once.
    pub fn branch(&self, text: &str) -> IdempotencyKey {
        let half = |seed| StableHash::new(seed).text(&self.0).text(text).finish();
        IdempotencyKey(format!("{:016x}{:016x}", half(0), half(1)))
    }
}

/// A version of a record on the device: a random number that changes with every write, so that a tab notices what another one wrote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Revision(pub u64);

/// The number of a transaction, unique within the life of a desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TransactionId(pub u64);

/// Milliseconds since 1970 by the device's clock, which the customer may set back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub u64);

impl Time {
    /// The time some milliseconds later.
    pub fn plus(self, ms: u64) -> Time {
        Time(self.0.saturating_add(ms))
    }

    /// The milliseconds since an earlier time; 0 if it lies in the future.
    pub fn since(self, earlier: Time) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// The source of ids, revisions and jitter.
pub trait Random {
    /// A text that nobody else gets: 128 bits in hexadecimal digits.
    fn id(&mut self) -> String;
    /// A number below 2^53, which JavaScript can represent.
    fn number(&mut self) -> u64;
}
