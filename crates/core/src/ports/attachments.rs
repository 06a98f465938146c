//! The port for attachments of tickets and replies. The store has their metadata; their bytes are in a folder.

use std::collections::HashSet;

use async_trait::async_trait;

use super::error::StoreError;
use crate::ids::{CustomerId, SessionHash, SiteKey, TicketId};
use crate::timestamp::Timestamp;
use domain::attachment::FileType;

/// Metadata of attachments. Writes are on disk when they return.
#[async_trait]
pub trait Attachments: Send + Sync {
    /// The attachment with an id in a site.
    async fn attachment(&self, site: &SiteKey, id: &str) -> Result<Option<StoredAttachment>, StoreError>;

    /// Stores an attachment. It replaces an earlier upload of the same owner under the same id, unless that one has been sent with a message.
    /// `upload` is checked against the quotas and counted inside the transaction; without it nothing is counted, as for files from agents and
    /// destinations.
    async fn put_attachment(
        &self,
        new: &StoredAttachment,
        upload: Option<Upload<'_>>,
    ) -> Result<PutOutcome, StoreError>;

    /// The usage that quotas compare an upload to a site with.
    async fn upload_usage(
        &self,
        site: &SiteKey,
        owner: FileOwner<'_>,
        day: &str,
        address: Option<&[u8; 32]>,
    ) -> Result<UploadUsage, StoreError>;

    /// Deletes upload counters of days before `before_day`.
    async fn forget_upload_usage(&self, before_day: &str) -> Result<(), StoreError>;

    /// The attachments of a ticket and its messages, in order.
    async fn attachments(&self, ticket: &TicketId) -> Result<Vec<StoredAttachment>, StoreError>;

    /// Deletes attachments that were never sent: those of anonymous sessions uploaded before the first time, those of customers uploaded before
    /// the second.
    async fn forget_attachments(&self, anonymous_before: Timestamp, before: Timestamp) -> Result<(), StoreError>;

    /// Those of these file names that a row refers to.
    async fn known_files(&self, files: &[String]) -> Result<HashSet<String>, StoreError>;

    /// Names of files whose rows are deleted and whose bytes can be removed, in order, at most `limit`, after the given name.
    async fn removed_files(&self, after: &str, limit: u32) -> Result<Vec<String>, StoreError>;

    /// Forgets these names, once their bytes have been removed.
    async fn forget_removed_files(&self, files: &[String]) -> Result<(), StoreError>;

    /// The key that signs URLs of attachments; created on first use.
    async fn attachments_key(&self) -> Result<Vec<u8>, StoreError>;
}

/// An attachment as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredAttachment {
    /// Its site.
    pub site: SiteKey,
    /// The UUID that its owner chose.
    pub id: String,
    /// The verified customer who owns it, by the host's id.
    pub person: Option<CustomerId>,
    /// The SHA-256 of the session that uploaded it.
    pub session: Option<SessionHash>,
    /// The file name that the customer sees.
    pub name: String,
    /// The type, from its content.
    pub media: FileType,
    /// The size in bytes.
    pub size: u32,
    /// Whether it may still contain metadata such as a location.
    pub has_metadata: bool,
    /// The name of its file in the folder.
    pub file: String,
    /// When it was uploaded.
    pub put_at: Timestamp,
    /// The number of its message; none until it is sent.
    pub number: Option<u32>,
}

impl StoredAttachment {
    /// Whether the requester owns it: as the verified customer, or as the session that uploaded it while no customer owns it.
    pub fn is_of(&self, person: Option<&CustomerId>, session: Option<&SessionHash>) -> bool {
        match (person, &self.person) {
            (Some(_), _) => self.person.as_ref() == person,
            (None, None) => session.is_some() && self.session.as_ref() == session,
            (None, Some(_)) => false,
        }
    }
}

/// The owner whose unsent uploads are counted together.
#[derive(Clone, Copy, Debug)]
pub enum FileOwner<'a> {
    /// A verified customer, by the host's id.
    Person(&'a CustomerId),
    /// An anonymous session, by its SHA-256.
    Session(&'a SessionHash),
}

/// An upload, as quotas see it.
pub struct Upload<'a> {
    /// The day in UTC, `2026-11-28`.
    pub day: &'a str,
    /// The keyed hash of the client's network address; none if the address is not counted.
    pub address: Option<[u8; 32]>,
    /// Whether the quotas admit it, given the usage without it.
    pub admits: &'a (dyn Fn(&UploadUsage) -> bool + Send + Sync),
}

/// An amount of bytes and files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Bytes.
    pub bytes: u64,
    /// Files.
    pub files: u64,
}

/// What is already used of the quotas that an upload counts against.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UploadUsage {
    /// Unsent uploads of the owner.
    pub owner: Usage,
    /// When the oldest of them was uploaded.
    pub owner_oldest: Option<Timestamp>,
    /// Uploads from the same network address on the same day.
    pub address: Usage,
    /// Uploads to the site on the same day.
    pub site: Usage,
}

impl UploadUsage {
    /// Subtracts a file of the owner that the upload replaces.
    pub fn replace(&mut self, existing: Option<&StoredAttachment>) {
        if let Some(existing) = existing {
            self.owner.bytes = self.owner.bytes.saturating_sub(existing.size.into());
            self.owner.files = self.owner.files.saturating_sub(1);
        }
    }
}

/// The result of storing an attachment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PutOutcome {
    /// Stored; with the name of the file that it replaced, if any.
    Kept(Option<String>),
    /// Not stored: the earlier upload under this id has been sent with a message.
    Sent(Box<StoredAttachment>),
    /// Not stored: another owner has this id.
    Foreign,
    /// Not stored: over quota, given this usage.
    OverQuota(Box<UploadUsage>),
}
