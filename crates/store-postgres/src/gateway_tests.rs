//! What several gateways on one database do at the same moment.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Barrier;

use store_conformance::support::{ACME, LEASE, QUEUE, TestClock, quota, submission_key, ticket, time, with_mail};

use super::*;
use deskbell_core::ids::{ExternalId, SiteKey, TicketId};
use deskbell_core::ports::{
    Attachments, CodeRequest, Confirmations, Count, Counts, Erasure, ExternalTicketRef, ExternalTickets, FileOwner,
    Imports, Incidents, MailLimits, MailQuota, NewMail, NewQuestion, OutgoingMail, Polls, PutOutcome, Questions,
    SiteTables, StoredAttachment, SubmissionExtras, SubmissionOutcome, Tickets, Upload, UploadUsage,
};
use domain::attachment::FileType;
use domain::event::{Event, EventName};
use domain::ticket::Kind;

const DAY: &str = "2026-01-02";
const RECEIVED: &str = "2026-01-01T00:00:00.000Z";

/// Two gateways on a new database, with one clock.
async fn gateways() -> [PostgresStore; 2] {
    gateways_with(TestClock::new()).await
}

/// Two gateways on a new database, with this clock.
pub async fn gateways_with(clock: Arc<TestClock>) -> [PostgresStore; 2] {
    let url = test_postgres::database();
    let open = async || {
        let options = StoreOptions { clock: StoreClock::Other(clock.clone()), ..StoreOptions::default() };
        PostgresStore::open(&url, options).await.unwrap()
    };
    [open().await, open().await]
}

/// Runs tasks at the same time, on both gateways by turns.
pub async fn at_once<T, F>(
    gateways: &[PostgresStore; 2],
    count: usize,
    task: impl Fn(PostgresStore, usize) -> F,
) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let barrier = Arc::new(Barrier::new(count));
    let start = |number: usize| {
        let (barrier, task) = (barrier.clone(), task(gateways[number % 2].clone(), number));
        tokio::spawn(async move {
            barrier.wait().await;
            task.await
        })
    };
    let tasks: Vec<_> = (0..count).map(start).collect();
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await.unwrap());
    }
    results
}

fn file(id: usize, session: u8) -> StoredAttachment {
    StoredAttachment {
        site: "acme".into(),
        id: id.to_string(),
        person: None,
        session: Some([session; 32].into()),
        name: "a.png".into(),
        media: FileType::Png,
        size: 100,
        has_metadata: false,
        file: format!("file-{id}"),
        put_at: time(RECEIVED),
        number: None,
    }
}

