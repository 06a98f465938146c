//! Assembles the content of deliveries.

use std::sync::Arc;

use crate::clock::Clock;
use crate::ports::destination::{ClaimHold, DeliveryContents, DeliveryFile, DeliveryReceipt, Destination, Failure};
use crate::ports::{Attachments, Conversations, Delivery, DeliveryKind, DueDelivery, Files, StoreError};
use crate::site::Sites;

/// Assembles the content of deliveries.
#[derive(Clone)]
pub struct AssembleContents {
    conversations: Arc<dyn Conversations>,
    attachments: Arc<dyn Attachments>,
    files: Arc<dyn Files>,
    sites: Arc<Sites>,
    clock: Arc<dyn Clock>,
}

impl AssembleContents {
    /// Reads messages and attachments from a store.
    pub fn new(
        conversations: Arc<dyn Conversations>,
        attachments: Arc<dyn Attachments>,
        files: Arc<dyn Files>,
        sites: Arc<Sites>,
        clock: Arc<dyn Clock>,
    ) -> AssembleContents {
        AssembleContents { conversations, attachments, files, sites, clock }
    }

    /// Assembles the content of a due delivery, and delivers it.
    pub async fn deliver(
        &self,
        to: &dyn Destination,
        due: &DueDelivery,
        hold: &ClaimHold,
    ) -> Result<DeliveryReceipt, Failure> {
        let failed =
            |error: StoreError| Failure::later(format!("the delivery cannot be read from the database: {error}"));
        let Delivery { number, kind, .. } = due.delivery;
        let Some(site) = self.sites.get(&due.ticket.site) else {
            return Err(Failure::Never("the site has been removed from the configuration".into()));
        };
        let message = match kind {
            DeliveryKind::Message => {
                let page = self
                    .conversations
                    .message_page(&due.ticket.id, number.saturating_sub(1), 1)
                    .await
                    .map_err(failed)?;
                let Some(message) = page.messages.into_iter().find(|message| message.number == number) else {
                    return Err(Failure::Never("the message no longer exists".into()));
                };
                Some(message)
            }
            _ => None,
        };
        let attachments = match kind {
            DeliveryKind::Ticket | DeliveryKind::Message => {
                self.attachments.attachments(&due.ticket.id).await.map_err(failed)?
            }
            DeliveryKind::Solved | DeliveryKind::Reopened | DeliveryKind::Confirmed => Vec::new(),
        };
        let files: Vec<DeliveryFile> = attachments
            .iter()
            .filter(|attachment| attachment.number == Some(number))
            .map(|attachment| DeliveryFile {
                name: attachment.name.clone(),
                media: attachment.media,
                size: attachment.size,
                file: attachment.file.clone(),
                files: self.files.clone(),
            })
            .collect();
        let contents = DeliveryContents {
            config: &site.config,
            delivery: &due.delivery,
            ticket: &due.ticket,
            message: message.as_ref(),
            files: &files,
            external: due.external.as_ref(),
            now: self.clock.now(),
            hold,
        };
        to.deliver(&contents).await
    }
}
