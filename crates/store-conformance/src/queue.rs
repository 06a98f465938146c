//! Delivery queues and claims.

use std::time::Duration;

use crate::support::{
    ACME, LATER, LEASE, NOW, QUEUE, TestClock, UNTIL, claim, delivery_kinds, desk_deliveries, ids, new_message,
    submission_key, submit_to_desk, ticket, time, write_message, write_message_about,
};
use deskbell_core::ids::{DeliveryId, TicketId};
use deskbell_core::ports::{
    Change, ClaimToken, CurrentTicket, DeadLetters, DeliveryFilter, DeliveryKind, DeliveryOutcome, DeliveryState,
    ExternalTicketRef, SiteScope, Store, SubmissionExtras, SubmissionOutcome,
};
use deskbell_core::timestamp::Timestamp;
use domain::conversation::Author;

/// From [`NOW`] to [`LATER`].
const HOUR: Duration = Duration::from_secs(60 * 60);

pub async fn deliveries_are_claimed_oldest_first_and_in_order_per_ticket(store: &dyn Store, clock: &TestClock) {
    for (id, reference) in [("1", "DB-00001"), ("2", "DB-00002")] {
        let extras =
            SubmissionExtras { deliveries: desk_deliveries(DeliveryKind::Ticket), ..SubmissionExtras::default() };
        let ticket = ticket(id, reference, "2026-01-01T00:00:00.000Z");
        assert_eq!(store.submit(&ticket, &submission_key(id), extras).await.unwrap(), SubmissionOutcome::Stored);
    }
    write_message(store, new_message(Author::Customer, "And this"), None, desk_deliveries(DeliveryKind::Message)).await;
    let take = async |now: &str| {
        clock.set(now);
        store.claim_deliveries(&QUEUE, LEASE, &[], 10).await.unwrap()
    };
    let first = take(NOW).await;
    let names: Vec<(&str, DeliveryKind, u32)> =
        first.iter().map(|one| (one.ticket.id.as_str(), one.delivery.kind, one.delivery.attempts)).collect();
    assert_eq!(names, [("1", DeliveryKind::Ticket, 1), ("2", DeliveryKind::Ticket, 1)]);
    assert!(take(NOW).await.is_empty(), "they are in somebody's hands");
    let external = ExternalTicketRef { external_id: "35".into(), requester: "77".into(), merged_after: None };
    let delivered = DeliveryOutcome::Delivered {
        external_id: "35".into(),
        external: Some(external.clone()),
        reason: String::new(),
    };
    let fails = DeliveryOutcome::Retry { after: Some(HOUR), blamed: true, reason: "why".into() };
    assert!(store.record_attempts(&[(&first[0], &delivered), (&first[1], &fails)]).await.unwrap().is_empty());
    let second = take(NOW).await;
    assert_eq!(second.len(), 1);
    assert_eq!((second[0].delivery.kind, second[0].external.as_ref()), (DeliveryKind::Message, Some(&external)));
    // The worker with the claim has died: it is claimed again, and the attempt is counted.
    let again = take(UNTIL).await;
    let names: Vec<(DeliveryKind, u32)> = again.iter().map(|one| (one.delivery.kind, one.delivery.attempts)).collect();
    assert_eq!(names, [(DeliveryKind::Message, 2)]);
    assert_eq!(again[0].delivery.first_attempt_at, Some(time(NOW)));
    assert_eq!(store.next_delivery(&QUEUE, &[]).await.unwrap(), Some(LEASE));
    let refused = DeliveryOutcome::DeadLetter { reason: "no".into() };
    assert!(store.record_attempts(&[(&again[0], &refused)]).await.unwrap().is_empty());
    let queues = store.queues().await.unwrap();
    assert_eq!(queues.iter().map(|one| (one.waiting, one.dead_letters)).collect::<Vec<_>>(), [(1, 1)]);
    clock.set(LATER);
    assert_eq!(store.next_delivery(&QUEUE, &[]).await.unwrap(), Some(Duration::ZERO));
    assert_eq!(store.send_again(&DeadLetters::All, &SiteScope::All).await.unwrap(), 1);
    assert_eq!(take(LATER).await.len(), 2);
}

pub async fn tickets_older_than_a_destination_are_delivered_before_their_messages(
    store: &dyn Store,
    _clock: &TestClock,
) {
    let ticket = ticket("1", "DB-00001", "2026-01-01T00:00:00.000Z");
    store.submit(&ticket, &submission_key("k"), SubmissionExtras::default()).await.unwrap();
    let solved = |current: &CurrentTicket| {
        Change { deliveries: desk_deliveries(DeliveryKind::Solved), ..current.unchanged() }.into()
    };
    store.change(&"1".into(), None, &solved).await.unwrap();
    assert!(delivery_kinds(store, "1").await.is_empty(), "nobody there knows what would be solved");
    for body in ["One", "Two"] {
        write_message(store, new_message(Author::Customer, body), None, desk_deliveries(DeliveryKind::Message)).await;
    }
    assert_eq!(
        delivery_kinds(store, "1").await,
        [(DeliveryKind::Ticket, 0), (DeliveryKind::Message, 1), (DeliveryKind::Message, 2)]
    );
}