/// Uploads twenty files at once, and returns how many were stored.
async fn upload(gateways: &[PostgresStore; 2], session: fn(usize) -> u8, admits: fn(&UploadUsage) -> bool) -> usize {
    let put = |store: PostgresStore, number: usize| async move {
        let upload = Upload { day: DAY, address: Some([4; 32]), admits: &admits };
        store.put_attachment(&file(number, session(number)), Some(upload)).await.unwrap()
    };
    let outcomes = at_once(gateways, 20, put).await;
    outcomes.iter().filter(|outcome| matches!(outcome, PutOutcome::Kept(None))).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn upload_quotas_hold_over_all_gateways() {
    let gateways = gateways().await;
    assert_eq!(upload(&gateways, |number| number as u8, |usage| usage.site.files < 7).await, 7);
    let session = [1; 32].into();
    let usage = gateways[0].upload_usage(&ACME, FileOwner::Session(&session), DAY, Some(&[4; 32])).await.unwrap();
    assert_eq!((usage.site.files, usage.site.bytes, usage.address.files), (7, 700, 7));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unsent_uploads_of_one_owner_are_limited_over_all_gateways() {
    assert_eq!(upload(&gateways().await, |_| 1, |usage| usage.owner.bytes < 500).await, 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn uploads_under_one_id_belong_to_the_first_owner() {
    let gateways = gateways().await;
    let put = |store: PostgresStore, number: usize| async move {
        store
            .put_attachment(&StoredAttachment { file: number.to_string(), ..file(1, number as u8) }, None)
            .await
            .unwrap()
    };
    let outcomes = at_once(&gateways, 10, put).await;
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == PutOutcome::Kept(None)).count(), 1, "{outcomes:?}");
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == PutOutcome::Foreign).count(), 9);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mail_quotas_hold_over_all_gateways_and_every_ticket_is_stored() {
    let gateways = gateways().await;
    let submit = |store: PostgresStore, number: usize| async move {
        // The quotas are named in different orders.
        let [session, network] = if number.is_multiple_of(2) { [[1; 32], [2; 32]] } else { [[2; 32], [1; 32]] };
        let limits = MailLimits { mailbox: 100, session: 100, address: 100, site: 6 };
        let quota =
            MailQuota { session: Some(session.into()), network: Some(network), limits, ..quota("a@example.com") };
        let mail = NewMail { address: "a@example.com".into(), quota: Some(quota) };
        let new = ticket(&number.to_string(), &format!("DB-{number}"), RECEIVED);
        store.submit(&new, &submission_key(&number.to_string()), with_mail(Some(mail))).await.unwrap()
    };
    let outcomes = at_once(&gateways, 20, submit).await;
    assert!(outcomes.iter().all(|outcome| *outcome == SubmissionOutcome::Stored));
    let mut receipts = 0;
    for number in 0..20 {
        receipts +=
            usize::from(gateways[0].receipt_address(&TicketId::new(number.to_string())).await.unwrap().is_some());
    }
    assert_eq!(receipts, 6);
    // Each is claimed by one worker.
    let claim =
        |store: PostgresStore, _| async move { store.claim_mail(&ACME, LEASE).await.unwrap().map(|due| due.ticket.id) };
    let claimed: Vec<TicketId> = at_once(&gateways, 20, claim).await.into_iter().flatten().collect();
    assert_eq!((claimed.len(), claimed.iter().collect::<BTreeSet<_>>().len()), (6, 6));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_several_requests_for_a_code_is_accepted() {
    let gateways = gateways().await;
    let extras = SubmissionExtras { unconfirmed: Some("ada@example.com".into()), ..SubmissionExtras::default() };
    gateways[0].submit(&ticket("1", "DB-1", RECEIVED), &submission_key("1"), extras).await.unwrap();
    let request = |store: PostgresStore, _| async move {
        store.request_code(&"1".into(), Duration::from_secs(60), &quota("ada@example.com")).await.unwrap()
    };
    let outcomes = at_once(&gateways, 10, request).await;
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == CodeRequest::Accepted).count(), 1, "{outcomes:?}");
    assert_eq!(gateways[0].claimed_address(&"1".into()).await.unwrap().unwrap().code, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_submission_of_an_erased_ticket_is_not_stored_again() {
    let gateways = gateways().await;
    for round in 0..5 {
        let id = format!("t{round}");
        let key = submission_key(&id);
        let first = ticket(&id, &format!("DB-{round}"), RECEIVED);
        gateways[0].submit(&first, &key, SubmissionExtras::default()).await.unwrap();
        let erase_or_submit = |store: PostgresStore, number: usize| {
            let (id, key) = (TicketId::new(&*id), key.clone());
            async move {
                if number == 0 {
                    assert_eq!(store.erase_tickets(&[id], &|_| true).await.unwrap().tickets, 1);
                    return None;
                }
                let again = ticket(&format!("{id}-{number}"), &format!("DB-{id}-{number}"), RECEIVED);
                Some(store.submit(&again, &key, SubmissionExtras::default()).await.unwrap())
            }
        };
        let outcomes = at_once(&gateways, 8, erase_or_submit).await;
        for outcome in outcomes.into_iter().flatten() {
            assert!(matches!(outcome, SubmissionOutcome::KeyTaken(_) | SubmissionOutcome::Erased), "{outcome:?}");
        }
    }
    assert_eq!(gateways[0].ticket_heads(None, 100).await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn polls_and_notifications_are_taken_by_one_gateway() {
    let gateways = gateways().await;
    for number in 0..10 {
        let external = ExternalTicketRef {
            external_id: ExternalId::new(format!("r{number}")),
            requester: String::new(),
            merged_after: None,
        };
        let new = ticket(&number.to_string(), &format!("DB-{number}"), RECEIVED);
        assert!(gateways[0].adopt(&new, &QUEUE.destination, &external).await.unwrap());
    }
    let claim = |store: PostgresStore, _| async move { store.claim_polls(&QUEUE, LEASE, 5).await.unwrap() };
    let claimed: Vec<TicketId> =
        at_once(&gateways, 8, claim).await.into_iter().flatten().map(|due| due.ticket.id).collect();
    assert_eq!((claimed.len(), claimed.iter().collect::<BTreeSet<_>>().len()), (10, 10));
    let notify = |store: PostgresStore, _| async move {
        store.record_notification(&QUEUE, "i1", (&"r1".into(), None), LEASE).await.unwrap()
    };
    let is_new = at_once(&gateways, 10, notify).await;
    assert_eq!(is_new.iter().filter(|is_new| **is_new).count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_has_one_holder_and_a_new_site_one_author() {
    let gateways = gateways().await;
    let lease = |store: PostgresStore, number: usize| async move {
        store.lease_import(&ACME, "forum", &number.to_string(), LEASE).await.unwrap()
    };
    assert_eq!(at_once(&gateways, 10, lease).await.into_iter().filter(|is_leased| *is_leased).count(), 1);
    let add = |store: PostgresStore, number: usize| async move {
        store.write_site_table(&ACME, None, &number.to_string()).await.unwrap()
    };
    let revisions = at_once(&gateways, 10, add).await;
    assert_eq!(revisions.iter().flatten().count(), 1);
    let reload = |store: PostgresStore, _| async move { store.request_reload().await.unwrap() };
    let revisions: HashSet<i64> = at_once(&gateways, 10, reload).await.into_iter().collect();
    assert_eq!(revisions.len(), 10, "each has a revision of its own");
}

fn question(id: usize) -> NewQuestion {
    NewQuestion { id: format!("q{id}"), hash: [1; 32], json: format!("{{\"id\":\"q{id}\",\"title\":\"One\"}}") }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sources_that_have_the_same_questions_do_not_get_in_each_others_way() {
    let gateways = gateways().await;
    let write = |store: PostgresStore, number: usize| async move {
        let mut questions: Vec<NewQuestion> = (0..50).map(question).collect();
        if number.is_multiple_of(2) {
            questions.reverse();
        }
        let conflicts = store.write_questions(&ACME, &format!("source {number}"), &questions).await.unwrap();
        store.finish_import(&ACME, &format!("source {number}")).await.unwrap();
        conflicts.len()
    };
    let conflicts = at_once(&gateways, 6, write).await;
    assert_eq!(conflicts.iter().filter(|conflicts| **conflicts == 0).count(), 1, "{conflicts:?}");
    assert_eq!(conflicts.iter().filter(|conflicts| **conflicts == 50).count(), 5);
    assert_eq!(gateways[0].known_questions(&ACME).await.unwrap().len(), 50);
}

/// Waits until a session of the database waits for a lock.
async fn until_one_waits(store: &PostgresStore) {
    let waiting = "SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')";
    for _ in 0..1000 {
        if sqlx::query_scalar(waiting).fetch_one(&store.pool).await.unwrap() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("nobody waits for a lock");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revision_becomes_visible_after_everything_that_belongs_to_it() {
    let [one, two] = gateways().await;
    one.write_questions(&ACME, "one", &[question(1)]).await.unwrap();
    one.finish_import(&ACME, "one").await.unwrap();
    // The import of another source has written a question and not committed it yet.
    let mut write = one.begin().await.unwrap();
    sqlx::query("SELECT 1 FROM question_revisions FOR NO KEY UPDATE").execute(&mut *write).await.unwrap();
    let insert = "INSERT INTO questions SELECT site, 'q2', 'two', hash, 2, question FROM questions";
    sqlx::query(insert).execute(&mut *write).await.unwrap();
    two.write_questions(&SiteKey::from("other"), "one", &[question(1)]).await.unwrap();
    let finish = {
        let two = two.clone();
        tokio::spawn(async move { two.finish_import(&ACME, "one").await })
    };
    until_one_waits(&one).await;
    assert_eq!(two.revisions().await.unwrap()["acme"].current, 1);
    write.commit().await.unwrap();
    finish.await.unwrap().unwrap();
    let current = two.revisions().await.unwrap()["acme"].current;
    let changed = two.changed_questions(&ACME, &(2, String::new()), current, 10).await.unwrap();
    assert_eq!((current, changed.len()), (2, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counts_of_all_gateways_are_added_up_and_the_same_is_counted_once() {
    let gateways = gateways().await;
    let record = |store: PostgresStore, number: usize| async move {
        let shown = |visit: usize, site: &'static str| Count::Event {
            site: site.into(),
            week: "2025-12-29".into(),
            event: Event {
                visit: format!("{visit:016x}.1"),
                name: EventName::Shown,
                kind: Kind::Bug,
                questions: vec![],
            },
        };
        let miss = Count::SearchMiss {
            site: "acme".into(),
            week: "2025-12-29".into(),
            pseudonym: [number as u8; 32],
            search: [1; 32],
            words: "null \0 character".into(),
            at: time(RECEIVED),
        };
        let mut counts = vec![shown(999, "acme"), shown(number, "acme"), shown(number, "other"), miss];
        if number.is_multiple_of(2) {
            counts.reverse();
        }
        store.record_counts(&counts).await.unwrap();
        store.affect(&ACME, "one", &[number as u8 % 4; 32]).await.unwrap();
        store.salt().await.unwrap()
    };
    let salts: HashSet<Vec<u8>> = at_once(&gateways, 12, record).await.into_iter().collect();
    assert_eq!(salts.len(), 1, "all gateways hash with one salt");
    let shown =
        async |site: &'static str| gateways[0].visit_counts(&site.into(), "2025-12-29").await.unwrap()[0].visits.shown;
    assert_eq!((shown("acme").await, shown("other").await), (13, 12));
    let misses = gateways[0].search_misses(&ACME, "2025-12-29").await.unwrap();
    assert_eq!((misses[0].people, misses[0].words.as_str()), (12, "null \u{fffd} character"));
    assert_eq!(gateways[0].affected(&ACME, "one").await.unwrap(), 4);
    // Everything of the week is forgotten after it.
    gateways[0].forget_counts(time("2026-01-05T00:00:00Z"), time("2026-01-05T00:00:00Z")).await.unwrap();
    assert_eq!(gateways[0].visit_counts(&ACME, "2025-12-29").await.unwrap(), []);
    assert_eq!(gateways[0].affected(&ACME, "one").await.unwrap(), 0);
}
