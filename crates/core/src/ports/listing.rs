//! What lists show of a ticket: columns that are kept beside it, so that a list costs what it shows.

use std::fmt;

use jiff::Timestamp;

use super::conversations::Handling;
use domain::robot::Sign;
use domain::targets::Target;
use domain::ticket::{Kind, Status};

/// A ticket as lists show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedTicket {
    /// Its id, a UUID.
    pub id: String,
    /// The site it came to.
    pub site: String,
    /// Its name among people.
    pub reference: String,
    /// Where it stands.
    pub status: Status,
    /// What was promised.
    pub target: Option<Target>,
    /// When the first answer is due, RFC 3339 in UTC.
    pub due_at: Option<String>,
    /// When it came, RFC 3339 in UTC.
    pub received_at: String,
    /// What support has made of it.
    pub handling: Handling,
    /// What is shown of what was sent.
    pub shown: TicketSummary,
}

/// What lists show of what was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TicketSummary {
    /// What it is.
    pub kind: Kind,
    /// The first line of the message.
    pub title: String,
    /// What to call whoever sent it; empty where nothing is known of them.
    pub requester: String,
    /// The plan that the page or the host claims; empty where none is claimed.
    pub plan: String,
    /// Whether the host has signed who they are.
    pub is_verified: bool,
    /// What speaks for a robot.
    pub robot_signs: Vec<Sign>,
    /// Whether somebody only tries things out.
    pub is_test: bool,
}

/// The place of a ticket in the agents' list: by group, and in a group by key, both upwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ListPlace {
    /// What it waits for: 0 for the first answer that is due at a time, 1 for support, 2 for the customer; 3 where it is solved.
    pub group: i64,
    /// A time in milliseconds: when the answer is due, or the last message, which counts backwards in the last two groups.
    pub key: i64,
}

/// A page of the agents' list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InboxPage {
    /// Its tickets. One that cannot be read is left out, so a page may have fewer than were wanted although another follows.
    pub tickets: Vec<ListedTicket>,
    /// Where the next page begins; none on the last one.
    pub next: Option<InboxCursor>,
    /// Where the page ended before it was full because enough tickets were looked at: when the last of them came, RFC 3339 in UTC.
    pub stopped_at: Option<String>,
}

/// Where a page of the agents' list begins. Written as text it is opaque to clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InboxCursor {
    /// Behind a place of the list and the number of the ticket there, which tells apart what is sorted alike.
    Listed(ListPlace, i64),
    /// Before a ticket of this number: what a search finds comes newest first.
    Found(i64),
}

impl fmt::Display for InboxCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            InboxCursor::Listed(place, number) => write!(f, "{}.{}.{number}", place.group, place.key),
            InboxCursor::Found(number) => write!(f, "{number}"),
        }
    }
}

impl InboxCursor {
    /// Reads a cursor.
    pub fn parse(text: &str) -> Option<InboxCursor> {
        let numbers: Vec<i64> = text.split('.').map(|part| part.parse().ok()).collect::<Option<_>>()?;
        match numbers[..] {
            [group, key, number] => Some(InboxCursor::Listed(ListPlace { group, key }, number)),
            [number] => Some(InboxCursor::Found(number)),
            _ => None,
        }
    }
}

/// A page of a customer's list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CustomerPage {
    /// Its tickets. One that cannot be read is left out, so a page may have fewer than were wanted although another follows.
    pub tickets: Vec<ListedTicket>,
    /// Where the next page begins; none on the last one.
    pub next: Option<CustomerCursor>,
}

/// Where a page of a customer's list begins: behind this ticket. Written as text it is opaque to clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerCursor {
    /// Its status.
    pub status: Status,
    /// When something was said last, RFC 3339 in UTC.
    pub updated_at: String,
    /// Its number, which tells apart what is sorted alike.
    pub number: i64,
}

impl fmt::Display for CustomerCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}~{}~{}", self.status.word(), self.updated_at, self.number)
    }
}

impl CustomerCursor {
    /// Reads a cursor.
    pub fn parse(text: &str) -> Option<CustomerCursor> {
        let mut parts = text.split('~');
        let status = Status::from_word(parts.next()?)?;
        let updated_at = parts.next().filter(|time| time.parse::<Timestamp>().is_ok())?.to_string();
        let number = parts.next()?.parse().ok()?;
        parts.next().is_none().then_some(CustomerCursor { status, updated_at, number })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_back_as_itself_and_nothing_else_is_one() {
        let listed = InboxCursor::Listed(ListPlace { group: 1, key: -7 }, 7);
        for cursor in [listed, InboxCursor::Found(7)] {
            assert_eq!(InboxCursor::parse(&cursor.to_string()), Some(cursor));
        }
        let of_customer =
            CustomerCursor { status: Status::Open, updated_at: "2026-11-28T10:00:00.000Z".into(), number: 7 };
        assert_eq!(CustomerCursor::parse(&of_customer.to_string()), Some(of_customer));
        for wrong in ["", "1.2", "1.2.3.4", "a.b.c", "open~x~1", "open~1", "shut~2026-11-28T10:00:00Z~1"] {
            assert_eq!((InboxCursor::parse(wrong), CustomerCursor::parse(wrong)), (None, None), "{wrong}");
        }
    }
}
