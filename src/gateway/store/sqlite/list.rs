//! The agents' list, and the search in it.
//!
//! The list is walked in its own order by the index that fits what it is narrowed down to, so a page costs what it shows. A search either
//! walks in the same way and checks each ticket, where nearly every ticket matches, or begins with the tickets of its rarest word.

use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{QueryBuilder, Sqlite, query_scalar};

use super::SqliteStore;
use super::rows::{listed_ticket_of, read_rows};
use crate::domain::ticket::Status;
use crate::gateway::store::tokens::{self, Term};
use crate::gateway::store::{ListPlace, ListedTicket, SOLVED_GROUP, StoreError, View};

/// How far the tickets of a word are counted. What more tickets have is common.
const COUNT_MAX: i64 = 30_000;
/// How many tickets a walk checks before the search goes on by the rarest word.
const WALK_MAX: i64 = 20_000;
/// What it costs to check a ticket for a word, and to read one that matches, compared with stepping to the next in an index.
const CHECK_COST: f64 = 1.5;
const READ_COST: f64 = 4.0;

/// The columns that lists show.
macro_rules! listed_ticket {
    () => {
        concat!(
            "tickets.id, site, reference, status, target, due_at, received_at, topic, severity, owner, team, assignee, turn,
            answered_at, updated_at, read_until, unread, kind, title, requester, plan, is_verified, robot_signs, list_group,
            list_key, number, ",
            $crate::gateway::store::sqlite::confirmation!()
        )
    };
}
pub(super) use listed_ticket;

/// The index of the list that is narrowed down to nothing.
const EVERYTHING: &str = "tickets_listed";
const ORDER: &str = " ORDER BY list_group, list_key, number LIMIT ";

impl SqliteStore {
    /// The tickets of a view.
    pub(super) async fn list(
        &self,
        view: &View,
        after: Option<(ListPlace, i64)>,
        limit: u32,
    ) -> Result<Vec<ListedTicket>, StoreError> {
        let terms = tokens::terms(&view.words);
        // There are no words in it that a ticket could have.
        if terms.is_empty() && !view.words.trim().is_empty() {
            return Ok(Vec::new());
        }
        let mut read = self.readers.acquire().await?;
        let page = Page { view, terms: &terms, after, limit: i64::from(limit) };
        let rows =
            if terms.is_empty() { walk(&mut read, &page, None).await? } else { search(&mut read, &page).await? };
        read_rows(&rows, "ticket", listed_ticket_of)
    }
}

/// A page of a list.
struct Page<'a> {
    view: &'a View,
    terms: &'a [Term],
    after: Option<(ListPlace, i64)>,
    limit: i64,
}

async fn search(read: &mut SqliteConnection, page: &Page<'_>) -> Result<Vec<SqliteRow>, StoreError> {
    let mut counts = Vec::new();
    for term in page.terms {
        counts.push(count(read, term).await?);
    }
    let total: i64 = query_scalar("SELECT coalesce(max(number), 0) FROM tickets").fetch_one(&mut *read).await?;
    let is_everything = index(page.view) == EVERYTHING && page.view.status.is_none() && page.after.is_none();
    let in_view = if is_everything { total.min(COUNT_MAX) } else { count_view(read, page).await? };
    let rarest = rarest(&counts);
    if is_walked(&counts, total, in_view, page.limit) {
        let rows = walk(read, page, Some(WALK_MAX)).await?;
        if rows.len() as i64 == page.limit || in_view <= WALK_MAX {
            return Ok(rows);
        }
    }
    begin_with(read, page, rarest).await
}

/// The place of the word with the fewest tickets.
fn rarest(counts: &[i64]) -> usize {
    counts.iter().enumerate().min_by_key(|(_, count)| **count).map_or(0, |(place, _)| place)
}

