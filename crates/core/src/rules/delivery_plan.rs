//! Which deliveries an event creates for a destination, and in which order.

use crate::ports::DeliveryKind;

/// The deliveries that `kind` creates for a destination, each with the number of its message, 0 if it has none. `is_known` says whether the
/// destination has the ticket, or will get it. If not, because the destination was configured after the ticket was received, the ticket is
/// delivered before a message, and a status change creates no delivery.
pub fn plan(kind: DeliveryKind, is_known: bool, message: Option<u32>) -> Vec<(DeliveryKind, u32)> {
    match (kind, is_known) {
        (DeliveryKind::Ticket, _) => vec![(DeliveryKind::Ticket, 0)],
        (DeliveryKind::Message, true) => vec![(DeliveryKind::Message, message.unwrap_or_default())],
        (DeliveryKind::Message, false) => {
            vec![(DeliveryKind::Ticket, 0), (DeliveryKind::Message, message.unwrap_or_default())]
        }
        (DeliveryKind::Solved | DeliveryKind::Reopened | DeliveryKind::Confirmed, true) => vec![(kind, 0)],
        (DeliveryKind::Solved | DeliveryKind::Reopened | DeliveryKind::Confirmed, false) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_ticket_is_delivered_before_its_message() {
        assert_eq!(plan(DeliveryKind::Message, true, Some(3)), [(DeliveryKind::Message, 3)]);
        assert_eq!(
            plan(DeliveryKind::Message, false, Some(3)),
            [(DeliveryKind::Ticket, 0), (DeliveryKind::Message, 3)]
        );
        assert_eq!(plan(DeliveryKind::Ticket, false, Some(1)), [(DeliveryKind::Ticket, 0)]);
    }

    #[test]
    fn status_changes_of_unknown_tickets_are_not_delivered() {
        for kind in [DeliveryKind::Solved, DeliveryKind::Reopened, DeliveryKind::Confirmed] {
            assert_eq!(plan(kind, true, None), [(kind, 0)]);
            assert_eq!(plan(kind, false, None), []);
        }
    }
}
