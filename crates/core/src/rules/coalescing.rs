//! Status changes that cancel each other before they are delivered.

use crate::ids::DeliveryId;
use crate::ports::{Delivery, DeliveryKind, NewDelivery};

/// The result of coalescing new deliveries with pending ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coalesced {
    /// New deliveries that remain.
    pub deliveries: Vec<NewDelivery>,
    /// The ids of pending deliveries that are cancelled.
    pub cancelled: Vec<DeliveryId>,
}

/// Drops a status change that reverts the one before it, together with that one, as long as no attempt to deliver it was made. Anything between
/// the two at the same destination, such as a message, keeps both. `waiting` are the pending deliveries of the ticket, oldest first.
pub fn coalesce(waiting: &[Delivery], new: Vec<NewDelivery>) -> Coalesced {
    let mut coalesced = Coalesced::default();
    for delivery in new {
        let is_there = |known: &NewDelivery| known.destination == delivery.destination;
        let before = waiting
            .iter()
            .rfind(|known| known.destination == delivery.destination && !coalesced.cancelled.contains(&known.id))
            // An attempt may have arrived, whatever its outcome.
            .filter(|known| known.attempts == 0 && takes_back(delivery.kind, known.kind));
        match before {
            Some(before) if !coalesced.deliveries.iter().any(is_there) => coalesced.cancelled.push(before.id),
            _ => coalesced.deliveries.push(delivery),
        }
    }
    coalesced
}

fn takes_back(kind: DeliveryKind, before: DeliveryKind) -> bool {
    matches!(
        (kind, before),
        (DeliveryKind::Solved, DeliveryKind::Reopened) | (DeliveryKind::Reopened, DeliveryKind::Solved)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::DeliveryState;
    use crate::timestamp::Timestamp;

    fn waiting(id: i64, destination: &'static str, kind: DeliveryKind, attempts: u32) -> Delivery {
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
            let before = [waiting(1, "desk", DeliveryKind::Ticket, 3), waiting(2, "desk", first, 0)];
            let expected = Coalesced { deliveries: vec![], cancelled: vec![DeliveryId::new(2)] };
            assert_eq!(coalesce(&before, vec![new("desk", second)]), expected);
        }
    }

    #[test]
    fn attempted_and_earlier_status_changes_are_kept() {
        let reopened = vec![new("desk", DeliveryKind::Reopened)];
        let all = Coalesced { deliveries: reopened.clone(), cancelled: vec![] };
        for before in [
            vec![],
            vec![waiting(1, "desk", DeliveryKind::Solved, 1)],
            vec![waiting(1, "desk", DeliveryKind::Reopened, 0)],
            vec![waiting(1, "desk", DeliveryKind::Solved, 0), waiting(2, "desk", DeliveryKind::Message, 0)],
            vec![waiting(1, "hook", DeliveryKind::Solved, 0)],
        ] {
            assert_eq!(coalesce(&before, reopened.clone()), all, "{before:?}");
        }
    }

    #[test]
    fn coalescing_is_per_destination_and_spares_status_changes_of_messages() {
        let before = [waiting(1, "desk", DeliveryKind::Reopened, 0), waiting(2, "hook", DeliveryKind::Reopened, 1)];
        let solved = vec![new("desk", DeliveryKind::Solved), new("hook", DeliveryKind::Solved)];
        let expected =
            Coalesced { deliveries: vec![new("hook", DeliveryKind::Solved)], cancelled: vec![DeliveryId::new(1)] };
        assert_eq!(coalesce(&before, solved), expected);
        let answered = vec![new("desk", DeliveryKind::Message), new("desk", DeliveryKind::Solved)];
        let all = Coalesced { deliveries: answered.clone(), cancelled: vec![] };
        assert_eq!(coalesce(&before, answered), all);
    }
}
