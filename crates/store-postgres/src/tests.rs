use std::sync::Arc;

use sqlx::{query, query_scalar};

use store_conformance::support::{LEASE, NOW, QUEUE, TestClock, new_message, submission_key, ticket};

use super::*;
use columns::{RowExt, Time};
use deskbell_core::ids::{IdempotencyKey, Reference};
use deskbell_core::ports::{
    Activity, ActivityKind, Change, ChangeOutcome, Conversations, CurrentTicket, DeliveryKind, DeliveryOutcome,
    ExternalTicketRef, ExternalTickets, MessageKey, NewDelivery, Queue, Reader, SiteScope, SubmissionExtras,
    SubmissionOutcome, Tickets, View,
};
use deskbell_core::timestamp::Timestamp;
use domain::conversation::Author;
use queue::claim;

store_conformance::conformance!(open);

/// A new store with a clock.
async fn open(clock: Arc<TestClock>) -> (PostgresStore, ()) {
    let options = StoreOptions { clock: StoreClock::Other(clock), ..StoreOptions::default() };
    (PostgresStore::open(&test_postgres::database(), options).await.unwrap(), ())
}

/// A new store.
pub async fn fresh() -> PostgresStore {
    PostgresStore::open(&test_postgres::database(), StoreOptions::default()).await.unwrap()
}

/// Two stores on a new database, as of two gateways.
pub async fn stores() -> [PostgresStore; 2] {
    let database = test_postgres::database();
    let open = async || PostgresStore::open(&database, StoreOptions::default()).await.unwrap();
    [open().await, open().await]
}

fn queued() -> SubmissionExtras {
    let deliveries = vec![NewDelivery { destination: "desk".into(), kind: DeliveryKind::Ticket }];
    SubmissionExtras { deliveries, ..SubmissionExtras::default() }
}

async fn submit(store: &PostgresStore, id: &str) {
    let outcome = store.submit(&ticket(id, &format!("DB-{id}"), NOW), &submission_key(id), queued()).await.unwrap();
    assert_eq!(outcome, SubmissionOutcome::Stored);
}

#[tokio::test]
async fn times_keep_their_milliseconds() {
    let store = fresh().await;
    for text in ["2026-11-28T10:00:00.123Z", "1969-12-31T23:59:59.999Z", "0001-01-01T00:00:00.000Z"] {
        let time: Timestamp = text.parse().unwrap();
        let select = query("SELECT $1::timestamptz AS time, $2::timestamptz = $1 AS is_same");
        let row = select.bind(Time(time)).bind(Time(time)).fetch_one(&store.pool).await.unwrap();
        assert_eq!(row.time("time").unwrap(), time);
        let parsed: bool = query_scalar("SELECT $1::timestamptz = $2::text::timestamptz")
            .bind(Time(time))
            .bind(text)
            .fetch_one(&store.pool)
            .await
            .unwrap();
        assert!(parsed, "{text}");
    }
}

#[tokio::test]
async fn texts_with_null_characters_can_be_bound() {
    let store = fresh().await;
    let echo = query_scalar::<_, String>("SELECT $1::text").bind(columns::text("a\0b"));
    assert_eq!(echo.fetch_one(&store.pool).await.unwrap(), "a\u{fffd}b");
}

