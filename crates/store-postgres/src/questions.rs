//! The questions port in PostgreSQL.

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{query, query_scalar};

use super::PostgresStore;
use super::columns::{RowExt, Time, text};
use super::error::{commit_error, store_error};
use super::retry::retried;
use super::rows::parsed;
use deskbell_core::ids::SiteKey;
use deskbell_core::ports::{
    IdConflict, KnownQuestion, NewQuestion, QuestionRow, Questions, Revision, RevisionRange, StoreError,
};
use deskbell_core::timestamp::Timestamp;
use domain::question::Question;

/// How many rows one transaction deletes.
const FORGET_AT_ONCE: i64 = 500;

#[async_trait]
impl Questions for PostgresStore {
    async fn question(&self, site: &SiteKey, id: &str) -> Result<Option<Question>, StoreError> {
        let row = query("SELECT id, question FROM questions WHERE site = $1 AND id = $2")
            .bind(text(site.as_str()))
            .bind(text(id))
            .fetch_optional(&self.pool)
            .await
            .map_err(store_error)?;
        row.map(|row| question_of(&row)).transpose()
    }

    async fn question_page(&self, site: &SiteKey, after: &str, limit: u32) -> Result<Vec<QuestionRow>, StoreError> {
        let rows =
            query("SELECT id, revision, question FROM questions WHERE site = $1 AND id > $2 ORDER BY id LIMIT $3")
                .bind(text(site.as_str()))
                .bind(text(after))
                .bind(i64::from(limit))
                .fetch_all(&self.pool)
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
            WHERE site = $1 AND (revision, id) > ($2, $3) AND revision <= $4
            ORDER BY revision, id LIMIT $5";
        let rows = query(select)
            .bind(text(site.as_str()))
            .bind(revision)
            .bind(text(id))
            .bind(until)
            .bind(i64::from(limit))
            .fetch_all(&self.pool)
            .await
            .map_err(store_error)?;
        rows.iter().map(question_row).collect()
    }

    async fn removed_questions(&self, site: &SiteKey, revisions: RevisionRange) -> Result<Vec<String>, StoreError> {
        let select = "SELECT id FROM removed_questions WHERE site = $1 AND revision > $2 AND revision <= $3";
        let ids = query_scalar(select).bind(text(site.as_str())).bind(revisions.after).bind(revisions.until);
        ids.fetch_all(&self.pool).await.map_err(store_error)
    }

    async fn question_changes(&self) -> Result<i64, StoreError> {
        query_scalar("SELECT count FROM question_changes").fetch_one(&self.pool).await.map_err(store_error)
    }

    async fn revisions(&self) -> Result<BTreeMap<SiteKey, Revision>, StoreError> {
        let rows = query("SELECT site, revision, oldest FROM question_revisions WHERE revision > 0");
        let revision = |row: &PgRow| {
            let revision = Revision { current: row.value("revision")?, oldest: row.value("oldest")? };
            Ok((row.id("site")?, revision))
        };
        rows.fetch_all(&self.pool).await.map_err(store_error)?.iter().map(revision).collect()
    }

    async fn known_questions(&self, site: &SiteKey) -> Result<HashMap<String, KnownQuestion>, StoreError> {
        let rows = query("SELECT id, hash, source FROM questions WHERE site = $1").bind(text(site.as_str()));
        let known = |row: &PgRow| {
            Ok((row.value("id")?, KnownQuestion { hash: row.value("hash")?, source: row.value("source")? }))
        };
        rows.fetch_all(&self.pool).await.map_err(store_error)?.iter().map(known).collect()
    }

    async fn write_questions(
        &self,
        site: &SiteKey,
        source: &str,
        questions: &[NewQuestion],
    ) -> Result<Vec<IdConflict>, StoreError> {
        retried(|| self.try_write(site, source, questions)).await
    }

    async fn remove_questions(&self, site: &SiteKey, source: &str, ids: &[String]) -> Result<usize, StoreError> {
        retried(|| self.try_remove(site, source, ids)).await
    }

