//! The cost of a request, by the work it causes.

/// What a request is charged before its body is read. Each route is declared with one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charge {
    /// It reads something: one request of its address.
    Read,
    /// It sends a ticket or a reply: ten requests of its address, and one of its session's tickets.
    Ticket,
    /// It puts a file: ten requests of its address, and one of its session's files.
    Upload,
    /// It has something counted, or compared with much that is stored: ten requests of its address, and one of its session's reports.
    Report,
    /// It marks messages as read: two requests of its address, and one of its session's reports. What else it may change is
    /// charged by [`super::Guard::charge_change`] as soon as that is known.
    Mark,
    /// It comes from a destination, which signs what it sends: one of many. What turns out to be unsigned, or for nobody, is
    /// charged as a write to its address; an address that has used up its share by that is not heard.
    Hook,
    /// It reads a page or a file of the panel: one of many.
    Page,
    /// It asks for the inbox: one of those of its address, which nothing else is taken from.
    Inbox,
}

/// How many requests of its address something counts for that is written.
pub const WRITE: u32 = 10;

impl Charge {
    /// How many requests of its address it counts for; 0 where it has a bucket of its own.
    pub fn requests(self) -> u32 {
        match self {
            Charge::Read => 1,
            Charge::Mark => 2,
            Charge::Ticket | Charge::Upload | Charge::Report => WRITE,
            Charge::Hook | Charge::Page | Charge::Inbox => 0,
        }
    }
}
