//! Serves files at signed addresses.

use std::sync::Arc;

use super::{FileAddresses, ReadFileError};
use crate::clock;
use crate::ids::TicketId;
use crate::ports::{Attachments, StoreError, StoredAttachment};
use domain::attachment::Attachment;
use domain::conversation::Message;

/// Reads the files of tickets.
#[derive(Clone)]
pub struct ReadFiles {
    attachments: Arc<dyn Attachments>,
    addresses: FileAddresses,
}

impl ReadFiles {
    /// Reads from a store, and signs addresses.
    pub fn new(attachments: Arc<dyn Attachments>, addresses: FileAddresses) -> ReadFiles {
        ReadFiles { attachments, addresses }
    }

    /// The file at a signed address.
    pub async fn find(
        &self,
        site: &str,
        id: &str,
        until: &str,
        signature: &str,
    ) -> Result<StoredAttachment, ReadFileError> {
        if !self.addresses.is_signed(site, id, (until, signature), clock::now()) {
            return Err(ReadFileError::InvalidAddress);
        }
        self.attachments.attachment(site, id).await?.ok_or(ReadFileError::NotFound)
    }

    /// The files of a ticket and its messages, each with the number of its message.
    pub async fn list(&self, ticket: &TicketId) -> Result<Vec<(u32, Attachment)>, StoreError> {
        let kept = self.attachments.attachments(ticket).await?;
        Ok(kept.iter().map(|kept| (kept.number.unwrap_or_default(), self.with_address(kept))).collect())
    }

    /// Adds the files to messages of a ticket.
    pub async fn attach(&self, ticket: &TicketId, messages: &mut [Message]) -> Result<(), StoreError> {
        for (number, attachment) in self.list(ticket).await? {
            if let Some(message) = messages.iter_mut().find(|message| message.number == number) {
                message.attachments.push(attachment);
            }
        }
        Ok(())
    }

    fn with_address(&self, kept: &StoredAttachment) -> Attachment {
        let url = self.addresses.sign(&kept.site, &kept.id, clock::now());
        Attachment { url, ..describe(kept) }
    }
}

/// A file as its owner sees it, without its signed address.
pub fn describe(kept: &StoredAttachment) -> Attachment {
    Attachment {
        id: kept.id.clone(),
        name: kept.name.clone(),
        media: kept.media.word().into(),
        size: kept.size,
        has_metadata: kept.has_metadata,
        url: String::new(),
    }
}
