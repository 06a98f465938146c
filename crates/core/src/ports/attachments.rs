//! What is kept of the files that go along with tickets and replies; their bytes are in a folder.

use std::collections::HashSet;

use async_trait::async_trait;

use super::error::StoreError;
use domain::attachment::FileType;

/// Whose files are whose. When a write returns, it is on disk.
#[async_trait]
pub trait Attachments: Send + Sync {
    /// The file of an id in a site.
    async fn attachment(&self, site: &str, id: &str) -> Result<Option<StoredAttachment>, StoreError>;

    /// Keeps a file, in the place of what its owner put there before, as long as that goes along with nothing. An upload is counted and
    /// has to be admitted inside the transaction; without one nothing is counted, for files that an agent or a destination sends.
    async fn put_attachment(
        &self,
        new: &StoredAttachment,
        upload: Option<Upload<'_>>,
    ) -> Result<PutOutcome, StoreError>;

    /// What quotas count for an upload to a site.
    async fn upload_usage(
        &self,
        site: &str,
        owner: FileOwner<'_>,
        day: &str,
        address: Option<&[u8; 32]>,
    ) -> Result<UploadUsage, StoreError>;

    /// Forgets what was counted before a day.
    async fn forget_upload_usage(&self, before_day: &str) -> Result<(), StoreError>;

    /// The files that go along with a ticket and its messages, in their order.
    async fn attachments(&self, ticket: &str) -> Result<Vec<StoredAttachment>, StoreError>;

    /// Forgets what goes along with nothing and was put before a time: one for files of anonymous sessions, one for those of people.
    async fn forget_attachments(&self, anonymous_before: &str, before: &str) -> Result<(), StoreError>;

    /// Which of these names of files stand in a row.
    async fn known_files(&self, files: &[String]) -> Result<HashSet<String>, StoreError>;

    /// Names of files whose rows are gone and whose bytes are to be removed: `limit` at most, in their order, those after a name.
    async fn removed_files(&self, after: &str, limit: u32) -> Result<Vec<String>, StoreError>;

    /// The bytes of these files are removed.
    async fn forget_removed_files(&self, files: &[String]) -> Result<(), StoreError>;

    /// What addresses of files are signed with, made once.
    async fn attachments_key(&self) -> Result<Vec<u8>, StoreError>;
}

/// A file as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredAttachment {
    /// The site it came to.
    pub site: String,
    /// The UUID that its owner gave it.
    pub id: String,
    /// Whose it is, by the host's id, where the host has signed it.
    pub person: Option<String>,
    /// The SHA-256 of the session that put it.
    pub session: Option<[u8; 32]>,
    /// What it is called.
    pub name: String,
    /// What it is.
    pub media: FileType,
    /// How large it is, in bytes.
    pub size: u32,
    /// Whether it may still carry metadata such as a location.
    pub has_metadata: bool,
    /// Its name in the folder.
    pub file: String,
    /// When it was put, RFC 3339 in UTC.
    pub put_at: String,
    /// The number of the message that it goes along with; none until it is sent.
    pub number: Option<u32>,
}

impl StoredAttachment {
    /// Whether it is somebody's: the person's whose it is; or the session's that put it, as long as it is nobody's.
    pub fn is_of(&self, person: Option<&str>, session: Option<&[u8; 32]>) -> bool {
        match (person, &self.person) {
            (Some(_), _) => self.person.as_deref() == person,
            (None, None) => session.is_some() && self.session.as_ref() == session,
            (None, Some(_)) => false,
        }
    }
}

/// Whose unsent files are counted together.
#[derive(Clone, Copy, Debug)]
pub enum FileOwner<'a> {
    /// A signed person, by the host's id.
    Person(&'a str),
    /// The SHA-256 of an anonymous session.
    Session(&'a [u8; 32]),
}

/// An upload, as quotas see it.
pub struct Upload<'a> {
    /// Its day in UTC, `2026-11-28`.
    pub day: &'a str,
    /// The keyed hash of the network address it came from; none where the address is not counted.
    pub address: Option<[u8; 32]>,
    /// Whether it is within the quotas, given what is counted without it.
    pub admits: &'a (dyn Fn(&UploadUsage) -> bool + Send + Sync),
}

/// Bytes, and in how many files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Bytes.
    pub bytes: u64,
    /// Files.
    pub files: u64,
}

/// What is counted for an upload.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UploadUsage {
    /// What its owner has put and not sent.
    pub owner: Usage,
    /// When the oldest of that was put, RFC 3339 in UTC.
    pub owner_oldest: Option<String>,
    /// What came from the same network address on the same day.
    pub address: Usage,
    /// What came to the site on the same day.
    pub site: Usage,
}

impl UploadUsage {
    /// Leaves out a file of the owner that is replaced by what is put.
    pub fn replace(&mut self, held: Option<&StoredAttachment>) {
        if let Some(held) = held {
            self.owner.bytes = self.owner.bytes.saturating_sub(held.size.into());
            self.owner.files = self.owner.files.saturating_sub(1);
        }
    }
}

/// What became of a file that was to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PutOutcome {
    /// It is kept; the name of the file that it replaces, where there was one.
    Kept(Option<String>),
    /// Nothing was kept: what was put there before goes along with something.
    Sent(Box<StoredAttachment>),
    /// Nothing was kept: it is somebody else's.
    Foreign,
    /// Nothing was kept: it was not admitted, given this usage.
    OverQuota(Box<UploadUsage>),
}
