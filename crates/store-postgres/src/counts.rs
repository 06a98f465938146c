//! The counts port in PostgreSQL.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{Connection, query, query_scalar};

use super::PostgresStore;
use super::columns::{RowExt, Time, text};
use super::error::{commit_error, store_error};
use super::locks::lock_names;
use super::questions::question_of;
use super::retry::retried;
use super::rows::{json, parsed, read_rows, word_in};
use super::secrets::Secret;
use deskbell_core::ids::SiteKey;
use deskbell_core::ports::{Count, Counts, SearchMiss, StoreError, WeekOfKind};
use deskbell_core::timestamp::Timestamp;
use domain::deflection::{Increments, QuestionCounts, Steps, VISITS_MAX, Visit, Visits, counts_questions};
use domain::event::Event;
use domain::question::Question;
use domain::search_miss::{PEOPLE_MIN, SEARCHES_MAX};
use domain::ticket::Kind;

/// How many rows one transaction deletes.
const FORGET_AT_ONCE: u32 = 500;
/// How many searches are listed.
const MISSES_SHOWN: i64 = 50;

/// A statement that deletes up to a number of rows of a table, selected by primary key, whose time is before the first parameter, a week. It walks
/// an index, so that its cost depends on what it deletes.
macro_rules! delete {
    ($table:literal, $key:literal, $time:literal, $week:literal) => {
        concat!(
            "WITH old AS (SELECT ",
            $key,
            " FROM ",
            $table,
            " WHERE ",
            $time,
            " < ",
            $week,
            " ORDER BY ",
            $time,
            " LIMIT $2 FOR UPDATE SKIP LOCKED) DELETE FROM ",
            $table,
            " WHERE (",
            $key,
            ") IN (SELECT ",
            $key,
            " FROM old)"
        )
    };
    ($table:literal, $key:literal, $time:literal) => {
        delete!($table, $key, $time, "($1 || 'T00:00:00Z')::timestamptz")
    };
    ($table:literal, $key:literal) => {
        delete!($table, $key, "week", "$1")
    };
}

#[async_trait]
impl Counts for PostgresStore {
    async fn salt(&self) -> Result<Vec<u8>, StoreError> {
        self.secret(Secret::Salt).await
    }

    async fn record_counts(&self, counts: &[Count]) -> Result<(), StoreError> {
        retried(|| self.try_record_counts(counts)).await
    }

