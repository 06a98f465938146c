//! Writes the questions of a source into the store, only what is new or changed, in short transactions with pauses between them, so that other
//! writers, also in other processes, wait for one transaction and not for the whole import. Running an import again continues one that was
//! killed. The index picks up the questions when the import is complete.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use tokio::time::sleep;

use crate::clock;
use crate::ids::SiteKey;
use crate::ports::{IdConflict, KnownQuestion, NewQuestion, Progress, Questions, StoreError};
use domain::question::Question;

/// How much one transaction writes, in questions and in bytes.
const ROWS_AT_ONCE: usize = 500;
const BYTES_AT_ONCE: usize = 1 << 20;
/// The shortest and the longest pause between two transactions. It is as long as the transaction took, because SQLite lets other processes
/// check for a gap only occasionally.
const PAUSE_MIN: Duration = Duration::from_millis(10);
const PAUSE_MAX: Duration = Duration::from_secs(1);
/// How many times a transaction is retried while the database is busy, and the first backoff, which doubles each time.
const BUSY_RETRIES: u32 = 6;
const BUSY_PAUSE: Duration = Duration::from_millis(500);
/// How long the ids of removed questions are stored.
const REMOVED_KEPT: Duration = Duration::from_secs(24 * 60 * 60);
/// Up to this many questions may be removed, whatever their share is.
const PRUNE_FREELY: usize = 20;

/// How questions that the source no longer has are handled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Prune {
    /// They are kept.
    #[default]
    Never,
    /// They are removed, unless there are suspiciously many.
    Limited,
    /// They are removed, however many there are.
    Forced,
}

/// The changes of an import.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Questions that were added.
    pub new: usize,
    /// Questions that existed and were updated.
    pub changed: usize,
    /// Questions that existed and are the same.
    pub unchanged: usize,
    /// Questions that were removed.
    pub removed: usize,
    /// Questions that the source no longer has and that were kept, because there are suspiciously many.
    pub spared: usize,
    /// Questions that were skipped, because another source has their ids.
    pub conflicts: Vec<IdConflict>,
}

/// Whether removing so many questions at once is suspicious: more than half of the known ones, or all because the source has none, as a source
/// that was made private.
fn is_suspicious(missing: usize, known: usize, read: usize) -> bool {
    missing > 0 && (read == 0 || missing > PRUNE_FREELY && missing * 2 > known)
}

/// Writes questions, whose ids are unique, and removes those of the source that are not among them. `listed` are the ids of unreadable
/// questions that the source still has; they stay.
pub async fn write(
    (store, progress): (&dyn Questions, &dyn Progress),
    site: &SiteKey,
    source: &str,
    questions: Vec<Question>,
    listed: &BTreeSet<String>,
    prune: Prune,
) -> Result<Changes, StoreError> {
    let known = store.known_questions(site).await?;
    let read_ids: HashSet<String> = questions.iter().map(|question| question.id.clone()).collect();
    let mut missing: Vec<String> = known
        .iter()
        .filter(|(id, known)| known.source == source && !read_ids.contains(*id) && !listed.contains(*id))
        .map(|(id, _)| id.clone())
        .collect();
    missing.sort_unstable();
    let of_source = known.values().filter(|known| known.source == source).count();
    let mut changes = Changes::default();
    let name = source.to_string();
    let compared = tokio::task::spawn_blocking(move || compare(questions, &known, &name)).await;
    let Compared { write, new, changed, unchanged, conflicts } = compared.map_err(|_| StoreError::Damaged {
        record: "the questions of an import".into(),
        reason: "the comparison panicked".into(),
    })??;
    (changes.new, changes.changed, changes.unchanged, changes.conflicts) = (new, changed, unchanged, conflicts);
    let writer = Writer { store, site, source };
    progress.begin("writing questions", Some(write.len() as u64));
    for chunk in chunks(&write) {
        let Done { conflicts, .. } = writer.in_turn(&WriteStep::Write(chunk)).await?;
        changes.new = changes.new.saturating_sub(conflicts.len());
        changes.conflicts.extend(conflicts);
        progress.advance(chunk.len() as u64);
    }
    match prune {
        Prune::Never => {}
        Prune::Limited if is_suspicious(missing.len(), of_source, read_ids.len()) => changes.spared = missing.len(),
        Prune::Limited | Prune::Forced => {
            for chunk in missing.chunks(ROWS_AT_ONCE) {
                changes.removed += writer.in_turn(&WriteStep::Remove(chunk)).await?.removed;
            }
        }
    }
    writer.in_turn(&WriteStep::Finish).await?;
    store.forget_removed_questions(clock::now() - REMOVED_KEPT).await?;
    Ok(changes)
}

