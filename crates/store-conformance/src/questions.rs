//! Questions and their imports.

use crate::support::{ACME, LEASE, TestClock, time};
use deskbell_core::ports::{IdConflict, ImportOutcome, ImportRun, NewQuestion, Revision, RevisionRange, Store};
use domain::question::Question;

pub async fn an_id_taken_by_another_source_stays_with_it(store: &dyn Store, _clock: &TestClock) {
    let row = |title: &str| NewQuestion {
        id: "a".into(),
        hash: [1; 32],
        json: serde_json::to_string(&question("a", title)).unwrap(),
    };
    assert_eq!(store.write_questions(&ACME, "one", &[row("One")]).await.unwrap(), []);
    let conflicts = store.write_questions(&ACME, "other", &[row("Mine")]).await.unwrap();
    assert_eq!(conflicts, [IdConflict { id: "a".into(), source: "one".into() }]);
    assert_eq!(store.remove_questions(&ACME, "other", &["a".into()]).await.unwrap(), 0);
    assert_eq!(store.question(&ACME, "a").await.unwrap(), Some(question("a", "One")));
}

pub async fn imports_become_visible_when_done_and_changes_are_read_incrementally(
    store: &dyn Store,
    _clock: &TestClock,
) {
    import(store, "one", &[question("a", "One"), question("b", "Two")]).await;
    let changed = async |after: i64, until: i64| {
        let rows = store.changed_questions(&ACME, &(after + 1, String::new()), until, 10).await.unwrap();
        let removed = store.removed_questions(&ACME, RevisionRange { after, until }).await.unwrap();
        (rows.into_iter().map(|row| row.id).collect::<Vec<_>>(), removed)
    };
    assert_eq!(changed(0, 1).await, (vec!["a".into(), "b".into()], vec![]));
    // An import that is killed before it finishes.
    let row =
        NewQuestion { id: "c".into(), hash: [1; 32], json: serde_json::to_string(&question("c", "Three")).unwrap() };
    store.write_questions(&ACME, "one", &[row]).await.unwrap();
    store.remove_questions(&ACME, "one", &["a".into()]).await.unwrap();
    assert_eq!((revision(store).await, changed(1, 1).await), (1, (vec![], vec![])));
    // Another import finishes it and has nothing left to write.
    store.finish_import(&ACME, "one").await.unwrap();
    assert_eq!((revision(store).await, changed(1, 2).await), (2, (vec!["c".into()], vec!["a".into()])));
    store.finish_import(&ACME, "one").await.unwrap();
    assert_eq!(revision(store).await, 2);

    store.forget_removed_questions(time("2000-01-01T00:00:00Z")).await.unwrap();
    assert_eq!(store.revisions().await.unwrap()["acme"], Revision { current: 2, oldest: 0 });
    store.forget_removed_questions(time("2999-01-01T00:00:00Z")).await.unwrap();
    assert_eq!(store.revisions().await.unwrap()["acme"], Revision { current: 2, oldest: 2 });
    assert_eq!(changed(0, 2).await.1, Vec::<String>::new());
}

pub async fn questions_are_paged_in_the_order_of_bytes(store: &dyn Store, _clock: &TestClock) {
    let ids = ["B", "a", "c", "\u{e4}"];
    let questions: Vec<Question> = ids.iter().rev().map(|id| question(id, "One")).collect();
    import(store, "one", &questions).await;
    let first = store.question_page(&ACME, "", 3).await.unwrap();
    let rest = store.question_page(&ACME, &first[2].id, 3).await.unwrap();
    assert_eq!(first.iter().chain(&rest).map(|row| row.id.as_str()).collect::<Vec<_>>(), ids);
    let changed = store.changed_questions(&ACME, &(1, "a".into()), 1, 1).await.unwrap();
    assert_eq!(changed.iter().map(|row| (row.revision, row.id.as_str())).collect::<Vec<_>>(), [(1, "c")]);
    assert_eq!(store.question(&ACME, "\u{e4}").await.unwrap(), Some(question("\u{e4}", "One")));
    assert_eq!(store.question(&"other".into(), "a").await.unwrap(), None);
    let changes = store.question_changes().await.unwrap();
    import(store, "two", &[question("d", "Two")]).await;
    assert!(store.question_changes().await.unwrap() > changes);
    let known = store.known_questions(&ACME).await.unwrap();
    assert_eq!((known.len(), known["d"].source.as_str(), known["d"].hash.len()), (5, "two", 32));
}

pub async fn an_import_lease_has_one_holder(store: &dyn Store, clock: &TestClock) {
    let lease = async |holder: &str| store.lease_import(&ACME, "one", holder, LEASE).await.unwrap();
    assert!(lease("a").await);
    clock.advance(LEASE / 2);
    assert!(!lease("b").await);
    assert_eq!(store.import_run(&ACME, "one").await.unwrap().leased_for, Some(LEASE / 2), "so that others can say it");
    assert!(lease("a").await, "it is renewed");
    clock.advance(LEASE / 2);
    assert!(!lease("b").await);
    clock.advance(LEASE / 2);
    assert_eq!(store.import_run(&ACME, "one").await.unwrap().leased_for, None);
    assert!(lease("b").await, "the other was killed");
    let failure = ImportOutcome::Failure { retry_in: 2 * LEASE };
    store.record_import(&ACME, "one", "a", &failure).await.unwrap();
    let leased = ImportRun { leased_for: Some(LEASE), ..ImportRun::default() };
    assert_eq!(store.import_run(&ACME, "one").await.unwrap(), leased, "whose lease is over says nothing");
    store.record_import(&ACME, "one", "b", &failure).await.unwrap();
    let run = store.import_run(&ACME, "one").await.unwrap();
    assert_eq!((run.failures, run.retry_in, run.leased_for), (1, Some(2 * LEASE), None));
    clock.advance(LEASE);
    assert_eq!(store.import_run(&ACME, "one").await.unwrap().retry_in, Some(LEASE));
    assert!(lease("c").await, "it was given back");
    store.record_import(&ACME, "one", "c", &ImportOutcome::Success { progress: "{}".into() }).await.unwrap();
    let run = store.import_run(&ACME, "one").await.unwrap();
    assert_eq!(run, ImportRun { progress: "{}".into(), ..ImportRun::default() });
    store.finish_import(&ACME, "one").await.unwrap();
    clock.advance(LEASE);
    assert_eq!(store.import_run(&ACME, "one").await.unwrap().since_import, Some(LEASE));
}

fn question(id: &str, title: &str) -> Question {
    Question { id: id.into(), title: title.into(), ..Question::default() }
}

/// Writes questions like an import that is not interrupted.
async fn import(store: &dyn Store, source: &str, questions: &[Question]) {
    let row = |question: &Question| NewQuestion {
        id: question.id.clone(),
        hash: [1; 32],
        json: serde_json::to_string(question).unwrap(),
    };
    let rows: Vec<NewQuestion> = questions.iter().map(row).collect();
    assert_eq!(store.write_questions(&ACME, source, &rows).await.unwrap(), []);
    store.finish_import(&ACME, source).await.unwrap();
}

async fn revision(store: &dyn Store) -> i64 {
    store.revisions().await.unwrap().get("acme").map_or(0, |revision| revision.current)
}
