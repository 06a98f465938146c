//! The agents' list and its search.
//!
//! The list is read in its own order through the index that fits the view. A search goes through the tickets with its rarest term, newest
//! first. Both examine a limited number of tickets for a page, for any view, and return where they stopped.

use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{QueryBuilder, Sqlite};

use super::SqliteStore;
use super::error::{RowExt, store_error};
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

impl SqliteStore {
    /// A page of the tickets in a view.
    pub(super) async fn list(
        &self,
        view: &View,
        after: Option<InboxCursor>,
        limit: u32,
    ) -> Result<InboxPage, StoreError> {
        let terms = tokens::terms(&view.words);
        let mut read = self.readers.acquire().await.map_err(store_error)?;
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
    read: &mut SqliteConnection,
    view: &View,
    after: Option<(SortPosition, i64)>,
    limit: i64,
) -> Result<InboxPage, StoreError> {
    let index = index(view);
    let candidates_max = if after.is_some() { MORE_CANDIDATES } else { FIRST_CANDIDATES };
    let is_whole_view = !is_filtered(view);
    let mut query = QueryBuilder::new(concat!("SELECT ", listed_ticket!(), " FROM "));
    if is_whole_view {
        push_range(&mut query, index, view, after);
        query.push(LIST_ORDER);
    } else {
        // Filters beyond the index have to be checked ticket by ticket.
        query.push("(SELECT number AS candidate FROM ");
        push_range(&mut query, index, view, after);
        query.push(LIST_ORDER).push_bind(candidates_max);
        query.push(") CROSS JOIN tickets INDEXED BY tickets_by_number WHERE number = candidate");
        push_filters(&mut query, view);
        query.push(" LIMIT ");
    }
    // One extra row tells whether another page follows.
    let rows = query.push_bind(limit + 1).build().fetch_all(&mut *read).await.map_err(store_error)?;
    let mut last_candidate = None;
    if rows.len() as i64 <= limit && !is_whole_view {
        let mut query = QueryBuilder::new("SELECT list_group, list_key, number, received_at FROM ");
        push_range(&mut query, index, view, after);
        query.push(LIST_ORDER).push("1 OFFSET ").push_bind(candidates_max - 1);
        last_candidate = query.build().fetch_optional(read).await.map_err(store_error)?;
    }
    page(rows, limit, last_candidate, |row| {
        let position = SortPosition { group: row.value("list_group")?, key: row.value("list_key")? };
        Ok(InboxCursor::Listed(position, row.value("number")?))
    })
}

/// Reads a page of the candidates that contain all terms, newest first.
async fn search(
    read: &mut SqliteConnection,
    view: &View,
    terms: &[Term],
    candidates: &Candidates<'_>,
    limit: i64,
) -> Result<InboxPage, StoreError> {
    let mut query = QueryBuilder::new(concat!("SELECT ", listed_ticket!(), " FROM ("));
    candidates.push(&mut query);
    query.push(" LIMIT ").push_bind(candidates.most);
    query.push(") CROSS JOIN tickets INDEXED BY tickets_by_number WHERE number = candidate");
    for term in terms.iter().filter(|term| !candidates.have(term)) {
        query.push(" AND EXISTS (SELECT 1 FROM ticket_tokens WHERE ticket = candidate AND ");
        push_term(&mut query, term);
        query.push(")");
    }
    // Unreadable tickets are in a group after the last one.
    query.push(" AND list_group <= ").push_bind(SOLVED_GROUP);
    if let Some(status) = view.status {
        query.push(" AND status = ").push_bind(status.word());
    }
    push_filters(&mut query, view);
    let rows = query.push(" LIMIT ").push_bind(limit + 1).build().fetch_all(&mut *read).await.map_err(store_error)?;
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
        read: &mut SqliteConnection,
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
    fn push(&self, query: &mut QueryBuilder<Sqlite>) {
        match self.term {
            Some(term) => {
                query.push(if term.is_prefix { "SELECT DISTINCT" } else { "SELECT" });
                query.push(" ticket AS candidate FROM ticket_tokens INDEXED BY ticket_tokens_by_token WHERE ");
                push_term(query, term);
                query.push(" AND ticket < ");
            }
            None => {
                query.push("SELECT number AS candidate FROM tickets INDEXED BY tickets_by_number WHERE number < ");
            }
        }
        query.push_bind(self.before).push(" ORDER BY candidate DESC");
    }
}

/// The number of tickets with a term, or of index entries with a prefix, counted up to [`COUNT_MAX`].
async fn count(read: &mut SqliteConnection, term: &Term) -> Result<i64, StoreError> {
    let mut query = QueryBuilder::new("SELECT count(*) FROM (SELECT 1 FROM ticket_tokens WHERE ");
    push_term(&mut query, term);
    query.push(" LIMIT ").push_bind(COUNT_MAX).push(")");
    query.build_query_scalar().fetch_one(read).await.map_err(store_error)
}

/// A page of rows, of which there may be one more than `limit`. With a `last_candidate` the page ended before it was full.
fn page(
    mut rows: Vec<SqliteRow>,
    limit: i64,
    last_candidate: Option<SqliteRow>,
    cursor: impl Fn(&SqliteRow) -> Result<InboxCursor, StoreError>,
) -> Result<InboxPage, StoreError> {
    let has_more = rows.len() as i64 > limit;
    rows.truncate(limit as usize);
    let last = if has_more { rows.last() } else { last_candidate.as_ref() };
    let next = last.map(cursor).transpose()?;
    let stopped_at = last_candidate.map(|row| row.time("received_at")).transpose()?;
    Ok(InboxPage { tickets: read_rows(&rows, "ticket", listed_ticket_of)?, next, stopped_at })
}

fn push_term(query: &mut QueryBuilder<Sqlite>, term: &Term) {
    if term.is_prefix {
        query.push("token >= ").push_bind(term.token.clone());
        query.push(" AND token < ").push_bind(format!("{}{}", term.token, char::MAX));
    } else {
        query.push("token = ").push_bind(term.token.clone());
    }
}

const LIST_ORDER: &str = " ORDER BY list_group, list_key, number LIMIT ";

/// The index that a view is read through: the one for its most selective filter.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Index {
    Assignee,
    Team,
    Site,
    Owner,
    Everything,
}

