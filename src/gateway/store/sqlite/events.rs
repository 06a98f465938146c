//! What is counted of answers, in SQLite.

use sha2::{Digest, Sha256};
use sqlx::Row;

use super::super::{EventCount, StoreError, Unanswered};
use super::SqliteStore;
use crate::domain::event::Event;
use crate::domain::unanswered::VISITORS_MIN;

impl SqliteStore {
    pub(super) async fn keep_event(&self, site: &str, week: &str, event: &Event) -> Result<(), StoreError> {
        let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        // A ticket that was sent without any question is counted too.
        let none = [String::new()];
        let questions = if event.questions.is_empty() { &none[..] } else { &event.questions[..] };
        for question in questions {
            sqlx::query(
                "INSERT OR IGNORE INTO events (site, week, visit, name, kind, question) VALUES (?, ?, ?, ?, ?, ?)",
            )
            .bind(site)
            .bind(week)
            .bind(&event.visit)
            .bind(event.name.word())
            .bind(event.kind.word())
            .bind(question)
            .execute(&mut *transaction)
            .await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    pub(super) async fn events_since(&self, site: &str, week: &str) -> Result<Vec<EventCount>, StoreError> {
        let rows = sqlx::query("SELECT week, visit, name, kind, question FROM events WHERE site = ? AND week >= ?")
            .bind(site)
            .bind(week)
            .fetch_all(&self.readers)
            .await?;
        let event = |row: &sqlx::sqlite::SqliteRow| {
            Ok(EventCount {
                week: row.try_get("week")?,
                visit: row.try_get("visit")?,
                name: row.try_get("name")?,
                kind: row.try_get("kind")?,
                question: row.try_get("question")?,
            })
        };
        rows.iter().map(event).collect()
    }

    pub(super) async fn forget_before(&self, week: &str) -> Result<(), StoreError> {
        for table in ["events", "unanswered_visitors", "unanswered"] {
            let delete = format!("DELETE FROM {table} WHERE week < ?");
            sqlx::query(sqlx::AssertSqlSafe(delete)).bind(week).execute(&self.writer).await?;
        }
        sqlx::query("DELETE FROM affected WHERE at < ?").bind(week).execute(&self.writer).await?;
        Ok(())
    }

    pub(super) async fn keep_unanswered(
        &self,
        site: &str,
        week: &str,
        visitor: &str,
        words: &str,
        now: &str,
    ) -> Result<(), StoreError> {
        let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let salt: Vec<u8> = sqlx::query_scalar("SELECT value FROM salt").fetch_one(&mut *transaction).await?;
        let hash = |text: &str| Sha256::new().chain_update(&salt).chain_update(text.as_bytes()).finalize().to_vec();
        let (search, visitor) = (hash(words), hash(visitor));
        sqlx::query("INSERT OR IGNORE INTO unanswered_visitors (site, week, search, visitor) VALUES (?, ?, ?, ?)")
            .bind(site)
            .bind(week)
            .bind(&search)
            .bind(visitor)
            .execute(&mut *transaction)
            .await?;
        let count = "SELECT count(*) FROM unanswered_visitors WHERE site = ? AND week = ? AND search = ?";
        let visitors: u32 =
            sqlx::query_scalar(count).bind(site).bind(week).bind(&search).fetch_one(&mut *transaction).await?;
        if visitors >= VISITORS_MIN {
            sqlx::query(
                "INSERT OR REPLACE INTO unanswered (site, week, search, words, last_at) VALUES (?, ?, ?, ?, ?)",
            )
            .bind(site)
            .bind(week)
            .bind(&search)
            .bind(words)
            .bind(now)
            .execute(&mut *transaction)
            .await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    pub(super) async fn unanswered_since(&self, site: &str, week: &str) -> Result<Vec<Unanswered>, StoreError> {
        let select = "
            SELECT words, max(last_at) AS last_at, count(*) AS visitors
            FROM unanswered JOIN unanswered_visitors USING (site, week, search)
            WHERE site = ? AND week >= ? GROUP BY words ORDER BY visitors DESC, last_at DESC LIMIT 50";
        let rows = sqlx::query(select).bind(site).bind(week).fetch_all(&self.readers).await?;
        let search = |row: &sqlx::sqlite::SqliteRow| {
            Ok(Unanswered {
                words: row.try_get("words")?,
                visitors: row.try_get("visitors")?,
                last_at: row.try_get("last_at")?,
            })
        };
        rows.iter().map(search).collect()
    }
}
