//! The cost of queues, and who may record outcomes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sqlx::sqlite::SqliteConnection;
use sqlx::{Row, query, query_scalar};

use store_conformance::support::{LEASE, NOW, QUEUE, TestClock, quota, submission_key, ticket};

use super::tests::{fresh, open};
use super::*;
use deskbell_core::ids::DeliveryId;
use deskbell_core::ports::{
    AccessLinks, DeliveryKind, DeliveryOutcome, DueDelivery, LinkTerms, MailLimits, NewAccessLink, NewDelivery,
    NewMail, OutgoingMail, Queue, SiteScope, SubmissionExtras, SubmissionOutcome, Tickets,
};
use deskbell_core::rules::address::mailbox;

/// A number of rows at which a linear cost would show.
const MANY: u32 = 50_000;
/// How many instructions of SQLite's virtual machine are counted as one step.
const STEPS: i32 = 10;

fn desk() -> SubmissionExtras {
    let delivery = NewDelivery { destination: "desk".into(), kind: DeliveryKind::Ticket };
    SubmissionExtras { deliveries: vec![delivery], ..SubmissionExtras::default() }
}

/// Tickets queued for a destination, all at the same time.
async fn waiting(ids: &[&str]) -> (SqliteStore, tempfile::TempDir) {
    waiting_with(TestClock::new(), ids).await
}

/// The same with a clock.
async fn waiting_with(clock: Arc<TestClock>, ids: &[&str]) -> (SqliteStore, tempfile::TempDir) {
    let (store, folder) = open(clock.clone()).await;
    clock.set("2026-01-01T00:00:00.000Z");
    for id in ids {
        let ticket = ticket(id, &format!("DB-{id}"), "2026-01-01T00:00:00.000Z");
        assert_eq!(store.submit(&ticket, &submission_key(id), desk()).await.unwrap(), SubmissionOutcome::Stored);
    }
    clock.set(NOW);
    (store, folder)
}

async fn claim(store: &SqliteStore, claimed_ids: &[DeliveryId]) -> Vec<DueDelivery> {
    store.claim_deliveries(&QUEUE, LEASE, claimed_ids, 6).await.unwrap()
}

fn ids(due: &[DueDelivery]) -> Vec<&str> {
    due.iter().map(|due| due.ticket.id.as_str()).collect()
}

fn delivered(external_id: &str) -> DeliveryOutcome {
    DeliveryOutcome::Delivered { external_id: external_id.into(), external: None, reason: String::new() }
}

/// Counts the steps of SQLite's virtual machine on every connection of a store.
async fn count_steps(store: &SqliteStore) -> Arc<AtomicU64> {
    let steps = Arc::new(AtomicU64::new(0));
    let mut all = vec![store.writer.acquire().await.unwrap()];
    for _ in 0..store.readers.options().get_max_connections() {
        all.push(store.readers.acquire().await.unwrap());
    }
    for connection in &mut all {
        let steps = steps.clone();
        connection.lock_handle().await.unwrap().set_progress_handler(STEPS, move || {
            steps.fetch_add(STEPS as u64, Ordering::Relaxed);
            true
        });
    }
    steps
}

/// The steps of claiming, recording and looking up the next delivery.
async fn cost(store: &SqliteStore, clock: &TestClock) -> u64 {
    let steps = count_steps(store).await;
    let due = claim(store, &[]).await;
    assert!(!due.is_empty());
    let outcome = delivered("1");
    let done: Vec<(&DueDelivery, &DeliveryOutcome)> = due.iter().map(|due| (due, &outcome)).collect();
    assert!(store.record_attempts(&done).await.unwrap().is_empty());
    store.next_delivery(&QUEUE, &[]).await.unwrap();
    clock.set("2024-01-01T00:00:00.000Z");
    assert!(claim(store, &[]).await.is_empty(), "nothing is due yet");
    steps.load(Ordering::Relaxed)
}

