//! Files that go along with tickets and replies: taken in, cleaned, kept in a folder beside the database, and shown by
//! addresses that are signed for a while.
//!
//! A file is on disk under its name before its row is written, so a row always has its file; a file that has no row is swept away.

mod address;
mod clean;
mod error;
pub mod folder;
mod keep;
pub mod quota;
mod read;
mod receive;
mod storage;
mod store;
pub mod sweep;
mod text;

use crate::site::Site;
use crate::store::StoredAttachment;
use domain::attachment::{self, Attachment};
use domain::problem::FieldError;

pub use error::{MissingFiles, ReadFileError, StoreFileError};
pub use keep::KeepFile;
pub use read::ReadFiles;
pub use storage::FileStorage;
pub use store::{Admitted, NewFile, Room, StoreFile};

/// What is wrong with the files that a message names.
pub fn check(site: &Site, ids: &[String]) -> Option<FieldError> {
    let detail = attachment::check_list(ids, &site.config.attachments)?;
    Some(FieldError { pointer: "/attachments".into(), detail })
}

/// A file as its owner sees it, without the address at which it is read.
fn describe(kept: &StoredAttachment) -> Attachment {
    Attachment {
        id: kept.id.clone(),
        name: kept.name.clone(),
        media: kept.media.word().into(),
        size: kept.size,
        has_metadata: kept.has_metadata,
        url: String::new(),
    }
}
