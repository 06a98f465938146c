//! The agents' list and its search.
//!
//! The list is read in its own order through the index that fits the view. A search goes through the tickets with its rarest term, newest
//! first. Both examine a limited number of tickets for a page, for any view, and return where they stopped.

use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Postgres, QueryBuilder};

use super::PostgresStore;
use super::columns::{RowExt, Time, text};
use super::error::store_error;
use super::rows::{listed_ticket_of, read_rows};
use deskbell_core::ids::SiteKey;
use deskbell_core::ports::{InboxCursor, InboxPage, SortPosition, StoreError, View};
use deskbell_core::rules::listing::SOLVED_GROUP;
use deskbell_core::rules::tokens::{self, Term};
use domain::ticket::Status;

/// How many tickets are examined for the first page, which has to be fast, and for a page that continues where another stopped, which somebody
/// has requested.
const FIRST_CANDIDATES: i64 = 500;
const MORE_CANDIDATES: i64 = 10_000;
/// The largest count of tickets with a term. A term with more tickets is common.
const COUNT_MAX: i64 = 1_000;

/// The columns that lists show.
macro_rules! listed_ticket {
    () => {
        concat!(
            "tickets.id, site, reference, status, target, due_at, received_at, topic, severity, owner, team, assignee, turn,
            answered_at, updated_at, read_until, unread, kind, title, requester, plan, is_verified, robot_signs, is_test, list_group,
            list_key, number, ",
            $crate::confirmation!()
        )
    };
}
pub(super) use listed_ticket;

impl PostgresStore {
    /// A page of the tickets in a view.
    pub(super) async fn list(
        &self,
        view: &View,
        after: Option<InboxCursor>,
        limit: u32,
    ) -> Result<InboxPage, StoreError> {
        let terms = tokens::terms(&view.words);
        let mut read = self.acquire().await?;
        let limit = i64::from(limit);
        let has_no_words = view.words.trim().is_empty();
        if !terms.is_empty() || view.is_newest_first && has_no_words {
            let (before, candidates_max) = match after {
                Some(InboxCursor::Found(number)) => (number, MORE_CANDIDATES),
                _ => (i64::MAX, FIRST_CANDIDATES),
            };
            let candidates = Candidates::new(&mut read, &terms, before, candidates_max).await?;
            return search(&mut read, view, &terms, &candidates, limit).await;
        }
        // The search has no terms, so nothing matches.
        if !has_no_words {
            return Ok(InboxPage::default());
        }
        let after = match after {
            Some(InboxCursor::Listed(position, number)) => Some((position, number)),
            _ => None,
        };
        read_matching(&mut read, view, after, limit).await
    }
}

/// Reads a page in the order of the list.
async fn read_matching(
    read: &mut PgConnection,
    view: &View,
    after: Option<(SortPosition, i64)>,
    limit: i64,
) -> Result<InboxPage, StoreError> {
    let candidates_max = if after.is_some() { MORE_CANDIDATES } else { FIRST_CANDIDATES };
    let is_whole_view = !is_filtered(view);
    let mut query = QueryBuilder::new(concat!("SELECT ", listed_ticket!(), " FROM "));
    if is_whole_view {
        push_range(&mut query, view, after);
    } else {
        // Filters beyond the index have to be checked ticket by ticket.
        query.push("(SELECT * FROM ");
        push_range(&mut query, view, after);
        query.push(LIST_ORDER).push(" LIMIT ").push_bind(candidates_max);
        query.push(") AS tickets WHERE true");
        push_filters(&mut query, view);
    }
    // One extra row tells whether another page follows.
    query.push(LIST_ORDER).push(" LIMIT ").push_bind(limit + 1);
    let rows = query.build().fetch_all(&mut *read).await.map_err(store_error)?;
    let mut last_candidate = None;
    if rows.len() as i64 <= limit && !is_whole_view {
        let mut query = QueryBuilder::new("SELECT list_group, list_key, number, received_at FROM ");
        push_range(&mut query, view, after);
        query.push(LIST_ORDER).push(" LIMIT 1 OFFSET ").push_bind(candidates_max - 1);
        last_candidate = query.build().fetch_optional(read).await.map_err(store_error)?;
    }
    page(rows, limit, last_candidate, |row| {
        let position = SortPosition { group: row.value("list_group")?, key: row.value("list_key")? };
        Ok(InboxCursor::Listed(position, row.value("number")?))
    })
}

