use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use store_conformance::support::{
    ACME, NOW, TestClock, desk_deliveries, new_message, quota, submission_key, submit_unconfirmed, ticket, time,
    with_answer, with_mail, write_message,
};

use super::*;
use deskbell_core::ids::TicketId;
use deskbell_core::ports::{
    Agent, AgentSessions, Attachments, AuditLog, ClaimToken, CodeRequest, Confirmations, Conversations, DeliveryFilter,
    DeliveryKind, Erasure, LoginMethod, MailOutcome, NewAgentSession, NewDelivery, NewMail, OutgoingMail,
    QUEUE_COUNT_MAX, Queue, Reader, Store, StoreError, StoredSubmission, SubmissionExtras, SubmissionOutcome, Tickets,
    View,
};
use domain::conversation::Author;
use domain::targets::Owner;

store_conformance::conformance!(open);

/// A new store in a temporary folder, with a clock.
pub async fn open(clock: Arc<TestClock>) -> (SqliteStore, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let options = StoreOptions { clock, ..StoreOptions::default() };
    (SqliteStore::open_with(&folder.path().join("new/folder/test.db"), options).await.unwrap(), folder)
}

/// A new store in a temporary folder, in which it is [`NOW`].
pub async fn fresh() -> (SqliteStore, tempfile::TempDir) {
    open(TestClock::new()).await
}

#[tokio::test]
async fn the_writing_connection_syncs_to_disk() {
    let (store, _folder) = fresh().await;
    let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(&store.writer).await.unwrap();
    let journal: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&store.writer).await.unwrap();
    assert_eq!((synchronous, journal.as_str()), (2, "wal"));
}

#[tokio::test]
async fn errors_name_the_folder_that_cannot_be_created() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), "").unwrap();
    let error = SqliteStore::open(&folder.path().join("file/test.db")).await.unwrap_err().to_string();
    assert!(error.contains("file/test.db: ") && error.contains("sqlite:PATH"), "{error}");
}

#[tokio::test]
async fn concurrent_tickets_share_a_commit_and_fail_independently() {
    let (store, _folder) = fresh().await;
    let named = |id: &str, reference: &str| ticket(id, reference, "2026-01-01T00:00:00.000Z");
    let one = named("1", "DB-00001");
    let (other_key, same_key, same_reference, broken) =
        (named("2", "DB-00002"), named("3", "DB-00003"), named("4", "DB-00001"), named("1", "DB-00005"));
    let keys = ["k", "l", "k", "m", "n"].map(submission_key);
    let [first, second, third, fourth, fifth] = &keys;
    let commits = count(&store).await;
    let (first_outcome, other, repeated, reference, store_error) = tokio::join!(
        store.submit(&one, first, SubmissionExtras::default()),
        store.submit(&other_key, second, with_answer()),
        store.submit(&same_key, third, SubmissionExtras::default()),
        store.submit(&same_reference, fourth, SubmissionExtras::default()),
        store.submit(&broken, fifth, SubmissionExtras::default()),
    );
    assert_eq!(commits.load(Ordering::SeqCst), 1);
    assert_eq!((first_outcome.unwrap(), other.unwrap()), (SubmissionOutcome::Stored, SubmissionOutcome::Stored));
    assert_eq!(
        repeated.unwrap(),
        SubmissionOutcome::KeyTaken(Box::new(StoredSubmission { key: submission_key("k"), ticket: one }))
    );
    assert_eq!(reference.unwrap(), SubmissionOutcome::ReferenceTaken);
    assert!(matches!(store_error, Err(StoreError::Row(_))), "its id is taken");
    assert_eq!(store.messages(&"2".into(), 0).await.unwrap().len(), 1);
    assert_eq!(store.list_tickets(&View::default(), None, 10).await.unwrap().tickets.len(), 2);
    for key in ["m", "n"] {
        assert_eq!(store.submission(&"acme".into(), &key.into()).await.unwrap(), None, "{key}");
    }
}