/// Inserts rows by SQL, without foreign key checks.
async fn add(store: &SqliteStore, sql: &str, many: u32) {
    let mut writer = store.writer.acquire().await.unwrap();
    query("PRAGMA foreign_keys = OFF").execute(&mut *writer).await.unwrap();
    let numbers = "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?1)";
    let sql = sqlx::AssertSqlSafe(sql.replace("NUMBERS", numbers));
    query(sql).bind(many).execute(&mut *writer).await.unwrap();
    query("PRAGMA foreign_keys = ON").execute(&mut *writer).await.unwrap();
}

const ROWS: &str =
    "INSERT INTO deliveries (site, destination, ticket, what, number, state, created_at, due_at) NUMBERS";

#[tokio::test]
async fn claiming_cost_does_not_depend_on_blocked_deliveries() {
    let real = ["1", "2", "3", "4", "5", "6"];
    let clock = TestClock::new();
    let few = cost(&waiting_with(clock.clone(), &real).await.0, &clock).await;
    for (name, rows) in [
        (
            "delivered and waiting, of one ticket",
            vec![
                "SELECT 'acme', 'desk', '1', 'solved', 0, 'delivered', '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z' FROM numbers",
                "SELECT 'acme', 'desk', '1', 'reopened', 0, 'waiting', '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z' FROM numbers",
            ],
        ),
        (
            "of a ticket each",
            vec![
                "SELECT 'acme', 'desk', 't' || n, 'ticket', 0, 'waiting', '2026-01-01T01:00:00.000Z', '2026-01-01T01:00:00.000Z' FROM numbers",
            ],
        ),
        (
            "behind dead letters",
            vec![
                "SELECT 'acme', 'desk', 't' || n, 'ticket', 0, 'given_up', '2025-01-01T00:00:00.000Z', '2025-01-01T00:00:00.000Z' FROM numbers",
                "SELECT 'acme', 'desk', 't' || n, 'message', 1, 'waiting', '2025-01-01T00:00:00.000Z', '2025-01-01T00:00:00.000Z' FROM numbers",
            ],
        ),
        (
            "put off",
            vec![
                "SELECT 'acme', 'desk', 't' || n, 'ticket', 0, 'waiting', '2025-01-01T00:00:00.000Z', '2027-01-01T00:00:00.000Z' FROM numbers",
            ],
        ),
        (
            "of other destinations",
            vec![
                "SELECT 'acme', 'd' || (n % 100), 't' || n, 'ticket', 0, 'waiting', '2025-01-01T00:00:00.000Z', '2025-01-01T00:00:00.000Z' FROM numbers",
            ],
        ),
    ] {
        let clock = TestClock::new();
        let (store, _folder) = waiting_with(clock.clone(), &real).await;
        for rows in rows {
            add(&store, &format!("{ROWS} {rows}"), MANY).await;
        }
        let many = cost(&store, &clock).await;
        println!("{name}: {many} steps, {few} with six rows");
        assert!(many <= few * 2 + 200, "{name}: {many} steps, {few} with six rows");
    }
}

/// The steps on the writer's connection that it takes to drop a request for a link, if a number of tickets have its mailbox but another address.
async fn drop_cost(tickets: u32) -> u64 {
    let (store, _folder) = waiting(&[]).await;
    for number in 0..tickets {
        let id = number.to_string();
        let unconfirmed = Some(format!("ada+{number}@example.com"));
        let extras = SubmissionExtras { unconfirmed, ..SubmissionExtras::default() };
        let ticket = ticket(&id, &format!("DB-{id}"), NOW);
        assert_eq!(store.submit(&ticket, &submission_key(&id), extras).await.unwrap(), SubmissionOutcome::Stored);
    }
    let address = "ada+x@example.com";
    let request = NewAccessLink {
        site: "acme".into(),
        address: address.into(),
        mailbox: mailbox(address),
        language: "en".into(),
        quota: quota(address),
        life: LEASE,
        queue_max: 10,
    };
    store.request_access_link(&request).await.unwrap();
    let steps = Arc::new(AtomicU64::new(0));
    let counted = steps.clone();
    let mut writer = store.writer.acquire().await.unwrap();
    writer.lock_handle().await.unwrap().set_progress_handler(STEPS, move || {
        counted.fetch_add(STEPS as u64, Ordering::Relaxed);
        true
    });
    drop(writer);
    let terms = LinkTerms { token_hash: [1; 32], life: LEASE, limits: MailLimits::default() };
    assert_eq!(store.claim_access_link(&"acme".into(), LEASE, &terms).await.unwrap(), None);
    assert_eq!(store.next_access_link(&"acme".into()).await.unwrap(), None, "it was dropped");
    steps.load(Ordering::Relaxed)
}

