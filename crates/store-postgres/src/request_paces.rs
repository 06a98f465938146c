//! The port for paces of requests in PostgreSQL.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::query;

use super::PostgresStore;
use super::columns::{RowExt, Time, text};
use super::error::{commit_error, store_error};
use deskbell_core::ports::{PaceChange, RequestPaces, StoreError};
use deskbell_core::rules::request_pace::Pace;

#[async_trait]
impl RequestPaces for PostgresStore {
    async fn change_pace(&self, account: &str, change: PaceChange) -> Result<Result<(), Duration>, StoreError> {
        let mut write = self.begin_shared().await?;
        // The row of the account is its lock.
        let select = || {
            query("SELECT per_minute, free, refilled_at, paused_until FROM request_paces WHERE account = $1 FOR UPDATE")
                .bind(text(account))
        };
        let row = match select().fetch_optional(&mut *write).await.map_err(store_error)? {
            Some(row) => row,
            None => {
                let Pace { per_minute, free, refilled_at, .. } = Pace::new(self.clock.now(&mut write).await?);
                let insert = query(
                    "INSERT INTO request_paces (account, per_minute, free, refilled_at) VALUES ($1, $2, $3, $4)
                    ON CONFLICT DO NOTHING",
                );
                let insert = insert.bind(text(account)).bind(per_minute).bind(free).bind(Time(refilled_at));
                insert.execute(&mut *write).await.map_err(store_error)?;
                select().fetch_one(&mut *write).await.map_err(store_error)?
            }
        };
        let mut pace = Pace {
            per_minute: row.value("per_minute")?,
            free: row.value("free")?,
            refilled_at: row.time("refilled_at")?,
            paused_until: row.optional_time("paused_until")?,
            parts: 1,
        };
        let now = self.clock.now(&mut write).await?;
        // After a refusal as well: if the clock was set back, the time counts from there, or the pace would stand still until it has caught up.
        let decision = pace.apply(change, now);
        let update = query(
            "UPDATE request_paces SET per_minute = $2, free = $3, refilled_at = $4, paused_until = $5 WHERE account = $1",
        );
        let update = update.bind(text(account)).bind(pace.per_minute).bind(pace.free).bind(Time(pace.refilled_at));
        update.bind(pace.paused_until.map(Time)).execute(&mut *write).await.map_err(store_error)?;
        write.commit().await.map_err(commit_error)?;
        Ok(decision)
    }
}
