//! The attachments port in SQLite.

use std::collections::HashSet;

use async_trait::async_trait;
use sqlx::sqlite::SqliteConnection;
use sqlx::{query, query_scalar};

use super::SqliteStore;
use super::error::{RowExt, store_error};
use super::rows::attachment_of;
use crate::chunks::delete_in_chunks;
use deskbell_core::ids::{CustomerId, SiteKey, TicketId};
use deskbell_core::ports::{
    Attachments, FileOwner, PutOutcome, StoreError, StoredAttachment, StoredTicket, Upload, UploadUsage, Usage,
};
use deskbell_core::rules::access_link::GRANT_LIFE;
use deskbell_core::timestamp::Timestamp;

/// The columns of an attachment.
macro_rules! attachment {
    () => {
        "site, id, person, session, name, type, size, metadata, file, put_at, number"
    };
}
pub(super) use attachment;

const ATTACHMENT: &str = concat!("SELECT ", attachment!(), " FROM attachments WHERE site = ? AND id = ?");

#[async_trait]
impl Attachments for SqliteStore {
    async fn attachment(&self, site: &SiteKey, id: &str) -> Result<Option<StoredAttachment>, StoreError> {
        let row =
            query(ATTACHMENT).bind(site.as_str()).bind(id).fetch_optional(&self.readers).await.map_err(store_error)?;
        row.map(|row| attachment_of(&row)).transpose()
    }

    async fn put_attachment(
        &self,
        new: &StoredAttachment,
        upload: Option<Upload<'_>>,
    ) -> Result<PutOutcome, StoreError> {
        let mut write = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(store_error)?;
        let existing = query(ATTACHMENT)
            .bind(new.site.as_str())
            .bind(new.id.as_str())
            .fetch_optional(&mut *write)
            .await
            .map_err(store_error)?;
        let existing = existing.map(|row| attachment_of(&row)).transpose()?;
        if let Some(existing) = &existing {
            if !existing.is_of(new.person.as_ref(), new.session.as_ref()) {
                return Ok(PutOutcome::Foreign);
            }
            if existing.number.is_some() {
                return Ok(PutOutcome::Sent(Box::new(existing.clone())));
            }
        }
        if let Some(upload) = upload
            && let Some(usage) = refused(&mut write, new, existing.as_ref(), &upload).await?
        {
            return Ok(PutOutcome::OverQuota(Box::new(usage)));
        }
        if let Some(existing) = &existing {
            // REPLACE fires no trigger.
            remove_later(&mut write, &existing.file).await?;
        }
        query(
            "INSERT OR REPLACE INTO attachments (site, id, person, session, name, type, size, metadata, file, put_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(new.site.as_str())
        .bind(new.id.as_str())
        .bind(new.person.as_ref().map(CustomerId::as_str))
        .bind(new.session.map(|session| session.as_bytes().to_vec()))
        .bind(&new.name)
        .bind(new.media.word())
        .bind(new.size)
        .bind(new.has_metadata)
        .bind(&new.file)
        .bind(new.put_at.to_string())
        .execute(&mut *write)
        .await
        .map_err(store_error)?;
        write.commit().await.map_err(store_error)?;
        Ok(PutOutcome::Kept(existing.map(|existing| existing.file)))
    }

    async fn upload_usage(
        &self,
        site: &SiteKey,
        owner: FileOwner<'_>,
        day: &str,
        address: Option<&[u8; 32]>,
    ) -> Result<UploadUsage, StoreError> {
        let mut read = self.readers.acquire().await.map_err(store_error)?;
        usage(&mut read, site, owner, day, address).await
    }

    async fn forget_upload_usage(&self, before_day: &str) -> Result<(), StoreError> {
        let forget = "DELETE FROM upload_usage WHERE (day, scope, key) IN
            (SELECT day, scope, key FROM upload_usage WHERE day < ? LIMIT ?)";
        delete_in_chunks(|most| query(forget).bind(before_day).bind(most).execute(&self.writer)).await
    }

    async fn attachments(&self, ticket: &TicketId) -> Result<Vec<StoredAttachment>, StoreError> {
        let rows =
            query(concat!("SELECT ", attachment!(), " FROM attachments WHERE ticket = ? ORDER BY number, place"))
                .bind(ticket.as_str());
        rows.fetch_all(&self.readers).await.map_err(store_error)?.iter().map(attachment_of).collect()
    }

    async fn forget_attachments(&self, anonymous_before: Timestamp, before: Timestamp) -> Result<(), StoreError> {
        let forget = "DELETE FROM attachments WHERE rowid IN (SELECT rowid FROM attachments
            WHERE ticket IS NULL AND put_at < ? AND (person IS NULL OR put_at < ?) LIMIT ?)";
        let (anonymous_before, before) = (anonymous_before.to_string(), before.to_string());
        let forget = |most| query(forget).bind(&anonymous_before).bind(&before).bind(most).execute(&self.writer);
        delete_in_chunks(forget).await
    }

