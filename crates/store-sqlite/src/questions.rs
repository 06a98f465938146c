//! The questions port in SQLite.

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{query, query_scalar};

use super::SqliteStore;
use super::error::{RowExt, store_error};
use super::rows::question_of;
use deskbell_core::ids::SiteKey;
use deskbell_core::ports::{
    IdConflict, KnownQuestion, NewQuestion, QuestionRow, Questions, Revision, RevisionRange, StoreError,
};
use deskbell_core::timestamp::Timestamp;
use domain::question::Question;

/// How many rows one transaction deletes.
const FORGET_AT_ONCE: u32 = 500;

#[async_trait]
impl Questions for SqliteStore {
    async fn question(&self, site: &SiteKey, id: &str) -> Result<Option<Question>, StoreError> {
        let row = query("SELECT id, question FROM questions WHERE site = ? AND id = ?")
            .bind(site.as_str())
            .bind(id)
            .fetch_optional(&self.readers)
            .await
            .map_err(store_error)?;
        row.map(|row| question_of(&row)).transpose()
    }

    async fn question_page(&self, site: &SiteKey, after: &str, limit: u32) -> Result<Vec<QuestionRow>, StoreError> {
        let select = "SELECT id, revision, question FROM questions WHERE site = ? AND id > ? ORDER BY id LIMIT ?";
        let rows = query(select)
            .bind(site.as_str())
            .bind(after)
            .bind(limit)
            .fetch_all(&self.readers)
            .await
            .map_err(store_error)?;
        rows.iter().map(question_row).collect()
    }

    async fn changed_questions(
        &self,
        site: &SiteKey,
        (revision, id): &(i64, String),
        until: i64,
        limit: u32,
    ) -> Result<Vec<QuestionRow>, StoreError> {
        let select = "
            SELECT id, revision, question FROM questions
            WHERE site = ? AND (revision, id) > (?, ?) AND revision <= ?
            ORDER BY revision, id LIMIT ?";
        let rows = query(select)
            .bind(site.as_str())
            .bind(revision)
            .bind(id)
            .bind(until)
            .bind(limit)
            .fetch_all(&self.readers)
            .await
            .map_err(store_error)?;
        rows.iter().map(question_row).collect()
    }

    async fn removed_questions(&self, site: &SiteKey, revisions: RevisionRange) -> Result<Vec<String>, StoreError> {
        let select = "SELECT id FROM removed_questions WHERE site = ? AND revision > ? AND revision <= ?";
        let ids = query_scalar(select).bind(site.as_str()).bind(revisions.after).bind(revisions.until);
        ids.fetch_all(&self.readers).await.map_err(store_error)
    }

    async fn question_changes(&self) -> Result<i64, StoreError> {
        query_scalar("SELECT count FROM question_changes WHERE only = 1")
            .fetch_one(&self.readers)
            .await
            .map_err(store_error)
    }

    async fn revisions(&self) -> Result<BTreeMap<SiteKey, Revision>, StoreError> {
        let rows = query("SELECT site, revision, oldest FROM revisions")
            .fetch_all(&self.readers)
            .await
            .map_err(store_error)?;
        let revision = |row: &SqliteRow| {
            let revision = Revision { current: row.value("revision")?, oldest: row.value("oldest")? };
            Ok((row.id("site")?, revision))
        };
        rows.iter().map(revision).collect()
    }

    async fn known_questions(&self, site: &SiteKey) -> Result<HashMap<String, KnownQuestion>, StoreError> {
        let rows = query("SELECT id, hash, source FROM questions WHERE site = ?").bind(site.as_str());
        let known = |row: &SqliteRow| {
            Ok((row.value("id")?, KnownQuestion { hash: row.value("hash")?, source: row.value("source")? }))
        };
        rows.fetch_all(&self.readers).await.map_err(store_error)?.iter().map(known).collect()
    }

    async fn write_questions(
        &self,
        site: &SiteKey,
        source: &str,
        questions: &[NewQuestion],
    ) -> Result<Vec<IdConflict>, StoreError> {
        let mut conflicts = Vec::new();
        let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(store_error)?;
        let revision = next_revision(&mut transaction, site).await?;
        let removed = query("SELECT 1 FROM removed_questions WHERE site = ? LIMIT 1").bind(site.as_str());
        let has_removed = removed.fetch_optional(&mut *transaction).await.map_err(store_error)?.is_some();
        for question in questions {
            let written = query(WRITE)
                .bind(site.as_str())
                .bind(&question.id)
                .bind(source)
                .bind(&question.hash[..])
                .bind(revision)
                .bind(&question.json)
                .execute(&mut *transaction)
                .await
                .map_err(store_error)?;
            if written.rows_affected() == 0 {
                let holder = query_scalar("SELECT source FROM questions WHERE site = ? AND id = ?");
                let source = holder
                    .bind(site.as_str())
                    .bind(&question.id)
                    .fetch_one(&mut *transaction)
                    .await
                    .map_err(store_error)?;
                conflicts.push(IdConflict { id: question.id.clone(), source });
                continue;
            }
            if has_removed {
                let delete = query("DELETE FROM removed_questions WHERE site = ? AND id = ?");
                delete.bind(site.as_str()).bind(&question.id).execute(&mut *transaction).await.map_err(store_error)?;
            }
        }
        transaction.commit().await.map_err(store_error)?;
        Ok(conflicts)
    }

