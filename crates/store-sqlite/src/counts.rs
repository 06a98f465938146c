//! The counts port in SQLite.

use async_trait::async_trait;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{Connection, query, query_scalar};

use super::SqliteStore;
use super::error::{RowExt, store_error};
use super::rows::{json, parsed, question_of, read_rows, word};
use deskbell_core::ids::SiteKey;
use deskbell_core::ports::{Count, Counts, SearchMiss, StoreError, WeekOfKind};
use deskbell_core::timestamp::{InvalidTimestamp, Timestamp};
use domain::deflection::{Increments, QuestionCounts, Steps, VISITS_MAX, Visit, Visits, counts_questions};
use domain::event::Event;
use domain::question::Question;
use domain::search_miss::{PEOPLE_MIN, SEARCHES_MAX};
use domain::ticket::Kind;

/// How many rows one transaction deletes.
const FORGET_AT_ONCE: u32 = 500;
/// How many searches are listed.
const MISSES_SHOWN: u32 = 50;

/// A statement that deletes up to a number of rows of a table, selected by primary key, whose time is before the first parameter.
macro_rules! delete {
    ($table:literal, $key:literal, $time:literal) => {
        concat!(
            "DELETE FROM ",
            $table,
            " WHERE (",
            $key,
            ") IN (SELECT ",
            $key,
            " FROM ",
            $table,
            " WHERE ",
            $time,
            " < ? LIMIT ?)"
        )
    };
}
#[async_trait]
impl Counts for SqliteStore {
    async fn salt(&self) -> Result<Vec<u8>, StoreError> {
        query_scalar("SELECT value FROM salt").fetch_one(&self.readers).await.map_err(store_error)
    }

    async fn record_counts(&self, counts: &[Count]) -> Result<(), StoreError> {
        let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(store_error)?;
        for count in counts {
            let mut savepoint = transaction.begin().await.map_err(store_error)?;
            let recorded = match count {
                Count::Event { site, week, event } => record_event(&mut savepoint, site, week, event).await,
                Count::SearchMiss { site, week, pseudonym, search, words, at } => {
                    record_miss(&mut savepoint, &NewSearchMiss { site, week, pseudonym, search, words, at: *at }).await
                }
            };
            match recorded {
                Ok(()) => savepoint.commit().await.map_err(store_error)?,
                // An unreadable row of one visit does not affect the others.
                Err(error) if error.concerns_row() => {
                    savepoint.rollback().await.map_err(store_error)?;
                    tracing::error!(%error, "count dropped");
                }
                Err(error) => return Err(error),
            }
        }
        transaction.commit().await.map_err(store_error)?;
        Ok(())
    }

    async fn visit_counts(&self, site: &SiteKey, since: &str) -> Result<Vec<WeekOfKind>, StoreError> {
        let select = "SELECT week, kind, shown, opened, solved, sent, deflected FROM visit_counts WHERE site = ? AND week >= ? AND (shown > 0 OR sent > 0)
            ORDER BY week DESC, kind";
        let rows = query(select).bind(site.as_str()).bind(since).fetch_all(&self.readers).await.map_err(store_error)?;
        let week = |row: &SqliteRow| {
            Ok(WeekOfKind {
                week: row.value("week")?,
                kind: word("a counter", "kind", row.value("kind")?, Kind::from_word)?,
                visits: Visits {
                    shown: row.value("shown")?,
                    opened: row.value("opened")?,
                    solved: row.value("solved")?,
                    sent: row.value("sent")?,
                    deflected: row.value("deflected")?,
                },
            })
        };
        read_rows(&rows, "counter", week)
    }

    async fn question_counts(
        &self,
        site: &SiteKey,
        since: &str,
        limit: u32,
    ) -> Result<Vec<(QuestionCounts, Option<Question>)>, StoreError> {
        let select = "
            SELECT counted_id, opened, solved, unhelpful, questions.id AS id, questions.question AS question FROM (
                SELECT question AS counted_id, sum(opened) AS opened, sum(solved) AS solved, sum(unhelpful) AS unhelpful
                FROM question_counts WHERE site = ?1 AND week >= ?2 GROUP BY question HAVING sum(opened) > 0
                ORDER BY 3 DESC, 2 DESC, 1 LIMIT ?3) AS counted
            LEFT JOIN questions ON questions.site = ?1 AND questions.id = counted.counted_id
            ORDER BY solved DESC, opened DESC, counted_id";
        let rows = query(select)
            .bind(site.as_str())
            .bind(since)
            .bind(limit)
            .fetch_all(&self.readers)
            .await
            .map_err(store_error)?;
        let read_counts = |row: &SqliteRow| {
            let counts = QuestionCounts {
                id: row.value("counted_id")?,
                opened: row.value("opened")?,
                solved: row.value("solved")?,
                unhelpful: row.value("unhelpful")?,
            };
            let known: Option<String> = row.value("id")?;
            // A question that cannot be read is shown by its id.
            Ok((counts, known.and_then(|_| question_of(row).ok())))
        };
        read_rows(&rows, "counter", read_counts)
    }

