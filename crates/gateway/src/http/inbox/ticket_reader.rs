//! Reads what the page of a ticket shows.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::destination_status::DestinationStatuses;
use super::ticket::DestinationDeliveries;
use deskbell_core::ids::{DestinationName, QueueName};
use deskbell_core::ports::{Activity, Conversations, ExternalTickets, SiteScope, StoreError, StoredTicket, Tickets};
use deskbell_core::site::Sites;
use deskbell_core::use_cases::attachments::ReadFiles;
use domain::attachment::Attachment;
use domain::conversation::Message;

/// How many messages and activities the page of a ticket has; earlier ones are on further pages.
const MESSAGES_SHOWN: u32 = 100;
const ACTIVITIES_SHOWN: u32 = 200;

/// Reads tickets.
pub struct TicketReader {
    /// The sites.
    pub sites: Arc<Sites>,
    /// The tickets.
    pub tickets: Arc<dyn Tickets>,
    /// Their conversations.
    pub conversations: Arc<dyn Conversations>,
    /// Their attachments.
    pub files: ReadFiles,
    /// The external tickets.
    pub external: Arc<dyn ExternalTickets>,
}

/// A part of a conversation.
pub struct ConversationPart {
    /// The messages.
    pub messages: Vec<Message>,
    /// The activities between these messages, the latest ones.
    pub activities: Vec<Activity>,
    /// Whether there are more activities between them.
    pub has_more_activities: bool,
    /// The number of the first message, if there are earlier ones.
    pub earlier: Option<u32>,
}

impl TicketReader {
    /// The ticket with a reference or id, if it is on one of these sites.
    pub async fn ticket(&self, name: &str, sites: &SiteScope) -> Result<Option<StoredTicket>, StoreError> {
        Ok(self.tickets.ticket_by_name(name).await?.filter(|ticket| sites.includes(&ticket.site)))
    }

    /// The attachments of a ticket and its messages, each with the number of its message.
    pub async fn files(&self, ticket: &StoredTicket) -> Result<Vec<(u32, Attachment)>, StoreError> {
        self.files.list(&ticket.id).await
    }

    /// The messages of a ticket before a number, or the latest ones, with the activities between them.
    pub async fn conversation(
        &self,
        ticket: &StoredTicket,
        before: Option<u32>,
    ) -> Result<ConversationPart, StoreError> {
        let messages = self.conversations.last_messages(&ticket.id, before, MESSAGES_SHOWN).await?;
        let earlier = messages.first().map(|first| first.number).filter(|first| *first > 1);
        // Each page shows the activities from its first message to that of the next page; the first and last pages also those before and after.
        let shown_from = messages.first().filter(|_| earlier.is_some()).and_then(|first| first.at.parse().ok());
        let following = match before {
            Some(before) => {
                self.conversations.message_page(&ticket.id, before.saturating_sub(1), 1).await?.messages.pop()
            }
            None => None,
        };
        let shown_until = following.and_then(|following| following.at.parse().ok());
        let mut activities =
            self.conversations.last_activities(&ticket.id, (shown_from, shown_until), ACTIVITIES_SHOWN + 1).await?;
        let has_more_activities = activities.len() > ACTIVITIES_SHOWN as usize;
        if has_more_activities {
            activities.remove(0);
        }
        Ok(ConversationPart { messages, activities, has_more_activities, earlier })
    }

    /// The deliveries of a ticket to each destination of its site, and to removed ones.
    pub async fn deliveries(
        &self,
        ticket: &StoredTicket,
        statuses: &DestinationStatuses,
    ) -> Result<Vec<DestinationDeliveries>, StoreError> {
        let DestinationStatuses { queue, destinations, states, .. } = statuses;
        let deliveries = queue.deliveries(&ticket.id).await?;
        let configured = destinations.in_site(&ticket.site).map(|(name, _)| name);
        let names: BTreeSet<&DestinationName> =
            configured.chain(deliveries.iter().map(|delivery| &delivery.destination)).collect();
        let mut destinations_of_ticket = Vec::new();
        for name in names {
            let external = self.external.external_ticket(&ticket.id, name).await?;
            let to = destinations.get(&ticket.site, name);
            destinations_of_ticket.push(DestinationDeliveries {
                destination: name.clone(),
                deliveries: deliveries.iter().filter(|delivery| delivery.destination == *name).cloned().collect(),
                page: to.zip(external.as_ref()).and_then(|(to, external)| to.page(external)),
                external,
                unreachable_reason: states
                    .get(&QueueName::new(&ticket.site, name))
                    .and_then(|state| state.unreachable()),
                is_gone: to.is_none(),
            });
        }
        Ok(destinations_of_ticket)
    }
}
