use super::*;
use crate::domain::context::Context;
use crate::domain::targets::{Owner, Target};
use crate::domain::ticket::{Client, Contact, Kind, NewTicket, Priority, Severity, Status};

/// A store in a folder of its own.
async fn fresh() -> (SqliteStore, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (SqliteStore::open(&folder.path().join("new/folder/test.db")).await.unwrap(), folder)
}

fn ticket(id: &str, reference: &str, received_at: &str) -> StoredTicket {
    StoredTicket {
        id: id.into(),
        site: "acme".into(),
        reference: reference.into(),
        status: Status::Open,
        priority: Some(Priority::High),
        target: Some(Target {
            severity: Severity::High,
            priority: Priority::High,
            hours: 8,
            owner: Owner::SupportHero,
        }),
        due_at: None,
        received_at: received_at.into(),
        person: None,
        ticket: NewTicket {
            kind: Kind::Bug,
            topic: "billing".into(),
            severity: Severity::High,
            message: "It says „no“ \u{0}\u{202e} and nothing else".into(),
            contact: Contact::default(),
            context: Context::default(),
            questions: vec![],
            via: String::new(),
            consent: None,
            locale: "en".into(),
            created_at: String::new(),
            client: Client { name: "test".into(), version: "1".into() },
        },
    }
}

fn seal(key: &str) -> Seal {
    Seal { key: key.into(), body: [7; 32], session: Some([9; 32]) }
}

fn question(id: &str, title: &str) -> Question {
    Question { id: id.into(), title: title.into(), ..Question::default() }
}

#[tokio::test]
async fn a_ticket_comes_back_as_it_was_by_id_by_reference_and_by_key() {
    let (store, _folder) = fresh().await;
    let ticket = ticket("1", "DB-00001", "2026-01-01T00:00:00.000Z");
    assert_eq!(store.place(&ticket, &seal("k")).await.unwrap(), Placed::New);
    assert_eq!(store.ticket("1").await.unwrap().as_ref(), Some(&ticket));
    assert_eq!(store.ticket("DB-00001").await.unwrap().as_ref(), Some(&ticket));
    assert_eq!(store.sealed("acme", "k").await.unwrap(), Some(Sealed { seal: seal("k"), ticket }));
    assert_eq!(store.sealed("other", "k").await.unwrap(), None);
    assert_eq!(store.ticket("2").await.unwrap(), None);
}

