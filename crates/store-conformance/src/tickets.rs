//! Tickets and their owners.

use crate::support::{ACME, OTHER, TestClock, submission_key, ticket, time, with_answer};
use deskbell_core::ports::{Reader, ReaderCounts, Store, StoredSubmission, SubmissionExtras, SubmissionOutcome, View};
use domain::ticket::Status;

pub async fn tickets_are_read_by_id_reference_and_key(store: &dyn Store, _clock: &TestClock) {
    let ticket = ticket("1", "DB-00001", "2026-01-01T00:00:00.000Z");
    assert_eq!(
        store.submit(&ticket, &submission_key("k"), SubmissionExtras::default()).await.unwrap(),
        SubmissionOutcome::Stored
    );
    assert_eq!(store.ticket(&"1".into()).await.unwrap().as_ref(), Some(&ticket));
    assert_eq!(store.ticket(&"DB-00001".into()).await.unwrap(), None, "a reference is no id");
    for name in ["1", "DB-00001"] {
        assert_eq!(store.ticket_by_name(name).await.unwrap().as_ref(), Some(&ticket), "{name}");
    }
    assert_eq!(
        store.submission(&ACME, &"k".into()).await.unwrap(),
        Some(StoredSubmission { key: submission_key("k"), ticket })
    );
    assert_eq!(store.submission(&OTHER, &"k".into()).await.unwrap(), None);
    assert_eq!(store.ticket(&"2".into()).await.unwrap(), None);
}

pub async fn a_taken_key_or_reference_stores_nothing(store: &dyn Store, _clock: &TestClock) {
    let first = ticket("1", "DB-00001", "2026-01-01T00:00:00.000Z");
    store.submit(&first, &submission_key("k"), SubmissionExtras::default()).await.unwrap();
    let second = ticket("2", "DB-00002", "2026-01-01T00:00:01.000Z");
    let stored = StoredSubmission { key: submission_key("k"), ticket: first };
    assert_eq!(
        store.submit(&second, &submission_key("k"), SubmissionExtras::default()).await.unwrap(),
        SubmissionOutcome::KeyTaken(Box::new(stored))
    );
    let third = ticket("3", "DB-00001", "2026-01-01T00:00:02.000Z");
    assert_eq!(
        store.submit(&third, &submission_key("l"), SubmissionExtras::default()).await.unwrap(),
        SubmissionOutcome::ReferenceTaken
    );
    assert_eq!(store.submission(&ACME, &"l".into()).await.unwrap(), None);
    assert_eq!(store.list_tickets(&View::default(), None, 10).await.unwrap().tickets.len(), 1);
}

pub async fn a_customers_list_is_paged_and_its_counts_cover_all_pages(store: &dyn Store, _clock: &TestClock) {
    for number in 0..7_u32 {
        let mut ticket = ticket(&format!("{number}"), &format!("DB-{number:05}"), "2026-01-01T00:00:00.000Z");
        ticket.status = if number % 2 == 0 { Status::Open } else { Status::Solved };
        // Some were updated at the same time.
        ticket.handling.updated_at = time(&format!("2026-01-0{}T00:00:00.000Z", 1 + number / 4));
        let extras = if number == 3 { with_answer() } else { SubmissionExtras::default() };
        store.submit(&ticket, &submission_key(ticket.id.as_str()), extras).await.unwrap();
    }
    let session = [9; 32].into();
    let reader = Reader::Session(&session);
    let (mut after, mut ids) = (None, Vec::new());
    loop {
        let page = store.customer_tickets(&ACME, reader, after.as_ref(), 2).await.unwrap();
        ids.extend(page.tickets.into_iter().map(|ticket| ticket.id));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(ids, ["6", "4", "2", "0", "5", "3", "1"]);
    let counts = ReaderCounts { total: 7, open: 4, unread: 1 };
    assert_eq!(store.customer_counts(&ACME, reader).await.unwrap(), counts);
    assert_eq!(store.customer_counts(&OTHER, reader).await.unwrap(), ReaderCounts::default());
    store.move_to_person(&ACME, &[9; 32].into(), &"u-7".into()).await.unwrap();
    assert_eq!(store.customer_counts(&ACME, reader).await.unwrap(), ReaderCounts::default());
    assert_eq!(store.customer_counts(&ACME, Reader::Person(&"u-7".into())).await.unwrap(), counts);
}
