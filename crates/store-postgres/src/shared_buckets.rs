//! The port for shared rate limits in PostgreSQL.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::query;

use super::PostgresStore;
use super::columns::RowExt;
use super::error::{commit_error, store_error};
use super::secrets::Secret;
use deskbell_core::ports::{Draw, RetryAfter, SharedBuckets, StoreError};
use deskbell_core::rules::token_buckets::LAYOUT;
use deskbell_core::timestamp::Timestamp;

/// How long a bucket has been full when its cells are deleted.
const FULL_FOR: Duration = Duration::from_secs(60 * 60);
/// From how many cells one statement deletes.
const CELLS_AT_ONCE: usize = 10_000;

#[async_trait]
impl SharedBuckets for PostgresStore {
    async fn bucket_key(&self) -> Result<Vec<u8>, StoreError> {
        self.secret(Secret::Buckets).await
    }

    async fn charge(&self, requests: &[Vec<Draw>]) -> Result<Vec<Result<(), RetryAfter>>, StoreError> {
        let mut cells: Vec<i64> =
            requests.iter().flatten().flat_map(|draw| LAYOUT.cells_of(draw)).map(|cell| cell as i64).collect();
        cells.sort_unstable();
        cells.dedup();
        loop {
            // Not repeated after an error, because the caller decides alone rather than wait.
            if let Some(decisions) = self.try_charge(requests, &cells).await? {
                return Ok(decisions);
            }
            // By a statement of its own: who holds locks and waits for others' new cells could be in their way.
            self.make_cells(&cells).await?;
        }
    }

    async fn delete_full_cells(&self) -> Result<(), StoreError> {
        let mut write = self.acquire_for_worker().await?;
        let now = self.clock.now(&mut write).await?;
        let [oldest, newest] = [now - FULL_FOR, now + FULL_FOR].map(nanoseconds);
        // In ranges of the key, because an index on the times would make every charge more expensive.
        for first in (0..LAYOUT.cells()).step_by(CELLS_AT_ONCE) {
            // Those that a charge holds are in use. A time that is far ahead is that of a clock that was set back.
            let delete = query(
                "DELETE FROM bucket_cells WHERE cell IN (
                    SELECT cell FROM bucket_cells WHERE cell >= $1 AND cell < $2 AND full_at NOT BETWEEN $3 AND $4
                    FOR UPDATE SKIP LOCKED)",
            );
            let delete =
                delete.bind(first as i64).bind((first + CELLS_AT_ONCE) as i64).bind(oldest as i64).bind(newest as i64);
            delete.execute(&mut *write).await.map_err(store_error)?;
        }
        Ok(())
    }
}

impl PostgresStore {
    /// Charges requests whose buckets are in these cells; none if some of them do not exist.
    async fn try_charge(
        &self,
        requests: &[Vec<Draw>],
        cells: &[i64],
    ) -> Result<Option<Vec<Result<(), RetryAfter>>>, StoreError> {
        let mut write = self.begin_shared().await?;
        // In the same order by all gateways.
        let lock = query("SELECT cell, full_at FROM bucket_cells WHERE cell = ANY($1) ORDER BY cell FOR NO KEY UPDATE");
        let rows = lock.bind(cells).fetch_all(&mut *write).await.map_err(store_error)?;
        if rows.len() < cells.len() {
            return Ok(None);
        }
        let levels = rows.iter().map(|row| Ok((row.number::<usize>("cell")?, row.number::<u64>("full_at")?)));
        let mut levels: BTreeMap<usize, u64> = levels.collect::<Result<_, StoreError>>()?;
        let now = nanoseconds(self.clock.now(&mut write).await?);
        let (mut decisions, mut changed) = (Vec::with_capacity(requests.len()), BTreeMap::new());
        for draws in requests {
            let taken = LAYOUT.take(draws, now, |cell| levels.get(&cell).copied().unwrap_or_default());
            decisions.push(taken.map(|taken| {
                for (cell, level) in taken {
                    levels.insert(cell, level);
                    changed.insert(cell, level);
                }
            }));
        }
        if !changed.is_empty() {
            let (cells, levels): (Vec<i64>, Vec<i64>) =
                changed.into_iter().map(|(cell, level)| (cell as i64, level as i64)).unzip();
            let update = query(
                "UPDATE bucket_cells SET full_at = new.full_at FROM unnest($1::bigint[], $2::bigint[]) AS new (cell, full_at)
                WHERE bucket_cells.cell = new.cell",
            );
            update.bind(cells).bind(levels).execute(&mut *write).await.map_err(store_error)?;
        }
        write.commit().await.map_err(commit_error)?;
        Ok(Some(decisions))
    }

    async fn make_cells(&self, cells: &[i64]) -> Result<(), StoreError> {
        let insert = query(
            "INSERT INTO bucket_cells (cell, full_at) SELECT cell, 0 FROM unnest($1::bigint[]) AS cell ORDER BY cell
            ON CONFLICT DO NOTHING",
        );
        insert.bind(cells).execute(&self.shared_pool).await.map_err(store_error)?;
        Ok(())
    }
}

/// A time as cells have it, in nanoseconds since 1970.
fn nanoseconds(time: Timestamp) -> u64 {
    u64::try_from(time.as_milliseconds()).unwrap_or_default().saturating_mul(1_000_000)
}