/// Whether it costs less to walk the view and check each ticket than to begin with the tickets of the rarest word. `counts` are the
/// tickets of each word, `total` all tickets, `in_view` those of the view, of which `wanted` are to be found; all up to [`COUNT_MAX`].
fn is_walked(counts: &[i64], total: i64, in_view: i64, wanted: i64) -> bool {
    let fewest = counts.iter().copied().min().unwrap_or_default();
    if fewest >= COUNT_MAX {
        return true;
    }
    let share = |count: i64| (count as f64 / total.max(1) as f64).min(1.0);
    let all: f64 = counts.iter().map(|count| share(*count)).product();
    let checks = 1.0 + CHECK_COST * counts.len() as f64;
    let walk = (wanted as f64 / all.max(f64::MIN_POSITIVE)).min(in_view as f64) * checks;
    let others = counts.len().saturating_sub(1) as f64;
    let found = all * total as f64;
    let begin = fewest as f64 * (1.0 + CHECK_COST * others) + found.min(fewest as f64) * READ_COST;
    walk < begin
}

/// How many tickets a word has, as far as they are counted.
async fn count(read: &mut SqliteConnection, term: &Term) -> Result<i64, StoreError> {
    let mut query = QueryBuilder::new("SELECT count(*) FROM (SELECT 1 FROM ticket_tokens WHERE ");
    push_term(&mut query, term);
    query.push(" LIMIT ").push_bind(COUNT_MAX).push(")");
    Ok(query.build_query_scalar().fetch_one(read).await?)
}

/// How many tickets the view has, as far as they are counted.
async fn count_view(read: &mut SqliteConnection, page: &Page<'_>) -> Result<i64, StoreError> {
    let mut query = QueryBuilder::new("SELECT count(*) FROM (SELECT 1 FROM tickets INDEXED BY ");
    query.push(index(page.view)).push(" WHERE ");
    push_index_range(&mut query, page);
    query.push(" LIMIT ").push_bind(COUNT_MAX).push(")");
    Ok(query.build_query_scalar().fetch_one(read).await?)
}

/// Reads a page in the order of the list. With `most`, only so many tickets are looked at.
async fn walk(read: &mut SqliteConnection, page: &Page<'_>, most: Option<i64>) -> Result<Vec<SqliteRow>, StoreError> {
    let mut query = QueryBuilder::new(concat!("SELECT ", listed_ticket!(), " FROM "));
    match most {
        None => {
            query.push("tickets INDEXED BY ").push(index(page.view)).push(" WHERE ");
            push_index_range(&mut query, page);
        }
        Some(most) => {
            query.push("(SELECT number AS walked FROM tickets INDEXED BY ").push(index(page.view)).push(" WHERE ");
            push_index_range(&mut query, page);
            query.push(ORDER).push_bind(most);
            query.push(") CROSS JOIN tickets INDEXED BY tickets_by_number WHERE number = walked");
        }
    }
    push_filters(&mut query, page.view);
    for term in page.terms {
        query.push(" AND EXISTS (SELECT 1 FROM ticket_tokens WHERE ticket = ");
        query.push(if most.is_some() { "walked" } else { "tickets.number" }).push(" AND ");
        push_term(&mut query, term);
        query.push(")");
    }
    // A walk that ends early comes in its order already.
    query.push(if most.is_some() { " LIMIT " } else { ORDER }).push_bind(page.limit);
    Ok(query.build().fetch_all(read).await?)
}

