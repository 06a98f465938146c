//! What lists show of a ticket, and how they are ordered.

use crate::ports::{SortPosition, StoredTicket, TicketSummary};
use domain::conversation::{self, Turn};
use domain::robot;
use domain::ticket::Status;

/// How many characters of a message are compared to find similar tickets.
pub const EXCERPT_MAX: usize = 2_000;

/// The group of solved tickets. Groups of open tickets are smaller.
pub const SOLVED_GROUP: i64 = 3;
/// The group of tickets that cannot be read. No list shows it.
pub const UNREADABLE_GROUP: i64 = 4;

/// What lists show of a ticket.
pub fn summarize(ticket: &StoredTicket) -> TicketSummary {
    let sent = &ticket.ticket;
    let user = sent.context.user.as_ref();
    TicketSummary {
        kind: sent.kind,
        title: conversation::title(&sent.message),
        requester: conversation::requester(sent).into(),
        plan: user.map_or(String::new(), |user| user.plan.clone()),
        is_verified: user.is_some_and(|user| user.verified),
        robot_signs: robot::signs(sent),
        is_test: sent.test,
    }
}

/// The beginning of a message.
pub fn excerpt(message: &str) -> &str {
    message.char_indices().nth(EXCERPT_MAX).and_then(|(end, _)| message.get(..end)).unwrap_or(message)
}

/// The position of a ticket in the agents' list: tickets with a due first reply, by due time; then those waiting for support, longest first;
/// then those waiting for customers; then solved ones, the last two by latest message.
pub fn sort_position(ticket: &StoredTicket) -> SortPosition {
    let handling = &ticket.handling;
    let updated = handling.updated_at.as_milliseconds();
    match (ticket.status, ticket.due_at, handling.turn) {
        (Status::Solved, ..) => SortPosition { group: SOLVED_GROUP, key: -updated },
        (Status::Open, Some(due_at), _) if handling.answered_at.is_none() => {
            SortPosition { group: 0, key: due_at.as_milliseconds() }
        }
        (Status::Open, _, Turn::Support) => SortPosition { group: 1, key: updated },
        (Status::Open, _, Turn::Customer) => SortPosition { group: 2, key: -updated },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::time;
    use serde_json::json;

    const AT: &str = "2026-11-28T10:00:00.000Z";

    fn ticket() -> StoredTicket {
        let new =
            json!({ "kind": "bug", "severity": "low", "message": "No", "client": { "name": "t", "version": "1" } });
        StoredTicket::new("acme".into(), "DB-00000".into(), serde_json::from_value(new).unwrap(), time(AT))
    }

    #[test]
    fn due_tickets_sort_first_and_solved_tickets_last() {
        let change = |change: &dyn Fn(&mut StoredTicket)| {
            let mut ticket = ticket();
            change(&mut ticket);
            sort_position(&ticket)
        };
        let (at, later) = (time(AT), time("2026-11-28T11:00:00.000Z"));
        let places = [
            change(&|ticket| ticket.due_at = Some(at)),
            change(&|ticket| ticket.due_at = Some(later)),
            change(&|_| {}),
            change(&|ticket| (ticket.due_at, ticket.handling.answered_at) = (Some(at), Some(at))),
            change(&|ticket| ticket.handling.updated_at = later),
            change(&|ticket| {
                (ticket.handling.turn, ticket.handling.updated_at) = (Turn::Customer, later);
            }),
            change(&|ticket| ticket.handling.turn = Turn::Customer),
            change(&|ticket| (ticket.status, ticket.handling.updated_at) = (Status::Solved, later)),
            change(&|ticket| ticket.status = Status::Solved),
        ];
        assert!(places.is_sorted(), "{places:?}");
        assert_eq!(places[2], places[3]);
    }

    #[test]
    fn excerpts_end_between_characters() {
        assert_eq!(excerpt("short"), "short");
        assert_eq!(excerpt(&"ä".repeat(3_000)), "ä".repeat(EXCERPT_MAX));
    }
}