    async fn visit_counts(&self, site: &SiteKey, since: &str) -> Result<Vec<WeekOfKind>, StoreError> {
        let rows = query(
            "SELECT week, kind, shown, opened, solved, sent, deflected FROM visit_counts
            WHERE site = $1 AND week >= $2 AND (shown > 0 OR sent > 0)
            ORDER BY week DESC, kind",
        );
        let rows = rows.bind(text(site.as_str())).bind(text(since)).fetch_all(&self.pool).await.map_err(store_error)?;
        let week = |row: &PgRow| {
            Ok(WeekOfKind {
                week: row.value("week")?,
                kind: word_in("a counter", row, "kind", Kind::from_word)?,
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
                SELECT question AS counted_id, sum(opened)::bigint AS opened, sum(solved)::bigint AS solved,
                    sum(unhelpful)::bigint AS unhelpful
                FROM question_counts WHERE site = $1 AND week >= $2 GROUP BY question HAVING sum(opened) > 0
                ORDER BY 3 DESC, 2 DESC, 1 LIMIT $3) AS counted
            LEFT JOIN questions ON questions.site = $1 AND questions.id = counted.counted_id
            ORDER BY solved DESC, opened DESC, counted_id";
        let rows = query(select)
            .bind(text(site.as_str()))
            .bind(text(since))
            .bind(i64::from(limit))
            .fetch_all(&self.pool)
            .await
            .map_err(store_error)?;
        let read_counts = |row: &PgRow| {
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
            SELECT words, sum(people)::bigint AS people, max(last_at) AS last_at FROM search_misses
            WHERE site = $1 AND week >= $2 AND words IS NOT NULL
            GROUP BY words ORDER BY 2 DESC, 3 DESC, 1 LIMIT $3";
        let rows = query(select)
            .bind(text(site.as_str()))
            .bind(text(since))
            .bind(MISSES_SHOWN)
            .fetch_all(&self.pool)
            .await
            .map_err(store_error)?;
        let miss = |row: &PgRow| {
            Ok(SearchMiss { words: row.value("words")?, people: row.number("people")?, last_at: row.time("last_at")? })
        };
        read_rows(&rows, "search miss", miss)
    }

    async fn forget_counts(&self, before: Timestamp, who_before: Timestamp) -> Result<(), StoreError> {
        let (before, who_before) = (&before.week(), &who_before.week());
        for (delete, before) in [
            (delete!("visits", "week, site, visit"), who_before),
            (delete!("searchers", "week, site, search, pseudonym"), who_before),
            (delete!("visit_counts", "site, week, kind"), before),
            (delete!("question_counts", "site, week, question"), before),
            (delete!("search_misses", "week, site, search"), before),
            (delete!("week_sizes", "week, site"), before),
            (delete!("affected_customers", "site, incident, pseudonym", "at"), before),
            (delete!("incident_counts", "site, incident", "last_at"), before),
        ] {
            loop {
                let deleted = query(delete).bind(before).bind(i64::from(FORGET_AT_ONCE)).execute(&self.pool).await;
                if deleted.map_err(store_error)?.rows_affected() < u64::from(FORGET_AT_ONCE) {
                    break;
                }
            }
        }
        Ok(())
    }
}

impl PostgresStore {
    async fn try_record_counts(&self, counts: &[Count]) -> Result<(), StoreError> {
        let mut write = self.begin().await?;
        // What gateways count for a site is counted one after another, because what is counted depends on what is known of a visit.
        let sites: BTreeSet<&SiteKey> = counts.iter().map(site_of).collect();
        lock_names(&mut write, sites.into_iter().map(|site| ("counts of a site", site.as_str().as_bytes()))).await?;
        for count in counts {
            let mut savepoint = write.begin().await.map_err(store_error)?;
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
        write.commit().await.map_err(commit_error)
    }
}

fn site_of(count: &Count) -> &SiteKey {
    match count {
        Count::Event { site, .. } | Count::SearchMiss { site, .. } => site,
    }
}

async fn record_event(write: &mut PgConnection, site: &SiteKey, week: &str, event: &Event) -> Result<(), StoreError> {
    let row = query("SELECT kind, steps, questions FROM visits WHERE week = $1 AND site = $2 AND visit = $3")
        .bind(text(week))
        .bind(text(site.as_str()))
        .bind(text(&event.visit))
        .fetch_optional(&mut *write)
        .await
        .map_err(store_error)?;
    let mut visit = match &row {
        Some(row) => visit_of(row)?,
        None if size(write, week, site, BoundedTable::Visits).await? >= VISITS_MAX => return Ok(()),
        None => Visit::new(event.kind),
    };
    let mut event = event.clone();
    event.questions = match counts_questions(event.name) {
        true => questions_of_site(write, site, &event.questions).await?,
        false => Vec::new(),
    };
    let before = visit.clone();
    let Increments { visits, questions } = visit.record(&event);
    if row.is_some() && visit == before {
        return Ok(());
    }
    let marks: BTreeMap<&String, u8> = visit.questions.iter().map(|(id, steps)| (id, steps.bits())).collect();
    query(
        "INSERT INTO visits (week, site, visit, kind, steps, questions) VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (week, site, visit) DO UPDATE SET kind = $4, steps = $5, questions = $6",
    )
    .bind(text(week))
    .bind(text(site.as_str()))
    .bind(text(&event.visit))
    .bind(visit.kind.word())
    .bind(i64::from(visit.steps.bits()))
    .bind(json(&marks)?)
    .execute(&mut *write)
    .await
    .map_err(store_error)?;
    if row.is_none() {
        grow(write, week, site, BoundedTable::Visits).await?;
    }
    for (kind, more) in visits {
        query(ADD_VISITS)
            .bind(text(site.as_str()))
            .bind(text(week))
            .bind(kind.word())
            .bind(more.shown)
            .bind(more.opened)
            .bind(more.solved)
            .bind(more.sent)
            .bind(more.deflected)
            .execute(&mut *write)
            .await
            .map_err(store_error)?;
    }
    for more in questions {
        query(ADD_QUESTION)
            .bind(text(site.as_str()))
            .bind(text(week))
            .bind(text(&more.id))
            .bind(more.opened)
            .bind(more.solved)
            .bind(more.unhelpful)
            .execute(&mut *write)
            .await
            .map_err(store_error)?;
    }
    Ok(())
}

fn visit_of(row: &PgRow) -> Result<Visit, StoreError> {
    let marks: BTreeMap<String, u8> = parsed("a visit", "questions", row.value("questions")?)?;
    Ok(Visit {
        kind: word_in("a visit", row, "kind", Kind::from_word)?,
        steps: Steps::from_bits(row.number("steps")?),
        questions: marks.into_iter().map(|(id, bits)| (id, Steps::from_bits(bits))).collect(),
    })
}

/// Those of the ids that are questions of the site.
async fn questions_of_site(read: &mut PgConnection, site: &SiteKey, ids: &[String]) -> Result<Vec<String>, StoreError> {
    let ids: Vec<_> = ids.iter().map(|id| text(id)).collect();
    let known = query_scalar("SELECT id FROM questions WHERE site = $1 AND id = ANY($2)");
    known.bind(text(site.as_str())).bind(&ids).fetch_all(read).await.map_err(store_error)
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

async fn record_miss(write: &mut PgConnection, miss: &NewSearchMiss<'_>) -> Result<(), StoreError> {
    let NewSearchMiss { site, week, pseudonym, search, words, at } = miss;
    let people = query("SELECT people FROM search_misses WHERE week = $1 AND site = $2 AND search = $3");
    let people = people.bind(text(week)).bind(text(site.as_str())).bind(&search[..]);
    let people = people.fetch_optional(&mut *write).await.map_err(store_error)?;
    let people: Option<u32> = people.map(|row| row.number("people")).transpose()?;
    if people.is_none() {
        if size(write, week, site, BoundedTable::SearchMisses).await? >= SEARCHES_MAX {
            return Ok(());
        }
        grow(write, week, site, BoundedTable::SearchMisses).await?;
    }
    let is_new =
        query("INSERT INTO searchers (week, site, search, pseudonym) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING")
            .bind(text(week))
            .bind(text(site.as_str()))
            .bind(&search[..])
            .bind(&pseudonym[..])
            .execute(&mut *write)
            .await
            .map_err(store_error)?
            .rows_affected()
            > 0;
    let people = people.unwrap_or_default() + u32::from(is_new);
    query(
        "INSERT INTO search_misses (week, site, search, people, words, last_at) VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (week, site, search) DO UPDATE SET people = $4, words = $5, last_at = $6",
    )
    .bind(text(week))
    .bind(text(site.as_str()))
    .bind(&search[..])
    .bind(i64::from(people))
    .bind((people >= PEOPLE_MIN).then(|| text(words)))
    .bind(Time(*at))
    .execute(&mut *write)
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

async fn size(read: &mut PgConnection, week: &str, site: &SiteKey, table: BoundedTable) -> Result<u32, StoreError> {
    let select = match table {
        BoundedTable::Visits => "SELECT visits AS size FROM week_sizes WHERE week = $1 AND site = $2",
        BoundedTable::SearchMisses => "SELECT search_misses AS size FROM week_sizes WHERE week = $1 AND site = $2",
    };
    let size = query(select).bind(text(week)).bind(text(site.as_str())).fetch_optional(read).await;
    size.map_err(store_error)?.map_or(Ok(0), |row| row.number("size"))
}

async fn grow(write: &mut PgConnection, week: &str, site: &SiteKey, table: BoundedTable) -> Result<(), StoreError> {
    let add = match table {
        BoundedTable::Visits => {
            "INSERT INTO week_sizes (week, site, visits) VALUES ($1, $2, 1)
            ON CONFLICT (week, site) DO UPDATE SET visits = week_sizes.visits + 1"
        }
        BoundedTable::SearchMisses => {
            "INSERT INTO week_sizes (week, site, search_misses) VALUES ($1, $2, 1)
            ON CONFLICT (week, site) DO UPDATE SET search_misses = week_sizes.search_misses + 1"
        }
    };
    query(add).bind(text(week)).bind(text(site.as_str())).execute(write).await.map_err(store_error)?;
    Ok(())
}

const ADD_VISITS: &str = "
    INSERT INTO visit_counts AS counts (site, week, kind, shown, opened, solved, sent, deflected)
    VALUES ($1, $2, $3, greatest($4, 0), greatest($5, 0), greatest($6, 0), greatest($7, 0), greatest($8, 0))
    ON CONFLICT (site, week, kind) DO UPDATE SET shown = greatest(counts.shown + $4, 0),
        opened = greatest(counts.opened + $5, 0), solved = greatest(counts.solved + $6, 0),
        sent = greatest(counts.sent + $7, 0), deflected = greatest(counts.deflected + $8, 0)";

const ADD_QUESTION: &str = "
    INSERT INTO question_counts AS counts (site, week, question, opened, solved, unhelpful)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (site, week, question) DO UPDATE SET opened = counts.opened + $4, solved = counts.solved + $5,
        unhelpful = counts.unhelpful + $6";