#[tokio::test]
async fn texts_with_null_characters_are_stored_and_found() {
    let store = fresh().await;
    let mut new = ticket("1\0", "DB\0-1", NOW);
    new.site = "ac\0me".into();
    new.person = Some("ada\0".into());
    new.ticket.message = "\0Zanzibar\0".into();
    new.ticket.contact.name = "A\0da".into();
    (new.handling.topic, new.handling.team, new.handling.assignee) =
        ("bil\0ling".into(), "mo\0ney".into(), "A\0na".into());
    let deliveries = vec![NewDelivery { destination: "de\0sk".into(), kind: DeliveryKind::Ticket }];
    let extras = SubmissionExtras { deliveries, ..SubmissionExtras::default() };
    assert_eq!(store.submit(&new, &submission_key("k\0"), extras).await.unwrap(), SubmissionOutcome::Stored);
    let stored = store.submission(&new.site, &"k\0".into()).await.unwrap().unwrap().ticket;
    assert_eq!((stored.reference, &stored.ticket), (Reference::new("DB\u{fffd}-1"), &new.ticket));
    assert!(store.ticket_by_name("DB\0-1").await.unwrap().is_some());
    let person = "ada\0".into();
    assert!(store.ticket_of(&new.site, Reader::Person(&person), &new.id).await.unwrap().is_some());
    assert_eq!(store.customer_excerpts(&new.site, Reader::Person(&person), 5).await.unwrap().len(), 1);
    let view = View {
        site: Some(new.site.clone()),
        team: "mo\0ney".into(),
        assignee: "A\0na".into(),
        words: "zanzibar".into(),
        ..View::default()
    };
    assert_eq!(store.list_tickets(&view, None, 5).await.unwrap().tickets.len(), 1);
    let key = IdempotencyKey::new("m\0");
    let key = MessageKey { key: &key, body_hash: [1; 32] };
    let decide = |current: &CurrentTicket| {
        let mut message = new_message(Author::Customer, "Pem\0ba");
        message.name = "A\0da".into();
        let activity =
            Activity { actor: "A\0na".into(), kind: ActivityKind::Noted, text: "\0".into(), at: current.now };
        let activity_key = Some("n\0".into());
        Change { message: Some(message), activity: Some(activity), activity_key, ..current.unchanged() }.into()
    };
    let ChangeOutcome::Written(_, Some(message)) = store.change(&new.id, Some(key), &decide).await.unwrap() else {
        panic!()
    };
    assert_eq!(store.change(&new.id, Some(key), &decide).await.unwrap(), ChangeOutcome::Repeated(message));
    assert!(matches!(store.change(&new.id, None, &decide).await.unwrap(), ChangeOutcome::Unchanged(_)));
    let queue = deskbell_core::ids::QueueName { site: new.site.clone(), destination: "de\0sk".into() };
    let due = store.claim_deliveries(&queue, LEASE, &[], 1).await.unwrap();
    let external = ExternalTicketRef { external_id: "3\0a".into(), requester: "\0".into(), merged_after: None };
    let outcome =
        DeliveryOutcome::Delivered { external_id: "3\0a".into(), external: Some(external), reason: "\0".into() };
    assert!(store.record_attempts(&[(&due[0], &outcome)]).await.unwrap().is_empty());
    assert!(store.knows_external_ticket(&new.site, &"de\0sk".into(), &"3\0a".into()).await.unwrap());
}

#[tokio::test]
async fn a_delivery_with_an_unreadable_ticket_becomes_a_dead_letter_alone() {
    let store = fresh().await;
    for id in ["1", "2", "3"] {
        submit(&store, id).await;
    }
    query("UPDATE tickets SET severity = 'urgent' WHERE id = '2'").execute(&store.pool).await.unwrap();
    query("UPDATE deliveries SET kind = 'song' WHERE ticket = '3'").execute(&store.pool).await.unwrap();
    let due = store.claim_deliveries(&QUEUE, LEASE, &[], 6).await.unwrap();
    assert_eq!(due.iter().map(|due| due.ticket.id.as_str()).collect::<Vec<_>>(), ["1"]);
    let reasons: Vec<String> = query_scalar("SELECT reason FROM deliveries WHERE state = 'given_up' ORDER BY id")
        .fetch_all(&store.pool)
        .await
        .unwrap();
    assert!(
        matches!(&reasons[..], [one, two] if one.contains("column severity") && two.contains("a delivery cannot be read")),
        "{reasons:?}"
    );
    // The readable ones are listed.
    let listed = store.dead_letters(&SiteScope::All, 10).await.unwrap();
    assert_eq!(listed.iter().map(|(delivery, _)| delivery.ticket.as_str()).collect::<Vec<_>>(), ["2"]);
}

#[tokio::test]
async fn lists_leave_out_unreadable_tickets_and_messages() {
    let store = fresh().await;
    for id in ["1", "2"] {
        submit(&store, id).await;
        for body in ["One", "Two"] {
            let decide = |current: &CurrentTicket| {
                Change { message: Some(new_message(Author::Customer, body)), ..current.unchanged() }.into()
            };
            store.change(&id.into(), None, &decide).await.unwrap();
        }
    }
    query("UPDATE tickets SET severity = 'urgent' WHERE id = '1'").execute(&store.pool).await.unwrap();
    query("UPDATE messages SET author = 'nobody' WHERE number = 1").execute(&store.pool).await.unwrap();
    let session = [9; 32].into();
    let ids = |tickets: Vec<deskbell_core::ports::ListedTicket>| -> Vec<String> {
        tickets.into_iter().map(|ticket| ticket.id.to_string()).collect()
    };
    assert_eq!(ids(store.list_tickets(&View::default(), None, 5).await.unwrap().tickets), ["2"]);
    let words = View { words: "it says".into(), ..View::default() };
    assert_eq!(ids(store.list_tickets(&words, None, 5).await.unwrap().tickets), ["2"]);
    let page = store.customer_tickets(&"acme".into(), Reader::Session(&session), None, 5).await.unwrap();
    assert_eq!(ids(page.tickets), ["2"]);
    let page = store.message_page(&"2".into(), 0, 5).await.unwrap();
    assert_eq!(page.messages.iter().map(|message| message.number).collect::<Vec<_>>(), [2]);
}

