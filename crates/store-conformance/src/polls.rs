//! Polling and syncing of destinations.

use crate::support::{LATER, NOW, UNTIL, ticket};
use deskbell_core::ports::{ChangedTicket, ExternalTicketRef, Store, StoredTicket};

pub async fn what_is_told_is_taken_once_and_a_ticket_from_elsewhere_is_kept_once(store: &dyn Store) {
    let place = ExternalTicketRef { external_id: "35".into(), requester: "77".into(), merged_after: None };
    let ticket = ticket("1", "DB-00001", "2026-01-01T00:00:00.000Z");
    assert!(store.adopt(&ticket, "desk", &place).await.unwrap());
    let same = StoredTicket { id: "2".into(), reference: "DB-00002".into(), ..ticket.clone() };
    assert!(!store.adopt(&same, "desk", &place).await.unwrap());
    assert!(store.knows_external_ticket("acme", "desk", "35").await.unwrap());
    let queue = ("acme", "desk");
    let look = async |now: &str| store.claim_polls(queue, now, UNTIL, 10).await.unwrap().len();
    assert_eq!((look(NOW).await, look(NOW).await), (1, 0));
    // A notification arrives during the poll: the result of the poll does not end it.
    assert!(store.record_notification(queue, "i1", ("35", None), NOW, "").await.unwrap());
    store.record_poll("1", "desk", UNTIL, None, None).await.unwrap();
    assert_eq!(look(NOW).await, 1);
    store.record_poll("1", "desk", UNTIL, None, None).await.unwrap();
    assert!(!store.record_notification(queue, "i1", ("35", None), NOW, "").await.unwrap(), "the same is told once");
    assert_eq!(look(LATER).await, 0);
    assert!(store.record_notification(queue, "i1", ("35", None), LATER, LATER).await.unwrap(), "and forgotten in time");
}

pub async fn of_the_tickets_to_poll_the_newest_are_taken_and_always_one_that_waits_for_longest(store: &dyn Store) {
    for number in 1..=8_u32 {
        let id = number.to_string();
        let place =
            ExternalTicketRef { external_id: format!("r{number}"), requester: String::new(), merged_after: None };
        let new = ticket(&id, &format!("DB-{number}"), &format!("2026-01-01T00:00:0{number}.000Z"));
        assert!(store.adopt(&new, "desk", &place).await.unwrap());
    }
    let queue = ("acme", "desk");
    let take = async |now: &str, until: &str| {
        let taken = store.claim_polls(queue, now, until, 5).await.unwrap();
        let mut taken: Vec<String> = taken.into_iter().map(|due| due.ticket.id).collect();
        taken.sort_unstable();
        taken
    };
    let (now, until) = ("2026-01-01T01:00:00.000Z", "2026-01-01T02:00:00.000Z");
    // The same change listed again keeps its position; a newer one moves ahead.
    let changed = |external_id: &str, at: &str| ChangedTicket {
        external_id: external_id.into(),
        updated_at: at.parse().unwrap(),
    };
    let listed = [changed("r1", "2026-01-01T00:00:01Z"), changed("r2", "2026-01-01T00:59:00Z")];
    assert_eq!(store.mark_changed(queue, &listed, now).await.unwrap(), 2);
    assert_eq!(take(now, until).await, ["1", "2", "6", "7", "8"]);
    assert_eq!(take(now, until).await, ["3", "4", "5"]);
    assert!(take(now, until).await.is_empty());
}