/// Reads a page of those tickets that have one of the words, which are sorted after that.
async fn begin_with(read: &mut SqliteConnection, page: &Page<'_>, first: usize) -> Result<Vec<SqliteRow>, StoreError> {
    let mut query = QueryBuilder::new(concat!(
        "SELECT ",
        listed_ticket!(),
        " FROM tickets INDEXED BY tickets_by_number WHERE number IN
        (SELECT ticket FROM ticket_tokens AS found INDEXED BY ticket_tokens_by_token WHERE "
    ));
    if let Some(term) = page.terms.get(first) {
        push_term(&mut query, term);
    }
    for (_, term) in page.terms.iter().enumerate().filter(|(place, _)| *place != first) {
        query.push(" AND EXISTS (SELECT 1 FROM ticket_tokens WHERE ticket = found.ticket AND ");
        push_term(&mut query, term);
        query.push(")");
    }
    query.push(")");
    push_filters(&mut query, page.view);
    query.push(" AND ");
    push_range(&mut query, page);
    query.push(ORDER).push_bind(page.limit);
    Ok(query.build().fetch_all(read).await?)
}

fn push_term(query: &mut QueryBuilder<Sqlite>, term: &Term) {
    if term.is_prefix {
        query.push("token >= ").push_bind(term.token.clone());
        query.push(" AND token < ").push_bind(format!("{}{}", term.token, char::MAX));
    } else {
        query.push("token = ").push_bind(term.token.clone());
    }
}

/// The index in whose order a view is walked: by what narrows it down most.
fn index(view: &View) -> &'static str {
    match view {
        View { assignee, .. } if !assignee.is_empty() => "tickets_listed_by_assignee",
        View { team, .. } if !team.is_empty() => "tickets_listed_by_team",
        View { site, .. } if !site.is_empty() => "tickets_listed_by_site",
        View { owner: Some(_), .. } => "tickets_listed_by_owner",
        _ => EVERYTHING,
    }
}

/// What of a view its index finds.
fn push_index_range(query: &mut QueryBuilder<Sqlite>, page: &Page<'_>) {
    let view = page.view;
    match index(view) {
        "tickets_listed_by_assignee" => {
            query.push("assignee <> '' AND assignee = ").push_bind(view.assignee.clone()).push(" AND ");
        }
        "tickets_listed_by_team" => {
            query.push("team <> '' AND team = ").push_bind(view.team.clone()).push(" AND ");
        }
        "tickets_listed_by_site" => {
            query.push("site = ").push_bind(view.site.clone()).push(" AND ");
        }
        "tickets_listed_by_owner" => {
            query.push("owner = ").push_bind(view.owner.map(|owner| owner.word())).push(" AND ");
        }
        _ => {}
    }
    push_range(query, page);
}

/// The status, and where the page begins.
fn push_range(query: &mut QueryBuilder<Sqlite>, page: &Page<'_>) {
    query.push(match page.view.status {
        Some(Status::Open) => "list_group < ",
        Some(Status::Solved) => "list_group = ",
        None => "list_group <= ",
    });
    query.push_bind(SOLVED_GROUP);
    if let Some((place, number)) = page.after {
        query.push(" AND (list_group, list_key, number) > (").push_bind(place.group);
        query.push(", ").push_bind(place.key).push(", ").push_bind(number).push(")");
    }
}

/// All else that a view is narrowed down to.
fn push_filters(query: &mut QueryBuilder<Sqlite>, view: &View) {
    for (column, value) in
        [(" AND site = ", &view.site), (" AND team = ", &view.team), (" AND assignee = ", &view.assignee)]
    {
        if !value.is_empty() {
            query.push(column).push_bind(value.clone());
        }
    }
    if let Some(owner) = view.owner {
        query.push(" AND owner = ").push_bind(owner.word());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_walks_where_nearly_everything_matches_and_begins_with_a_rare_word_otherwise() {
        const MILLION: i64 = 1_000_000;
        for (counts, total, in_view, walks) in [
            (&[1][..], MILLION, COUNT_MAX, false),
            (&[500], MILLION, COUNT_MAX, false),
            (&[COUNT_MAX], MILLION, COUNT_MAX, true),
            (&[COUNT_MAX, COUNT_MAX], MILLION, COUNT_MAX, true),
            (&[COUNT_MAX, 10], MILLION, COUNT_MAX, false),
            // A view of a few tickets is walked, whatever is searched for.
            (&[20_000], MILLION, 100, true),
            (&[40], 50, 50, true),
            (&[1], 50, 50, false),
        ] {
            assert_eq!(is_walked(counts, total, in_view, 51), walks, "{counts:?} {total} {in_view}");
        }
    }
}
