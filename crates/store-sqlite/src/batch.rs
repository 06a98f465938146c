//! Tickets that come together are committed together, so that the disk is waited for once and not once for each.

use std::mem::take;

use sqlx::Connection;
use sqlx::sqlite::SqlitePool;
use tokio::sync::{mpsc, oneshot};

use super::error::failed;
use super::tickets::{Prepared, keep};
use deskbell_core::ports::{StoreError, StoredTicket, SubmissionExtras, SubmissionKey, SubmissionOutcome};

/// The most tickets of a commit, and as many as wait for the next one; whoever brings more waits for room. A commit takes no further ticket
/// from so many tokens on.
const TICKETS_MAX: usize = 256;
const TOKENS_MAX: usize = 10_000;

/// Where tickets wait for the next commit.
#[derive(Clone, Debug)]
pub struct Batches {
    queue: mpsc::Sender<Waiting>,
}

/// A ticket that waits, and who is told what became of it.
#[derive(Debug)]
struct Waiting {
    new: StoredTicket,
    prepared: Prepared,
    seal: SubmissionKey,
    along: SubmissionExtras,
    tell: oneshot::Sender<Result<SubmissionOutcome, StoreError>>,
}

impl Batches {
    /// Begins to write, for as long as somebody can bring tickets.
    pub fn start(writer: SqlitePool) -> Batches {
        let (queue, waiting) = mpsc::channel(TICKETS_MAX);
        tokio::spawn(run(writer, waiting));
        Batches { queue }
    }

    /// Keeps a ticket. What it says is on disk, or was there before.
    pub async fn submit(
        &self,
        new: &StoredTicket,
        seal: &SubmissionKey,
        along: SubmissionExtras,
    ) -> Result<SubmissionOutcome, StoreError> {
        let crashed = || failed(sqlx::Error::WorkerCrashed);
        let (tell, told) = oneshot::channel();
        let waiting = Waiting { new: new.clone(), prepared: Prepared::new(new)?, seal: seal.clone(), along, tell };
        self.queue.send(waiting).await.map_err(|_| crashed())?;
        told.await.map_err(|_| crashed())?
    }
}

/// Commits what waits, all of it together. A ticket that comes alone waits for nobody, and while one commit is written the next gathers.
async fn run(writer: SqlitePool, mut queue: mpsc::Receiver<Waiting>) {
    while let Some(first) = queue.recv().await {
        let mut tokens = first.prepared.token_count();
        let mut batch = vec![first];
        while batch.len() < TICKETS_MAX
            && tokens < TOKENS_MAX
            && let Ok(next) = queue.try_recv()
        {
            tokens += next.prepared.token_count();
            batch.push(next);
        }
        // A task of its own, so that a write that panics ends with its batch and not with all that come after it.
        let _ = tokio::spawn(commit(writer.clone(), batch)).await;
    }
}

/// Writes a batch, and tells everybody only once all of it is on disk, or that nothing is.
async fn commit(writer: SqlitePool, mut batch: Vec<Waiting>) {
    match write(&writer, &mut batch).await {
        Ok(placed) => {
            for (waiting, placed) in batch.into_iter().zip(placed) {
                let _ = waiting.tell.send(placed);
            }
        }
        Err(error) => {
            for waiting in batch {
                let _ = waiting.tell.send(Err(error.clone()));
            }
        }
    }
}

async fn write(
    writer: &SqlitePool,
    batch: &mut [Waiting],
) -> Result<Vec<Result<SubmissionOutcome, StoreError>>, StoreError> {
    let mut transaction = writer.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
    let mut all = Vec::new();
    for Waiting { new, prepared, seal, along, .. } in batch {
        // A savepoint: what cannot be kept leaves nothing behind, and the others stay.
        let mut savepoint = transaction.begin().await.map_err(failed)?;
        let placed = keep(&mut savepoint, new, prepared, seal, take(along)).await;
        match placed {
            Ok(SubmissionOutcome::Stored) => savepoint.commit().await.map_err(failed)?,
            _ => savepoint.rollback().await.map_err(failed)?,
        }
        all.push(placed);
    }
    transaction.commit().await.map_err(failed)?;
    Ok(all)
}