    async fn finish_import(&self, site: &SiteKey, source: &str) -> Result<(), StoreError> {
        retried(|| self.try_finish(site, source)).await
    }

    async fn forget_removed_questions(&self, before: Timestamp) -> Result<(), StoreError> {
        let sites: Vec<String> =
            query_scalar("SELECT site FROM question_revisions").fetch_all(&self.pool).await.map_err(store_error)?;
        for site in sites {
            while retried(|| self.forget_removed_once(&site, before)).await? {}
        }
        Ok(())
    }
}

impl PostgresStore {
    async fn try_write(
        &self,
        site: &SiteKey,
        source: &str,
        questions: &[NewQuestion],
    ) -> Result<Vec<IdConflict>, StoreError> {
        // One statement cannot write a row twice. Of several with one id the last one counts.
        let by_id: BTreeMap<String, &NewQuestion> =
            questions.iter().map(|question| (text(&question.id).into_owned(), question)).collect();
        let ids: Vec<&str> = by_id.keys().map(String::as_str).collect();
        let hashes: Vec<&[u8]> = by_id.values().map(|question| &question.hash[..]).collect();
        let documents: Vec<_> = by_id.values().map(|question| text(&question.json)).collect();
        let mut write = self.begin().await?;
        let revision = lock_revision(&mut write, site.as_str()).await? + 1;
        let written = query_scalar::<_, String>(WRITE)
            .bind(text(site.as_str()))
            .bind(text(source))
            .bind(revision)
            .bind(&ids)
            .bind(&hashes)
            .bind(&documents)
            .fetch_all(&mut *write)
            .await
            .map_err(store_error)?;
        let forget = query("DELETE FROM removed_questions WHERE site = $1 AND id = ANY($2)");
        forget.bind(text(site.as_str())).bind(&written).execute(&mut *write).await.map_err(store_error)?;
        let mut conflicts = Vec::new();
        if written.len() < ids.len() {
            let others = query("SELECT id, source FROM questions WHERE site = $1 AND id = ANY($2) AND source <> $3");
            let others = others.bind(text(site.as_str())).bind(&ids).bind(text(source)).fetch_all(&mut *write).await;
            let conflict = |row: &PgRow| Ok(IdConflict { id: row.value("id")?, source: row.value("source")? });
            conflicts = others.map_err(store_error)?.iter().map(conflict).collect::<Result<_, StoreError>>()?;
        }
        write.commit().await.map_err(commit_error)?;
        Ok(conflicts)
    }

    async fn try_remove(&self, site: &SiteKey, source: &str, ids: &[String]) -> Result<usize, StoreError> {
        let ids: Vec<_> = ids.iter().map(|id| text(id)).collect();
        let mut write = self.begin().await?;
        let revision = lock_revision(&mut write, site.as_str()).await? + 1;
        let now = self.clock.now(&mut write).await?;
        let removed = query(
            "WITH removed AS (DELETE FROM questions WHERE site = $1 AND source = $2 AND id = ANY($3) RETURNING id)
            INSERT INTO removed_questions (site, id, revision, removed_at) SELECT $1, id, $4, $5 FROM removed
            ON CONFLICT (site, id) DO UPDATE SET revision = excluded.revision, removed_at = excluded.removed_at",
        );
        let removed = removed.bind(text(site.as_str())).bind(text(source)).bind(&ids).bind(revision).bind(Time(now));
        let removed = removed.execute(&mut *write).await.map_err(store_error)?;
        write.commit().await.map_err(commit_error)?;
        Ok(removed.rows_affected() as usize)
    }

