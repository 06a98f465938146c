//! Stores the files that agents and mails add for the customer of a ticket.

use std::convert::Infallible;
use std::sync::Arc;

use futures_util::stream;
use tracing::Instrument;
use uuid::Uuid;

use super::StoreFileError;
use super::clean::CleanFiles;
use super::receive::receive;
use crate::clock::Clock;
use crate::ids::{CustomerId, SessionHash, SiteKey};
use crate::ports::destination::InboundFile;
use crate::ports::{Attachments, PartialFile, PutOutcome, StoredAttachment, StoredTicket};
use domain::attachment::{self, Attachments as FileRules};

/// Stores files that do not come from the customer.
#[derive(Clone)]
pub struct KeepFile {
    attachments: Arc<dyn Attachments>,
    files: CleanFiles,
    clock: Arc<dyn Clock>,
}

impl KeepFile {
    /// Stores rows in a store, and bytes after they are cleaned.
    pub fn new(attachments: Arc<dyn Attachments>, files: CleanFiles, clock: Arc<dyn Clock>) -> KeepFile {
        KeepFile { attachments, files, clock }
    }

    /// Stores a file for the customer of a ticket, who owns it. Returns the id by which messages refer to it.
    pub async fn keep(
        &self,
        rules: &FileRules,
        ticket: &StoredTicket,
        name: &str,
        bytes: Vec<u8>,
    ) -> Result<String, StoreFileError> {
        let (mut chunks, max) = (stream::iter([Ok::<_, Infallible>(bytes)]), rules.max_bytes as usize);
        let part = receive(self.files.files.as_ref(), &mut chunks, None, max, |_| Ok(())).await?;
        let owner = (ticket.site.clone(), ticket.person.clone(), ticket.session);
        let (this, rules, name) = (self.clone(), rules.clone(), name.to_string());
        let task = async move { this.write(&rules, owner, &name, part).await };
        // As with uploads, it completes even if the caller is gone.
        tokio::spawn(task.in_current_span()).await.map_err(|error| {
            tracing::error!(%error, "upload failed");
            StoreFileError::Internal
        })?
    }

    /// Stores the files of a mail for the customer of a ticket, as far as the rules allow. Returns their ids, and the names of those that were not
    /// stored.
    pub async fn keep_all(
        &self,
        rules: &FileRules,
        ticket: &StoredTicket,
        files: Vec<InboundFile>,
    ) -> (Vec<String>, Vec<String>) {
        let (mut ids, mut missing) = (Vec::new(), Vec::new());
        for InboundFile { name, bytes } in files {
            let fits =
                |bytes: &Vec<u8>| ids.len() < rules.max_count as usize && bytes.len() <= rules.max_bytes as usize;
            let stored = match bytes.filter(fits) {
                Some(bytes) => self.keep(rules, ticket, &name, bytes).await.map_err(|error| error.to_string()),
                None => Err("not valid base64, too large, or more files than allowed".to_string()),
            };
            match stored {
                Ok(id) => ids.push(id),
                Err(reason) => {
                    tracing::warn!(reference = ticket.reference.as_str(), reason, "mail attachment not stored");
                    missing.push(name);
                }
            }
        }
        (ids, missing)
    }

    /// Deletes the bytes of files that were stored for a ticket which is not stored. Their rows expire.
    pub async fn discard(&self, site: &SiteKey, ids: &[String]) {
        for id in ids {
            match self.attachments.attachment(site, id).await {
                Ok(Some(unsent)) if unsent.number.is_none() => self.files.remove(&unsent.file).await,
                // The sweep deletes it.
                Ok(_) | Err(_) => {}
            }
        }
    }

    async fn write(
        &self,
        rules: &FileRules,
        (site, person, session): (SiteKey, Option<CustomerId>, Option<SessionHash>),
        name: &str,
        part: Box<dyn PartialFile>,
    ) -> Result<String, StoreFileError> {
        let cleaned = self.files.clean(part, rules).await?;
        let stored = StoredAttachment {
            site,
            id: Uuid::new_v4().to_string(),
            person,
            session,
            name: attachment::clean_name(name, cleaned.endings),
            media: cleaned.media,
            size: cleaned.size,
            has_metadata: cleaned.has_metadata,
            file: cleaned.file,
            put_at: self.clock.now(),
            number: None,
        };
        match self.attachments.put_attachment(&stored, None).await? {
            PutOutcome::Kept(_) => {
                self.files.settle(&stored.file).await;
                Ok(stored.id)
            }
            PutOutcome::Sent(_) | PutOutcome::Foreign | PutOutcome::OverQuota(_) => Err(StoreFileError::Internal),
        }
    }
}
