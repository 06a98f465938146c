//! Why files are not stored, read or sent.

use crate::ports::{FileError, RetryAfter, StoreError};
use crate::rules::upload_quotas::Exceeded;
use domain::problem::FieldError;

/// Why a file is not stored.
#[derive(Debug, thiserror::Error)]
pub enum StoreFileError {
    /// Neither a token nor a session identifies the owner.
    #[error("the request has neither a token nor a session")]
    Unidentified,
    /// Another owner has a file with this id.
    #[error("the id belongs to another person's file")]
    NotYours,
    /// A quota of files is used up.
    #[error("the quota of {} is exceeded", .0.quota.name())]
    Quota(Exceeded),
    /// The maximum number of concurrent uploads is reached.
    #[error("too many concurrent uploads")]
    TooManyUploads,
    /// The free disk space has reached the reserve.
    #[error("the disk is nearly full")]
    DiskFull,
    /// The site or the customer is over its rate limit.
    #[error(transparent)]
    RateLimited(#[from] RetryAfter),
    /// It is larger than the site's limit, in bytes.
    #[error("the file is larger than {0} bytes")]
    TooLarge(usize),
    /// The body ended early.
    #[error("the file ended too early")]
    Incomplete,
    /// The body arrived too slowly.
    #[error("the upload took too long")]
    TooSlow,
    /// It is empty.
    #[error("the file is empty")]
    Empty,
    /// The site does not accept its type; the text names the accepted types.
    #[error("{0}")]
    UnsupportedType(String),
    /// It cannot be parsed as its type, so its metadata cannot be removed.
    #[error("this {media} cannot be read: {reason}")]
    Broken {
        /// Its type.
        media: &'static str,
        /// What is malformed.
        reason: &'static str,
    },
    /// The storage of files is unavailable at the moment.
    #[error("the storage of files is unavailable")]
    Unavailable,
    /// It cannot be written or read.
    #[error("the file cannot be written: {0}")]
    File(FileError),
    /// The task that stores it after its last byte has panicked, or found an inconsistent state.
    #[error("storing the file failed")]
    Internal,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a file is not read.
#[derive(Debug, thiserror::Error)]
pub enum ReadFileError {
    /// The address was not signed here, or has expired.
    #[error("the signature of the address is invalid or has expired")]
    InvalidAddress,
    /// There is no such file.
    #[error("file not found")]
    NotFound,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The indexes of missing files in the list of a ticket or reply.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} files are missing", .0.len())]
pub struct MissingFiles(pub Vec<usize>);

impl MissingFiles {
    /// An error for each index.
    pub fn errors(&self) -> Vec<FieldError> {
        let error = |index: &usize| FieldError {
            pointer: format!("/attachments/{index}"),
            detail: "is not one of your unsent files; upload it again".into(),
        };
        self.0.iter().map(error).collect()
    }
}
