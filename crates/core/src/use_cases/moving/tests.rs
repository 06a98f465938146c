//! Moves between stores in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;

use super::*;
use crate::ports::{MoveMark, NoProgress, RowFault, RowSink, Suspects, Value};

type Rows = BTreeMap<&'static str, Vec<Row>>;

/// A store in memory that records what was written to it.
#[derive(Default)]
struct Store {
    name: &'static str,
    rows: Mutex<Rows>,
    mark: Mutex<Option<MoveMark>>,
    writes: Mutex<Vec<String>>,
    reads: Mutex<Vec<&'static str>>,
    batches: Mutex<Vec<usize>>,
    broken_references: Vec<RowFault>,
    unreadable: Option<(&'static str, RowFault)>,
    refused_row: Option<(&'static str, usize)>,
    last_number: Mutex<i64>,
    keeps_last_number: bool,
    is_used: bool,
    /// Used from the moment on when the rows of the source were checked.
    is_used_later: bool,
    /// Used from the moment on when its tables exist.
    is_used_at_last: bool,
    checks: Mutex<usize>,
    is_open_elsewhere: bool,
}

impl Store {
    fn write(&self, name: &str) {
        self.writes.lock().unwrap().push(name.into());
    }

    fn writes(&self) -> Vec<String> {
        self.writes.lock().unwrap().clone()
    }

    async fn read_rows(&self, table: &'static Table, skip: u64, sink: &mut dyn RowSink) -> Result<(), StoreError> {
        self.reads.lock().unwrap().push(table.name);
        let rows = self.rows.lock().unwrap().get(table.name).cloned().unwrap_or_default();
        for row in rows.into_iter().skip(skip as usize) {
            sink.take(row).await?;
        }
        match &self.unreadable {
            Some((name, fault)) if *name == table.name => sink.take_fault(fault.clone()).await,
            _ => Ok(()),
        }
    }

    fn begin_with(&self, id: &str, other: &str) {
        *self.mark.lock().unwrap() = Some(MoveMark { id: id.into(), other: other.into(), is_finished: false });
    }

    fn finish_mark(&self) {
        self.mark.lock().unwrap().as_mut().unwrap().is_finished = true;
    }
}

#[async_trait]
impl MoveSource for Store {
    fn name(&self) -> String {
        self.name.into()
    }

    fn row_name(&self, table: &'static Table, row: &Row) -> String {
        format!("{} WHERE {:?}", table.name, row[0])
    }

    async fn mark(&self) -> Result<Option<MoveMark>, StoreError> {
        Ok(self.mark.lock().unwrap().clone())
    }

    async fn lock(&self) -> Result<bool, StoreError> {
        if self.is_open_elsewhere {
            return Ok(false);
        }
        self.write("lock");
        Ok(true)
    }

    async fn begin(&self, id: &str, target: &str) -> Result<(), StoreError> {
        self.write("begin");
        self.begin_with(id, target);
        Ok(())
    }

    async fn finish(&self) -> Result<(), StoreError> {
        self.write("finish");
        self.finish_mark();
        Ok(())
    }

    async fn cancel(&self) -> Result<(), StoreError> {
        self.write("cancel");
        *self.mark.lock().unwrap() = None;
        Ok(())
    }

    async fn count(&self, table: &'static Table) -> Result<u64, StoreError> {
        Ok(self.rows.lock().unwrap().get(table.name).map_or(0, Vec::len) as u64)
    }

    async fn read(&self, table: &'static Table, skip: u64, sink: &mut dyn RowSink) -> Result<(), StoreError> {
        self.read_rows(table, skip, sink).await
    }

    async fn suspects(&self, progress: &dyn Progress) -> Result<Suspects, StoreError> {
        progress.advance(self.rows.lock().unwrap().values().map(Vec::len).sum::<usize>() as u64);
        let is_suspect = |table: &&Table| self.unreadable.as_ref().is_some_and(|(name, _)| *name == table.name);
        let tables = TABLES.iter().filter(is_suspect).collect();
        Ok(Suspects { tables, has_broken_references: !self.broken_references.is_empty() })
    }

    async fn broken_references(&self, limit: u32) -> Result<Vec<RowFault>, StoreError> {
        Ok(self.broken_references.iter().take(limit as usize).cloned().collect())
    }

    async fn last_number(&self, _: &'static Table) -> Result<i64, StoreError> {
        Ok(*self.last_number.lock().unwrap())
    }
}

#[async_trait]
impl MoveTarget for Store {
    fn name(&self) -> String {
        self.name.into()
    }

    async fn mark(&self) -> Result<Option<MoveMark>, StoreError> {
        Ok(self.mark.lock().unwrap().clone())
    }

    async fn is_used(&self) -> Result<bool, StoreError> {
        let mut checks = self.checks.lock().unwrap();
        *checks += 1;
        Ok(self.is_used || (self.is_used_later && *checks > 1))
    }

    async fn unexpected_table(&self) -> Result<Option<&'static str>, StoreError> {
        let has_begun = self.mark.lock().unwrap().is_some();
        let rows = self.rows.lock().unwrap();
        Ok(rows.iter().find(|(_, rows)| !has_begun && !rows.is_empty()).map(|(name, _)| *name))
    }

    async fn prepare(&self) -> Result<(), StoreError> {
        self.write("prepare");
        Ok(())
    }

    async fn begin(&self, id: &str, source: &str) -> Result<bool, StoreError> {
        if self.is_used_at_last {
            return Ok(false);
        }
        self.write("begin");
        self.begin_with(id, source);
        Ok(true)
    }

    async fn written(&self) -> Result<BTreeMap<String, u64>, StoreError> {
        Ok(self.rows.lock().unwrap().iter().map(|(name, rows)| (name.to_string(), rows.len() as u64)).collect())
    }

    async fn append(&self, table: &'static Table, rows: &[Row]) -> Result<(), AppendError> {
        if let Some((_, index)) = self.refused_row.filter(|(name, _)| *name == table.name) {
            return Err(AppendError::Row { index, reason: "too long".into() });
        }
        self.batches.lock().unwrap().push(rows.iter().flatten().map(Value::size).sum());
        self.rows.lock().unwrap().entry(table.name).or_default().extend(rows.to_vec());
        Ok(())
    }

    fn stored(&self, value: Value) -> Value {
        value
    }

    async fn read(&self, table: &'static Table, sink: &mut dyn RowSink) -> Result<(), StoreError> {
        self.read_rows(table, 0, sink).await
    }

    async fn set_last_number(&self, _: &'static Table, number: i64) -> Result<(), StoreError> {
        if !self.keeps_last_number {
            *self.last_number.lock().unwrap() = number;
        }
        Ok(())
    }

    async fn last_number(&self, _: &'static Table) -> Result<i64, StoreError> {
        Ok(*self.last_number.lock().unwrap())
    }

    async fn finish(&self) -> Result<(), StoreError> {
        self.write("finish");
        self.finish_mark();
        Ok(())
    }
}

fn file(name: &str) -> Row {
    vec![name.into()]
}

fn source() -> Store {
    let rows = BTreeMap::from([("removed_files", vec![file("a"), file("b"), file("c")])]);
    Store { name: "old.db", rows: Mutex::new(rows), last_number: Mutex::new(7), ..Store::default() }
}

fn target() -> Store {
    Store { name: "new", ..Store::default() }
}

fn fault(row: &str) -> RowFault {
    RowFault { row: row.into(), column: "at".into(), problem: "is 'soon'".into(), allowed: "a time".into() }
}

/// Moves a store to another; returns the error, and both.
async fn run(
    source: Store,
    target: Store,
    batch_bytes: usize,
) -> (Result<MoveReport, MoveError>, Arc<Store>, Arc<Store>) {
    let (source, target) = (Arc::new(source), Arc::new(target));
    let moved = MoveDatabase::new(source.clone(), target.clone(), batch_bytes).run(&NoProgress).await;
    (moved, source, target)
}

/// A move that has to be refused without a change; returns the error.
async fn refusal(source: Store, target: Store) -> String {
    let (moved, source, target) = run(source, target, BATCH_BYTES).await;
    assert_eq!((source.writes(), target.writes()), (vec![], vec![]));
    moved.unwrap_err().to_string()
}

#[tokio::test]
async fn a_refused_move_changes_neither_side() {
    let error = refusal(source(), Store { is_used: true, ..target() }).await;
    assert!(error.contains("a gateway or command uses this database"), "{error}");
    let error = refusal(Store { is_open_elsewhere: true, ..source() }, target()).await;
    assert!(error.starts_with("old.db: in use by"), "{error}");
    let rows = BTreeMap::from([("agents", vec![file("eve")])]);
    let error = refusal(source(), Store { rows: Mutex::new(rows), ..target() }).await;
    assert!(error.contains("the table agents has rows that are not of this move"), "{error}");
    let other = target();
    other.begin_with("id", "other.db");
    let error = refusal(source(), other).await;
    assert!(error.contains("another move, from other.db"), "{error}");
}

#[tokio::test]
async fn rows_that_cannot_be_moved_are_all_named_before_anything_is_written() {
    let faulty = Store {
        unreadable: Some(("notifications", fault("notifications WHERE id = 'n'"))),
        broken_references: vec![fault("messages WHERE ticket = 't'")],
        ..source()
    };
    let error = refusal(faulty, target()).await;
    assert_eq!(
        error,
        "old.db: rows cannot be moved as they are:
  messages WHERE ticket = 't': at is 'soon'; allowed: a time
  notifications WHERE id = 'n': at is 'soon'; allowed: a time
Back this database up, correct or delete these rows with sqlite3, and run the command again. Nothing was changed"
    );
    let many = Store {
        unreadable: Some(("notifications", fault("notifications"))),
        broken_references: vec![fault("messages"); 40],
        ..source()
    };
    let error = refusal(many, target()).await;
    assert_eq!(error.matches("is 'soon'").count(), 20);
    assert!(error.contains("\n  and others\n"), "{error}");
}

#[tokio::test]
async fn only_suspect_tables_are_read_before_a_move() {
    let faulty =
        Arc::new(Store { unreadable: Some(("notifications", fault("notifications WHERE id = 'n'"))), ..source() });
    let moved = MoveDatabase::new(faulty.clone(), Arc::new(target()), BATCH_BYTES).run(&NoProgress).await;
    assert!(matches!(moved, Err(MoveError::FaultyRows(..))));
    assert_eq!(*faulty.reads.lock().unwrap(), ["notifications"]);
    let sound = Arc::new(source());
    MoveDatabase::new(sound.clone(), Arc::new(target()), BATCH_BYTES).run(&NoProgress).await.unwrap();
    // Once to move it, and once to compare it.
    assert_eq!(sound.reads.lock().unwrap().iter().filter(|name| **name == "tickets").count(), 2);
}

/// Keeps what progress shows.
#[derive(Default)]
struct Steps(Mutex<Vec<(&'static str, Option<u64>, u64)>>);

impl Progress for Steps {
    fn begin(&self, step: &'static str, total: Option<u64>) {
        self.0.lock().unwrap().push((step, total, 0));
    }

    fn advance(&self, units: u64) {
        self.0.lock().unwrap().last_mut().unwrap().2 += units;
    }
}

#[tokio::test]
async fn a_gateway_that_starts_on_the_target_meanwhile_keeps_the_source_as_it_was() {
    let earlier = MoveMark { id: "earlier".into(), other: MoveTarget::name(&target()), is_finished: false };
    for used in [Store { is_used_later: true, ..target() }, Store { is_used_at_last: true, ..target() }] {
        let is_empty = !used.is_used_at_last;
        let (from, to) = (Arc::new(source()), Arc::new(used));
        *from.mark.lock().unwrap() = Some(earlier.clone());
        let moved = MoveDatabase::new(from.clone(), to.clone(), BATCH_BYTES).run(&NoProgress).await;
        assert!(matches!(moved, Err(MoveError::TargetInUse(_))), "{moved:?}");
        assert_eq!(*from.mark.lock().unwrap(), Some(earlier.clone()));
        assert_eq!(to.writes().is_empty(), is_empty, "{:?}", to.writes());
        assert_eq!(*to.mark.lock().unwrap(), None);
    }
}

#[tokio::test]
async fn every_phase_of_a_move_shows_its_progress() {
    let steps = Steps::default();
    MoveDatabase::new(Arc::new(source()), Arc::new(target()), BATCH_BYTES).run(&steps).await.unwrap();
    assert_eq!(
        *steps.0.lock().unwrap(),
        [
            ("checking the new database", None, 0),
            ("counting rows", None, 0),
            ("checking rows", Some(3), 3),
            ("moving rows", Some(3), 3),
            ("comparing rows", Some(3), 3),
        ]
    );
}

#[tokio::test]
async fn a_row_that_the_target_refuses_is_named_as_the_source_names_it() {
    let (moved, source, target) =
        run(source(), Store { refused_row: Some(("removed_files", 1)), ..target() }, BATCH_BYTES).await;
    let error = moved.unwrap_err().to_string();
    assert!(
        error.starts_with("new: a row of old.db is refused. removed_files WHERE Text(\"b\"): too long; "),
        "{error}"
    );
    assert!(error.contains("repeat this command with `--cancel`"), "{error}");
    assert!(!source.writes().contains(&"finish".into()) && !target.writes().contains(&"finish".into()));
}

#[tokio::test]
async fn batches_are_limited_by_the_memory_that_they_take() {
    const LIMIT: usize = 2_000;
    let source = source();
    let texts: Vec<Row> = (0..40).map(|number| file(&"x".repeat(number * 10))).collect();
    let mut numbers = vec![vec![Value::Integer(1); 31]; 10];
    numbers.push(vec!["x".repeat(5 * LIMIT).as_str().into()]);
    source.rows.lock().unwrap().extend([("removed_files", texts), ("tickets", numbers)]);
    let (moved, _, target) = run(source, target(), LIMIT).await;
    assert_eq!(moved.unwrap().tables.iter().map(|table| table.rows).sum::<u64>(), 51);
    let batches = target.batches.lock().unwrap().clone();
    // A row of numbers takes memory, too.
    assert!(batches.len() > 10, "{batches:?}");
    assert!(batches.iter().filter(|bytes| **bytes > 2 * LIMIT).count() == 1, "{batches:?}");
}

#[tokio::test]
async fn a_comparison_changes_neither_side() {
    let (source, target) = (Arc::new(source()), Arc::new(target()));
    let both = MoveDatabase::new(source.clone(), target.clone(), BATCH_BYTES);
    assert!(matches!(both.compare(&NoProgress).await, Err(MoveError::NotMoved(..))));
    source.begin_with("id", "new");
    target.begin_with("id", "old.db");
    let compared = both.compare(&NoProgress).await.unwrap();
    assert!(compared.iter().any(|table| !table.is_equal()));
    assert_eq!((source.writes(), target.writes()), (vec![], vec![]));
}

#[tokio::test]
async fn a_move_does_not_finish_if_new_rows_would_get_numbers_of_moved_ones() {
    let (moved, source, target) = run(source(), Store { keeps_last_number: true, ..target() }, BATCH_BYTES).await;
    let error = moved.unwrap_err().to_string();
    assert!(error.contains("new rows of tickets would continue after 0, not 7"), "{error}");
    assert!(!source.writes().contains(&"finish".into()) && !target.writes().contains(&"finish".into()));
}

#[tokio::test]
async fn the_target_is_prepared_before_a_move_begins_and_again_before_it_continues() {
    let (moved, source, target) = run(source(), target(), BATCH_BYTES).await;
    assert!(!moved.unwrap().was_finished);
    assert_eq!(source.writes(), ["lock", "cancel", "begin", "finish"]);
    assert_eq!(target.writes(), ["prepare", "begin", "finish"]);
    target.begin_with("id", "old.db");
    source.begin_with("id", "new");
    MoveDatabase::new(source.clone(), target.clone(), BATCH_BYTES).run(&NoProgress).await.unwrap();
    assert_eq!(source.writes()[4..], ["lock", "finish"]);
    assert_eq!(target.writes()[3..], ["prepare", "finish"]);
}