/// The writer of one import.
struct Writer<'a> {
    store: &'a dyn Questions,
    site: &'a SiteKey,
    source: &'a str,
}

/// The work of one transaction.
enum WriteStep<'a> {
    Write(&'a [NewQuestion]),
    Remove(&'a [String]),
    Finish,
}

/// The result of a transaction.
#[derive(Default)]
struct Done {
    conflicts: Vec<IdConflict>,
    removed: usize,
}

impl Writer<'_> {
    /// Runs a transaction, retrying while the database is busy, and then pauses for as long as it took.
    async fn in_turn(&self, step: &WriteStep<'_>) -> Result<Done, StoreError> {
        let mut pause = BUSY_PAUSE;
        for _ in 0..BUSY_RETRIES {
            let start = Instant::now();
            match self.run(step).await {
                Err(StoreError::Busy) => {
                    sleep(pause).await;
                    pause *= 2;
                }
                done => {
                    sleep(start.elapsed().clamp(PAUSE_MIN, PAUSE_MAX)).await;
                    return done;
                }
            }
        }
        self.run(step).await
    }

    async fn run(&self, step: &WriteStep<'_>) -> Result<Done, StoreError> {
        let Writer { store, site, source } = self;
        let mut done = Done::default();
        match step {
            WriteStep::Write(chunk) => done.conflicts = store.write_questions(site, source, chunk).await?,
            WriteStep::Remove(chunk) => done.removed = store.remove_questions(site, source, chunk).await?,
            WriteStep::Finish => store.finish_import(site, source).await?,
        }
        Ok(done)
    }
}

struct Compared {
    write: Vec<NewQuestion>,
    new: usize,
    changed: usize,
    unchanged: usize,
    conflicts: Vec<IdConflict>,
}

/// Determines the questions to be written.
fn compare(
    questions: Vec<Question>,
    known: &HashMap<String, KnownQuestion>,
    source: &str,
) -> Result<Compared, StoreError> {
    let mut compared = Compared { write: Vec::new(), new: 0, changed: 0, unchanged: 0, conflicts: Vec::new() };
    for question in questions {
        let json = serde_json::to_string(&question).map_err(|error| StoreError::Damaged {
            record: format!("question {}", question.id),
            reason: error.to_string(),
        })?;
        let hash: [u8; 32] = Sha256::digest(json.as_bytes()).into();
        let known = known.get(&question.id);
        match known {
            Some(known) if known.source != source && !known.source.is_empty() => {
                compared.conflicts.push(IdConflict { id: question.id, source: known.source.clone() });
                continue;
            }
            Some(known) if known.hash == hash => compared.unchanged += 1,
            Some(_) => compared.changed += 1,
            None => compared.new += 1,
        }
        if !known.is_some_and(|known| known.hash == hash && known.source == source) {
            compared.write.push(NewQuestion { id: question.id, hash, json });
        }
    }
    Ok(compared)
}

/// Chunks of a list, one per transaction.
fn chunks(questions: &[NewQuestion]) -> impl Iterator<Item = &[NewQuestion]> {
    let mut rest = questions;
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fit = rest.iter().take(ROWS_AT_ONCE).take_while(|question| {
            let fits = bytes < BYTES_AT_ONCE;
            bytes += question.json.len();
            fits
        });
        let (chunk, left) = rest.split_at_checked(fit.count())?;
        rest = left;
        (!chunk.is_empty()).then_some(chunk)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removing_most_questions_is_suspicious_unless_they_are_few() {
        for (missing, known, read, suspicious) in [
            (0, 0, 0, false),
            (0, 100, 100, false),
            (1, 1, 0, true),
            (20, 20, 0, true),
            (1, 1, 1, false),
            (20, 21, 1, false),
            (21, 41, 20, true),
            (21, 42, 21, false),
            (50, 100, 50, false),
            (51, 100, 49, true),
        ] {
            assert_eq!(is_suspicious(missing, known, read), suspicious, "{missing} of {known}");
        }
    }

    #[test]
    fn transactions_are_bounded_in_rows_and_bytes() {
        let question = |bytes: usize| NewQuestion { id: "a".into(), hash: [0; 32], json: "x".repeat(bytes) };
        let sizes = |questions: &[NewQuestion]| chunks(questions).map(<[NewQuestion]>::len).collect::<Vec<_>>();
        assert_eq!(sizes(&vec![question(10); 1200]), [500, 500, 200]);
        assert_eq!(sizes(&vec![question(600_000); 5]), [2, 2, 1]);
        assert_eq!(sizes(&vec![question(5_000_000); 2]), [1, 1]);
        assert_eq!(sizes(&[]), [0; 0]);
    }
}
