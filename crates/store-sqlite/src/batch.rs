//! Tickets that arrive together are committed together, so that one sync of the disk serves all of them.

use std::mem::take;
use std::sync::Arc;

use sqlx::Connection;
use sqlx::sqlite::SqlitePool;
use tokio::sync::{mpsc, oneshot};

use super::error::store_error;
use super::tickets::{Prepared, insert_submission};
use deskbell_core::clock::Clock;
use deskbell_core::ports::{StoreError, StoredTicket, SubmissionExtras, SubmissionKey, SubmissionOutcome};

/// How much is committed together.
#[derive(Clone, Copy, Debug)]
pub struct CommitLimits {
    /// The most tickets in a commit, and in the queue for the next one; a caller waits while the queue is full.
    pub tickets: usize,
    /// A commit with so many tokens takes no further ticket.
    pub tokens: usize,
}

impl Default for CommitLimits {
    /// Short commits, so that a customer does not wait long for those before.
    fn default() -> CommitLimits {
        CommitLimits { tickets: 256, tokens: 10_000 }
    }
}

/// The queue of tickets for the next commit.
#[derive(Clone, Debug)]
pub struct Batches {
    queue: mpsc::Sender<PendingSubmission>,
}

/// A queued ticket and the channel for its result.
#[derive(Debug)]
struct PendingSubmission {
    new: StoredTicket,
    prepared: Prepared,
    key: SubmissionKey,
    extras: SubmissionExtras,
    reply: oneshot::Sender<Result<SubmissionOutcome, StoreError>>,
}

impl Batches {
    /// Starts the writer task. It ends when all senders are dropped.
    pub fn start(writer: SqlitePool, clock: Arc<dyn Clock>, limits: CommitLimits) -> Batches {
        let (queue, waiting) = mpsc::channel(limits.tickets);
        tokio::spawn(run(writer, clock, limits, waiting));
        Batches { queue }
    }

    /// Stores a ticket. When this returns, the result is on disk.
    pub async fn submit(
        &self,
        new: &StoredTicket,
        key: &SubmissionKey,
        extras: SubmissionExtras,
    ) -> Result<SubmissionOutcome, StoreError> {
        let crashed = || store_error(sqlx::Error::WorkerCrashed);
        // Room first: what has none yet must not lie in memory twice.
        let room = self.queue.reserve().await.map_err(|_| crashed())?;
        let (reply, outcome) = oneshot::channel();
        let waiting =
            PendingSubmission { new: new.clone(), prepared: Prepared::new(new)?, key: key.clone(), extras, reply };
        room.send(waiting);
        outcome.await.map_err(|_| crashed())?
    }
}

/// Commits all queued tickets together. A ticket that arrives alone is committed at once; tickets that arrive during a commit form the next
/// batch.
async fn run(
    writer: SqlitePool,
    clock: Arc<dyn Clock>,
    limits: CommitLimits,
    mut queue: mpsc::Receiver<PendingSubmission>,
) {
    while let Some(first) = queue.recv().await {
        let mut tokens = first.prepared.token_count();
        let mut batch = vec![first];
        while batch.len() < limits.tickets
            && tokens < limits.tokens
            && let Ok(next) = queue.try_recv()
        {
            tokens += next.prepared.token_count();
            batch.push(next);
        }
        // A task of its own, so that a panic ends one batch and not the writer.
        let _ = tokio::spawn(commit(writer.clone(), clock.clone(), batch)).await;
    }
}

/// Commits a batch, and sends the results only after all of it is on disk, or has failed as a whole.
async fn commit(writer: SqlitePool, clock: Arc<dyn Clock>, mut batch: Vec<PendingSubmission>) {
    match write(&writer, clock.as_ref(), &mut batch).await {
        Ok(outcomes) => {
            for (waiting, outcome) in batch.into_iter().zip(outcomes) {
                let _ = waiting.reply.send(outcome);
            }
        }
        Err(error) => {
            for waiting in batch {
                let _ = waiting.reply.send(Err(error.clone()));
            }
        }
    }
}

async fn write(
    writer: &SqlitePool,
    clock: &dyn Clock,
    batch: &mut [PendingSubmission],
) -> Result<Vec<Result<SubmissionOutcome, StoreError>>, StoreError> {
    let mut transaction = writer.begin_with("BEGIN IMMEDIATE").await.map_err(store_error)?;
    let (mut outcomes, now) = (Vec::new(), clock.now());
    for PendingSubmission { new, prepared, key, extras, .. } in batch {
        // A savepoint: a ticket that cannot be stored leaves nothing behind and does not affect the others.
        let mut savepoint = transaction.begin().await.map_err(store_error)?;
        let outcome = insert_submission(&mut savepoint, new, prepared, key, take(extras), now).await;
        match outcome {
            Ok(SubmissionOutcome::Stored) => savepoint.commit().await.map_err(store_error)?,
            _ => savepoint.rollback().await.map_err(store_error)?,
        }
        outcomes.push(outcome);
    }
    transaction.commit().await.map_err(store_error)?;
    Ok(outcomes)
}