/// Reads a page of the candidates that contain all terms, newest first.
async fn search(
    read: &mut PgConnection,
    view: &View,
    terms: &[Term],
    candidates: &Candidates<'_>,
    limit: i64,
) -> Result<InboxPage, StoreError> {
    let mut query = QueryBuilder::new(concat!("SELECT ", listed_ticket!(), " FROM ("));
    candidates.push(&mut query);
    query.push(" LIMIT ").push_bind(candidates.most);
    query.push(") AS candidates JOIN tickets ON number = candidate WHERE true");
    for term in terms.iter().filter(|term| !candidates.have(term)) {
        // A scalar subquery and not EXISTS, which could become a join that reads all tickets with a common term.
        query.push(" AND (SELECT true FROM ticket_tokens WHERE ticket = candidate AND ");
        push_term(&mut query, term);
        query.push(" LIMIT 1)");
    }
    // Unreadable tickets are in a group after the last one.
    query.push(" AND list_group <= ").push_bind(SOLVED_GROUP);
    if let Some(status) = view.status {
        query.push(" AND status = ").push_bind(status.word());
    }
    push_filters(&mut query, view);
    query.push(" ORDER BY candidate DESC LIMIT ").push_bind(limit + 1);
    let rows = query.build().fetch_all(&mut *read).await.map_err(store_error)?;
    let mut last_candidate = None;
    if rows.len() as i64 <= limit {
        let mut query = QueryBuilder::new("SELECT number, received_at FROM tickets WHERE number = (");
        candidates.push(&mut query);
        query.push(" LIMIT 1 OFFSET ").push_bind(candidates.most - 1).push(")");
        last_candidate = query.build().fetch_optional(read).await.map_err(store_error)?;
    }
    page(rows, limit, last_candidate, |row| Ok(InboxCursor::Found(row.value("number")?)))
}

/// The tickets that a search examines: the newest ones below a number.
struct Candidates<'a> {
    /// A term that all of them contain. Without one they are all tickets, because there is none or they are prefixes of many words.
    term: Option<&'a Term>,
    before: i64,
    most: i64,
}

impl<'a> Candidates<'a> {
    /// The tickets with the rarest term. The index does not order the tickets of a prefix, so a prefix is used only if it has few.
    async fn new(
        read: &mut PgConnection,
        terms: &'a [Term],
        before: i64,
        most: i64,
    ) -> Result<Candidates<'a>, StoreError> {
        let mut rarest: Option<(i64, &Term)> = None;
        for term in terms {
            let count = count(read, term).await?;
            let is_usable = !term.is_prefix || count < COUNT_MAX;
            if is_usable && rarest.is_none_or(|(fewest, _)| count < fewest) {
                rarest = Some((count, term));
            }
        }
        Ok(Candidates { term: rarest.map(|(_, term)| term), before, most })
    }

    /// Whether all of them contain a term.
    fn have(&self, term: &Term) -> bool {
        self.term == Some(term)
    }

    /// Selects their numbers as `candidate`, newest first.
    fn push(&self, query: &mut QueryBuilder<Postgres>) {
        match self.term {
            Some(term) => {
                query.push(if term.is_prefix { "SELECT DISTINCT" } else { "SELECT" });
                query.push(" ticket AS candidate FROM ticket_tokens WHERE ");
                push_term(query, term);
                query.push(" AND ticket < ");
            }
            None => {
                query.push("SELECT number AS candidate FROM tickets WHERE number < ");
            }
        }
        query.push_bind(self.before).push(" ORDER BY candidate DESC");
    }
}