#[tokio::test]
async fn requests_for_links_do_not_hold_up_writers_however_many_tickets_have_their_mailbox() {
    let (few, many) = (drop_cost(3).await, drop_cost(100).await);
    assert!(many <= few * 2 + 200, "{many} steps, {few} with three tickets");
}

#[tokio::test]
async fn every_queue_query_uses_an_index() {
    let (store, _folder) = waiting(&["1"]).await;
    let mut reader = store.readers.acquire().await.unwrap();
    // The statements exactly as the code has them.
    for source in [
        include_str!("queue.rs"),
        include_str!("external_tickets.rs"),
        include_str!("polls.rs"),
        include_str!("mails.rs"),
        include_str!("answer_mails.rs"),
        include_str!("access_links.rs"),
    ] {
        for sql in statements(source) {
            for step in plan(&mut reader, &sql).await {
                let is_table = [
                    "deliveries",
                    "mails",
                    "answer_mails",
                    "access_links",
                    "places",
                    "invocations",
                    "polls",
                    "tickets",
                    "dead",
                    "behind",
                ]
                .iter()
                .any(|table| step.starts_with(&format!("SCAN {table}")));
                // These indexes contain only the rows that are wanted, so a full scan of them is fine.
                let whole =
                    ["deliveries_given_up", "deliveries_open", "mails_due", "answer_mails_due", "access_links_due"];
                let is_whole = whole.iter().any(|index| step.contains(&format!("INDEX {index}")));
                assert!(!is_table || is_whole, "{step}\n{sql}");
            }
        }
    }
}

/// The SQL statements in a source file, with macros expanded.
fn statements(source: &str) -> Vec<String> {
    let mut expanded = source.to_string();
    for name in ["due", "delivery"] {
        let definition = between(source, &format!("macro_rules! {name}"), "};").unwrap_or_default();
        expanded = expand(&expanded, name, between(definition, "\"", "\"").unwrap_or_default());
    }
    let texts =
        expanded.split('"').skip(1).step_by(2).map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "));
    let sql = |text: &String| ["SELECT ", "UPDATE ", "DELETE "].iter().any(|verb| text.starts_with(verb));
    texts.filter(|text| sql(text) && text.contains(" WHERE ")).collect()
}

/// Puts the text of a macro in its places between the texts of `concat!`.
fn expand(source: &str, name: &str, text: &str) -> String {
    let call = format!("{name}!()");
    let mut parts = source.split(&call);
    let mut expanded = parts.next().unwrap_or_default().to_string();
    for part in parts {
        let before = expanded.trim_end().trim_end_matches(',').trim_end();
        expanded.truncate(before.strip_suffix('"').unwrap_or(before).len());
        let after = part.trim_start().trim_start_matches(',').trim_start();
        let rest = after.strip_prefix('"').map_or_else(|| format!("\"{after}"), String::from);
        expanded = [&expanded, text, &rest].concat();
    }
    expanded
}

fn between<'a>(text: &'a str, from: &str, to: &str) -> Option<&'a str> {
    text.split_once(from)?.1.split_once(to).map(|(between, _)| between)
}

