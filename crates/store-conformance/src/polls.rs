//! Polling and syncing of destinations.

use std::time::Duration;

use crate::support::{ACME, LATER, LEASE, QUEUE, TestClock, ticket};
use deskbell_core::ids::ExternalId;
use deskbell_core::ports::{ChangedTicket, ExternalTicketRef, Store, StoredTicket};

pub async fn notifications_and_external_tickets_are_stored_once(store: &dyn Store, clock: &TestClock) {
    let external = ExternalTicketRef { external_id: "35".into(), requester: "77".into(), merged_after: None };
    let ticket = ticket("1", "DB-00001", "2026-01-01T00:00:00.000Z");
    assert!(store.adopt(&ticket, &"desk".into(), &external).await.unwrap());
    let same = StoredTicket { id: "2".into(), reference: "DB-00002".into(), ..ticket.clone() };
    assert!(!store.adopt(&same, &"desk".into(), &external).await.unwrap());
    assert!(store.knows_external_ticket(&ACME, &"desk".into(), &"35".into()).await.unwrap());
    let claim = async || store.claim_polls(&QUEUE, LEASE, 10).await.unwrap();
    let notify = async || store.record_notification(&QUEUE, "i1", (&"35".into(), None), 2 * LEASE).await.unwrap();
    let next = async || store.next_poll(&QUEUE).await.unwrap();
    assert_eq!(next().await, Some(Duration::ZERO));
    let first = claim().await;
    assert_eq!((first.len(), claim().await.len(), next().await), (1, 0, Some(LEASE)));
    // A notification arrives during the poll: the result of the poll does not end it.
    assert!(notify().await);
    store.record_poll(&first[0], &"desk".into(), None, None).await.unwrap();
    let second = claim().await;
    assert_eq!(second.len(), 1);
    store.record_poll(&second[0], &"desk".into(), Some(LEASE), None).await.unwrap();
    assert_eq!((claim().await.len(), next().await), (0, Some(LEASE)));
    clock.advance(LEASE);
    let third = claim().await;
    store.record_poll(&third[0], &"desk".into(), None, None).await.unwrap();
    assert!(!notify().await, "the same is told once");
    assert_eq!((claim().await.len(), next().await), (0, None));
    clock.set(LATER);
    assert!(notify().await, "and forgotten in time");
}

pub async fn polls_claim_the_newest_tickets_and_one_of_the_longest_waiting(store: &dyn Store, clock: &TestClock) {
    for number in 1..=8_u32 {
        let id = number.to_string();
        let external = ExternalTicketRef {
            external_id: ExternalId::new(format!("r{number}")),
            requester: String::new(),
            merged_after: None,
        };
        let new = ticket(&id, &format!("DB-{number}"), &format!("2026-01-01T00:00:0{number}.000Z"));
        assert!(store.adopt(&new, &"desk".into(), &external).await.unwrap());
    }
    let take = async || {
        let claimed = store.claim_polls(&QUEUE, LEASE, 5).await.unwrap();
        let mut claimed: Vec<String> = claimed.into_iter().map(|due| due.ticket.id.to_string()).collect();
        claimed.sort_unstable();
        claimed
    };
    clock.set("2026-01-01T01:00:00.000Z");
    // The same change listed again keeps its position; a newer one moves ahead.
    let changed = |external_id: &str, at: &str| ChangedTicket {
        external_id: ExternalId::new(external_id),
        updated_at: at.parse().unwrap(),
    };
    let listed = [changed("r1", "2026-01-01T00:00:01Z"), changed("r2", "2026-01-01T00:59:00Z")];
    assert_eq!(store.mark_changed(&QUEUE, &listed).await.unwrap(), 2);
    assert_eq!(take().await, ["1", "2", "6", "7", "8"]);
    assert_eq!(take().await, ["3", "4", "5"]);
    assert!(take().await.is_empty());
}

pub async fn the_age_of_the_last_poll_is_measured_by_the_store(store: &dyn Store, clock: &TestClock) {
    let since = async || {
        let state = store.sync_state(&QUEUE).await.unwrap();
        (state.since_list, state.since_export)
    };
    assert_eq!(since().await, (None, None));
    store.mark_listed(&QUEUE).await.unwrap();
    clock.advance(LEASE);
    store.set_exported(&QUEUE, Some("cursor"), true).await.unwrap();
    assert_eq!(since().await, (Some(LEASE), Some(Duration::ZERO)));
    let until = LATER.parse().unwrap();
    store.set_synced(&QUEUE, until).await.unwrap();
    assert_eq!(store.sync_state(&QUEUE).await.unwrap().until, Some(until));
    // A clock that was set back must not keep changes from being read.
    clock.set("2026-01-01T00:00:00.000Z");
    assert_eq!(since().await, (None, None));
}
