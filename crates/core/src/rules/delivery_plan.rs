//! Which deliveries something that happened to a ticket makes at a destination, and in which order.

use crate::ports::What;

/// The deliveries that `kind` makes at a destination, each with the number of the message that it is about, 0 where it is about none. `is_known` says
/// whether the ticket is there, or on its way: where it is not, because the destination was configured after the ticket came, the ticket goes ahead of
/// a message, and what would only change its status makes no delivery.
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