#[tokio::test]
async fn a_failed_commit_acknowledges_no_ticket() {
    let (store, _folder) = fresh().await;
    // A deferred constraint is checked at the commit: all savepoints succeed, and then the whole batch fails.
    let broken = "CREATE TABLE late (ticket TEXT REFERENCES questions (id) DEFERRABLE INITIALLY DEFERRED);
        CREATE TRIGGER breaks AFTER INSERT ON tickets WHEN new.id = '2' BEGIN INSERT INTO late VALUES ('none'); END;
        CREATE UNIQUE INDEX ids ON questions (id)";
    sqlx::raw_sql(broken).execute(&store.writer).await.unwrap();
    let tickets = ["1", "2", "3"].map(|id| ticket(id, &format!("DB-{id}"), "2026-01-01T00:00:00.000Z"));
    let [one, two, three] = &tickets;
    let keys = ["1", "2", "3"].map(submission_key);
    let [first, second, third] = &keys;
    let (one, two, three) = tokio::join!(
        store.submit(one, first, SubmissionExtras::default()),
        store.submit(two, second, SubmissionExtras::default()),
        store.submit(three, third, SubmissionExtras::default())
    );
    assert!(one.is_err() && two.is_err() && three.is_err());
    assert_eq!(store.list_tickets(&View::default(), None, 10).await.unwrap().tickets, []);
    assert_eq!(store.submit(&tickets[0], first, SubmissionExtras::default()).await.unwrap(), SubmissionOutcome::Stored);
}

/// The tickets that have a receipt.
async fn receipts(store: &SqliteStore) -> Vec<String> {
    sqlx::query_scalar("SELECT ticket FROM mails ORDER BY ticket").fetch_all(&store.readers).await.unwrap()
}

#[tokio::test]
async fn unverified_mailboxes_get_three_receipts_a_day_and_are_then_deleted() {
    let clock = TestClock::new();
    let (store, _folder) = open(clock.clone()).await;
    let submit = async |id: &str, received_at: &str, address: &str, verified: bool| {
        clock.set(received_at);
        let mail = Some(NewMail { address: address.into(), quota: (!verified).then(|| quota(address)) });
        let outcome = store
            .submit(&ticket(id, &format!("DB-{id}"), received_at), &submission_key(id), with_mail(mail))
            .await
            .unwrap();
        assert_eq!(outcome, SubmissionOutcome::Stored);
    };
    let (first, same_day, next_day) =
        ("2026-01-01T00:00:00.000Z", "2026-01-01T23:59:59.000Z", "2026-01-02T00:00:01.000Z");
    for (id, received_at, address, verified) in [
        ("1", first, "a.da@gmail.com", false),
        ("2", same_day, "Ada@Googlemail.com", false),
        ("3", same_day, "\"ada\"@gmail.com", false),
        ("4", same_day, "ad.a+2@gmail.com", false),
        ("5", same_day, "ada@gmail.com", true),
        ("6", same_day, "bob@example.com", false),
        ("7", next_day, "ada@gmail.com", false),
        ("8", next_day, "ada@gmail.com", false),
    ] {
        submit(id, received_at, address, verified).await;
    }
    assert_eq!(receipts(&store).await, ["1", "2", "3", "5", "6", "7"]);
    for id in ["1", "2"] {
        sqlx::query("UPDATE mails SET claim = 't' WHERE ticket = ?").bind(id).execute(&store.writer).await.unwrap();
        assert!(store.record_mail(&TicketId::new(id), &ClaimToken::new("t"), MailOutcome::Sent).await.unwrap());
    }
    store.forget_mails(time("2026-01-01T12:00:00.000Z")).await.unwrap();
    assert_eq!(receipts(&store).await, ["2", "3", "5", "6", "7"], "what is not sent yet stays");
    let counted: u32 =
        sqlx::query_scalar("SELECT count(*) FROM unsigned_mails").fetch_one(&store.readers).await.unwrap();
    assert_eq!(counted, 4, "what is older than a day is not known any more");
}

#[tokio::test]
async fn codes_count_against_the_same_quota_as_receipts() {
    let clock = TestClock::new();
    let (store, _folder) = open(clock.clone()).await;
    submit_unconfirmed(&store).await;
    let hours = |hours: u64| Duration::from_secs(60 * 60 * hours);
    let request = async || {
        clock.advance(hours(1));
        store.request_code(&"1".into(), hours(1), &quota("ada@example.com")).await.unwrap()
    };
    assert_eq!(
        [request().await, request().await, request().await],
        [CodeRequest::Accepted, CodeRequest::Accepted, CodeRequest::QuotaUsedUp { wait: hours(21) }]
    );
    sqlx::query("UPDATE confirmations SET code = 5").execute(&store.writer).await.unwrap();
    assert_eq!(request().await, CodeRequest::TooManyCodes);
}

