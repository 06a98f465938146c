//! Which deliveries an event creates for a destination, and in which order.

use crate::ports::What;

/// The deliveries that `kind` creates for a destination, each with the number of its message, 0 if it has none. `is_known` says whether the
/// destination has the ticket, or will get it. If not, because the destination was configured after the ticket was received, the ticket is
/// delivered before a message, and a status change creates no delivery.
pub fn plan(kind: What, is_known: bool, message: Option<u32>) -> Vec<(What, u32)> {
    match (kind, is_known) {
        (What::Ticket, _) => vec![(What::Ticket, 0)],
        (What::Message, true) => vec![(What::Message, message.unwrap_or_default())],
        (What::Message, false) => vec![(What::Ticket, 0), (What::Message, message.unwrap_or_default())],
        (What::Solved | What::Reopened | What::Confirmed, true) => vec![(kind, 0)],
        (What::Solved | What::Reopened | What::Confirmed, false) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_goes_ahead_of_a_message_where_it_is_not_known() {
        assert_eq!(plan(What::Message, true, Some(3)), [(What::Message, 3)]);
        assert_eq!(plan(What::Message, false, Some(3)), [(What::Ticket, 0), (What::Message, 3)]);
        assert_eq!(plan(What::Ticket, false, Some(1)), [(What::Ticket, 0)]);
    }

    #[test]
    fn the_status_of_a_ticket_that_is_not_known_is_not_delivered() {
        for kind in [What::Solved, What::Reopened, What::Confirmed] {
            assert_eq!(plan(kind, true, None), [(kind, 0)]);
            assert_eq!(plan(kind, false, None), []);
        }
    }
}
