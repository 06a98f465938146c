//! Imports of questions, over a store.

#![allow(missing_docs, clippy::unwrap_used)]

use std::collections::BTreeMap;

use deskbell_core::ports::{IdConflict, Imports, Questions};
use deskbell_core::use_cases::search::all_questions;
use deskbell_core::use_cases::search::import::{Changes, Prune, write};
use domain::question::Question;
use store_sqlite::SqliteStore;

async fn fresh() -> (SqliteStore, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (SqliteStore::open(&folder.path().join("test.db")).await.unwrap(), folder)
}

fn question(id: &str, title: &str) -> Question {
    Question { id: id.into(), title: title.into(), ..Question::default() }
}

async fn import(store: &SqliteStore, source: &str, questions: &[Question], prune: Prune) -> Changes {
    write(store, &"acme".into(), source, questions.to_vec(), prune).await.unwrap()
}

async fn titles(store: &SqliteStore) -> Vec<String> {
    let questions = all_questions(store, &"acme".into()).await.unwrap();
    questions.into_iter().map(|question| question.title).collect()
}

async fn revision(store: &SqliteStore) -> i64 {
    store.revisions().await.unwrap().get("acme").map_or(0, |revision| revision.current)
}

#[tokio::test]
async fn imports_write_only_changed_questions() {
    let (store, _folder) = fresh().await;
    let first = [question("b", "Two"), question("a", "One")];
    assert_eq!(import(&store, "file", &first, Prune::Never).await, Changes { new: 2, ..Changes::default() });
    let changes = import(&store, "file", &first, Prune::Limited).await;
    assert_eq!(changes, Changes { unchanged: 2, ..Changes::default() });
    assert_eq!((revision(&store).await, store.question_changes().await.unwrap()), (1, 2));
    assert_eq!(titles(&store).await, ["One", "Two"]);

    let second = [question("a", "Changed"), question("c", "Three")];
    let changes = import(&store, "file", &second, Prune::Never).await;
    assert_eq!(changes, Changes { new: 1, changed: 1, ..Changes::default() });
    let changes = import(&store, "file", &second, Prune::Limited).await;
    assert_eq!(changes, Changes { unchanged: 2, removed: 1, ..Changes::default() });
    assert_eq!(revision(&store).await, 3);
    assert_eq!(store.question(&"acme".into(), "a").await.unwrap().unwrap().title, "Changed");
    assert_eq!(store.question(&"acme".into(), "b").await.unwrap(), None);
    assert_eq!(store.question(&"other".into(), "a").await.unwrap(), None);
}

#[tokio::test]
async fn sources_do_not_overwrite_or_prune_each_other() {
    let (store, _folder) = fresh().await;
    import(&store, "one", &[question("a", "One"), question("b", "Two")], Prune::Limited).await;
    let changes = import(&store, "other", &[question("a", "Mine"), question("c", "Three")], Prune::Limited).await;
    let conflicts = vec![IdConflict { id: "a".into(), source: "one".into() }];
    assert_eq!(changes, Changes { new: 1, conflicts, ..Changes::default() });
    assert_eq!(titles(&store).await, ["One", "Two", "Three"]);
    let changes = import(&store, "one", &[], Prune::Forced).await;
    assert_eq!(changes, Changes { removed: 2, ..Changes::default() });
    assert_eq!(titles(&store).await, ["Three"]);
}

#[tokio::test]
async fn the_time_of_an_import_is_stored_even_without_changes() {
    let (store, _folder) = fresh().await;
    let since_import = async |source: &str| store.import_run(&"acme".into(), source).await.unwrap().since_import;
    assert_eq!(since_import("one").await, None);
    import(&store, "one", &[], Prune::Never).await;
    assert!(since_import("one").await.is_some());
    assert_eq!(since_import("other").await, None);
    assert_eq!(store.revisions().await.unwrap(), BTreeMap::new());
}

#[tokio::test]
async fn questions_without_a_source_belong_to_the_next_import_of_them() {
    let (store, _folder) = fresh().await;
    import(&store, "", &[question("a", "One"), question("b", "Two")], Prune::Never).await;
    let changes = import(&store, "one", &[question("a", "One"), question("b", "Changed")], Prune::Limited).await;
    assert_eq!(changes, Changes { unchanged: 1, changed: 1, ..Changes::default() });
    assert_eq!(import(&store, "other", &[question("a", "Mine")], Prune::Limited).await.conflicts.len(), 1);
    assert_eq!(import(&store, "one", &[], Prune::Forced).await.removed, 2);
}