#[tokio::test]
async fn mail_quotas_store_no_names_and_are_erased_with_their_ticket() {
    let (store, _folder) = fresh().await;
    submit_unconfirmed(&store).await;
    let counted = async || -> u32 {
        sqlx::query_scalar("SELECT count(*) FROM unsigned_mails").fetch_one(&store.readers).await.unwrap()
    };
    let plain: u32 =
        sqlx::query_scalar("SELECT count(*) FROM unsigned_mails WHERE instr(CAST(mailbox AS TEXT), '@') > 0")
            .fetch_one(&store.readers)
            .await
            .unwrap();
    assert_eq!((counted().await, plain), (1, 0));
    store.erase_tickets(&["1".into()], &|_| true).await.unwrap();
    assert_eq!(counted().await, 0);
}

/// Counts commits from this call on.
async fn count(store: &SqliteStore) -> Arc<AtomicUsize> {
    let commits = Arc::new(AtomicUsize::new(0));
    let counted = commits.clone();
    let mut writer = store.writer.acquire().await.unwrap();
    writer.lock_handle().await.unwrap().set_commit_hook(move || {
        counted.fetch_add(1, Ordering::SeqCst);
        true
    });
    commits
}

#[tokio::test]
async fn queue_counts_are_exact_up_to_the_shown_maximum() {
    let clock = TestClock::new();
    let (store, _folder) = open(clock.clone()).await;
    let to = |destination: &'static str| NewDelivery { destination: destination.into(), kind: DeliveryKind::Ticket };
    for (id, site) in [("1", "acme"), ("2", "acme"), ("3", "other"), ("4", "zeta")] {
        clock.set(&format!("2026-01-0{id}T00:00:00.000Z"));
        let mut ticket = ticket(id, &format!("DB-0000{id}"), NOW);
        ticket.site = site.into();
        let deliveries = if site == "other" { vec![to("desk")] } else { vec![to("chat"), to("desk"), to("mail")] };
        store
            .submit(&ticket, &submission_key(id), SubmissionExtras { deliveries, ..SubmissionExtras::default() })
            .await
            .unwrap();
    }
    for sql in [
        "UPDATE deliveries SET state = 'delivered' WHERE destination = 'chat' AND site = 'acme'",
        "UPDATE deliveries SET state = 'given_up' WHERE destination = 'mail' AND ticket = '1'",
    ] {
        sqlx::query(sql).execute(&store.writer).await.unwrap();
    }
    let queues = async || -> Vec<(String, u32, u32, Option<String>)> {
        let queues = store.queues().await.unwrap().into_iter();
        let day = |since: Timestamp| since.day().get(8..10).unwrap_or_default().to_string();
        queues.map(|queue| (queue.name.to_string(), queue.waiting, queue.dead_letters, queue.since.map(day))).collect()
    };
    let queue =
        |name: &str, waiting, dead_letters, day: &str| (name.to_string(), waiting, dead_letters, Some(day.to_string()));
    let expected = [
        queue("acme/desk", 2, 0, "01"),
        queue("acme/mail", 1, 1, "02"),
        queue("other/desk", 1, 0, "03"),
        queue("zeta/chat", 1, 0, "04"),
        queue("zeta/desk", 1, 0, "04"),
        queue("zeta/mail", 1, 0, "04"),
    ];
    assert_eq!(queues().await, expected);
    sqlx::query(
        "WITH RECURSIVE more (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM more WHERE n < 3000)
        INSERT INTO deliveries (site, destination, ticket, what, number, state, created_at, due_at)
        SELECT site, destination, ticket, 'message', n, state, created_at, due_at FROM more, deliveries WHERE site = 'other'",
    )
    .execute(&store.writer)
    .await
    .unwrap();
    assert_eq!(queues().await[2], queue("other/desk", QUEUE_COUNT_MAX, 0, "03"));
}