#[tokio::test]
async fn long_conversations_are_paged() {
    let store = fresh().await;
    submit(&store, "1").await;
    query(
        "INSERT INTO messages (ticket, number, author, name, body, at)
        SELECT '1', number, 'customer', 'Ada', 'Hello', now() FROM generate_series(1, 100) AS number",
    )
    .execute(&store.pool)
    .await
    .unwrap();
    for (after, limit, numbers, has_more) in
        [(0, 70, 1..=70, true), (70, 70, 71..=100, false), (0, 100, 1..=100, false), (36, 64, 37..=100, false)]
    {
        let page = store.message_page(&"1".into(), after, limit).await.unwrap();
        let found: Vec<u32> = page.messages.iter().map(|message| message.number).collect();
        assert_eq!((found, page.has_more), (Vec::from_iter(numbers), has_more));
    }
}

#[tokio::test]
async fn a_ticket_with_a_taken_id_is_an_error_and_stores_nothing() {
    let store = fresh().await;
    submit(&store, "1").await;
    let same_id = ticket("1", "DB-2", NOW);
    let error = store.submit(&same_id, &submission_key("2"), queued()).await.unwrap_err();
    assert!(matches!(error, StoreError::Row(_)), "{error}");
    assert_eq!(store.submission(&"acme".into(), &"2".into()).await.unwrap(), None);
}

#[tokio::test]
async fn transactions_see_what_was_committed_whatever_the_default_of_the_database_is() {
    let database = test_postgres::database();
    let first = PostgresStore::open(&database, StoreOptions::default()).await.unwrap();
    let set = "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_isolation = serializable',
        current_database()); END $$";
    query(set).execute(&first.pool).await.unwrap();
    let store = PostgresStore::open(&database, StoreOptions::default()).await.unwrap();
    let level: String = query_scalar("SHOW transaction_isolation").fetch_one(&store.pool).await.unwrap();
    assert_eq!(level, "read committed");
}

/// How many pages a claim reads, of tables and indexes.
async fn pages_of_a_claim(store: &PostgresStore) -> u64 {
    let mut transaction = store.begin().await.unwrap();
    let now = store.clock.now(&mut transaction).await.unwrap();
    // The second plan, after the catalogs were read.
    let mut pages = 0;
    for _ in 0..2 {
        let explain = concat!("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ", claim!());
        let plan = query_scalar(explain)
            .bind("acme")
            .bind("desk")
            .bind(Time(now))
            .bind(Vec::<i64>::new())
            .bind(6_i64)
            .bind("token")
            .bind(Time(now));
        let plan: serde_json::Value = plan.fetch_one(&mut *transaction).await.unwrap();
        let plan = &plan[0]["Plan"];
        assert_eq!(plan["Actual Rows"].as_f64(), Some(6.0), "{plan}");
        pages = plan["Shared Hit Blocks"].as_u64().unwrap() + plan["Shared Read Blocks"].as_u64().unwrap();
    }
    transaction.rollback().await.unwrap();
    pages
}

#[tokio::test]
async fn the_cost_of_a_claim_does_not_depend_on_what_is_queued_behind_others() {
    let store = fresh().await;
    for number in 0..6 {
        submit(&store, &number.to_string()).await;
    }
    query("VACUUM ANALYZE").execute(&store.pool).await.unwrap();
    let few = pages_of_a_claim(&store).await;
    let mut filling = store.begin().await.unwrap();
    // Without triggers and foreign keys.
    query("SET LOCAL session_replication_role = replica").execute(&mut *filling).await.unwrap();
    for rows in [
        // Dead letters, and what waits behind them.
        "SELECT 't' || n, 'given_up', now() - interval '1 day', true FROM generate_series(1, 20000) AS n",
        "SELECT 't' || n, 'waiting', now() - interval '1 day', false FROM generate_series(1, 20000) AS n",
        // Of one ticket.
        "SELECT '1', 'waiting', now() - interval '1 day', false FROM generate_series(1, 20000) AS n",
        // Put off, and done.
        "SELECT 'u' || n, 'waiting', now() + interval '1 day', true FROM generate_series(1, 20000) AS n",
        "SELECT 'd' || n, 'delivered', now() - interval '1 day', false FROM generate_series(1, 20000) AS n",
    ] {
        let insert = format!(
            "INSERT INTO deliveries (site, destination, kind, created_at, ticket, state, due_at, is_head)
            SELECT 'acme', 'desk', 'ticket', now(), * FROM ({rows}) AS rows"
        );
        query(sqlx::AssertSqlSafe(insert)).execute(&mut *filling).await.unwrap();
    }
    filling.commit().await.unwrap();
    query("VACUUM ANALYZE").execute(&store.pool).await.unwrap();
    let many = pages_of_a_claim(&store).await;
    assert!(many < few * 2 + 100, "{many} pages, and {few} with six rows");
}
