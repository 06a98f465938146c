//! Handles bounces of mails that the gateway sent.
//! Anybody can send a bounce. A bounce counts only if it names a sent mail by its Message-ID or by its return address, neither of which anybody
//! else can make up; and at most once per mail.

use std::sync::Arc;

use crate::ids::{DestinationName, QueueName, SiteKey, TicketId};
use crate::ports::destination::{ReturnAddress, ReturnedMail, ReturnsOf, delivery_key};
use crate::ports::{
    Bus, Delivery, DeliveryState, OutgoingMail, Queue, ReturnedReceipt, StoreError, StoredTicket, Tickets,
};
use crate::rules::address::{Address, address};
use crate::use_cases::mail::Codes;
use mail_in::smtp_refusal::explain;
use mail_in::{Outcome, outcome};

/// The sent mail that a bounce is about.
enum SentMail {
    /// The receipt of a ticket, with the number of its code if known, or the mail with answers.
    Receipt { ticket: TicketId, number: Option<u32> },
    /// A delivery of a ticket to the destination, with its id if known.
    Delivery { ticket: TicketId, id: Option<String> },
}

/// Handles bounces.
#[derive(Clone)]
pub struct TakeReturnedMail {
    tickets: Arc<dyn Tickets>,
    outgoing: Arc<dyn OutgoingMail>,
    queue: Arc<dyn Queue>,
    codes: Codes,
    bus: Arc<dyn Bus>,
}

impl TakeReturnedMail {
    /// Records bounces in a store; `codes` are those that made the Message-IDs of receipts and answers.
    pub fn new(
        tickets: Arc<dyn Tickets>,
        outgoing: Arc<dyn OutgoingMail>,
        queue: Arc<dyn Queue>,
        codes: Codes,
        bus: Arc<dyn Bus>,
    ) -> TakeReturnedMail {
        TakeReturnedMail { tickets, outgoing, queue, codes, bus }
    }

    /// Handles a bounce that came to a destination of a site.
    pub async fn take(&self, queue: &QueueName, returned: &ReturnedMail) -> Result<(), StoreError> {
        let QueueName { site, destination } = queue;
        match self.sent_mail(destination, returned) {
            Some(SentMail::Receipt { ticket, number }) => match self.ticket_of(site, &ticket).await? {
                Some(ticket) => self.receipt(&ticket, number, returned).await,
                None => Ok(()),
            },
            Some(SentMail::Delivery { ticket, id }) => {
                self.returned_delivery(queue, (&ticket, id.as_deref()), returned).await
            }
            None => {
                tracing::info!(
                    site = site.as_str(),
                    destination = destination.as_str(),
                    reason = "it refers to no mail of this gateway",
                    "bounce ignored"
                );
                Ok(())
            }
        }
    }

    /// The sent mail, if any: identified by its Message-ID, or else by the address that the bounce was sent to.
    fn sent_mail(&self, destination: &DestinationName, returned: &ReturnedMail) -> Option<SentMail> {
        if let Some((id, _)) = returned.delivery.as_ref().filter(|(_, to)| to == destination) {
            let ticket = TicketId::new(id.split('/').next().unwrap_or_default());
            return Some(SentMail::Delivery { ticket, id: Some(id.clone()) });
        }
        if let Some((ticket, number)) = returned.bounce.message_ids().find_map(|id| self.codes.mail_of(id)) {
            return Some(SentMail::Receipt { ticket, number: Some(number) });
        }
        let ReturnAddress { ticket, to } = returned.came_to.clone()?;
        Some(match to {
            ReturnsOf::Customer => SentMail::Receipt { ticket, number: None },
            ReturnsOf::Desk => SentMail::Delivery { ticket, id: None },
        })
    }

    async fn ticket_of(&self, site: &SiteKey, id: &TicketId) -> Result<Option<StoredTicket>, StoreError> {
        Ok(self.tickets.ticket(id).await?.filter(|ticket| ticket.site == *site && ticket.id == *id))
    }

    async fn receipt(
        &self,
        ticket: &StoredTicket,
        number: Option<u32>,
        returned: &ReturnedMail,
    ) -> Result<(), StoreError> {
        let (Address::Signed(address) | Address::Claimed(address)) = address(&ticket.ticket) else { return Ok(()) };
        let reference = ticket.reference.as_str();
        let (is_address_dead, reason) = match outcome(&returned.bounce, &address) {
            Outcome::Returned { is_address_dead, reason } => (is_address_dead, reason),
            Outcome::OnItsWay => {
                tracing::info!(site = ticket.site.as_str(), reference, "mail delayed");
                return Ok(());
            }
        };
        let recipient = self.codes.recipient(&address);
        let text = format!("Mail to {address} was returned: {reason}");
        let record = ReturnedReceipt { number, text: &text, dead_recipient: is_address_dead.then_some(&recipient) };
        if self.outgoing.record_returned_receipt(&ticket.id, record).await? {
            tracing::warn!(site = ticket.site.as_str(), reference, reason, is_address_dead, "mail returned");
            self.bus.ticket_changed(ticket.clone());
        }
        Ok(())
    }

    async fn returned_delivery(
        &self,
        QueueName { site, destination }: &QueueName,
        (ticket, id): (&TicketId, Option<&str>),
        returned: &ReturnedMail,
    ) -> Result<(), StoreError> {
        let deliveries = self.queue.deliveries(ticket).await?;
        let is_it = |delivery: &&Delivery| {
            delivery.site == *site
                && delivery.destination == *destination
                && delivery.state == DeliveryState::Delivered
                && id.is_none_or(|id| delivery_key(delivery) == id)
        };
        let Some(delivery) = deliveries.iter().rev().find(is_it) else { return Ok(()) };
        let Outcome::Returned { reason, .. } = outcome(&returned.bounce, &returned.mailbox) else {
            tracing::info!(
                site = site.as_str(),
                destination = destination.as_str(),
                ticket = ticket.as_str(),
                "mail delayed"
            );
            return Ok(());
        };
        // A report has no reply code of its own; 550 is the reply if nothing more is known (RFC 5321, 4.2.3).
        let fix = explain(550, &reason).map(|known| format!("; {}", known.fix)).unwrap_or_default();
        let reason = format!(
            "mail to {} was returned: {reason}{fix}; check mailbox and from, then send it again",
            returned.mailbox
        );
        if self.queue.return_delivery(delivery.id, &reason).await? {
            tracing::error!(
                site = site.as_str(),
                destination = destination.as_str(),
                ticket = ticket.as_str(),
                reason,
                "delivery returned"
            );
            if let Some(ticket) = self.ticket_of(site, ticket).await? {
                self.bus.ticket_changed(ticket);
            }
        }
        Ok(())
    }
}