#[tokio::test]
async fn unreadable_rows_do_not_hide_other_pages() {
    let (store, _folder) = fresh().await;
    for number in 0..12 {
        let ticket = ticket(&format!("{number}"), &format!("DB-{number:05}"), "2026-01-01T00:00:00.000Z");
        store.submit(&ticket, &submission_key(ticket.id.as_str()), SubmissionExtras::default()).await.unwrap();
    }
    for _ in 0..12 {
        write_message(&store, new_message(Author::Customer, "Well"), None, vec![]).await;
    }
    for damage in [
        "UPDATE tickets SET severity = 'huge' WHERE id IN ('3', '4', '5', '7')",
        "UPDATE messages SET author = 'nobody' WHERE number IN (3, 4, 7)",
    ] {
        sqlx::query(damage).execute(&store.writer).await.unwrap();
    }
    let readable = ["0", "1", "2", "6", "8", "9", "10", "11"];
    for words in ["", "no"] {
        let view = View { words: words.into(), ..View::default() };
        let (mut after, mut ids) = (None, Vec::new());
        loop {
            let page = store.list_tickets(&view, after, 3).await.unwrap();
            ids.extend(page.tickets.into_iter().map(|ticket| ticket.id));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        ids.sort_by_key(|id| id.as_str().parse::<u32>().unwrap());
        assert_eq!(ids, readable, "{words:?}");
    }
    let (mut after, mut ids) = (None, Vec::new());
    loop {
        let page =
            store.customer_tickets(&"acme".into(), Reader::Session(&[9; 32].into()), after.as_ref(), 3).await.unwrap();
        ids.extend(page.tickets.into_iter().map(|ticket| ticket.id));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    ids.sort_by_key(|id| id.as_str().parse::<u32>().unwrap());
    assert_eq!(ids, readable);
    let numbers = |messages: Vec<domain::conversation::Message>| {
        messages.iter().map(|message| message.number).collect::<Vec<_>>()
    };
    assert_eq!(numbers(store.messages(&"1".into(), 0).await.unwrap()), [1, 2, 5, 6, 8, 9, 10, 11, 12]);
    assert_eq!(numbers(store.last_messages(&"1".into(), None, 3).await.unwrap()), [10, 11, 12]);
    let page = store.message_page(&"1".into(), 1, 3).await.unwrap();
    assert_eq!((numbers(page.messages), page.has_more), (vec![2, 5, 6], true));
}

/// Adds copies of the first ticket that are found by `word`, with smaller numbers than all others.
async fn multiply(store: &SqliteStore, count: u32, word: &str) {
    for sql in [
        "WITH RECURSIVE copies (number) AS (SELECT 2 UNION ALL SELECT number + 1 FROM copies WHERE number < ?1)
        INSERT INTO tickets (id, site, reference, status, received_at, topic, severity, owner, team, assignee, turn, updated_at,
            read_until, kind, listed, list_group, list_key, number)
        SELECT 'copy-' || copies.number, site, 'COPY-' || copies.number, status, received_at, topic, severity, owner, team,
            assignee, turn, updated_at, read_until, kind, listed, list_group, list_key, copies.number
        FROM copies, tickets WHERE tickets.number = 1 AND ?2 <> ''",
        "INSERT INTO ticket_tokens (ticket, token) SELECT number, ?2 FROM tickets WHERE number BETWEEN 2 AND ?1",
    ] {
        sqlx::query(sql).bind(count + 1).bind(word).execute(&store.writer).await.unwrap();
    }
}

#[tokio::test]
async fn a_search_for_rare_combinations_continues_where_it_stopped() {
    let (store, _folder) = fresh().await;
    let mut first = ticket("1", "DB-00001", "2026-01-01T00:00:00.000Z");
    first.ticket.message = "alpha beta".into();
    store.submit(&first, &submission_key("1"), SubmissionExtras::default()).await.unwrap();
    multiply(&store, 20_000, "alpha").await;
    for sql in [
        "UPDATE ticket_tokens SET token = 'beta' WHERE token = 'alpha' AND ticket > 8000",
        "INSERT INTO ticket_tokens (ticket, token) VALUES (17, 'rare')",
    ] {
        sqlx::query(sql).execute(&store.writer).await.unwrap();
    }
    let search = async |words: &str, after| {
        let view = View { words: words.into(), ..View::default() };
        let page = store.list_tickets(&view, after, 10).await.unwrap();
        (page.tickets.into_iter().map(|ticket| ticket.id).collect::<Vec<_>>(), page.next, page.stopped_at)
    };
    for words in ["alpha beta", "beta alpha"] {
        let (found, mut next, stopped_at) = search(words, None).await;
        assert_eq!((found.len(), stopped_at), (0, Some(time("2026-01-01T00:00:00.000Z"))), "{words}");
        let mut found = Vec::new();
        while let Some(after) = next {
            let page = search(words, Some(after)).await;
            (found, next) = (page.0, page.1);
        }
        assert_eq!(found, ["1"], "{words}");
    }
    // A rare term leads to its tickets at once, wherever they are, and common terms that occur together often fill a page.
    assert_eq!(search("alpha rare", None).await, (vec![TicketId::new("copy-17")], None, None));
    assert_eq!(search("rare alpha", None).await, (vec![TicketId::new("copy-17")], None, None));
    let (found, next, stopped_at) = search("beta", None).await;
    assert_eq!((found.len(), next.is_some(), stopped_at), (10, true, None));
}

#[tokio::test]
async fn a_list_with_two_selective_filters_continues_where_it_stopped() {
    let (store, _folder) = fresh().await;
    let first = ticket("1", "DB-00001", "2026-01-01T00:00:00.000Z");
    store.submit(&first, &submission_key("1"), SubmissionExtras::default()).await.unwrap();
    multiply(&store, 6_000, "word").await;
    sqlx::query("UPDATE tickets SET owner = 'cs' WHERE number = 5990").execute(&store.writer).await.unwrap();
    let view = View { site: Some("acme".into()), owner: Some(Owner::Cs), ..View::default() };
    let first = store.list_tickets(&view, None, 10).await.unwrap();
    assert_eq!((first.tickets.len(), first.stopped_at), (0, Some(time("2026-01-01T00:00:00.000Z"))));
    let second = store.list_tickets(&view, first.next, 10).await.unwrap();
    assert_eq!((second.tickets.len(), second.next, second.stopped_at), (1, None, None));
}

#[tokio::test]
async fn tickets_of_an_earlier_version_are_indexed_when_the_store_opens() {
    let (store, folder) = fresh().await;
    store
        .submit(&ticket("1", "DB-00001", "2026-01-01T00:00:00.000Z"), &submission_key("a"), with_answer())
        .await
        .unwrap();
    store
        .submit(&ticket("2", "DB-00002", "2026-01-01T00:00:00.000Z"), &submission_key("b"), SubmissionExtras::default())
        .await
        .unwrap();
    let before = store.list_tickets(&View::default(), None, 10).await.unwrap().tickets;
    // The state after the migration: what was sent in format 0, one of them invalid JSON, and nothing else.
    let sent = serde_json::to_string(&ticket("1", "", NOW).ticket).unwrap();
    for (sql, value) in [
        ("UPDATE ticket_bodies SET format = 0, excerpt = '', body = ? WHERE ticket = '1'", sent.as_str()),
        ("UPDATE ticket_bodies SET format = 0, excerpt = '', body = ? WHERE ticket = '2'", "{"),
        ("DELETE FROM ticket_tokens WHERE token <> ?", ""),
        ("UPDATE tickets SET kind = ?, title = '', list_group = 0, list_key = 0, listed = 0", ""),
    ] {
        sqlx::query(sql).bind(value).execute(&store.writer).await.unwrap();
    }
    store.close().await;
    let store = SqliteStore::open(&folder.path().join("new/folder/test.db")).await.unwrap();
    let expected: Vec<_> = before.into_iter().filter(|ticket| ticket.id == "1").collect();
    assert_eq!(store.list_tickets(&View::default(), None, 10).await.unwrap().tickets, expected);
    for words in ["nothing else", "perhaps", "DB-00001"] {
        let view = View { words: words.into(), ..View::default() };
        assert_eq!(store.list_tickets(&view, None, 10).await.unwrap().tickets, expected, "{words}");
    }
    assert_eq!(store.ticket(&"1".into()).await.unwrap().unwrap().ticket, ticket("1", "", NOW).ticket);
    let error = store.ticket(&"2".into()).await.unwrap_err().to_string();
    assert_eq!(error, "ticket 2 cannot be read: column body: format 0, invalid JSON at line 1 column 1");
}

#[tokio::test]
async fn erasing_a_ticket_removes_its_list_columns_and_tokens() {
    let (store, _folder) = fresh().await;
    store
        .submit(&ticket("1", "DB-00001", "2026-01-01T00:00:00.000Z"), &submission_key("a"), with_answer())
        .await
        .unwrap();
    sqlx::query("DELETE FROM tickets WHERE id = '1'").execute(&store.writer).await.unwrap();
    for table in ["ticket_bodies", "ticket_tokens", "messages", "seals"] {
        let count = sqlx::query_scalar::<_, i64>(sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}")));
        assert_eq!(count.fetch_one(&store.writer).await.unwrap(), 0, "{table}");
    }
    // Its number may be reused.
    store
        .submit(&ticket("2", "DB-00002", "2026-01-01T00:00:00.000Z"), &submission_key("b"), SubmissionExtras::default())
        .await
        .unwrap();
    let found = async || {
        let view = View { words: "perhaps".into(), ..View::default() };
        let found = store.list_tickets(&view, None, 10).await.unwrap().tickets;
        found.into_iter().map(|ticket| ticket.id).collect::<Vec<_>>()
    };
    assert!(found().await.is_empty(), "{:?}", found().await);
    // A ticket is also found by its automatic answer.
    store
        .submit(&ticket("3", "DB-00003", "2026-01-01T00:00:00.000Z"), &submission_key("c"), with_answer())
        .await
        .unwrap();
    assert_eq!(found().await, ["3"]);
}

#[tokio::test]
async fn deletes_old_rows_of_any_number() {
    let (store, _folder) = fresh().await;
    let numbers = "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 2500)";
    for fill in [
        "INSERT INTO erased_submissions (site, key, erased_at) {numbers} SELECT 'demo', CAST(n AS BLOB), '2020-01-01' FROM numbers",
        "INSERT INTO attachments (site, id, file, name, type, size, put_at)
            {numbers} SELECT 'demo', 'at_' || n, 'file_' || n, 'a.txt', 'text/plain', 1, '2020-01-01' FROM numbers",
    ] {
        let fill = sqlx::AssertSqlSafe(fill.replace("{numbers}", numbers));
        sqlx::query(fill).execute(&store.writer).await.unwrap();
    }
    store.forget_erased_submissions(time(NOW)).await.unwrap();
    store.forget_attachments(time(NOW), time(NOW)).await.unwrap();
    for (table, expected) in [("erased_submissions", 0), ("attachments", 0), ("removed_files", 2500)] {
        let count = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
        assert_eq!(sqlx::query_scalar::<_, i64>(count).fetch_one(&store.readers).await.unwrap(), expected, "{table}");
    }
}

/// What several ports read about one ticket.
async fn read_everything(store: &SqliteStore) -> String {
    let id = TicketId::new("1");
    let answers = (
        store.ticket(&id).await.unwrap().unwrap(),
        store.ticket_by_name("DB-1").await.unwrap().unwrap(),
        store.submission(&ACME, &submission_key("1").key).await.unwrap().unwrap(),
        store.list_tickets(&View::default(), None, 10).await.unwrap(),
        store.messages(&id, 0).await.unwrap(),
        store.deliveries(&id).await.unwrap(),
        store.undelivered(&DeliveryFilter::default(), None, 10).await.unwrap(),
        store.agent_sessions(None, None, 10).await.unwrap(),
        store.audit_entries(None, None, 10).await.unwrap(),
    );
    format!("{answers:?}")
}

#[tokio::test]
async fn columns_that_a_newer_program_adds_change_no_answer() {
    let (store, _folder) = fresh().await;
    let extras = SubmissionExtras { deliveries: desk_deliveries(DeliveryKind::Ticket), ..with_answer() };
    store.submit(&ticket("1", "DB-1", NOW), &submission_key("1"), extras).await.unwrap();
    let session = NewAgentSession {
        digest: [1; 32].into(),
        agent: Agent { id: "ana".into(), name: "Ana".into(), grants: Vec::new() },
        method: LoginMethod::PersonalToken,
        credential_digest: [2; 32],
        address: "192.0.2.1".into(),
        browser: "Firefox".into(),
        lifetime: Duration::from_secs(60),
    };
    store.open_session(&session, None).await.unwrap();
    let before = read_everything(&store).await;
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND sql NOT LIKE '% VIRTUAL %'",
    )
    .fetch_all(&store.writer)
    .await
    .unwrap();
    for table in &tables {
        let add = format!("ALTER TABLE \"{table}\" ADD COLUMN added TEXT NOT NULL DEFAULT 'new'");
        sqlx::raw_sql(sqlx::AssertSqlSafe(add)).execute(&store.writer).await.unwrap();
    }
    assert!(tables.len() > 30, "{tables:?}");
    assert_eq!(read_everything(&store).await, before);
}
