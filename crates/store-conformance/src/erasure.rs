//! Erasure of tickets and personal data.

use crate::support::{
    ACME, LATER, NOW, OTHER, TestClock, claim, new_message, submission_key, submit_to_desk, ticket, time,
    write_message_about,
};
use deskbell_core::ids::TicketId;
use deskbell_core::ports::{
    CurrentTicket, DeliveryOutcome, ExternalTicketRef, FileOwner, PersonTrace, SessionTrace, Store, StoredAttachment,
    SubmissionExtras, SubmissionOutcome, TicketHead, Traces, View,
};
use domain::attachment::FileType;
use domain::conversation::Author;
use domain::ticket::Status;

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

pub async fn keys_of_erased_tickets_are_forgotten_in_time(store: &dyn Store, clock: &TestClock) {
    submit_to_desk(store, &["1"]).await;
    store.erase_tickets(&["1".into()], &|_| true).await.unwrap();
    let submit = async || {
        let again = ticket("2", "DB-00002", NOW);
        store.submit(&again, &submission_key("1"), SubmissionExtras::default()).await.unwrap()
    };
    store.forget_erased_submissions(time(NOW)).await.unwrap();
    assert_eq!(submit().await, SubmissionOutcome::Erased);
    clock.set(LATER);
    store.forget_erased_submissions(time(LATER)).await.unwrap();
    assert_eq!(submit().await, SubmissionOutcome::Stored);
}

pub async fn tickets_are_walked_by_id_and_solved_ones_by_time(store: &dyn Store, _clock: &TestClock) {
    // In the order of bytes, in which no letter is between others.
    let ids = ["B", "a", "c", "\u{e4}"];
    for (number, id) in ids.into_iter().enumerate().rev() {
        let received_at = format!("2026-01-01T00:00:0{number}.000Z");
        let mut new = ticket(id, &format!("DB-{number}"), &received_at);
        new.person = (number == 1).then(|| "u-7".into());
        store.submit(&new, &submission_key(id), SubmissionExtras::default()).await.unwrap();
    }
    let first = store.ticket_heads(None, 3).await.unwrap();
    let rest = store.ticket_heads(first.last().map(|head| &head.id), 3).await.unwrap();
    let walked: Vec<&str> = first.iter().chain(&rest).map(|head| head.id.as_str()).collect();
    assert_eq!(walked, ids);
    let head = TicketHead {
        id: "a".into(),
        site: ACME.clone(),
        reference: "DB-1".into(),
        status: Some(Status::Open),
        updated_at: Some(time("2026-01-01T00:00:01.000Z")),
        person: Some("u-7".into()),
    };
    for name in ["a", "DB-1"] {
        assert_eq!(store.ticket_head(name).await.unwrap().as_ref(), Some(&head), "{name}");
    }
    assert_eq!(store.ticket_head("DB").await.unwrap(), None);
    for id in ["c", "a", "B"] {
        let solve = |current: &CurrentTicket| {
            let mut change = current.unchanged();
            change.ticket.status = Status::Solved;
            change.into()
        };
        store.change(&TicketId::new(id), None, &solve).await.unwrap();
    }
    let solved = async |before: &str, limit| store.solved_before(&ACME, time(before), limit).await.unwrap();
    assert_eq!(solved("2026-01-01T00:00:02.000Z", 10).await, ["B", "a"].map(TicketId::new));
    assert_eq!(solved(NOW, 2).await, ["B", "a"].map(TicketId::new), "the oldest first");
    assert!(store.solved_before(&OTHER, time(NOW), 10).await.unwrap().is_empty());
}

pub async fn unsent_files_of_a_customer_are_erased_and_those_of_others_stay(store: &dyn Store, _clock: &TestClock) {
    let file = |id: &str, site: &'static str, session: u8, person: Option<&'static str>| StoredAttachment {
        site: site.into(),
        id: id.into(),
        person: person.map(Into::into),
        session: Some([session; 32].into()),
        name: "a.png".into(),
        media: FileType::Png,
        size: 100,
        has_metadata: false,
        file: format!("file-{id}"),
        put_at: time(NOW),
        number: None,
    };
    for new in [
        file("customer", "acme", 1, Some("u-7")),
        file("session", "acme", 2, None),
        file("of the session", "acme", 2, Some("u-7")),
        file("of another customer", "acme", 2, Some("u-8")),
        file("of another session", "acme", 3, None),
        file("of another site", "other", 2, Some("u-7")),
    ] {
        store.put_attachment(&new, None).await.unwrap();
    }
    let (session, person) = ([2; 32].into(), "u-7".into());
    let unsent = async |owner| {
        let mut ids: Vec<String> =
            store.unsent_files(&ACME, owner).await.unwrap().into_iter().map(|file| file.id).collect();
        ids.sort_unstable();
        ids
    };
    assert_eq!(unsent(FileOwner::Person(&person)).await, ["customer", "of the session"]);
    assert_eq!(unsent(FileOwner::Session(&session)).await, ["session"]);
    let traces = Traces {
        people: vec![PersonTrace { site: ACME.clone(), person: "u-7".into(), pseudonym: [1; 32] }],
        sessions: vec![SessionTrace { site: ACME.clone(), session, person: Some("u-7".into()) }],
    };
    assert_eq!(store.erase_traces(&traces).await.unwrap(), 3);
    assert_eq!(store.removed_files("", 10).await.unwrap(), ["file-customer", "file-of the session", "file-session"]);
    assert!(store.attachment(&ACME, "of another customer").await.unwrap().is_some());
    assert!(store.attachment(&OTHER, "of another site").await.unwrap().is_some());
}
