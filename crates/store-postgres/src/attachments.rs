//! The attachments port in PostgreSQL.

use std::collections::HashSet;

use async_trait::async_trait;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{query, query_scalar};

use super::PostgresStore;
use super::columns::{RowExt, Time, text};
use super::error::{commit_error, store_error};
use super::locks::lock_names;
use super::retry::retried;
use super::rows::{digest, word_in};
use super::secrets::Secret;
use crate::chunks::delete_in_chunks;
use deskbell_core::ids::{CustomerId, SessionHash, SiteKey, TicketId};
use deskbell_core::ports::{
    Attachments, FileOwner, PutOutcome, StoreError, StoredAttachment, StoredTicket, Upload, UploadUsage, Usage,
};
use deskbell_core::rules::access_link::GRANT_LIFE;
use deskbell_core::timestamp::Timestamp;
use domain::attachment::FileType;

/// The columns of an attachment.
macro_rules! attachment {
    () => {
        "site, id, person, session, name, media_type, size, has_metadata, file, uploaded_at, message_number"
    };
}
pub(super) use attachment;

#[async_trait]
impl Attachments for PostgresStore {
    async fn attachment(&self, site: &SiteKey, id: &str) -> Result<Option<StoredAttachment>, StoreError> {
        let row = query(concat!("SELECT ", attachment!(), " FROM attachments WHERE site = $1 AND id = $2"))
            .bind(text(site.as_str()))
            .bind(text(id));
        let row = row.fetch_optional(&self.pool).await.map_err(store_error)?;
        row.map(|row| attachment_of(&row)).transpose()
    }

    async fn put_attachment(
        &self,
        new: &StoredAttachment,
        upload: Option<Upload<'_>>,
    ) -> Result<PutOutcome, StoreError> {
        loop {
            // None if another upload has taken the id meanwhile, which the next attempt finds.
            if let Some(outcome) = retried(|| self.try_put(new, upload.as_ref())).await? {
                return Ok(outcome);
            }
        }
    }

    async fn upload_usage(
        &self,
        site: &SiteKey,
        owner: FileOwner<'_>,
        day: &str,
        address: Option<&[u8; 32]>,
    ) -> Result<UploadUsage, StoreError> {
        let mut read = self.acquire().await?;
        let mut usage = owner_usage(&mut read, site, owner).await?;
        if let Some(address) = address {
            usage.address = usage_of(&mut read, day, "address", address).await?;
        }
        usage.site = usage_of(&mut read, day, "site", site.as_str().as_bytes()).await?;
        Ok(usage)
    }

    async fn forget_upload_usage(&self, before_day: &str) -> Result<(), StoreError> {
        let forget =
            "WITH old AS (SELECT day, scope, key FROM upload_usage WHERE day < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)
            DELETE FROM upload_usage AS usage USING old
            WHERE usage.day = old.day AND usage.scope = old.scope AND usage.key = old.key";
        delete_in_chunks(|most| query(forget).bind(text(before_day)).bind(most).execute(&self.pool)).await
    }

    async fn attachments(&self, ticket: &TicketId) -> Result<Vec<StoredAttachment>, StoreError> {
        let rows = query(concat!(
            "SELECT ",
            attachment!(),
            " FROM attachments WHERE ticket = $1 ORDER BY message_number, position"
        ));
        let rows = rows.bind(text(ticket.as_str())).fetch_all(&self.pool).await.map_err(store_error)?;
        rows.iter().map(attachment_of).collect()
    }

