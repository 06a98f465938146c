//! Texts that PostgreSQL cannot store, rows that cannot be read, and columns of a newer program.

use store_conformance::support::{ACME, LEASE, NOW, QUEUE, TestClock, quota, submission_key, ticket, time, with_mail};

use super::*;
use deskbell_core::ids::{AgentId, ExternalId};
use deskbell_core::ports::{
    Agent, AgentSessions, Attachments, AuditKind, AuditLog, Erasure, ExternalTicketRef, ExternalTickets, Imports,
    LoginMethod, NewAgentSession, NewAuditEntry, NewMail, OutgoingMail, Polls, PoolStatus, SiteTables, StoreHealth,
    StoredAttachment, SubmissionExtras, Tickets,
};
use domain::attachment::FileType;

/// A new store in which it is [`NOW`], with one connection, so that statements are prepared once.
async fn fresh() -> PostgresStore {
    let options =
        StoreOptions { connections: 1, clock: StoreClock::Other(TestClock::new()), ..StoreOptions::default() };
    PostgresStore::open(&test_postgres::database(), options).await.unwrap()
}

fn session(digest: u8, agent: &str) -> NewAgentSession {
    NewAgentSession {
        digest: [digest; 32].into(),
        agent: Agent { id: AgentId::new(agent), name: "A\0na".into(), grants: vec![] },
        method: LoginMethod::Oidc,
        credential_digest: [9; 32],
        address: "\0".into(),
        browser: "Fire\0fox".into(),
        lifetime: LEASE,
    }
}

fn entry(agent: &str) -> NewAuditEntry {
    NewAuditEntry {
        agent: AgentId::new(agent),
        name: "A\0na".into(),
        address: "\0".into(),
        kind: AuditKind::TicketRead,
        site: "\0".into(),
        ticket: "DB\0".into(),
        detail: "\0".into(),
    }
}

#[tokio::test]
async fn sessions_and_audit_entries_with_null_characters_are_stored_and_found() {
    let store = fresh().await;
    let agent = AgentId::new("a\0b");
    store.open_session(&session(1, "a\0b"), None).await.unwrap();
    let found = store.agent_session(&[1; 32].into()).await.unwrap().unwrap();
    assert_eq!((found.agent.name.as_str(), found.browser.as_str()), ("A\u{fffd}na", "Fire\u{fffd}fox"));
    assert_eq!(store.agent_sessions(Some(&agent), None, 10).await.unwrap().len(), 1);
    for _ in 0..2 {
        store.record_repeated(&entry("a\0b"), time(NOW) - LEASE).await.unwrap();
    }
    let entries = store.audit_entries(Some(&agent), None, 10).await.unwrap();
    assert_eq!((entries.len(), entries[0].count, entries[0].entry.ticket.as_str()), (1, 2, "DB\u{fffd}"));
    assert_eq!(store.end_sessions(&agent).await.unwrap(), 1);
    store.write_site_table(&ACME, None, "a\0").await.unwrap().unwrap();
    assert!(store.write_site_table(&ACME, Some("a\0"), "b").await.unwrap().is_some());
    assert!(store.lease_import(&ACME, "so\0urce", "me\0", LEASE).await.unwrap());
    assert!(store.lease_import(&ACME, "so\0urce", "me\0", LEASE).await.unwrap(), "it is renewed");
}