pub async fn outcomes_need_a_valid_claim_and_deliveries_in_progress_are_not_claimed_again(
    store: &dyn Store,
    clock: &TestClock,
) {
    submit_to_desk(store, &["1", "2"]).await;
    let first = claim(store, &[]).await;
    assert_eq!(ids(&first), ["1", "2"]);
    clock.set(UNTIL);
    // Its claim has expired: it does not get what it is working on, but another worker does.
    let claimed_ids: Vec<DeliveryId> = first.iter().map(|due| due.delivery.id).collect();
    assert!(claim(store, &claimed_ids).await.is_empty());
    assert_eq!(store.next_delivery(&QUEUE, &claimed_ids).await.unwrap(), None);
    assert_eq!(ids(&claim(store, &claimed_ids[..1]).await), ["2"]);
    let claims: Vec<(DeliveryId, &ClaimToken)> = first.iter().map(|due| (due.delivery.id, &due.claim)).collect();
    assert_eq!(store.extend_claims(&claims, HOUR).await.unwrap(), claimed_ids[1..]);
    // The other has it until its lease ends, the extended one for longer.
    assert_eq!(store.next_delivery(&QUEUE, &[]).await.unwrap(), Some(LEASE));
    assert_eq!(store.next_delivery(&QUEUE, &claimed_ids[1..]).await.unwrap(), Some(HOUR));
    // Outcomes for deliveries that another worker has claimed meanwhile are not recorded; the others are.
    let external = ExternalTicketRef { external_id: "35".into(), requester: "77".into(), merged_after: None };
    let delivered =
        DeliveryOutcome::Delivered { external_id: "35".into(), external: Some(external), reason: String::new() };
    let refused = DeliveryOutcome::DeadLetter { reason: "no".into() };
    assert_eq!(
        store.record_attempts(&[(&first[0], &delivered), (&first[1], &refused)]).await.unwrap(),
        claimed_ids[1..]
    );
    assert!(store.knows_external_ticket(&ACME, &"desk".into(), &"35".into()).await.unwrap());
    for (ticket, state) in [("1", DeliveryState::Delivered), ("2", DeliveryState::Waiting)] {
        assert_eq!(store.deliveries(&TicketId::new(ticket)).await.unwrap()[0].state, state);
    }
}

pub async fn deliveries_behind_a_dead_letter_restart_with_it(store: &dyn Store, clock: &TestClock) {
    submit_to_desk(store, &["1", "2"]).await;
    for ticket in ["1", "2"] {
        write_message_about(
            store,
            ticket,
            new_message(Author::Customer, "And this"),
            None,
            desk_deliveries(DeliveryKind::Message),
        )
        .await;
    }
    let due = claim(store, &[]).await;
    let refused = DeliveryOutcome::DeadLetter { reason: "no".into() };
    store.record_attempts(&[(&due[0], &refused), (&due[1], &refused)]).await.unwrap();
    clock.set(LATER);
    assert_eq!(store.send_again(&DeadLetters::One(due[0].delivery.id), &SiteScope::All).await.unwrap(), 1);
    let since = async |ticket: &str| -> Vec<Timestamp> {
        let all = store.deliveries(&TicketId::new(ticket)).await.unwrap();
        all.into_iter().map(|one| one.created_at).collect()
    };
    assert_eq!(since("1").await, [time(LATER), time(LATER)]);
    assert_eq!(since("2").await[1], time(NOW));
    assert_eq!(store.send_again(&DeadLetters::All, &SiteScope::All).await.unwrap(), 1);
    assert_eq!(since("2").await, [time(LATER), time(LATER)]);
}

pub async fn a_retried_delivery_keeps_its_position_before_later_ones(store: &dyn Store, clock: &TestClock) {
    submit_to_desk(store, &["1"]).await;
    clock.advance(LEASE);
    submit_to_desk(store, &["2"]).await;
    let due = store.claim_deliveries(&QUEUE, LEASE, &[], 1).await.unwrap();
    let away = DeliveryOutcome::Retry { after: None, blamed: false, reason: "why".into() };
    assert!(store.record_attempts(&[(&due[0], &away)]).await.unwrap().is_empty());
    assert_eq!(ids(&claim(store, &[]).await), ["1", "2"]);
}

