//! Erasure of tickets and personal data.

use crate::support::{
    ACME, NOW, TestClock, claim, new_message, submission_key, submit_to_desk, ticket, write_message_about,
};
use deskbell_core::ports::{
    DeliveryOutcome, ExternalTicketRef, Store, SubmissionExtras, SubmissionOutcome, TicketHead, View,
};
use domain::conversation::Author;

pub async fn erased_tickets_leave_nothing_and_are_not_stored_again(store: &dyn Store, _clock: &TestClock) {
    let external = ExternalTicketRef { external_id: "35".into(), requester: "77".into(), merged_after: None };
    submit_to_desk(store, &["1", "2"]).await;
    let due = claim(store, &[]).await;
    let delivered = DeliveryOutcome::Delivered {
        external_id: "35".into(),
        external: Some(external.clone()),
        reason: String::new(),
    };
    assert!(store.record_attempts(&[(&due[0], &delivered)]).await.unwrap().is_empty());
    write_message_about(store, "1", new_message(Author::Support, "Zanzibar"), None, vec![]).await;
    let counts = store.erase_tickets(&["1".into()], &|_| true).await.unwrap();
    assert_eq!((counts.tickets, counts.messages, counts.deliveries), (1, 1, 1));
    assert_eq!(store.ticket(&"1".into()).await.unwrap(), None);
    assert_eq!(store.messages(&"1".into(), 0).await.unwrap(), []);
    assert_eq!(store.deliveries(&"1".into()).await.unwrap(), []);
    let view = View { words: "zanzibar".into(), ..View::default() };
    assert_eq!(store.list_tickets(&view, None, 10).await.unwrap().tickets, []);
    assert!(store.ticket(&"2".into()).await.unwrap().is_some());
    // Neither the device that sent it nor the destination that has it can bring it back.
    let again = ticket("3", "DB-00003", NOW);
    assert_eq!(
        store.submit(&again, &submission_key("1"), SubmissionExtras::default()).await.unwrap(),
        SubmissionOutcome::Erased
    );
    assert!(store.knows_external_ticket(&ACME, &"desk".into(), &"35".into()).await.unwrap());
    assert!(!store.adopt(&again, &"desk".into(), &external).await.unwrap());
}

pub async fn tickets_that_no_longer_match_are_not_erased(store: &dyn Store, _clock: &TestClock) {
    submit_to_desk(store, &["1", "2"]).await;
    let only = |head: &TicketHead| head.id == "2";
    let counts = store.erase_tickets(&["1".into(), "2".into()], &only).await.unwrap();
    assert_eq!(counts.tickets, 1);
    assert!(store.ticket(&"1".into()).await.unwrap().is_some() && store.ticket(&"2".into()).await.unwrap().is_none());
}