/// The number of tickets with a term, or of index entries with a prefix, counted up to [`COUNT_MAX`].
async fn count(read: &mut PgConnection, term: &Term) -> Result<i64, StoreError> {
    let mut query = QueryBuilder::new("SELECT count(*) FROM (SELECT 1 FROM ticket_tokens WHERE ");
    push_term(&mut query, term);
    query.push(" LIMIT ").push_bind(COUNT_MAX).push(") AS counted");
    query.build_query_scalar().fetch_one(read).await.map_err(store_error)
}

/// A page of rows, of which there may be one more than `limit`. With a `last_candidate` the page ended before it was full.
fn page(
    mut rows: Vec<PgRow>,
    limit: i64,
    last_candidate: Option<PgRow>,
    cursor: impl Fn(&PgRow) -> Result<InboxCursor, StoreError>,
) -> Result<InboxPage, StoreError> {
    let has_more = rows.len() as i64 > limit;
    rows.truncate(limit as usize);
    let last = if has_more { rows.last() } else { last_candidate.as_ref() };
    let next = last.map(cursor).transpose()?;
    let stopped_at = last_candidate.map(|row| row.time("received_at")).transpose()?;
    Ok(InboxPage { tickets: read_rows(&rows, "ticket", listed_ticket_of)?, next, stopped_at })
}

fn push_term(query: &mut QueryBuilder<Postgres>, term: &Term) {
    let token = text(&term.token).into_owned();
    if term.is_prefix {
        // Tokens are compared by their bytes.
        let end = format!("{token}{}", char::MAX);
        query.push("token >= ").push_bind(token).push(" AND token < ").push_bind(end);
    } else {
        query.push("token = ").push_bind(token);
    }
}

const LIST_ORDER: &str = " ORDER BY list_group, list_key, number";

/// Whether a view has filters beyond those of the index that it is read through.
fn is_filtered(view: &View) -> bool {
    let narrowed = [!view.assignee.is_empty(), !view.team.is_empty(), view.site.is_some(), view.owner.is_some()];
    view.is_test.is_some()
        || view.received_since.is_some()
        || narrowed.iter().filter(|is_narrowed| **is_narrowed).count() > 1
}

/// Appends the table, the condition for the most selective filter of a view that has an index, and the position to start after.
fn push_range(query: &mut QueryBuilder<Postgres>, view: &View, after: Option<(SortPosition, i64)>) {
    query.push("tickets WHERE ");
    match view {
        View { assignee, .. } if !assignee.is_empty() => {
            query.push("assignee <> '' AND assignee = ").push_bind(text(assignee).into_owned()).push(" AND ");
        }
        View { team, .. } if !team.is_empty() => {
            query.push("team <> '' AND team = ").push_bind(text(team).into_owned()).push(" AND ");
        }
        View { site: Some(site), .. } => {
            query.push("site = ").push_bind(text(site.as_str()).into_owned()).push(" AND ");
        }
        View { owner: Some(owner), .. } => {
            query.push("owner = ").push_bind(owner.word()).push(" AND ");
        }
        _ => {}
    }
    query.push(match view.status {
        Some(Status::Open) => "list_group < ",
        Some(Status::Solved) => "list_group = ",
        None => "list_group <= ",
    });
    query.push_bind(SOLVED_GROUP);
    if let Some((position, number)) = after {
        query.push(" AND (list_group, list_key, number) > (").push_bind(position.group);
        query.push(", ").push_bind(position.key).push(", ").push_bind(number).push(")");
    }
}

/// Appends all filters of a view except its status.
fn push_filters(query: &mut QueryBuilder<Postgres>, view: &View) {
    for (column, value) in [
        (" AND site = ", view.site.as_ref().map_or("", SiteKey::as_str)),
        (" AND team = ", &view.team),
        (" AND assignee = ", &view.assignee),
    ] {
        if !value.is_empty() {
            query.push(column).push_bind(text(value).into_owned());
        }
    }
    if let Some(owner) = view.owner {
        query.push(" AND owner = ").push_bind(owner.word());
    }
    if let Some(is_test) = view.is_test {
        query.push(" AND is_test = ").push_bind(is_test);
    }
    if let Some(since) = view.received_since {
        query.push(" AND received_at >= ").push_bind(Time(since));
    }
}
