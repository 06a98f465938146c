//! The cost of a request, by the work it causes.

/// The charge of a request before its body is read. Each route is declared with one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charge {
    /// Reads: one request of its address.
    Read,
    /// Submits a ticket or a reply: ten requests of its address, and one of its session's tickets.
    Ticket,
    /// Uploads a file: ten requests of its address, and one of its session's files.
    Upload,
    /// Is counted, or compared with much stored data: ten requests of its address, and one of its session's reports.
    Report,
    /// Marks messages as read: two requests of its address, and one of its session's reports. Other changes are charged by
    /// [`super::Guard::charge_change`] as soon as they are known.
    Mark,
    /// Is a signed inbound event of a destination: one of a large quota. An event that turns out to be unsigned, or has no recipient, is
    /// charged as a write to its address; an address that has used up its quota by that is rejected.
    Hook,
    /// Reads a page or a file of the panel: one of a large quota.
    Page,
    /// Requests the inbox: one of its address's inbox requests, a quota of its own.
    Inbox,
}

/// The number of requests of its address that a write counts as.
pub const WRITE: u32 = 10;

impl Charge {
    /// The number of requests of its address that it counts as; 0 if it has a bucket of its own.
    pub fn requests(self) -> u32 {
        match self {
            Charge::Read => 1,
            Charge::Mark => 2,
            Charge::Ticket | Charge::Upload | Charge::Report => WRITE,
            Charge::Hook | Charge::Page | Charge::Inbox => 0,
        }
    }
}
