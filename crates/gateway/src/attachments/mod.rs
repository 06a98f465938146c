//! Attachments of tickets and replies: received, cleaned, stored in a folder beside the database, and served at signed addresses that expire.
//! A file is on disk under its name before its row is written, so a row always has its file; a file without a row is deleted by the sweep.

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

use deskbell_core::ports::StoredAttachment;
use deskbell_core::site::Site;
use domain::attachment::{self, Attachment};
use domain::problem::FieldError;

pub use error::{MissingFiles, ReadFileError, StoreFileError};
pub use keep::KeepFile;
pub use read::ReadFiles;
pub use storage::FileStorage;
pub use store::{Admitted, NewFile, Room, StoreFile};

/// The error in the list of files of a message, if any.
pub fn check(site: &Site, ids: &[String]) -> Option<FieldError> {
    let detail = attachment::check_list(ids, &site.config.attachments)?;
    Some(FieldError { pointer: "/attachments".into(), detail })
}

/// A file as its owner sees it, without its signed address.
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
