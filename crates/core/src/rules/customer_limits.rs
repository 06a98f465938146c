//! Limits on what a customer, or anybody who writes in their name, may do to one ticket.

use std::time::Duration;

use crate::ports::{CurrentTicket, TicketLimit};

/// How many status changes a customer may make per hour. Each is stored as an activity and delivered to every destination.
pub const STATUS_CHANGES_AN_HOUR: usize = 10;

/// How many messages a customer may write on a ticket. Agents have no limit.
pub const CUSTOMER_MESSAGES_MAX: u32 = 500;

/// How many notes by mail a ticket has at most. Anybody who knows the reply address can write them.
pub const MAILED_NOTES_MAX: u32 = 100;

const HOUR: Duration = Duration::from_secs(60 * 60);

/// Whether the customer may change the status.
pub fn check_status_change(current: &CurrentTicket) -> Result<(), TicketLimit> {
    let Some(oldest) = current.customer_status_changes.get(STATUS_CHANGES_AN_HOUR - 1) else { return Ok(()) };
    let wait = (*oldest + HOUR).since(current.now);
    if wait.is_zero() { Ok(()) } else { Err(TicketLimit::StatusChanges { wait: wait.min(HOUR) }) }
}

/// Whether the customer may write another message.
pub fn check_reply(current: &CurrentTicket) -> Result<(), TicketLimit> {
    if current.customer_messages < CUSTOMER_MESSAGES_MAX { Ok(()) } else { Err(TicketLimit::Messages) }
}

/// Whether another note by mail is stored.
pub fn check_mailed_note(current: &CurrentTicket) -> Result<(), TicketLimit> {
    if current.mailed_notes < MAILED_NOTES_MAX { Ok(()) } else { Err(TicketLimit::MailedNotes) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::time;
    use crate::ports::StoredTicket;
    use crate::timestamp::Timestamp;
    use serde_json::json;

    fn changed(times: usize, at: Timestamp) -> CurrentTicket {
        let new =
            json!({ "kind": "bug", "severity": "low", "message": "No", "client": { "name": "t", "version": "1" } });
        let new = serde_json::from_value(new).unwrap();
        CurrentTicket {
            ticket: StoredTicket::new("acme".into(), "DB-00000".into(), new, at),
            now: Timestamp::EPOCH,
            last_message: 0,
            customer_messages: 0,
            mailed_notes: 0,
            customer_status_changes: vec![at; times],
            claimed_address: None,
        }
    }

    #[test]
    fn status_changes_are_limited_to_ten_in_any_hour() {
        let at = "2026-11-28T10:00:00Z";
        let check = |times, now| check_status_change(&CurrentTicket { now: time(now), ..changed(times, time(at)) });
        assert_eq!(check(9, at), Ok(()));
        assert_eq!(check(10, at), Err(TicketLimit::StatusChanges { wait: HOUR }));
        assert_eq!(
            check(10, "2026-11-28T10:59:30Z"),
            Err(TicketLimit::StatusChanges { wait: Duration::from_secs(30) })
        );
        assert_eq!(check(10, "2026-11-28T11:00:00Z"), Ok(()));
        // A clock that was set back does not block a ticket for longer than an hour.
        assert_eq!(check(10, "2026-11-27T10:00:00Z"), Err(TicketLimit::StatusChanges { wait: HOUR }));
    }

    #[test]
    fn messages_of_a_customer_per_ticket_are_limited() {
        let mut current = changed(0, Timestamp::EPOCH);
        current.customer_messages = CUSTOMER_MESSAGES_MAX - 1;
        assert_eq!(check_reply(&current), Ok(()));
        current.customer_messages = CUSTOMER_MESSAGES_MAX;
        assert_eq!(check_reply(&current), Err(TicketLimit::Messages));
    }
}