    async fn known_files(&self, files: &[String]) -> Result<HashSet<String>, StoreError> {
        let mut read = self.readers.acquire().await.map_err(store_error)?;
        let mut known = HashSet::new();
        for file in files {
            let row = query_scalar("SELECT EXISTS (SELECT 1 FROM attachments WHERE file = ?)").bind(file);
            if row.fetch_one(&mut *read).await.map_err(store_error)? {
                known.insert(file.clone());
            }
        }
        Ok(known)
    }

    async fn removed_files(&self, after: &str, limit: u32) -> Result<Vec<String>, StoreError> {
        let files = query_scalar("SELECT file FROM removed_files WHERE file > ? ORDER BY file LIMIT ?");
        files.bind(after).bind(limit).fetch_all(&self.readers).await.map_err(store_error)
    }

    async fn forget_removed_files(&self, files: &[String]) -> Result<(), StoreError> {
        let mut write = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(store_error)?;
        for file in files {
            query("DELETE FROM removed_files WHERE file = ?")
                .bind(file)
                .execute(&mut *write)
                .await
                .map_err(store_error)?;
        }
        write.commit().await.map_err(store_error)?;
        Ok(())
    }

    async fn attachments_key(&self) -> Result<Vec<u8>, StoreError> {
        let key = query_scalar("SELECT key FROM signing WHERE what = 'attachments'");
        key.fetch_one(&self.readers).await.map_err(store_error)
    }
}

/// Counts an upload. Returns the usage without it if it is not admitted.
async fn refused(
    write: &mut SqliteConnection,
    new: &StoredAttachment,
    existing: Option<&StoredAttachment>,
    upload: &Upload<'_>,
) -> Result<Option<UploadUsage>, StoreError> {
    let owner = match (&new.person, &new.session) {
        (Some(person), _) => Some(FileOwner::Person(person)),
        (None, session) => session.as_ref().map(FileOwner::Session),
    };
    let Some(owner) = owner else { return Ok(None) };
    let mut usage = usage(write, &new.site, owner, upload.day, upload.address.as_ref()).await?;
    usage.replace(existing);
    if !(upload.admits)(&usage) {
        return Ok(Some(usage));
    }
    let address = upload.address.as_ref().map(|address| ("address", &address[..]));
    for scope in address.into_iter().chain([("site", new.site.as_str().as_bytes())]) {
        count_usage(write, upload.day, scope, new.size.into()).await?;
    }
    Ok(None)
}

/// Adds bytes to the usage of a scope and key on a day.
pub async fn count_usage(
    write: &mut SqliteConnection,
    day: &str,
    (scope, key): (&str, &[u8]),
    bytes: u64,
) -> Result<(), StoreError> {
    query(
        "INSERT INTO upload_usage (day, scope, key, bytes, files) VALUES (?, ?, ?, ?, 1)
        ON CONFLICT (day, scope, key) DO UPDATE SET bytes = bytes + excluded.bytes, files = files + 1",
    )
    .bind(day)
    .bind(scope)
    .bind(key)
    .bind(bytes as i64)
    .execute(write)
    .await
    .map_err(store_error)?;
    Ok(())
}