#[tokio::test]
async fn an_unreadable_session_or_ticket_stops_only_itself() {
    let store = fresh().await;
    for (digest, agent) in [(1, "ana"), (2, "ben")] {
        store.open_session(&session(digest, agent), None).await.unwrap();
    }
    for id in ["1", "2"] {
        let mail = NewMail { address: "ada@example.com".into(), quota: Some(quota("ada@example.com")) };
        let new = ticket(id, &format!("DB-{id}"), NOW);
        store.submit(&new, &submission_key(id), with_mail(Some(mail))).await.unwrap();
    }
    for id in ["3", "4"] {
        let external =
            ExternalTicketRef { external_id: ExternalId::new(id), requester: String::new(), merged_after: None };
        let new = ticket(id, &format!("DB-{id}"), NOW);
        assert!(store.adopt(&new, &QUEUE.destination, &external).await.unwrap());
    }
    for damage in [
        "UPDATE agents SET grants = '{' WHERE id = 'ana'",
        "UPDATE tickets SET severity = 'huge' WHERE id IN ('1', '3')",
        "UPDATE mails SET due_at = due_at - interval '1 hour' WHERE ticket = '1'",
    ] {
        sqlx::query(damage).execute(&store.pool).await.unwrap();
    }
    let sessions = store.agent_sessions(None, None, 10).await.unwrap();
    assert_eq!(sessions.iter().map(|session| session.agent.id.as_str()).collect::<Vec<_>>(), ["ben"]);
    assert_eq!(store.claim_mail(&ACME, LEASE).await.unwrap().unwrap().ticket.id, "2");
    let polls = store.claim_polls(&QUEUE, LEASE, 10).await.unwrap();
    assert_eq!(polls.iter().map(|due| due.ticket.id.as_str()).collect::<Vec<_>>(), ["4"]);
    // They are not attempted again and again.
    assert_eq!(store.next_mail(&ACME).await.unwrap(), Some(LEASE));
    assert_eq!(store.next_poll(&QUEUE).await.unwrap(), Some(LEASE));
    assert!(store.ticket_head("1").await.unwrap().is_some(), "and can be erased");
    assert_eq!(store.erase_tickets(&["1".into()], &|_| true).await.unwrap().mails, 1);
}

#[tokio::test]
async fn files_of_an_erased_ticket_are_left_to_the_sweep() {
    let store = fresh().await;
    for (id, file) in [("a", "one"), ("b", "two"), ("b", "three")] {
        let attachment = StoredAttachment {
            site: "acme".into(),
            id: id.into(),
            person: None,
            session: Some([9; 32].into()),
            name: "a.png".into(),
            media: FileType::Png,
            size: 100,
            has_metadata: false,
            file: file.into(),
            put_at: time(NOW),
            number: None,
        };
        store.put_attachment(&attachment, None).await.unwrap();
    }
    let mut new = ticket("1", "DB-1", NOW);
    new.ticket.attachments = vec!["b".into(), "A".into()];
    store.submit(&new, &submission_key("1"), SubmissionExtras::default()).await.unwrap();
    let files = store.attachments(&"1".into()).await.unwrap();
    assert_eq!(
        files.iter().map(|file| file.id.as_str()).collect::<Vec<_>>(),
        ["b", "a"],
        "in the order of the message"
    );
    let erased = store.erase_tickets(&["1".into()], &|_| true).await.unwrap();
    assert_eq!((erased.files, erased.file_bytes), (2, 200));
    assert_eq!(store.removed_files("", 10).await.unwrap(), ["one", "three", "two"]);
    store.forget_removed_files(&["one".into()]).await.unwrap();
    assert_eq!(store.removed_files("three", 10).await.unwrap(), ["two"]);
}

#[tokio::test]
async fn columns_that_a_newer_gateway_adds_disturb_no_prepared_statement() {
    let store = fresh().await;
    submit_and_read(&store, 1).await;
    let tables =
        "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tablename <> '_sqlx_migrations'";
    let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(&store.pool).await.unwrap();
    for table in tables {
        let add = sqlx::AssertSqlSafe(format!("ALTER TABLE {table} ADD COLUMN mood text"));
        sqlx::query(add).execute(&store.pool).await.unwrap();
    }
    submit_and_read(&store, 2).await;
}

