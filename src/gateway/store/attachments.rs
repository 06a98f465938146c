//! What is kept of the files that go along with tickets and replies; their bytes are in a folder.

use std::collections::HashSet;

use async_trait::async_trait;

use super::StoreError;
use crate::domain::attachment::FileType;

/// A place where it is kept whose files are whose. When a write returns, it is on disk.
#[async_trait]
pub trait Files: Send + Sync {
    /// The file of an id in a site.
    async fn attachment(&self, site: &str, id: &str) -> Result<Option<StoredAttachment>, StoreError>;

    /// Keeps a file, in the place of what its owner put there before, as long as that goes along with nothing.
    async fn put_attachment(&self, new: &StoredAttachment) -> Result<Put, StoreError>;

    /// The files that go along with a ticket and its messages, in their order.
    async fn attachments(&self, ticket: &str) -> Result<Vec<StoredAttachment>, StoreError>;

    /// Forgets what was put before a time and goes along with nothing.
    async fn forget_attachments(&self, before: &str) -> Result<(), StoreError>;

    /// The names of all files in the folder that are of use.
    async fn attachment_files(&self) -> Result<HashSet<String>, StoreError>;

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

/// What became of a file that was to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Put {
    /// It is kept; the name of the file that it replaces, where there was one.
    Kept(Option<String>),
    /// Nothing was kept: what was put there before goes along with something.
    Sent(Box<StoredAttachment>),
    /// Nothing was kept: it is somebody else's.
    Foreign,
}
