//! The operators' list.

use sqlx::QueryBuilder;

use super::rows::ticket_of;
use super::{SqliteStore, unread, words};
use crate::gateway::store::{StoreError, StoredTicket, View};

const ORDER: &str = "
    ORDER BY status = 'solved',
        CASE WHEN answered_at IS NULL AND due_at IS NOT NULL THEN 0 WHEN turn = 'support' THEN 1 ELSE 2 END,
        CASE WHEN answered_at IS NULL AND status <> 'solved' THEN due_at END,
        CASE WHEN turn = 'support' AND status <> 'solved' THEN updated_at END,
        updated_at DESC, id";

impl SqliteStore {
    /// The tickets of a view.
    pub(super) async fn list(&self, view: &View, offset: u32, limit: u32) -> Result<Vec<StoredTicket>, StoreError> {
        let mut query = QueryBuilder::new(concat!("SELECT *, ", unread!(), " FROM tickets WHERE 1 = 1"));
        if let Some(status) = view.status {
            query.push(" AND status = ").push_bind(status.word());
        }
        if let Some(owner) = view.owner {
            query.push(" AND owner = ").push_bind(owner.word());
        }
        for (column, value) in [(" AND team = ", &view.team), (" AND assignee = ", &view.assignee)] {
            if !value.is_empty() {
                query.push(column).push_bind(value.clone());
            }
        }
        for word in words::folded(&view.words).split(' ').filter(|word| !word.is_empty()) {
            query.push(" AND instr(words, ").push_bind(word.to_string()).push(") > 0");
        }
        query.push(ORDER).push(" LIMIT ").push_bind(limit);
        query.push(" OFFSET ").push_bind(offset);
        query.build().fetch_all(&self.readers).await?.iter().map(ticket_of).collect()
    }
}
