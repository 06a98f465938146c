//! Messages, activities and changes of a ticket.

use crate::support::{
    LATER, NOW, TestClock, delivery_kinds, desk_deliveries, new_message, submission_key, submit_unconfirmed, ticket,
    time, with_answer, write_message,
};
use deskbell_core::ports::{
    Activity, ActivityKind, Change, ChangeOutcome, CurrentTicket, Decision, DeliveryKind, MESSAGE_PAGE_BYTES, Store,
    SubmissionExtras, View,
};
use deskbell_core::timestamp::Timestamp;
use domain::conversation::Author;
use domain::ticket::Status;

pub async fn messages_are_numbered_counted_as_unread_and_stored_once(store: &dyn Store, _clock: &TestClock) {
    let ticket = ticket("1", "DB-00001", "2026-01-01T00:00:00.000Z");
    store.submit(&ticket, &submission_key("k"), with_answer()).await.unwrap();
    let write = async |author, body, key| write_message(store, new_message(author, body), key, vec![]).await;
    let ChangeOutcome::Written(_, Some(reply)) = write(Author::Customer, "No", Some("a")).await else { panic!() };
    assert_eq!((reply.number, reply.body.as_str()), (2, "No"));
    assert_eq!(write(Author::Customer, "No", Some("a")).await, ChangeOutcome::Repeated(reply));
    assert_eq!(write(Author::Customer, "Yes!", Some("a")).await, ChangeOutcome::KeyReused);
    let ChangeOutcome::Written(now, _) = write(Author::Support, "Then try this", None).await else { panic!() };
    assert_eq!(now.handling.unread, 2);
    let read = |current: &CurrentTicket| {
        let mut change = current.unchanged();
        change.ticket.handling.read_until = 1;
        change.into()
    };
    let ChangeOutcome::Written(now, None) = store.change(&"1".into(), None, &read).await.unwrap() else { panic!() };
    assert_eq!(now.handling.unread, 1);
    let messages = store.messages(&"1".into(), 1).await.unwrap();
    assert_eq!(messages.iter().map(|message| message.number).collect::<Vec<_>>(), [2, 3]);
    let no_change = |_: &CurrentTicket| Decision::Nothing;
    assert_eq!(store.change(&"1".into(), None, &no_change).await.unwrap(), ChangeOutcome::Unchanged(now));
    assert_eq!(store.change(&"2".into(), None, &no_change).await.unwrap(), ChangeOutcome::NotFound);
}

pub async fn decisions_see_the_result_of_the_previous_change(store: &dyn Store, _clock: &TestClock) {
    let ticket = ticket("1", "DB-00001", "2026-01-01T00:00:00.000Z");
    store
        .submit(
            &ticket,
            &submission_key("k"),
            SubmissionExtras { deliveries: desk_deliveries(DeliveryKind::Ticket), ..SubmissionExtras::default() },
        )
        .await
        .unwrap();
    let solve = |current: &CurrentTicket| {
        if current.ticket.status == Status::Solved {
            return Decision::Nothing;
        }
        let mut change = Change { deliveries: desk_deliveries(DeliveryKind::Solved), ..current.unchanged() };
        change.ticket.status = Status::Solved;
        change.into()
    };
    let id = "1".into();
    let both = tokio::join!(store.change(&id, None, &solve), store.change(&id, None, &solve));
    let written =
        [both.0.unwrap(), both.1.unwrap()].into_iter().filter(|one| matches!(one, ChangeOutcome::Written(..)));
    assert_eq!(written.count(), 1);
    assert_eq!(delivery_kinds(store, "1").await, [(DeliveryKind::Ticket, 0), (DeliveryKind::Solved, 0)]);
}

pub async fn decisions_get_the_time_of_the_store(store: &dyn Store, clock: &TestClock) {
    submit_unconfirmed(store).await;
    let decide = |current: &CurrentTicket| {
        let mut change = current.unchanged();
        change.ticket.handling.updated_at = current.now;
        Change { deliveries: desk_deliveries(DeliveryKind::Solved), ..change }.into()
    };
    clock.set(LATER);
    let ChangeOutcome::Written(changed, _) = store.change(&"1".into(), None, &decide).await.unwrap() else { panic!() };
    assert_eq!(changed.handling.updated_at, time(LATER));
    let created: Vec<Timestamp> =
        store.deliveries(&"1".into()).await.unwrap().into_iter().map(|one| one.created_at).collect();
    assert_eq!(created, [time(NOW), time(LATER)]);
}

pub async fn external_notes_are_stored_once_counted_and_found(store: &dyn Store, _clock: &TestClock) {
    submit_unconfirmed(store).await;
    let note = Activity {
        actor: "eve@example.com".into(),
        kind: ActivityKind::Noted,
        text: "Zanzibar".into(),
        at: time(LATER),
    };
    let keep = async |key: &str| {
        let decide = |current: &CurrentTicket| {
            let mut change = current.unchanged();
            change.ticket.handling.updated_at = time(LATER);
            assert!(current.mailed_notes < 2);
            Change { activity: Some(note.clone()), activity_key: Some(key.into()), ..change }.into()
        };
        store.change(&"1".into(), None, &decide).await.unwrap()
    };
    assert!(matches!(keep("there <1>").await, ChangeOutcome::Written(..)));
    assert!(matches!(keep("there <1>").await, ChangeOutcome::Unchanged(_)));
    assert!(matches!(keep("there <2>").await, ChangeOutcome::Written(..)));
    assert_eq!(store.activities(&"1".into()).await.unwrap().len(), 2);
    assert_eq!(store.ticket(&"1".into()).await.unwrap().unwrap().handling.updated_at, time(LATER));
    let view = View { words: "zanzibar".into(), ..View::default() };
    assert_eq!(store.list_tickets(&view, None, 10).await.unwrap().tickets.len(), 1);
}

pub async fn message_pages_are_limited_by_count_and_bytes(store: &dyn Store, _clock: &TestClock) {
    store
        .submit(&ticket("1", "DB-00001", "2026-01-01T00:00:00.000Z"), &submission_key("a"), SubmissionExtras::default())
        .await
        .unwrap();
    let long = "x".repeat(MESSAGE_PAGE_BYTES / 2);
    for body in ["a", "b", "c", &long, &long, &long] {
        write_message(store, new_message(Author::Customer, body), None, vec![]).await;
    }
    let page = async |after, limit| {
        let page = store.message_page(&"1".into(), after, limit).await.unwrap();
        (page.messages.iter().map(|message| message.number).collect::<Vec<_>>(), page.has_more)
    };
    assert_eq!(page(0, 2).await, (vec![1, 2], true));
    assert_eq!(page(2, 100).await, (vec![3, 4], true));
    assert_eq!(page(4, 100).await, (vec![5, 6], false));
    assert_eq!(page(6, 100).await, (vec![], false));
    let last = store.last_messages(&"1".into(), Some(6), 2).await.unwrap();
    assert_eq!(last.iter().map(|message| message.number).collect::<Vec<_>>(), [4, 5]);
}
