//! What lists show of a ticket, and in which order: columns that are kept beside it, so that a list costs what it shows.

use std::fmt;

use jiff::Timestamp;

use super::{Handling, StoredTicket};
use domain::conversation::{self, Turn};
use domain::robot::{self, Sign};
use domain::targets::Target;
use domain::ticket::{Kind, Status};

/// How many characters of a message similar tickets are found by.
pub const EXCERPT_MAX: usize = 2_000;

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
    pub shown: Shown,
}

/// What lists show of what was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
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

impl Shown {
    /// What lists show of a ticket.
    pub fn new(ticket: &StoredTicket) -> Shown {
        let sent = &ticket.ticket;
        let user = sent.context.user.as_ref();
        Shown {
            kind: sent.kind,
            title: conversation::title(&sent.message),
            requester: conversation::requester(sent).into(),
            plan: user.map_or(String::new(), |user| user.plan.clone()),
            is_verified: user.is_some_and(|user| user.verified),
            robot_signs: robot::signs(sent),
            is_test: sent.test,
        }
    }
}

/// The beginning of a message.
pub fn excerpt(message: &str) -> &str {
    message.char_indices().nth(EXCERPT_MAX).and_then(|(end, _)| message.get(..end)).unwrap_or(message)
}

/// The place of a ticket in the agents' list: by group, and in a group by key, both upwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ListPlace {
    /// What it waits for: 0 for the first answer that is due at a time, 1 for support, 2 for the customer; 3 where it is solved.
    pub group: i64,
    /// A time in milliseconds: when the answer is due, or the last message, which counts backwards in the last two groups.
    pub key: i64,
}

/// The groups of tickets that are open lie below this one.
pub const SOLVED_GROUP: i64 = 3;
/// The group of tickets that cannot be read, which no list shows.
pub const UNREADABLE_GROUP: i64 = 4;

/// Where a ticket stands in the agents' list: what is due first, then what waits longest for support, then what waits for customers, then what
/// is solved, each of these with the latest message first.
pub fn list_place(ticket: &StoredTicket) -> ListPlace {
    let handling = &ticket.handling;
    let updated = milliseconds(&handling.updated_at);
    match (ticket.status, &ticket.due_at, handling.turn) {
        (Status::Solved, ..) => ListPlace { group: SOLVED_GROUP, key: -updated },
        (Status::Open, Some(due_at), _) if handling.answered_at.is_none() => {
            ListPlace { group: 0, key: milliseconds(due_at) }
        }
        (Status::Open, _, Turn::Support) => ListPlace { group: 1, key: updated },
        (Status::Open, _, Turn::Customer) => ListPlace { group: 2, key: -updated },
    }
}

/// A time in milliseconds since 1970; what is no time is older than everything.
fn milliseconds(time: &str) -> i64 {
    time.parse::<Timestamp>().map_or(0, Timestamp::as_millisecond)
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
    use serde_json::json;

    const AT: &str = "2026-11-28T10:00:00.000Z";

    fn ticket() -> StoredTicket {
        let new =
            json!({ "kind": "bug", "severity": "low", "message": "No", "client": { "name": "t", "version": "1" } });
        StoredTicket::new("acme", "DB-00000".into(), serde_json::from_value(new).unwrap(), AT)
    }

    #[test]
    fn what_is_due_comes_first_and_what_is_solved_last() {
        let change = |change: &dyn Fn(&mut StoredTicket)| {
            let mut ticket = ticket();
            change(&mut ticket);
            list_place(&ticket)
        };
        let later = "2026-11-28T11:00:00.000Z";
        let places = [
            change(&|ticket| ticket.due_at = Some(AT.into())),
            change(&|ticket| ticket.due_at = Some(later.into())),
            change(&|_| {}),
            change(&|ticket| (ticket.due_at, ticket.handling.answered_at) = (Some(AT.into()), Some(AT.into()))),
            change(&|ticket| ticket.handling.updated_at = later.into()),
            change(&|ticket| {
                (ticket.handling.turn, ticket.handling.updated_at) = (Turn::Customer, later.into());
            }),
            change(&|ticket| ticket.handling.turn = Turn::Customer),
            change(&|ticket| (ticket.status, ticket.handling.updated_at) = (Status::Solved, later.into())),
            change(&|ticket| ticket.status = Status::Solved),
        ];
        assert!(places.is_sorted(), "{places:?}");
        assert_eq!(places[2], places[3]);
    }

    #[test]
    fn a_cursor_is_read_back_as_itself_and_nothing_else_is_one() {
        let listed = InboxCursor::Listed(list_place(&ticket()), 7);
        for cursor in [listed, InboxCursor::Found(7)] {
            assert_eq!(InboxCursor::parse(&cursor.to_string()), Some(cursor));
        }
        let of_customer = CustomerCursor { status: Status::Open, updated_at: AT.into(), number: 7 };
        assert_eq!(CustomerCursor::parse(&of_customer.to_string()), Some(of_customer));
        for wrong in ["", "1.2", "1.2.3.4", "a.b.c", "open~x~1", "open~1", "shut~2026-11-28T10:00:00Z~1"] {
            assert_eq!((InboxCursor::parse(wrong), CustomerCursor::parse(wrong)), (None, None), "{wrong}");
        }
    }

    #[test]
    fn an_excerpt_ends_between_letters() {
        assert_eq!(excerpt("short"), "short");
        assert_eq!(excerpt(&"ä".repeat(3_000)), "ä".repeat(EXCERPT_MAX));
    }
}