pub async fn leases_begin_at_the_time_of_the_claim(store: &dyn Store, clock: &TestClock) {
    // A gateway whose clock is an hour ahead has stored the ticket.
    let ahead = ticket("1", "DB-00001", LATER);
    let extras = SubmissionExtras { deliveries: desk_deliveries(DeliveryKind::Ticket), ..SubmissionExtras::default() };
    assert_eq!(store.submit(&ahead, &submission_key("1"), extras).await.unwrap(), SubmissionOutcome::Stored);
    let tokens = [claim(store, &[]).await, {
        clock.set(UNTIL);
        claim(store, &[]).await
    }];
    assert_eq!((ids(&tokens[0]), ids(&tokens[1])), (vec!["1"], vec!["1"]));
    assert_ne!(tokens[0][0].claim, tokens[1][0].claim);
}

pub async fn dead_letters_are_listed_and_sent_again_by_site(store: &dyn Store, _clock: &TestClock) {
    submit_to_desk(store, &["1"]).await;
    let due = claim(store, &[]).await;
    let id = due[0].delivery.id;
    assert_eq!(store.dead_letter(id).await.unwrap(), None, "it is still pending");
    let refused = DeliveryOutcome::DeadLetter { reason: "no".into() };
    store.record_attempts(&[(&due[0], &refused)]).await.unwrap();
    let acme = SiteScope::Only(["acme".into()].into());
    let others = SiteScope::Only(["globex".into(), "initech".into()].into());
    assert_eq!(store.dead_letters(&acme, 10).await.unwrap().len(), 1);
    assert!(store.dead_letters(&others, 10).await.unwrap().is_empty());
    assert!(store.dead_letters(&SiteScope::NONE, 10).await.unwrap().is_empty());
    let (delivery, reference) = store.dead_letter(id).await.unwrap().unwrap();
    assert_eq!((delivery.id, reference.as_str()), (id, "DB-1"));
    let count = async |filter: DeliveryFilter| store.undelivered(&filter, None, 10).await.unwrap().len();
    let all = DeliveryFilter::default();
    assert_eq!(store.undelivered(&all, None, 10).await.unwrap(), [(delivery.clone(), reference)]);
    assert!(store.undelivered(&all, Some(id), 10).await.unwrap().is_empty(), "a page begins after an id");
    for (filter, matching) in [
        (DeliveryFilter { state: Some(DeliveryState::DeadLetter), ..all.clone() }, 1),
        (DeliveryFilter { state: Some(DeliveryState::Waiting), ..all.clone() }, 0),
        (DeliveryFilter { site: Some("acme".into()), ..all.clone() }, 1),
        (DeliveryFilter { site: Some("globex".into()), ..all.clone() }, 0),
        (DeliveryFilter { destination: Some(delivery.destination.clone()), ..all.clone() }, 1),
        (DeliveryFilter { destination: Some("other".into()), ..all.clone() }, 0),
    ] {
        assert_eq!(count(filter.clone()).await, matching, "{filter:?}");
    }
    let resends = store.resend_count().await.unwrap();
    assert_eq!(store.send_again(&DeadLetters::To("other".into()), &acme).await.unwrap(), 0);
    assert_eq!(store.send_again(&DeadLetters::One(id), &others).await.unwrap(), 0);
    assert_eq!(store.send_again(&DeadLetters::All, &others).await.unwrap(), 0);
    assert_eq!(store.send_again(&DeadLetters::To(delivery.destination), &acme).await.unwrap(), 1);
    assert!(store.resend_count().await.unwrap() > resends, "other programs notice it");
}

pub async fn a_returned_delivery_is_attempted_again_before_later_ones(store: &dyn Store, _clock: &TestClock) {
    submit_to_desk(store, &["1"]).await;
    let due = claim(store, &[]).await;
    let delivered = DeliveryOutcome::Delivered { external_id: "1".into(), external: None, reason: String::new() };
    assert!(store.record_attempts(&[(&due[0], &delivered)]).await.unwrap().is_empty());
    let message = new_message(Author::Customer, "And this");
    write_message(store, message, None, desk_deliveries(DeliveryKind::Message)).await;
    assert!(store.return_delivery(due[0].delivery.id, "no such mailbox").await.unwrap());
    assert!(!store.return_delivery(due[0].delivery.id, "no such mailbox").await.unwrap(), "it is a dead letter now");
    assert!(claim(store, &[]).await.is_empty(), "it holds up the message");
    assert_eq!(store.send_again(&DeadLetters::All, &SiteScope::All).await.unwrap(), 1);
    let again = claim(store, &[]).await;
    assert_eq!(again.iter().map(|due| due.delivery.id).collect::<Vec<_>>(), [due[0].delivery.id]);
    assert!(store.record_attempts(&[(&again[0], &delivered)]).await.unwrap().is_empty());
    assert_eq!(claim(store, &[]).await[0].delivery.kind, DeliveryKind::Message);
}