    async fn forget_attachments(&self, anonymous_before: Timestamp, before: Timestamp) -> Result<(), StoreError> {
        // A file that a ticket is taking is locked, and left alone.
        let forget = "WITH old AS (SELECT site, id FROM attachments
                WHERE ticket IS NULL AND uploaded_at < $1 AND (person IS NULL OR uploaded_at < $2)
                LIMIT $3 FOR UPDATE SKIP LOCKED)
            DELETE FROM attachments USING old WHERE attachments.site = old.site AND attachments.id = old.id";
        let (anonymous_before, before) = (Time(anonymous_before), Time(before));
        let forget = |most| query(forget).bind(anonymous_before).bind(before).bind(most).execute(&self.pool);
        delete_in_chunks(forget).await
    }

    async fn known_files(&self, files: &[String]) -> Result<HashSet<String>, StoreError> {
        let known = query_scalar("SELECT DISTINCT file FROM attachments WHERE file = ANY($1)").bind(files);
        Ok(known.fetch_all(&self.pool).await.map_err(store_error)?.into_iter().collect())
    }

    async fn removed_files(&self, after: &str, limit: u32) -> Result<Vec<String>, StoreError> {
        let files = query_scalar("SELECT file FROM removed_files WHERE file > $1 ORDER BY file LIMIT $2");
        files.bind(text(after)).bind(i64::from(limit)).fetch_all(&self.pool).await.map_err(store_error)
    }

    async fn forget_removed_files(&self, files: &[String]) -> Result<(), StoreError> {
        let forget = query("DELETE FROM removed_files WHERE file = ANY($1)").bind(files);
        forget.execute(&self.pool).await.map_err(store_error)?;
        Ok(())
    }

    async fn attachments_key(&self) -> Result<Vec<u8>, StoreError> {
        self.secret(Secret::Attachments).await
    }
}

impl PostgresStore {
    /// Stores an attachment; none if another transaction has stored one under its id meanwhile.
    async fn try_put(
        &self,
        new: &StoredAttachment,
        upload: Option<&Upload<'_>>,
    ) -> Result<Option<PutOutcome>, StoreError> {
        let mut write = self.begin().await?;
        let owner = owner_of(new);
        if let (Some(_), Some(owner)) = (upload, owner) {
            lock_owner(&mut write, &new.site, owner).await?;
        }
        let existing =
            query(concat!("SELECT ", attachment!(), " FROM attachments WHERE site = $1 AND id = $2 FOR NO KEY UPDATE"))
                .bind(text(new.site.as_str()))
                .bind(text(&new.id))
                .fetch_optional(&mut *write)
                .await
                .map_err(store_error)?;
        let existing = existing.map(|row| attachment_of(&row)).transpose()?;
        if let Some(existing) = &existing {
            if !existing.is_of(new.person.as_ref(), new.session.as_ref()) {
                return Ok(Some(PutOutcome::Foreign));
            }
            if existing.number.is_some() {
                return Ok(Some(PutOutcome::Sent(Box::new(existing.clone()))));
            }
        }
        if let (Some(upload), Some(owner)) = (upload, owner)
            && let Some(usage) = refused(&mut write, new, existing.as_ref(), owner, upload).await?
        {
            return Ok(Some(PutOutcome::OverQuota(Box::new(usage))));
        }
        if let Some(existing) = &existing {
            remove_later(&mut write, &existing.file).await?;
        }
        let put = query(if existing.is_some() { REPLACE } else { INSERT })
            .bind(text(new.site.as_str()))
            .bind(text(&new.id))
            .bind(new.person.as_ref().map(|person| text(person.as_str())))
            .bind(new.session.map(|session| session.as_bytes().to_vec()))
            .bind(text(&new.name))
            .bind(new.media.word())
            .bind(i64::from(new.size))
            .bind(new.has_metadata)
            .bind(text(&new.file))
            .bind(Time(new.put_at));
        if put.execute(&mut *write).await.map_err(store_error)?.rows_affected() == 0 {
            return Ok(None);
        }
        write.commit().await.map_err(commit_error)?;
        Ok(Some(PutOutcome::Kept(existing.map(|existing| existing.file))))
    }
}

