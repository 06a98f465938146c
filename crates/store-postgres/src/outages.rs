//! The port for unreachable destinations in PostgreSQL.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::query;

use super::PostgresStore;
use super::columns::{RowExt, Time, text};
use super::error::store_error;
use deskbell_core::ids::QueueName;
use deskbell_core::ports::{Outages, ReportedOutage, StoreError};

#[async_trait]
impl Outages for PostgresStore {
    async fn report_outage(&self, queue: &QueueName, outage: Option<(&str, Duration)>) -> Result<(), StoreError> {
        let (site, destination) = (text(queue.site.as_str()), text(queue.destination.as_str()));
        let mut write = self.acquire_for_worker().await?;
        let report = match outage {
            None => query("DELETE FROM destination_outages WHERE site = $1 AND destination = $2")
                .bind(site)
                .bind(destination),
            Some((reason, retry_in)) => {
                let retry_at = self.clock.now(&mut write).await? + retry_in;
                let report = query(
                    "INSERT INTO destination_outages (site, destination, reason, retry_at, gateway) VALUES ($1, $2, $3, $4, $5)
                    ON CONFLICT (site, destination) DO UPDATE SET reason = $3, retry_at = $4, gateway = $5",
                );
                report.bind(site).bind(destination).bind(text(reason)).bind(Time(retry_at)).bind(&self.gateway)
            }
        };
        report.execute(&mut *write).await.map_err(store_error)?;
        Ok(())
    }

    async fn outages(&self) -> Result<BTreeMap<QueueName, ReportedOutage>, StoreError> {
        let rows = query("SELECT site, destination, reason, retry_at, gateway FROM destination_outages");
        let rows = rows.fetch_all(&mut *self.acquire_for_worker().await?).await.map_err(store_error)?;
        let outage = |row: &sqlx::postgres::PgRow| {
            let queue = QueueName { site: row.id("site")?, destination: row.id("destination")? };
            let is_own = row.value::<String>("gateway")? == self.gateway;
            Ok((queue, ReportedOutage { reason: row.value("reason")?, retry_at: row.time("retry_at")?, is_own }))
        };
        rows.iter().map(outage).collect()
    }
}
