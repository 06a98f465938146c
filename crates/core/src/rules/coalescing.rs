//! Status changes that cancel each other before they are delivered.

use crate::ids::DeliveryId;
use crate::ports::{Delivery, DeliveryKind, NewDelivery};

/// The result of coalescing new deliveries with pending ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CoalescedDeliveries {
    /// New deliveries that remain.
    pub deliveries: Vec<NewDelivery>,
    /// The ids of pending deliveries that are cancelled.
    pub cancelled: Vec<DeliveryId>,
}

/// Drops a status change that reverts the one before it, together with that one, as long as no attempt to deliver it was made. Anything between
/// the two at the same destination, such as a message, keeps both. `pending` are the pending deliveries of the ticket, oldest first.
pub fn coalesce(pending: &[Delivery], new: Vec<NewDelivery>) -> CoalescedDeliveries {
    let mut coalesced = CoalescedDeliveries::default();
    for delivery in new {
        let has_same_destination = |known: &NewDelivery| known.destination == delivery.destination;
        let previous = pending
            .iter()
            .rfind(|known| known.destination == delivery.destination && !coalesced.cancelled.contains(&known.id))
            // An attempt may have arrived, whatever its outcome.
            .filter(|known| known.attempts == 0 && reverts(delivery.kind, known.kind));
        match previous {
            Some(previous) if !coalesced.deliveries.iter().any(has_same_destination) => {
                coalesced.cancelled.push(previous.id)
            }
            _ => coalesced.deliveries.push(delivery),
        }
    }
    coalesced
}

fn reverts(kind: DeliveryKind, previous_kind: DeliveryKind) -> bool {
    matches!(
        (kind, previous_kind),
        (DeliveryKind::Solved, DeliveryKind::Reopened) | (DeliveryKind::Reopened, DeliveryKind::Solved)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::DeliveryState;
    use crate::timestamp::Timestamp;

    fn pending(id: i64, destination: &'static str, kind: DeliveryKind, attempts: u32) -> Delivery {
        Delivery {
            id: DeliveryId::new(id),
            site: "acme".into(),
            destination: destination.into(),
            ticket: "1".into(),
            kind,
            number: 0,
            state: DeliveryState::Waiting,
            created_at: Timestamp::EPOCH,
            due_at: Timestamp::EPOCH,
            first_attempt_at: None,
            settled_at: None,
            attempts,
            failures: 0,
            external_id: String::new(),
            reason: String::new(),
        }
    }

    fn new(destination: &'static str, kind: DeliveryKind) -> NewDelivery {
        NewDelivery { destination: destination.into(), kind }
    }

    #[test]
    fn opposite_status_changes_cancel_each_other_before_the_first_attempt() {
        for (first, second) in
            [(DeliveryKind::Solved, DeliveryKind::Reopened), (DeliveryKind::Reopened, DeliveryKind::Solved)]
        {
            let pending_deliveries = [pending(1, "desk", DeliveryKind::Ticket, 3), pending(2, "desk", first, 0)];
            let expected = CoalescedDeliveries { deliveries: vec![], cancelled: vec![DeliveryId::new(2)] };
            assert_eq!(coalesce(&pending_deliveries, vec![new("desk", second)]), expected);
        }
    }

    #[test]
    fn attempted_and_earlier_status_changes_are_kept() {
        let reopened = vec![new("desk", DeliveryKind::Reopened)];
        let all = CoalescedDeliveries { deliveries: reopened.clone(), cancelled: vec![] };
        for pending_deliveries in [
            vec![],
            vec![pending(1, "desk", DeliveryKind::Solved, 1)],
            vec![pending(1, "desk", DeliveryKind::Reopened, 0)],
            vec![pending(1, "desk", DeliveryKind::Solved, 0), pending(2, "desk", DeliveryKind::Message, 0)],
            vec![pending(1, "hook", DeliveryKind::Solved, 0)],
        ] {
            assert_eq!(coalesce(&pending_deliveries, reopened.clone()), all, "{pending_deliveries:?}");
        }
    }

    #[test]
    fn coalescing_is_per_destination_and_spares_status_changes_of_messages() {
        let pending_deliveries =
            [pending(1, "desk", DeliveryKind::Reopened, 0), pending(2, "hook", DeliveryKind::Reopened, 1)];
        let solved = vec![new("desk", DeliveryKind::Solved), new("hook", DeliveryKind::Solved)];
        let expected = CoalescedDeliveries {
            deliveries: vec![new("hook", DeliveryKind::Solved)],
            cancelled: vec![DeliveryId::new(1)],
        };
        assert_eq!(coalesce(&pending_deliveries, solved), expected);
        let answered = vec![new("desk", DeliveryKind::Message), new("desk", DeliveryKind::Solved)];
        let all = CoalescedDeliveries { deliveries: answered.clone(), cancelled: vec![] };
        assert_eq!(coalesce(&pending_deliveries, answered), all);
    }
}
