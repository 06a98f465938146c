//! What is stored together with a new ticket: the automatic reply, the receipt, the address to confirm and the deliveries.

use std::net::IpAddr;
use std::sync::Arc;

use super::automatic_reply::AutomaticReply;
use crate::destinations::Destinations;
use crate::ports::{DeliveryKind, StoredTicket, SubmissionExtras, SubmissionQuota};
use crate::site::Site;
use crate::use_cases::mail::Receipts;
use domain::conversation::Author;

/// Plans what is stored together with new tickets.
pub struct PlanExtras {
    automatic: AutomaticReply,
    receipts: Receipts,
    destinations: Arc<Destinations>,
}

impl PlanExtras {
    /// Plans replies, receipts and deliveries to these destinations.
    pub fn new(automatic: AutomaticReply, receipts: Receipts, destinations: Arc<Destinations>) -> PlanExtras {
        PlanExtras { automatic, receipts, destinations }
    }

    /// The extras of a new ticket. `email_verified` is what the signer says about the customer's address, `from` the network address of the
    /// request, `quota` what the ticket counts against.
    pub async fn plan(
        &self,
        site: &Site,
        ticket: &StoredTicket,
        email_verified: Option<bool>,
        from: Option<IpAddr>,
        quota: Option<SubmissionQuota>,
    ) -> SubmissionExtras {
        let answer = self.automatic.reply(&site.config, ticket).await;
        let mut deliveries = self.destinations.deliveries_of_new(&site.key, ticket.ticket.test);
        if answer.is_some() {
            let of_answer = self.destinations.deliveries(&site.key, DeliveryKind::Message, Author::Automatic, None);
            deliveries.extend(of_answer);
        }
        let mail = self.receipts.receipt(ticket, from);
        let unconfirmed = self.receipts.unconfirmed(ticket, email_verified);
        SubmissionExtras { answer, mail, unconfirmed, is_confirmed: false, deliveries, quota }
    }
}