async fn plan(reader: &mut SqliteConnection, sql: &str) -> Vec<String> {
    let explain = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
    let rows = query(explain).fetch_all(reader).await.unwrap();
    rows.iter().map(|row| row.get("detail")).collect()
}

#[tokio::test]
async fn the_head_of_a_queue_stays_correct_after_deliveries_and_removals() {
    let (store, _folder) = waiting(&["1"]).await;
    for kind in ["message", "solved", "reopened"] {
        let more = "INSERT INTO deliveries (site, destination, ticket, what, created_at, due_at)
            VALUES ('acme', 'desk', '1', ?, '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z')";
        query(more).bind(kind).execute(&store.writer).await.unwrap();
    }
    let heads = async || -> Vec<i64> {
        query_scalar("SELECT id FROM deliveries WHERE head = 1").fetch_all(&store.readers).await.unwrap()
    };
    let run = async |sql: &'static str| assert!(query(sql).execute(&store.writer).await.is_ok(), "{sql}");
    assert_eq!(heads().await, [1]);
    run("DELETE FROM deliveries WHERE id = 2").await;
    assert_eq!(heads().await, [1]);
    run("UPDATE deliveries SET state = 'given_up' WHERE id = 1").await;
    assert_eq!(heads().await, [1]);
    assert!(claim(&store, &[]).await.is_empty());
    run("UPDATE deliveries SET state = 'delivered' WHERE id = 1").await;
    assert_eq!(heads().await, [3]);
    run("DELETE FROM deliveries WHERE id = 3").await;
    assert_eq!(heads().await, [4]);
    run("DELETE FROM tickets WHERE id = '1'").await;
    assert!(heads().await.is_empty());
}

#[tokio::test]
async fn unreadable_deliveries_become_dead_letters_alone() {
    let (store, _folder) = waiting(&["1", "2", "3"]).await;
    query("UPDATE tickets SET severity = 'urgent' WHERE id = '2'").execute(&store.writer).await.unwrap();
    query("UPDATE deliveries SET what = 'song' WHERE ticket = '3'").execute(&store.writer).await.unwrap();
    assert_eq!(ids(&claim(&store, &[]).await), ["1"]);
    let stored_reasons: Vec<String> = query_scalar("SELECT told FROM deliveries WHERE state = 'given_up' ORDER BY id")
        .fetch_all(&store.readers)
        .await
        .unwrap();
    let reasons = ["ticket 2 cannot be read: column severity: unknown value \"urgent\"", "a delivery cannot be read"];
    for (stored_reason, reason) in stored_reasons.iter().zip(reasons) {
        assert!(
            stored_reason.starts_with("its ticket cannot be read: ") && stored_reason.contains(reason),
            "{stored_reason}"
        );
    }
    assert_eq!(stored_reasons.len(), 2);
    // The readable ones are listed.
    let listed = store.dead_letters(&SiteScope::All, 10).await.unwrap();
    assert_eq!(listed.iter().map(|(delivery, _)| delivery.ticket.as_str()).collect::<Vec<_>>(), ["2"]);
}

#[tokio::test]
async fn a_mail_with_an_unreadable_ticket_fails_alone() {
    let (store, _folder) = fresh().await;
    for id in ["1", "2"] {
        let mail = Some(NewMail { address: format!("{id}@example.com"), quota: None });
        let ticket = ticket(id, &format!("DB-{id}"), "2026-01-01T00:00:00.000Z");
        store
            .submit(&ticket, &submission_key(id), SubmissionExtras { mail, ..SubmissionExtras::default() })
            .await
            .unwrap();
    }
    query("UPDATE ticket_bodies SET body = '{}' WHERE ticket = '1'").execute(&store.writer).await.unwrap();
    assert_eq!(store.claim_mail(&"acme".into(), LEASE).await.unwrap().unwrap().address, "2@example.com");
    assert_eq!(store.claim_mail(&"acme".into(), LEASE).await.unwrap(), None);
    assert_eq!(store.next_mail(&"acme".into()).await.unwrap(), Some(LEASE));
}
