//! Why files are not stored or read.

use super::quota::Exceeded;
use crate::guard::RetryAfter;
use crate::store::StoreError;
use domain::problem::FieldError;

/// Why a file is not stored.
#[derive(Debug, thiserror::Error)]
pub enum StoreFileError {
    /// Neither a token nor a session says whose it would be.
    #[error("neither a token nor a session says whose file this is")]
    Unidentified,
    /// Another file with this id is somebody else's.
    #[error("the id is that of somebody else's file")]
    NotYours,
    /// A quota of files is used up.
    #[error("the quota of {} is used up", .0.quota.name())]
    Quota(Exceeded),
    /// As many uploads are under way as there may be at once.
    #[error("too many uploads at the same time")]
    TooManyUploads,
    /// The disk has less room than is kept free.
    #[error("the disk is nearly full")]
    DiskFull,
    /// The site or the customer has stored too many within a minute.
    #[error(transparent)]
    RateLimited(#[from] RetryAfter),
    /// It is larger than the site takes; the limit in bytes.
    #[error("the file is larger than {0} bytes")]
    TooLarge(usize),
    /// It stopped before its end.
    #[error("the file ended too early")]
    Incomplete,
    /// It came too slowly.
    #[error("the file took too long to arrive")]
    TooSlow,
    /// It has nothing in it.
    #[error("the file is empty")]
    Empty,
    /// What it is, the site does not take; what the site takes.
    #[error("{0}")]
    UnsupportedType(String),
    /// It cannot be read as what it is, and so cannot be freed of what is hidden in it.
    #[error("this {media} cannot be read: {reason}")]
    Broken {
        /// What it is.
        media: &'static str,
        /// What is wrong in it.
        reason: &'static str,
    },
    /// The system does not write or read it.
    #[error("the file cannot be written: {0}")]
    Io(std::io::Error),
    /// What is done about it after its last byte panicked, or found another state than it left.
    #[error("storing the file failed")]
    Internal,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a file is not read.
#[derive(Debug, thiserror::Error)]
pub enum ReadFileError {
    /// Its address was not signed here, or its time is over.
    #[error("the signature of the address is wrong or has expired")]
    InvalidAddress,
    /// There is no such file.
    #[error("there is no such file")]
    NotFound,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The places, in the list of a ticket or reply, of files that are not there for it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} files are missing", .0.len())]
pub struct MissingFiles(pub Vec<usize>);

impl MissingFiles {
    /// What is wrong with each.
    pub fn errors(&self) -> Vec<FieldError> {
        let error = |place: &usize| FieldError {
            pointer: format!("/attachments/{place}"),
            detail: "is not an unsent file of yours; upload it again".into(),
        };
        self.0.iter().map(error).collect()
    }
}