async fn usage(
    read: &mut SqliteConnection,
    site: &SiteKey,
    owner: FileOwner<'_>,
    day: &str,
    address: Option<&[u8; 32]>,
) -> Result<UploadUsage, StoreError> {
    let unsent = match owner {
        FileOwner::Person(person) => query(
            "SELECT coalesce(sum(size), 0), count(*), min(put_at) FROM attachments
            WHERE site = ? AND ticket IS NULL AND person IS NOT NULL AND person = ?",
        )
        .bind(site.as_str())
        .bind(person.as_str()),
        FileOwner::Session(session) => query(
            "SELECT coalesce(sum(size), 0), count(*), min(put_at) FROM attachments
            WHERE site = ? AND ticket IS NULL AND session = ? AND person IS NULL",
        )
        .bind(site.as_str())
        .bind(&session.as_bytes()[..]),
    };
    let row = unsent.fetch_one(&mut *read).await.map_err(store_error)?;
    let owner = Usage { bytes: row.value::<i64>(0)? as u64, files: row.value::<i64>(1)? as u64 };
    let mut usage = UploadUsage { owner, owner_oldest: row.readable_time(2)?, ..UploadUsage::default() };
    if let Some(address) = address {
        usage.address = usage_of(read, day, "address", address).await?;
    }
    usage.site = usage_of(read, day, "site", site.as_str().as_bytes()).await?;
    Ok(usage)
}

/// The usage of a scope and key on a day.
pub async fn usage_of(read: &mut SqliteConnection, day: &str, scope: &str, key: &[u8]) -> Result<Usage, StoreError> {
    let row = query("SELECT bytes, files FROM upload_usage WHERE day = ? AND scope = ? AND key = ?");
    let row = row.bind(day).bind(scope).bind(key).fetch_optional(read).await.map_err(store_error)?;
    let Some(row) = row else { return Ok(Usage::default()) };
    Ok(Usage { bytes: row.value::<i64>(0)? as u64, files: row.value::<i64>(1)? as u64 })
}

async fn remove_later(write: &mut SqliteConnection, file: &str) -> Result<(), StoreError> {
    query("INSERT OR IGNORE INTO removed_files (file) VALUES (?)")
        .bind(file)
        .execute(write)
        .await
        .map_err(store_error)?;
    Ok(())
}

/// Assigns attachments of a ticket's owner to one of its messages. Returns the indices of those that cannot be assigned: they do not exist,
/// belong to another owner, or belong to a message already.
pub async fn attach(
    write: &mut SqliteConnection,
    ticket: &StoredTicket,
    number: u32,
    ids: &[String],
    now: Timestamp,
) -> Result<Vec<usize>, StoreError> {
    let mut missing = Vec::new();
    for (index, id) in ids.iter().enumerate() {
        let attached = query(
            "UPDATE attachments SET ticket = ?1, number = ?2, place = ?3 WHERE site = ?4 AND id = ?5 AND ticket IS NULL
            AND CASE WHEN ?6 IS NULL THEN person IS NULL AND
                (session IS ?7 OR session IN (SELECT session FROM session_tickets WHERE ticket = ?1 AND opened_at > ?8)) ELSE person = ?6 END",
        )
        .bind(ticket.id.as_str())
        .bind(number)
        .bind(index as i64)
        .bind(ticket.site.as_str())
        .bind(id.to_ascii_lowercase())
        .bind(ticket.person.as_ref().map(CustomerId::as_str))
        .bind(ticket.session.map(|session| session.as_bytes().to_vec()))
        .bind((now - GRANT_LIFE).to_string())
        .execute(&mut *write)
        .await
        .map_err(store_error)?;
        if attached.rows_affected() == 0 {
            missing.push(index);
        }
    }
    Ok(missing)
}