    async fn search_misses(&self, site: &SiteKey, since: &str) -> Result<Vec<SearchMiss>, StoreError> {
        let select = "
            SELECT words, sum(people) AS people, max(last_at) AS last_at FROM search_misses
            WHERE site = ? AND week >= ? AND words IS NOT NULL
            GROUP BY words ORDER BY people DESC, last_at DESC, words LIMIT ?";
        let rows = query(select)
            .bind(site.as_str())
            .bind(since)
            .bind(MISSES_SHOWN)
            .fetch_all(&self.readers)
            .await
            .map_err(store_error)?;
        let miss = |row: &SqliteRow| {
            Ok(SearchMiss {
                words: row.value("words")?,
                people: row.value("people")?,
                last_at: last_time(row.value("last_at")?)?,
            })
        };
        read_rows(&rows, "search miss", miss)
    }

    async fn forget_counts(&self, before: Timestamp, who_before: Timestamp) -> Result<(), StoreError> {
        let (before, who_before) = (&before.week(), &who_before.week());
        for (delete, before) in [
            (delete!("visits", "week, site, visit", "week"), who_before),
            (delete!("searchers", "week, site, search, who", "week"), who_before),
            (delete!("visit_counts", "site, week, kind", "week"), before),
            (delete!("question_counts", "site, week, question", "week"), before),
            (delete!("search_misses", "week, site, search", "week"), before),
            (delete!("week_sizes", "week, site", "week"), before),
            (delete!("affected", "site, incident, who", "at"), before),
            (delete!("incident_counts", "site, incident", "last_at"), before),
        ] {
            loop {
                let deleted =
                    query(delete).bind(before).bind(FORGET_AT_ONCE).execute(&self.writer).await.map_err(store_error)?;
                if deleted.rows_affected() < u64::from(FORGET_AT_ONCE) {
                    break;
                }
                // Let other users of the writer go first.
                tokio::task::yield_now().await;
            }
        }
        Ok(())
    }
}

async fn record_event(
    transaction: &mut SqliteConnection,
    site: &SiteKey,
    week: &str,
    event: &Event,
) -> Result<(), StoreError> {
    let row = query("SELECT kind, steps, questions FROM visits WHERE week = ? AND site = ? AND visit = ?");
    let row = row
        .bind(week)
        .bind(site.as_str())
        .bind(&event.visit)
        .fetch_optional(&mut *transaction)
        .await
        .map_err(store_error)?;
    let mut visit = match &row {
        Some(row) => visit_of(row)?,
        None if size(transaction, week, site, BoundedTable::Visits).await? >= VISITS_MAX => return Ok(()),
        None => Visit::new(event.kind),
    };
    let mut event = event.clone();
    event.questions = match counts_questions(event.name) {
        true => questions_of_site(transaction, site, event.questions).await?,
        false => Vec::new(),
    };
    let before = visit.clone();
    let Increments { visits, questions } = visit.record(&event);
    if row.is_some() && visit == before {
        return Ok(());
    }
    let marks: std::collections::BTreeMap<&String, u8> =
        visit.questions.iter().map(|(id, steps)| (id, steps.bits())).collect();
    query("INSERT OR REPLACE INTO visits (week, site, visit, kind, steps, questions) VALUES (?, ?, ?, ?, ?, ?)")
        .bind(week)
        .bind(site.as_str())
        .bind(&event.visit)
        .bind(visit.kind.word())
        .bind(visit.steps.bits())
        .bind(json(&marks)?)
        .execute(&mut *transaction)
        .await
        .map_err(store_error)?;
    if row.is_none() {
        grow(transaction, week, site, BoundedTable::Visits).await?;
    }
    for (kind, more) in visits {
        query(ADD_VISITS)
            .bind(site.as_str())
            .bind(week)
            .bind(kind.word())
            .bind(more.shown)
            .bind(more.opened)
            .bind(more.solved)
            .bind(more.sent)
            .bind(more.deflected)
            .execute(&mut *transaction)
            .await
            .map_err(store_error)?;
    }
    for more in questions {
        query(ADD_QUESTION)
            .bind(site.as_str())
            .bind(week)
            .bind(more.id)
            .bind(more.opened)
            .bind(more.solved)
            .bind(more.unhelpful)
            .execute(&mut *transaction)
            .await
            .map_err(store_error)?;
    }
    Ok(())
}

/// The last time of a search. Counters of older versions have the day only.
pub fn last_time(text: &str) -> Result<Timestamp, StoreError> {
    let time = text.parse().or_else(|_| format!("{text}T00:00:00Z").parse());
    time.map_err(|error: InvalidTimestamp| StoreError::Damaged {
        record: "a counter".into(),
        reason: error.to_string(),
    })
}

fn visit_of(row: &SqliteRow) -> Result<Visit, StoreError> {
    let marks: std::collections::BTreeMap<String, u8> = parsed("a visit", "questions", row.value("questions")?)?;
    Ok(Visit {
        kind: word("a visit", "kind", row.value("kind")?, Kind::from_word)?,
        steps: Steps::from_bits(row.value("steps")?),
        questions: marks.into_iter().map(|(id, bits)| (id, Steps::from_bits(bits))).collect(),
    })
}

