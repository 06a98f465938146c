//! Whose files are whose, in the SQLite file.

use std::collections::HashSet;

use async_trait::async_trait;
use sqlx::sqlite::SqliteConnection;
use sqlx::{query, query_scalar};

use super::SqliteStore;
use super::rows::attachment_of;
use crate::gateway::store::{Files, Put, StoreError, StoredAttachment, StoredTicket};

const ATTACHMENT: &str = "SELECT * FROM attachments WHERE site = ? AND id = ?";

#[async_trait]
impl Files for SqliteStore {
    async fn attachment(&self, site: &str, id: &str) -> Result<Option<StoredAttachment>, StoreError> {
        let row = query(ATTACHMENT).bind(site).bind(id).fetch_optional(&self.readers).await?;
        row.map(|row| attachment_of(&row)).transpose()
    }

    async fn put_attachment(&self, new: &StoredAttachment) -> Result<Put, StoreError> {
        let mut write = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let held = query(ATTACHMENT).bind(&new.site).bind(&new.id).fetch_optional(&mut *write).await?;
        let held = held.map(|row| attachment_of(&row)).transpose()?;
        if let Some(held) = &held {
            if !held.is_of(new.person.as_deref(), new.session.as_ref()) {
                return Ok(Put::Foreign);
            }
            if held.number.is_some() {
                return Ok(Put::Sent(Box::new(held.clone())));
            }
        }
        query(
            "INSERT OR REPLACE INTO attachments (site, id, person, session, name, type, size, file, put_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(&new.site)
        .bind(&new.id)
        .bind(&new.person)
        .bind(new.session.map(|session| session.to_vec()))
        .bind(&new.name)
        .bind(new.media.word())
        .bind(new.size)
        .bind(&new.file)
        .bind(&new.put_at)
        .execute(&mut *write)
        .await?;
        write.commit().await?;
        Ok(Put::Kept(held.map(|held| held.file)))
    }

    async fn attachments(&self, ticket: &str) -> Result<Vec<StoredAttachment>, StoreError> {
        let rows = query("SELECT * FROM attachments WHERE ticket = ? ORDER BY number, place").bind(ticket);
        rows.fetch_all(&self.readers).await?.iter().map(attachment_of).collect()
    }

    async fn forget_attachments(&self, before: &str) -> Result<(), StoreError> {
        let forget = query("DELETE FROM attachments WHERE ticket IS NULL AND put_at < ?").bind(before);
        forget.execute(&self.writer).await?;
        Ok(())
    }

    async fn attachment_files(&self) -> Result<HashSet<String>, StoreError> {
        let files: Vec<String> = query_scalar("SELECT file FROM attachments").fetch_all(&self.readers).await?;
        Ok(files.into_iter().collect())
    }

    async fn attachments_key(&self) -> Result<Vec<u8>, StoreError> {
        let key = query_scalar("SELECT key FROM signing WHERE what = 'attachments'");
        Ok(key.fetch_one(&self.readers).await?)
    }
}

/// Lets files of a ticket's owner go along with one of its messages; tells the places in the list of those that cannot, because
/// they are not there, somebody else's, or go along with something.
pub async fn attach(
    write: &mut SqliteConnection,
    ticket: &StoredTicket,
    number: u32,
    ids: &[String],
) -> Result<Vec<usize>, StoreError> {
    let mut missing = Vec::new();
    for (place, id) in ids.iter().enumerate() {
        let attached = query(
            "UPDATE attachments SET ticket = ?1, number = ?2, place = ?3 WHERE site = ?4 AND id = ?5 AND ticket IS NULL
            AND CASE WHEN ?6 IS NULL THEN person IS NULL AND session IS ?7 ELSE person = ?6 END",
        )
        .bind(&ticket.id)
        .bind(number)
        .bind(place as i64)
        .bind(&ticket.site)
        .bind(id.to_ascii_lowercase())
        .bind(&ticket.person)
        .bind(ticket.session.map(|session| session.to_vec()))
        .execute(&mut *write)
        .await?;
        if attached.rows_affected() == 0 {
            missing.push(place);
        }
    }
    Ok(missing)
}