#[tokio::test]
async fn a_key_or_a_reference_that_is_taken_keeps_nothing() {
    let (store, _folder) = fresh().await;
    let first = ticket("1", "DB-00001", "2026-01-01T00:00:00.000Z");
    store.place(&first, &seal("k")).await.unwrap();
    let second = ticket("2", "DB-00002", "2026-01-01T00:00:01.000Z");
    let held = Sealed { seal: seal("k"), ticket: first };
    assert_eq!(store.place(&second, &seal("k")).await.unwrap(), Placed::KeyTaken(Box::new(held)));
    let third = ticket("3", "DB-00001", "2026-01-01T00:00:02.000Z");
    assert_eq!(store.place(&third, &seal("l")).await.unwrap(), Placed::ReferenceTaken);
    assert_eq!(store.sealed("acme", "l").await.unwrap(), None);
    assert_eq!(store.tickets(None, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_list_is_newest_first_and_goes_on_where_it_stopped() {
    let (store, _folder) = fresh().await;
    for n in 0..5 {
        // Two of them in the same millisecond, so that the id has to decide.
        let ticket = ticket(&format!("{n}"), &format!("DB-0000{n}"), &format!("2026-01-01T00:00:0{}.000Z", n / 2));
        store.place(&ticket, &seal(&format!("{n}"))).await.unwrap();
    }
    let mut seen = Vec::new();
    let mut cursor = None;
    loop {
        let page = store.tickets(cursor.as_ref(), 2).await.unwrap();
        let Some(last) = page.last() else { break };
        cursor = Some(Cursor { received_at: last.received_at.clone(), id: last.id.clone() });
        seen.extend(page.into_iter().map(|ticket| ticket.id));
    }
    assert_eq!(seen, ["4", "3", "2", "1", "0"]);
}

#[tokio::test]
async fn the_connection_that_writes_waits_for_the_disk() {
    let (store, _folder) = fresh().await;
    let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(&store.writer).await.unwrap();
    let journal: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&store.writer).await.unwrap();
    assert_eq!((synchronous, journal.as_str()), (2, "wal"));
}

#[tokio::test]
async fn an_import_changes_what_changed_and_counts_up_only_then() {
    let (store, _folder) = fresh().await;
    let first = [question("b", "Two"), question("a", "One")];
    assert_eq!(store.import("acme", "file", &first, false).await.unwrap(), Changes { new: 2, ..Changes::default() });
    assert_eq!(
        store.import("acme", "file", &first, true).await.unwrap(),
        Changes { unchanged: 2, ..Changes::default() }
    );
    let (revision, questions) = store.questions("acme").await.unwrap();
    assert_eq!((revision, questions[0].id.as_str()), (1, "a"));

    let second = [question("a", "Changed"), question("c", "Three")];
    let changes = store.import("acme", "file", &second, false).await.unwrap();
    assert_eq!(changes, Changes { new: 1, changed: 1, ..Changes::default() });
    let changes = store.import("acme", "file", &second, true).await.unwrap();
    assert_eq!(changes, Changes { unchanged: 2, removed: 1, ..Changes::default() });
    assert_eq!(store.revisions().await.unwrap(), BTreeMap::from([("acme".into(), 3)]));
    assert_eq!(store.question("acme", "a").await.unwrap().unwrap().title, "Changed");
    assert_eq!(store.question("acme", "b").await.unwrap(), None);
    assert_eq!(store.question("other", "a").await.unwrap(), None);
}

#[tokio::test]
async fn sources_neither_overwrite_nor_prune_each_other() {
    let (store, _folder) = fresh().await;
    store.import("acme", "one", &[question("a", "One"), question("b", "Two")], true).await.unwrap();
    let changes = store.import("acme", "other", &[question("a", "Mine"), question("c", "Three")], true).await.unwrap();
    let taken = vec![Taken { id: "a".into(), source: "one".into() }];
    assert_eq!(changes, Changes { new: 1, taken, ..Changes::default() });
    let titles: Vec<String> =
        store.questions("acme").await.unwrap().1.into_iter().map(|question| question.title).collect();
    assert_eq!(titles, ["One", "Two", "Three"]);
    let changes = store.import("acme", "one", &[], true).await.unwrap();
    assert_eq!(changes, Changes { removed: 2, ..Changes::default() });
    assert_eq!(store.questions("acme").await.unwrap().1.len(), 1);
}

#[tokio::test]
async fn when_a_source_was_imported_is_kept_also_where_nothing_changed() {
    let (store, _folder) = fresh().await;
    assert_eq!(store.imported_at("acme", "one").await.unwrap(), None);
    let before = now();
    store.import("acme", "one", &[], false).await.unwrap();
    let at = store.imported_at("acme", "one").await.unwrap().unwrap();
    assert!(at >= before && at <= now(), "{at}");
    assert_eq!(store.imported_at("acme", "other").await.unwrap(), None);
    assert_eq!(store.revisions().await.unwrap(), BTreeMap::new());
}

#[tokio::test]
async fn what_was_there_before_sources_were_kept_belongs_to_who_brings_it_next() {
    let (store, _folder) = fresh().await;
    store.import("acme", "", &[question("a", "One"), question("b", "Two")], false).await.unwrap();
    let changes = store.import("acme", "one", &[question("a", "One"), question("b", "Changed")], true).await.unwrap();
    assert_eq!(changes, Changes { unchanged: 1, changed: 1, ..Changes::default() });
    let changes = store.import("acme", "other", &[question("a", "Mine")], true).await.unwrap();
    assert_eq!(changes.taken.len(), 1);
    assert_eq!(store.import("acme", "one", &[], true).await.unwrap().removed, 2);
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), "").unwrap();
    let error = SqliteStore::open(&folder.path().join("file/test.db")).await.unwrap_err().to_string();
    assert!(error.contains("file/test.db: ") && error.contains("sqlite:PATH"), "{error}");
}
