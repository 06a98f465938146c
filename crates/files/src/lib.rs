//! The bytes of attachments, behind the port [`deskbell_core::ports::Files`].

mod blocking;
mod bucket;
mod disk;
mod folder;
mod part;
mod pieces;
mod place;

pub use bucket::{Bucket, BucketOptions, Credentials};
pub use disk::FolderDisk;
pub use folder::Folder;
pub use place::place;