    async fn remove_questions(&self, site: &SiteKey, source: &str, ids: &[String]) -> Result<usize, StoreError> {
        let (mut removed, removed_at) = (0, self.now_text());
        let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(store_error)?;
        let revision = next_revision(&mut transaction, site).await?;
        for id in ids {
            let delete = query("DELETE FROM questions WHERE site = ? AND id = ? AND source = ?");
            let deleted = delete
                .bind(site.as_str())
                .bind(id)
                .bind(source)
                .execute(&mut *transaction)
                .await
                .map_err(store_error)?;
            if deleted.rows_affected() > 0 {
                removed += 1;
                let note = query("INSERT OR REPLACE INTO removed_questions VALUES (?, ?, ?, ?)");
                let note = note.bind(site.as_str()).bind(id).bind(revision).bind(&removed_at);
                note.execute(&mut *transaction).await.map_err(store_error)?;
            }
        }
        transaction.commit().await.map_err(store_error)?;
        Ok(removed)
    }

    async fn finish_import(&self, site: &SiteKey, source: &str) -> Result<(), StoreError> {
        let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(store_error)?;
        // Includes what an import wrote that was killed before it finished.
        let is_changed: bool =
            query_scalar(IS_CHANGED).bind(site.as_str()).fetch_one(&mut *transaction).await.map_err(store_error)?;
        if is_changed {
            query(COUNT_UP).bind(site.as_str()).execute(&mut *transaction).await.map_err(store_error)?;
            query("UPDATE question_changes SET count = count + 1 WHERE only = 1")
                .execute(&mut *transaction)
                .await
                .map_err(store_error)?;
        }
        query("INSERT OR REPLACE INTO sources (site, source, imported_at) VALUES (?, ?, ?)")
            .bind(site.as_str())
            .bind(source)
            .bind(self.now_text())
            .execute(&mut *transaction)
            .await
            .map_err(store_error)?;
        transaction.commit().await.map_err(store_error)?;
        Ok(())
    }

    async fn forget_removed_questions(&self, before: Timestamp) -> Result<(), StoreError> {
        let before = before.to_string();
        let sites: Vec<String> =
            query_scalar("SELECT site FROM revisions").fetch_all(&self.readers).await.map_err(store_error)?;
        for site in sites {
            loop {
                let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(store_error)?;
                let old: Vec<(String, i64)> = sqlx::query_as(OLD_REMOVED)
                    .bind(site.as_str())
                    .bind(&before)
                    .bind(FORGET_AT_ONCE)
                    .fetch_all(&mut *transaction)
                    .await
                    .map_err(store_error)?;
                let Some(oldest) = old.iter().map(|(_, revision)| *revision).max() else { break };
                for (id, _) in &old {
                    let delete = query("DELETE FROM removed_questions WHERE site = ? AND id = ?");
                    delete.bind(site.as_str()).bind(id).execute(&mut *transaction).await.map_err(store_error)?;
                }
                query("UPDATE revisions SET oldest = max(oldest, ?) WHERE site = ?")
                    .bind(oldest)
                    .bind(site.as_str())
                    .execute(&mut *transaction)
                    .await
                    .map_err(store_error)?;
                transaction.commit().await.map_err(store_error)?;
            }
        }
        Ok(())
    }
}

fn question_row(row: &SqliteRow) -> Result<QuestionRow, StoreError> {
    Ok(QuestionRow { id: row.value("id")?, revision: row.value("revision")?, json: row.value("question")? })
}

/// The revision that the site reaches when the running import finishes. It is read in each transaction, because another import may finish in
/// between.
async fn next_revision(transaction: &mut SqliteConnection, site: &SiteKey) -> Result<i64, StoreError> {
    let current = query_scalar("SELECT revision FROM revisions WHERE site = ?").bind(site.as_str());
    let current: Option<i64> = current.fetch_optional(transaction).await.map_err(store_error)?;
    Ok(current.unwrap_or_default() + 1)
}

const WRITE: &str = "
    INSERT INTO questions (site, id, source, hash, revision, question) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
    ON CONFLICT (site, id) DO UPDATE SET source = ?3, hash = ?4, revision = ?5, question = ?6 WHERE source IN (?3, '')";

const IS_CHANGED: &str = "
    SELECT max((SELECT coalesce(max(revision), 0) FROM questions WHERE site = ?1),
        (SELECT coalesce(max(revision), 0) FROM removed_questions WHERE site = ?1))
        > coalesce((SELECT revision FROM revisions WHERE site = ?1), 0)";

const OLD_REMOVED: &str = "
    SELECT id, revision FROM removed_questions
    WHERE site = ?1 AND removed_at < ?2 AND revision <= (SELECT revision FROM revisions WHERE site = ?1) LIMIT ?3";

const COUNT_UP: &str = "
    INSERT INTO revisions (site, revision) VALUES (?, 1) ON CONFLICT (site) DO UPDATE SET revision = revision + 1";
