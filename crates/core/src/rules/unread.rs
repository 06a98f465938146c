//! How many unread messages a customer has after a change of a ticket.

use crate::ports::{CurrentTicket, StoredTicket};
use domain::conversation::{Author, Message};

/// The number of unread messages, if it follows without reading the messages. None if the store has to count them: the messages after
/// `changed.handling.read_until` that the customer has not written.
pub fn unread(current: &CurrentTicket, changed: &StoredTicket, new: Option<&Message>) -> Option<u32> {
    let read_until = changed.handling.read_until;
    if read_until == current.ticket.handling.read_until {
        let is_unread = new.is_some_and(|new| new.author != Author::Customer);
        return Some(current.ticket.handling.unread + u32::from(is_unread));
    }
    let last = new.map_or(current.last_message, |new| new.number);
    (read_until >= last).then_some(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timestamp::Timestamp;

    fn current() -> CurrentTicket {
        let new = serde_json::json!({
            "kind": "bug", "severity": "low", "message": "No", "client": { "name": "t", "version": "1" }
        });
        let new = serde_json::from_value(new).unwrap();
        let mut ticket = StoredTicket::new("acme".into(), "DB-00000".into(), new, Timestamp::EPOCH);
        (ticket.handling.read_until, ticket.handling.unread) = (1, 2);
        CurrentTicket {
            ticket,
            now: Timestamp::EPOCH,
            last_message: 3,
            customer_messages: 0,
            mailed_notes: 0,
            customer_status_changes: Vec::new(),
            claimed_address: None,
        }
    }

    fn message(author: Author) -> Message {
        let body = String::new();
        Message { number: 4, author, name: String::new(), body, at: String::new(), attachments: Vec::new() }
    }

    #[test]
    fn messages_of_others_are_unread_until_read() {
        let current = current();
        let read = |read_until: u32, new: Option<Author>| {
            let mut changed = current.ticket.clone();
            changed.handling.read_until = read_until;
            unread(&current, &changed, new.map(message).as_ref())
        };
        assert_eq!(read(1, None), Some(2));
        assert_eq!(read(1, Some(Author::Support)), Some(3));
        assert_eq!(read(1, Some(Author::Customer)), Some(2));
        assert_eq!(read(2, None), None, "one of them is left, whoever wrote it");
        assert_eq!(read(3, None), Some(0));
        assert_eq!(read(3, Some(Author::Support)), None);
        assert_eq!(read(4, Some(Author::Support)), Some(0));
    }
}
