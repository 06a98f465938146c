//! Attachments of tickets and replies: received, cleaned, stored beside the database, and served at signed addresses that expire.
//! A file is on disk under its name before its row is written, so a row always has its file; a file without a row is deleted by the sweep.

mod address;
mod clean;
mod error;
mod keep;
mod read;
mod receive;
mod reservations;
mod store;
mod sweep;

pub use address::FileAddresses;
pub use clean::CleanFiles;
pub use error::{MissingFiles, ReadFileError, StoreFileError};
pub use keep::KeepFile;
pub use read::ReadFiles;
pub use receive::UPLOAD_TIME;
pub use store::{Admitted, NewFile, Room, StoreFile, UploadLimits};
pub use sweep::{SweepError, SweepFiles, remove_deleted};

use crate::site::Site;
use domain::attachment;
use domain::problem::FieldError;

/// The error in the list of files of a message, if any.
pub fn check(site: &Site, ids: &[String]) -> Option<FieldError> {
    let detail = attachment::check_list(ids, &site.config.attachments)?;
    Some(FieldError { pointer: "/attachments".into(), detail })
}
