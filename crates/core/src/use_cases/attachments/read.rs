//! Serves files at signed addresses.

use std::sync::Arc;

use super::{FileAddresses, ReadFileError};
use crate::clock::Clock;
use crate::ids::{SiteKey, TicketId};
use crate::ports::{Attachments, StoreError, StoredAttachment};
use domain::attachment::Attachment;
use domain::conversation::Message;

/// Reads the files of tickets.
#[derive(Clone)]
pub struct ReadFiles {
    attachments: Arc<dyn Attachments>,
    addresses: FileAddresses,
    clock: Arc<dyn Clock>,
}

impl ReadFiles {
    /// Reads from a store, and signs addresses for a time by its clock.
    pub fn new(attachments: Arc<dyn Attachments>, addresses: FileAddresses, clock: Arc<dyn Clock>) -> ReadFiles {
        ReadFiles { attachments, addresses, clock }
    }

    /// The file at a signed address.
    pub async fn find(
        &self,
        site: &SiteKey,
        id: &str,
        until: &str,
        signature: &str,
    ) -> Result<StoredAttachment, ReadFileError> {
        if !self.addresses.is_signed(site, id, (until, signature), self.clock.now()) {
            return Err(ReadFileError::InvalidAddress);
        }
        self.attachments.attachment(site, id).await?.ok_or(ReadFileError::NotFound)
    }

    /// The files of a ticket and its messages, each with the number of its message.
    pub async fn list(&self, ticket: &TicketId) -> Result<Vec<(u32, Attachment)>, StoreError> {
        let stored = self.attachments.attachments(ticket).await?;
        Ok(stored.iter().map(|stored| (stored.number.unwrap_or_default(), self.with_address(stored))).collect())
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

    fn with_address(&self, stored: &StoredAttachment) -> Attachment {
        let url = self.addresses.sign(&stored.site, &stored.id, self.clock.now());
        Attachment { url, ..describe(stored) }
    }
}

/// A file as its owner sees it, without its signed address.
pub fn describe(stored: &StoredAttachment) -> Attachment {
    Attachment {
        id: stored.id.clone(),
        name: stored.name.clone(),
        media: stored.media.word().into(),
        size: stored.size,
        has_metadata: stored.has_metadata,
        url: String::new(),
    }
}
