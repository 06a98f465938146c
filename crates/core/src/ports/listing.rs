//! What lists show of a ticket. It is stored in columns of its own, so that a list reads only what it shows.

use std::fmt;

use super::conversations::Handling;
use crate::ids::{Reference, SiteKey, TicketId};
use crate::timestamp::Timestamp;
use domain::robot::Sign;
use domain::targets::Target;
use domain::ticket::{Kind, Status};

/// A ticket as lists show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedTicket {
    /// Its id, a UUID.
    pub id: TicketId,
    /// Its site.
    pub site: SiteKey,
    /// Its reference.
    pub reference: Reference,
    /// Its status.
    pub status: Status,
    /// Its response target.
    pub target: Option<Target>,
    /// When the first reply is due.
    pub due_at: Option<Timestamp>,
    /// When it was received.
    pub received_at: Timestamp,
    /// What support has set on it.
    pub handling: Handling,
    /// What lists show of what was sent.
    pub shown: TicketSummary,
}

/// What lists show of what was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TicketSummary {
    /// The kind.
    pub kind: Kind,
    /// The first line of the message.
    pub title: String,
    /// The customer's name, or what else they can be called; empty if nothing is known.
    pub requester: String,
    /// The plan that the page or the host claims; empty if neither does.
    pub plan: String,
    /// Whether the host has signed the customer.
    pub is_verified: bool,
    /// Signs that a robot sent it.
    pub robot_signs: Vec<Sign>,
    /// Whether it is a test ticket.
    pub is_test: bool,
}

/// The position of a ticket in the agents' list: by group, then by key, both ascending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SortPosition {
    /// 0: a first reply is due at a time. 1: support is to reply. 2: the customer is to reply. 3: solved.
    pub group: i64,
    /// A time in milliseconds: the due time, or the time of the last message, which is negated in groups 2 and 3.
    pub key: i64,
}

/// A page of the agents' list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InboxPage {
    /// The tickets. Those that cannot be read are left out, so a page can be short although another follows.
    pub tickets: Vec<ListedTicket>,
    /// Where the next page begins; none on the last one.
    pub next: Option<InboxCursor>,
    /// Set if the page ended early because enough tickets were examined: when the last of them was received.
    pub stopped_at: Option<Timestamp>,
}

/// Where a page of the agents' list begins. Its text form is opaque to clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InboxCursor {
    /// After a position in the list. The ticket number breaks ties.
    Listed(SortPosition, i64),
    /// Before the ticket with this number: search results are listed newest first.
    Found(i64),
}

impl fmt::Display for InboxCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            InboxCursor::Listed(position, number) => write!(f, "{}.{}.{number}", position.group, position.key),
            InboxCursor::Found(number) => write!(f, "{number}"),
        }
    }
}

impl InboxCursor {
    /// Parses the text form.
    pub fn parse(text: &str) -> Option<InboxCursor> {
        let numbers: Vec<i64> = text.split('.').map(|part| part.parse().ok()).collect::<Option<_>>()?;
        match numbers[..] {
            [group, key, number] => Some(InboxCursor::Listed(SortPosition { group, key }, number)),
            [number] => Some(InboxCursor::Found(number)),
            _ => None,
        }
    }
}

/// A page of a customer's list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CustomerPage {
    /// The tickets. Those that cannot be read are left out, so a page can be short although another follows.
    pub tickets: Vec<ListedTicket>,
    /// Where the next page begins; none on the last one.
    pub next: Option<CustomerCursor>,
}

/// Where a page of a customer's list begins: after this ticket. Its text form is opaque to clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerCursor {
    /// Its status.
    pub status: Status,
    /// When its last message was written.
    pub updated_at: Timestamp,
    /// Its number, which breaks ties.
    pub number: i64,
}

impl fmt::Display for CustomerCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}~{}~{}", self.status.word(), self.updated_at, self.number)
    }
}

impl CustomerCursor {
    /// Parses the text form.
    pub fn parse(text: &str) -> Option<CustomerCursor> {
        let mut parts = text.split('~');
        let status = Status::from_word(parts.next()?)?;
        let updated_at = parts.next()?.parse().ok()?;
        let number = parts.next()?.parse().ok()?;
        parts.next().is_none().then_some(CustomerCursor { status, updated_at, number })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_round_trip_and_other_texts_are_rejected() {
        let listed = InboxCursor::Listed(SortPosition { group: 1, key: -7 }, 7);
        for cursor in [listed, InboxCursor::Found(7)] {
            assert_eq!(InboxCursor::parse(&cursor.to_string()), Some(cursor));
        }
        let of_customer =
            CustomerCursor { status: Status::Open, updated_at: "2026-11-28T10:00:00.000Z".parse().unwrap(), number: 7 };
        assert_eq!(CustomerCursor::parse(&of_customer.to_string()), Some(of_customer));
        for wrong in ["", "1.2", "1.2.3.4", "a.b.c", "open~x~1", "open~1", "shut~2026-11-28T10:00:00Z~1"] {
            assert_eq!((InboxCursor::parse(wrong), CustomerCursor::parse(wrong)), (None, None), "{wrong}");
        }
    }
}