const INSERT: &str = "
    INSERT INTO attachments (site, id, person, session, name, media_type, size, has_metadata, file, uploaded_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (site, id) DO NOTHING";

const REPLACE: &str = "
    UPDATE attachments SET person = $3, session = $4, name = $5, media_type = $6, size = $7, has_metadata = $8, file = $9,
        uploaded_at = $10
    WHERE site = $1 AND id = $2";

fn owner_of(attachment: &StoredAttachment) -> Option<FileOwner<'_>> {
    match (&attachment.person, &attachment.session) {
        (Some(person), _) => Some(FileOwner::Person(person)),
        (None, session) => session.as_ref().map(FileOwner::Session),
    }
}

/// Lets uploads of one owner wait for each other, because their sum is limited.
async fn lock_owner(write: &mut PgConnection, site: &SiteKey, owner: FileOwner<'_>) -> Result<(), StoreError> {
    let mut name = site.as_str().as_bytes().to_vec();
    name.push(0);
    name.extend_from_slice(match owner {
        FileOwner::Person(person) => person.as_str().as_bytes(),
        FileOwner::Session(session) => session.as_bytes(),
    });
    lock_names(write, [("uploads of an owner", &name[..])]).await
}

/// Counts an upload. Returns the usage without it if it is not admitted; then the transaction has to be rolled back.
async fn refused(
    write: &mut PgConnection,
    new: &StoredAttachment,
    existing: Option<&StoredAttachment>,
    owner: FileOwner<'_>,
    upload: &Upload<'_>,
) -> Result<Option<UploadUsage>, StoreError> {
    let (size, site) = (new.size.into(), new.site.as_str().as_bytes());
    let before = |used: Usage| Usage { bytes: used.bytes.saturating_sub(size), files: used.files.saturating_sub(1) };
    let mut usage = owner_usage(write, &new.site, owner).await?;
    usage.replace(existing);
    // Counting first locks the counters, so that the uploads of all gateways are compared one after another.
    if let Some(address) = &upload.address {
        count_usage(write, upload.day, ("address", address), size).await?;
        usage.address = before(usage_of(write, upload.day, "address", address).await?);
    }
    count_usage(write, upload.day, ("site", site), size).await?;
    usage.site = before(usage_of(write, upload.day, "site", site).await?);
    Ok((!(upload.admits)(&usage)).then_some(usage))
}

/// Adds bytes to the usage of a scope and key on a day, which is locked until the transaction ends. A transaction that counts several locks narrow
/// scopes before wide ones.
pub async fn count_usage(
    write: &mut PgConnection,
    day: &str,
    (scope, key): (&str, &[u8]),
    bytes: u64,
) -> Result<(), StoreError> {
    query(
        "INSERT INTO upload_usage (day, scope, key, bytes, files) VALUES ($1, $2, $3, $4, 1)
        ON CONFLICT (day, scope, key) DO UPDATE SET bytes = upload_usage.bytes + excluded.bytes, files = upload_usage.files + 1",
    )
    .bind(text(day))
    .bind(scope)
    .bind(key)
    .bind(i64::try_from(bytes).unwrap_or(i64::MAX))
    .execute(write)
    .await
    .map_err(store_error)?;
    Ok(())
}

/// The unsent uploads of an owner.
async fn owner_usage(read: &mut PgConnection, site: &SiteKey, owner: FileOwner<'_>) -> Result<UploadUsage, StoreError> {
    let unsent = match owner {
        FileOwner::Person(person) => query(
            "SELECT coalesce(sum(size), 0)::bigint AS bytes, count(*) AS files, min(uploaded_at) AS oldest FROM attachments
            WHERE site = $1 AND ticket IS NULL AND person IS NOT NULL AND person = $2",
        )
        .bind(text(site.as_str()))
        .bind(text(person.as_str())),
        FileOwner::Session(session) => query(
            "SELECT coalesce(sum(size), 0)::bigint AS bytes, count(*) AS files, min(uploaded_at) AS oldest FROM attachments
            WHERE site = $1 AND ticket IS NULL AND session = $2 AND person IS NULL",
        )
        .bind(text(site.as_str()))
        .bind(&session.as_bytes()[..]),
    };
    let row = unsent.fetch_one(read).await.map_err(store_error)?;
    Ok(UploadUsage { owner: usage_in(&row)?, owner_oldest: row.optional_time("oldest")?, ..UploadUsage::default() })
}