/// Reads rows of most tables.
async fn submit_and_read(store: &PostgresStore, round: u8) {
    if round == 1 {
        let mail = NewMail { address: "ada@example.com".into(), quota: Some(quota("ada@example.com")) };
        let extras = SubmissionExtras { unconfirmed: Some("ada@example.com".into()), ..with_mail(Some(mail)) };
        store.submit(&ticket("1", "DB-1", NOW), &submission_key("1"), extras).await.unwrap();
    }
    store.open_session(&session(round, "ana"), None).await.unwrap();
    store.record_audit(&entry("ana")).await.unwrap();
    let sessions = store.agent_sessions(None, None, 10).await.unwrap();
    assert_eq!(sessions.len(), usize::from(round));
    assert_eq!(store.audit_entries(None, None, 10).await.unwrap().len(), usize::from(round));
    assert!(store.ticket(&"1".into()).await.unwrap().is_some());
    assert_eq!(store.attachments(&"1".into()).await.unwrap(), []);
    store.erasure_counts(&"1".into()).await.unwrap().unwrap();
    store.sync_state(&QUEUE).await.unwrap();
    store.import_run(&ACME, "one").await.unwrap();
    store.site_contents(&ACME).await.unwrap();
    store.claim_mail(&ACME, LEASE).await.unwrap();
    store.end_session(sessions[0].id, Some(&AgentId::new("another"))).await.unwrap();
}

#[tokio::test]
async fn a_ping_succeeds_while_the_store_can_be_read_and_fails_afterwards() {
    let store = fresh().await;
    store.ping().await.unwrap();
    let held = store.acquire().await.unwrap();
    let pools = store.pools().await;
    assert_eq!((pools[0].open, pools[0].idle, pools[0].acquire_time), (1, 0, None), "its only connection is in use");
    drop(held);
    assert!(store.pools().await[0].acquire_time.is_some());
    store.pool.close().await;
    store.ping().await.unwrap_err();
}

#[tokio::test]
async fn the_status_has_the_connections_for_what_gateways_share() {
    let store = fresh().await;
    let mut held = Vec::new();
    for _ in 0..SHARED_CONNECTIONS {
        held.push(store.begin_shared().await.unwrap());
    }
    let pools = store.pools().await;
    let of_shared =
        PoolStatus { pool: "shared", open: SHARED_CONNECTIONS, idle: 0, acquire_time: None, is_needed: false };
    assert_eq!(pools[1..], [of_shared]);
    assert!(pools[0].is_needed && pools[0].acquire_time.is_some(), "{pools:?}");
    drop(held);
    assert!(store.pools().await[1].acquire_time.is_some());
}

#[tokio::test]
async fn deletes_old_rows_of_any_number_except_those_that_somebody_holds() {
    let store = PostgresStore::open(&test_postgres::database(), StoreOptions::default()).await.unwrap();
    let fill = "INSERT INTO erased_submissions (site, key, erased_at)
        SELECT 'demo', int4send(n), timestamptz '2020-01-01' FROM generate_series(1, 2500) AS n";
    sqlx::query(fill).execute(&store.pool).await.unwrap();
    let fill = "INSERT INTO attachments (site, id, session, file, name, media_type, size, has_metadata, uploaded_at)
        SELECT 'demo', 'at_' || n, int4send(n), 'file_' || n, 'a.txt', 'text/plain', 1, false, timestamptz '2020-01-01'
        FROM generate_series(1, 2500) AS n";
    sqlx::query(fill).execute(&store.pool).await.unwrap();
    let mut holder = store.pool.begin().await.unwrap();
    sqlx::query("SELECT 1 FROM attachments WHERE id = 'at_1' FOR UPDATE").execute(&mut *holder).await.unwrap();
    let now = store.clock.now(&mut store.acquire().await.unwrap()).await.unwrap();
    store.forget_erased_submissions(now).await.unwrap();
    store.forget_attachments(now, now).await.unwrap();
    let count = async |table: &str| {
        let count = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
        sqlx::query_scalar::<_, i64>(count).fetch_one(&store.pool).await.unwrap()
    };
    assert_eq!([count("erased_submissions").await, count("attachments").await], [0, 1]);
    // Not only dropped, because a connection rolls back later then.
    holder.rollback().await.unwrap();
    store.forget_attachments(now, now).await.unwrap();
    assert_eq!([count("attachments").await, count("removed_files").await], [0, 2500]);
}