fn index(view: &View) -> Index {
    match view {
        View { assignee, .. } if !assignee.is_empty() => Index::Assignee,
        View { team, .. } if !team.is_empty() => Index::Team,
        View { site: Some(_), .. } => Index::Site,
        View { owner: Some(_), .. } => Index::Owner,
        _ => Index::Everything,
    }
}

/// Whether a view has filters beyond those of its index.
fn is_filtered(view: &View) -> bool {
    let narrowed = [!view.assignee.is_empty(), !view.team.is_empty(), view.site.is_some(), view.owner.is_some()];
    view.is_test.is_some()
        || view.received_since.is_some()
        || narrowed.iter().filter(|is_narrowed| **is_narrowed).count() > 1
}

/// Appends the table with its index, the index's condition for a view, and the position to start after.
fn push_range(query: &mut QueryBuilder<Sqlite>, index: Index, view: &View, after: Option<(SortPosition, i64)>) {
    query.push("tickets INDEXED BY ");
    match index {
        Index::Assignee => {
            query.push("tickets_listed_by_assignee WHERE assignee <> '' AND assignee = ");
            query.push_bind(view.assignee.clone()).push(" AND ");
        }
        Index::Team => {
            query.push("tickets_listed_by_team WHERE team <> '' AND team = ");
            query.push_bind(view.team.clone()).push(" AND ");
        }
        Index::Site => {
            query.push("tickets_listed_by_site WHERE site = ").push_bind(site_of(view)).push(" AND ");
        }
        Index::Owner => {
            query.push("tickets_listed_by_owner WHERE owner = ");
            query.push_bind(view.owner.map(|owner| owner.word())).push(" AND ");
        }
        Index::Everything => {
            query.push("tickets_listed WHERE ");
        }
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

/// The site of a view; empty if it has none.
fn site_of(view: &View) -> String {
    view.site.as_ref().map(SiteKey::to_string).unwrap_or_default()
}

/// Appends all filters of a view except its status.
fn push_filters(query: &mut QueryBuilder<Sqlite>, view: &View) {
    for (column, value) in [
        (" AND site = ", site_of(view)),
        (" AND team = ", view.team.clone()),
        (" AND assignee = ", view.assignee.clone()),
    ] {
        if !value.is_empty() {
            query.push(column).push_bind(value);
        }
    }
    if let Some(owner) = view.owner {
        query.push(" AND owner = ").push_bind(owner.word());
    }
    if let Some(is_test) = view.is_test {
        query.push(" AND is_test = ").push_bind(is_test);
    }
    if let Some(since) = view.received_since {
        query.push(" AND received_at >= ").push_bind(since.to_string());
    }
}