/// The usage of a scope and key on a day. Nothing is locked; after [`count_usage`] it includes what all earlier transactions have counted.
pub async fn usage_of(read: &mut PgConnection, day: &str, scope: &str, key: &[u8]) -> Result<Usage, StoreError> {
    let row = query("SELECT bytes, files FROM upload_usage WHERE day = $1 AND scope = $2 AND key = $3");
    let row = row.bind(text(day)).bind(scope).bind(key).fetch_optional(read).await.map_err(store_error)?;
    row.map_or(Ok(Usage::default()), |row| usage_in(&row))
}

fn usage_in(row: &PgRow) -> Result<Usage, StoreError> {
    Ok(Usage { bytes: row.number("bytes")?, files: row.number("files")? })
}

async fn remove_later(write: &mut PgConnection, file: &str) -> Result<(), StoreError> {
    let insert = query("INSERT INTO removed_files (file) VALUES ($1) ON CONFLICT DO NOTHING").bind(text(file));
    insert.execute(write).await.map_err(store_error)?;
    Ok(())
}

/// Assigns attachments of a ticket's owner to one of its messages. Returns the indices of those that cannot be assigned: they do not exist,
/// belong to another owner, or belong to a message already.
pub async fn attach(
    write: &mut PgConnection,
    ticket: &StoredTicket,
    number: u32,
    ids: &[String],
    now: Timestamp,
) -> Result<Vec<usize>, StoreError> {
    let mut missing = Vec::new();
    let mut ids: Vec<(String, usize)> =
        ids.iter().enumerate().map(|(index, id)| (text(id).to_ascii_lowercase(), index)).collect();
    // Rows are locked in the same order by everybody.
    ids.sort_unstable();
    for (id, index) in ids {
        let attached = query(
            "UPDATE attachments SET ticket = $1, message_number = $2, position = $3 WHERE site = $4 AND id = $5 AND ticket IS NULL
            AND CASE WHEN $6::text IS NULL THEN person IS NULL AND
                (session IS NOT DISTINCT FROM $7 OR session IN (SELECT session FROM session_tickets WHERE ticket = $1 AND opened_at > $8)) ELSE person = $6 END",
        )
        .bind(text(ticket.id.as_str()))
        .bind(i64::from(number))
        .bind(index as i64)
        .bind(text(ticket.site.as_str()))
        .bind(id)
        .bind(ticket.person.as_ref().map(|person| text(person.as_str())))
        .bind(ticket.session.map(|session| session.as_bytes().to_vec()))
        .bind(Time(now - GRANT_LIFE))
        .execute(&mut *write)
        .await
        .map_err(store_error)?;
        if attached.rows_affected() == 0 {
            missing.push(index);
        }
    }
    missing.sort_unstable();
    Ok(missing)
}

/// The attachment in a row of [`attachment`].
pub fn attachment_of(row: &PgRow) -> Result<StoredAttachment, StoreError> {
    let session: Option<Vec<u8>> = row.value("session")?;
    let id: String = row.value("id")?;
    let record = format!("file {id}");
    Ok(StoredAttachment {
        site: row.id("site")?,
        person: row.value::<Option<String>>("person")?.map(CustomerId::from),
        session: session.map(|session| digest(&record, "session", session).map(SessionHash::from)).transpose()?,
        name: row.value("name")?,
        media: word_in(&record, row, "media_type", FileType::from_word)?,
        size: row.number("size")?,
        has_metadata: row.value("has_metadata")?,
        file: row.value("file")?,
        put_at: row.time("uploaded_at")?,
        number: match row.value::<Option<i64>>("message_number")? {
            None => None,
            Some(_) => Some(row.number("message_number")?),
        },
        id,
    })
}
