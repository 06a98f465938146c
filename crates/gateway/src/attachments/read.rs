//! Serves files at signed addresses.

use std::path::PathBuf;
use std::sync::Arc;

use super::{FileStorage, ReadFileError, address, describe};
use deskbell_core::clock;
use deskbell_core::ports::{Attachments, StoreError, StoredAttachment};
use domain::attachment::Attachment;
use domain::conversation::Message;

/// Reads the files of tickets.
#[derive(Clone)]
pub struct ReadFiles {
    attachments: Arc<dyn Attachments>,
    storage: FileStorage,
}

impl ReadFiles {
    /// Reads rows from a store, and bytes from a storage.
    pub fn new(attachments: Arc<dyn Attachments>, storage: FileStorage) -> ReadFiles {
        ReadFiles { attachments, storage }
    }

    /// The file at a signed address, and the path of its bytes.
    pub async fn find(
        &self,
        site: &str,
        id: &str,
        until: &str,
        signature: &str,
    ) -> Result<(StoredAttachment, PathBuf), ReadFileError> {
        if !address::is_signed(&self.storage.key, site, id, until, signature, clock::seconds()) {
            return Err(ReadFileError::InvalidAddress);
        }
        let kept = self.attachments.attachment(site, id).await?.ok_or(ReadFileError::NotFound)?;
        let path = self.storage.path(&kept);
        Ok((kept, path))
    }

    /// The files of a ticket and its messages, each with the number of its message.
    pub async fn list(&self, ticket: &str) -> Result<Vec<(u32, Attachment)>, StoreError> {
        let kept = self.attachments.attachments(ticket).await?;
        Ok(kept.iter().map(|kept| (kept.number.unwrap_or_default(), self.with_address(kept))).collect())
    }

    /// Adds the files to messages of a ticket.
    pub async fn attach(&self, ticket: &str, messages: &mut [Message]) -> Result<(), StoreError> {
        for (number, attachment) in self.list(ticket).await? {
            if let Some(message) = messages.iter_mut().find(|message| message.number == number) {
                message.attachments.push(attachment);
            }
        }
        Ok(())
    }

    fn with_address(&self, kept: &StoredAttachment) -> Attachment {
        let url = address::sign(&self.storage.key, &kept.site, &kept.id, clock::seconds());
        Attachment { url, ..describe(kept) }
    }
}