    async fn try_finish(&self, site: &SiteKey, source: &str) -> Result<(), StoreError> {
        let mut write = self.begin().await?;
        let revision = lock_revision(&mut write, site.as_str()).await?;
        // Includes what an import wrote that was killed before it finished.
        let is_changed = query_scalar(
            "SELECT EXISTS (SELECT 1 FROM questions WHERE site = $1 AND revision > $2)
                OR EXISTS (SELECT 1 FROM removed_questions WHERE site = $1 AND revision > $2)",
        );
        let is_changed: bool =
            is_changed.bind(text(site.as_str())).bind(revision).fetch_one(&mut *write).await.map_err(store_error)?;
        if is_changed {
            query("UPDATE question_revisions SET revision = revision + 1 WHERE site = $1")
                .bind(text(site.as_str()))
                .execute(&mut *write)
                .await
                .map_err(store_error)?;
        }
        let now = self.clock.now(&mut write).await?;
        let imported = query(
            "INSERT INTO imports (site, source, imported_at) VALUES ($1, $2, $3)
            ON CONFLICT (site, source) DO UPDATE SET imported_at = $3",
        );
        let imported = imported.bind(text(site.as_str())).bind(text(source)).bind(Time(now));
        imported.execute(&mut *write).await.map_err(store_error)?;
        if is_changed {
            // Last, because the imports of all sites change this row.
            let count = query("UPDATE question_changes SET count = count + 1");
            count.execute(&mut *write).await.map_err(store_error)?;
        }
        write.commit().await.map_err(commit_error)
    }

    /// Deletes some records of removals of a site; `false` if there was none left.
    async fn forget_removed_once(&self, site: &str, before: Timestamp) -> Result<bool, StoreError> {
        let mut write = self.begin().await?;
        let revision = lock_revision(&mut write, site).await?;
        let forgotten = query_scalar::<_, i64>(
            "WITH old AS (SELECT id FROM removed_questions WHERE site = $1 AND removed_at < $2 AND revision <= $3 LIMIT $4)
            DELETE FROM removed_questions USING old WHERE removed_questions.site = $1 AND removed_questions.id = old.id
            RETURNING revision",
        );
        let forgotten = forgotten.bind(site).bind(Time(before)).bind(revision).bind(FORGET_AT_ONCE);
        let forgotten = forgotten.fetch_all(&mut *write).await.map_err(store_error)?;
        let Some(newest) = forgotten.into_iter().max() else { return Ok(false) };
        let oldest = query("UPDATE question_revisions SET oldest = greatest(oldest, $1) WHERE site = $2");
        oldest.bind(newest).bind(site).execute(&mut *write).await.map_err(store_error)?;
        write.commit().await.map_err(commit_error)?;
        Ok(true)
    }
}

/// Locks the revision of a site until the transaction ends, and returns it. What the transaction writes belongs to the next one, which the site
/// reaches when an import finishes: then nothing that belongs to it can still be uncommitted.
async fn lock_revision(write: &mut PgConnection, site: &str) -> Result<i64, StoreError> {
    let site = text(site);
    let lock = query_scalar("SELECT revision FROM question_revisions WHERE site = $1 FOR NO KEY UPDATE").bind(&site);
    if let Some(revision) = lock.fetch_optional(&mut *write).await.map_err(store_error)? {
        return Ok(revision);
    }
    let insert = query_scalar(
        "INSERT INTO question_revisions (site) VALUES ($1)
        ON CONFLICT (site) DO UPDATE SET revision = question_revisions.revision RETURNING revision",
    );
    insert.bind(&site).fetch_one(write).await.map_err(store_error)
}

/// The question in a row of `questions`.
pub fn question_of(row: &PgRow) -> Result<Question, StoreError> {
    let id: String = row.value("id")?;
    parsed(&format!("question {id}"), "question", row.value("question")?)
}

fn question_row(row: &PgRow) -> Result<QuestionRow, StoreError> {
    Ok(QuestionRow { id: row.value("id")?, revision: row.value("revision")?, json: row.value("question")? })
}

const WRITE: &str = "
    INSERT INTO questions (site, id, source, hash, revision, question)
    SELECT $1, id, $2, hash, $3, question FROM unnest($4::text[], $5::bytea[], $6::text[]) AS new (id, hash, question)
    ON CONFLICT (site, id) DO UPDATE SET hash = excluded.hash, revision = excluded.revision, question = excluded.question
    WHERE questions.source = excluded.source
    RETURNING id";
