//! Notes from elsewhere in the SQLite file.

use async_trait::async_trait;
use sqlx::query;

use super::SqliteStore;
use crate::gateway::store::notes::Notes;
use crate::gateway::store::{Deed, StoreError};

#[async_trait]
impl Notes for SqliteStore {
    async fn keep_note(&self, ticket: &str, key: &str, note: &Deed) -> Result<(), StoreError> {
        query(
            "INSERT INTO deeds (ticket, number, operator, deed, text, at, key)
            SELECT ?1, coalesce(max(number), 0) + 1, ?2, ?3, ?4, ?5, ?6 FROM deeds WHERE ticket = ?1
            ON CONFLICT (ticket, key) WHERE key IS NOT NULL DO NOTHING",
        )
        .bind(ticket)
        .bind(&note.operator)
        .bind(note.act.word())
        .bind(&note.text)
        .bind(&note.at)
        .bind(key)
        .execute(&self.writer)
        .await?;
        Ok(())
    }
}