/// Those of the ids that are questions of the site.
async fn questions_of_site(
    transaction: &mut SqliteConnection,
    site: &SiteKey,
    ids: Vec<String>,
) -> Result<Vec<String>, StoreError> {
    let mut known = Vec::new();
    for id in ids {
        let found = query("SELECT 1 FROM questions WHERE site = ? AND id = ?").bind(site.as_str()).bind(&id);
        if found.fetch_optional(&mut *transaction).await.map_err(store_error)?.is_some() {
            known.push(id);
        }
    }
    Ok(known)
}

/// A search that found nothing; see [`Count::SearchMiss`].
struct NewSearchMiss<'a> {
    site: &'a SiteKey,
    week: &'a str,
    pseudonym: &'a [u8; 32],
    search: &'a [u8; 32],
    words: &'a str,
    at: Timestamp,
}

async fn record_miss(transaction: &mut SqliteConnection, miss: &NewSearchMiss<'_>) -> Result<(), StoreError> {
    let NewSearchMiss { site, week, pseudonym, search, words, at } = miss;
    let people = query_scalar("SELECT people FROM search_misses WHERE week = ? AND site = ? AND search = ?");
    let people: Option<u32> = people
        .bind(week)
        .bind(site.as_str())
        .bind(&search[..])
        .fetch_optional(&mut *transaction)
        .await
        .map_err(store_error)?;
    if people.is_none() {
        if size(transaction, week, site, BoundedTable::SearchMisses).await? >= SEARCHES_MAX {
            return Ok(());
        }
        grow(transaction, week, site, BoundedTable::SearchMisses).await?;
    }
    let is_new = query("INSERT OR IGNORE INTO searchers (week, site, search, who) VALUES (?, ?, ?, ?)")
        .bind(week)
        .bind(site.as_str())
        .bind(&search[..])
        .bind(&pseudonym[..])
        .execute(&mut *transaction)
        .await
        .map_err(store_error)?
        .rows_affected()
        > 0;
    let people = people.unwrap_or_default() + u32::from(is_new);
    query(
        "INSERT OR REPLACE INTO search_misses (week, site, search, people, words, last_at) VALUES (?, ?, ?, ?, ?, ?)",
    )
    .bind(week)
    .bind(site.as_str())
    .bind(&search[..])
    .bind(people)
    .bind((people >= PEOPLE_MIN).then_some(words))
    .bind(at.to_string())
    .execute(&mut *transaction)
    .await
    .map_err(store_error)?;
    Ok(())
}

/// A table whose rows per site and week are counted in `week_sizes`.
#[derive(Clone, Copy)]
enum BoundedTable {
    Visits,
    SearchMisses,
}

async fn size(
    transaction: &mut SqliteConnection,
    week: &str,
    site: &SiteKey,
    table: BoundedTable,
) -> Result<u32, StoreError> {
    let select = match table {
        BoundedTable::Visits => "SELECT visits FROM week_sizes WHERE week = ? AND site = ?",
        BoundedTable::SearchMisses => "SELECT search_misses FROM week_sizes WHERE week = ? AND site = ?",
    };
    let size: Option<u32> =
        query_scalar(select).bind(week).bind(site.as_str()).fetch_optional(transaction).await.map_err(store_error)?;
    Ok(size.unwrap_or_default())
}

async fn grow(
    transaction: &mut SqliteConnection,
    week: &str,
    site: &SiteKey,
    table: BoundedTable,
) -> Result<(), StoreError> {
    let add = match table {
        BoundedTable::Visits => {
            "INSERT INTO week_sizes (week, site, visits) VALUES (?, ?, 1)
            ON CONFLICT (week, site) DO UPDATE SET visits = visits + 1"
        }
        BoundedTable::SearchMisses => {
            "INSERT INTO week_sizes (week, site, search_misses) VALUES (?, ?, 1)
            ON CONFLICT (week, site) DO UPDATE SET search_misses = search_misses + 1"
        }
    };
    query(add).bind(week).bind(site.as_str()).execute(transaction).await.map_err(store_error)?;
    Ok(())
}

const ADD_VISITS: &str = "
    INSERT INTO visit_counts (site, week, kind, shown, opened, solved, sent, deflected)
    VALUES (?1, ?2, ?3, max(?4, 0), max(?5, 0), max(?6, 0), max(?7, 0), max(?8, 0))
    ON CONFLICT (site, week, kind) DO UPDATE SET shown = max(shown + ?4, 0), opened = max(opened + ?5, 0),
        solved = max(solved + ?6, 0), sent = max(sent + ?7, 0), deflected = max(deflected + ?8, 0)";

const ADD_QUESTION: &str = "
    INSERT INTO question_counts (site, week, question, opened, solved, unhelpful) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
    ON CONFLICT (site, week, question) DO UPDATE SET opened = opened + ?4, solved = solved + ?5,
        unhelpful = unhelpful + ?6";
