//! Delivers tickets to a mailbox, such as the one that a help desk reads: a ticket is a mail, and the customer's replies are mails in the same thread.
//! Answers come back if the configuration has a reply address.

mod files;
mod hook;
mod letter;
mod reply;
mod senders;
mod support;

use async_trait::async_trait;
use lettre::Address;
use lettre::message::Mailbox;
use uuid::Uuid;

use crate::{MailServer, SendError};
use deskbell_core::ids::{ExternalId, TicketId};
use deskbell_core::ports::destination::RequesterMail;
use deskbell_core::ports::destination::{
    DeliveryContents, DeliveryReceipt, Destination, Failure, Finding, InboundEvent, InboundEventError, InboundHeaders,
    InboundMail, ReturnsOf,
};
use deskbell_core::ports::{DeliveryKind, ExternalTicketRef, StoredTicket};
use deskbell_core::rules::sender::Unverified;
use deskbell_core::timestamp::Timestamp;
use domain::config::Config;
use domain::conversation::Author;
use files::Files;
use hook::Receiver;
pub use reply::ReplyAddress;
pub use senders::AgentAddresses;
use standard_webhooks::is_fresh;
pub use support::SupportAddresses;

/// How many mails are sent concurrently, each on a connection of its own.
const AT_ONCE: u32 = 4;

/// A mailbox.
pub struct MailDestination {
    /// Its address.
    pub mailbox: Mailbox,
    /// The From address of its mails.
    pub from: Mailbox,
    /// The server for outgoing mail.
    pub server: MailServer,
    /// The reply address for its mails.
    pub reply: Option<ReplyAddress>,
    /// Whether bounces come to that address as well.
    pub bounces: bool,
    /// The senders whose replies are support's.
    pub agents: AgentAddresses,
    /// The addresses at which mails become new tickets.
    pub support: SupportAddresses,
    /// How unsigned addresses are used.
    pub unverified: Unverified,
    /// Whether its help desk mails answers to the requester, as configured.
    pub mails_requester: Option<bool>,
}

impl std::fmt::Debug for MailDestination {
    /// Without the server, which has a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MailDestination({})", self.mailbox)
    }
}

#[async_trait]
impl Destination for MailDestination {
    /// Replies of support from elsewhere are not mailed to support.
    fn accepts(&self, _kind: DeliveryKind, author: Author) -> bool {
        author == Author::Customer
    }

    fn at_once(&self) -> u32 {
        AT_ONCE
    }

    async fn deliver(&self, contents: &DeliveryContents<'_>) -> Result<DeliveryReceipt, Failure> {
        let files = files::read(contents.files).await?;
        let (files, outcome) = match self.send(contents, &files).await {
            Err(MailError::Send(SendError::TooLarge(reason))) if !files.attached.is_empty() => {
                let files = files.without_any(&reason);
                let outcome = self.send(contents, &files).await;
                (files, outcome)
            }
            outcome => (files, outcome),
        };
        outcome.map_err(failure)?;
        let external_id = letter::message_id(self, contents);
        let first = contents.delivery.kind == DeliveryKind::Ticket;
        let external = first.then(|| ExternalTicketRef {
            external_id: ExternalId::new(&external_id),
            requester: String::new(),
            merged_after: None,
        });
        Ok(DeliveryReceipt { external_id, external, not_delivered: files.not_attached })
    }

    fn read_event(
        &self,
        headers: &InboundHeaders,
        body: &[u8],
        now: Timestamp,
    ) -> Result<InboundEvent, InboundEventError> {
        let reply = self.reply.as_ref().ok_or(InboundEventError::NoHook)?;
        hook::parse_event(&self.receiver(reply), headers, body, now)
    }

    fn return_path(&self, ticket: &TicketId) -> Option<String> {
        self.reply.as_ref()?.for_bounces(ticket, ReturnsOf::Customer).map(|address| address.to_string())
    }

    fn reply_address(&self, ticket: &TicketId) -> Option<String> {
        self.reply.as_ref()?.for_ticket(ticket)
    }

    /// With a reply address its agents' answers come here and not to the requester.
    fn mails_requester(&self) -> RequesterMail {
        let default = if self.reply.is_some() { RequesterMail::Never } else { RequesterMail::Always };
        self.mails_requester.map_or(default, |mails| RequesterMail::of_setting(Some(mails)))
    }

    /// With aliases the help desk has their addresses only in a text.
    fn mails_unsigned(&self) -> RequesterMail {
        if self.unverified == Unverified::Alias { RequesterMail::Never } else { self.mails_requester() }
    }

    async fn notify_unread(&self, ticket: &StoredTicket, mail: &InboundMail) {
        let reference = ticket.reference.as_str();
        let outcome = match letter::unread(self, ticket, mail) {
            Ok(message) => self.server.send(&message).await.map_err(|error| error.to_string()),
            Err(error) => Err(error),
        };
        match outcome {
            Ok(()) => tracing::info!(reference, "unread mail notice sent"),
            Err(error) => tracing::warn!(reference, error, "unread mail notice failed"),
        }
    }

    fn may_be_signed(&self, headers: &InboundHeaders, now: Timestamp) -> bool {
        is_fresh(headers, now)
    }

    fn hook_bytes_max(&self) -> Option<usize> {
        self.reply.as_ref().map(|_| hook::BYTES_MAX)
    }

    async fn check(&self, _config: &Config, _hook: &str) -> Vec<Finding> {
        let bounces = self.reply.as_ref().filter(|_| self.bounces);
        let return_path = bounces.and_then(|reply| reply.for_bounces(&TicketId::new(Uuid::nil()), ReturnsOf::Desk));
        vec![mail_server(&self.server, return_path.as_ref().unwrap_or(&self.from.email)).await]
    }
}

/// Checks whether a mail server accepts mail of an envelope sender.
pub async fn mail_server(server: &MailServer, sender: &Address) -> Finding {
    match server.check(sender).await {
        Ok(()) => Finding { is_good: true, message: format!("the mail server {server} accepts mail from {sender}") },
        Err(reason) => Finding { is_good: false, message: format!("the mail server {server}: {reason}") },
    }
}

/// Why a mail was not delivered.
enum MailError {
    /// The mail cannot be created.
    NoMail(String),
    Send(SendError),
}

impl MailDestination {
    fn receiver<'a>(&'a self, reply: &'a ReplyAddress) -> Receiver<'a> {
        Receiver {
            reply,
            mailbox: &self.mailbox.email,
            from: &self.from.email,
            support: &self.support,
            agents: &self.agents,
        }
    }

    async fn send(&self, contents: &DeliveryContents<'_>, files: &Files) -> Result<(), MailError> {
        let message = letter::message(self, contents, files).map_err(MailError::NoMail)?;
        self.server.send(&message).await.map_err(MailError::Send)
    }
}

fn failure(refused: MailError) -> Failure {
    match refused {
        MailError::Send(SendError::Unreachable(reason)) => Failure::away(reason),
        MailError::Send(SendError::Temporary(reason)) => Failure::later(reason),
        MailError::Send(
            SendError::TooLarge(reason) | SendError::Permanent(reason) | SendError::UnknownRecipient(reason),
        )
        | MailError::NoMail(reason) => Failure::Never(reason),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::Security;

    /// A mailbox with a reply address.
    pub fn email(reply: Option<ReplyAddress>) -> MailDestination {
        let mailbox: Mailbox = "desk@desk.example".parse().unwrap();
        let server = MailServer::new(("localhost".into(), 25), "acme.example", Security::None, None);
        let (agents, from) = (AgentAddresses::of_desk(&mailbox.email), "Acme <help@acme.example>".parse().unwrap());
        let unverified = Unverified::Contact;
        let support = SupportAddresses::default();
        MailDestination {
            mailbox,
            from,
            server,
            reply,
            bounces: false,
            agents,
            support,
            unverified,
            mails_requester: None,
        }
    }

    #[test]
    fn only_events_of_customers_are_mailed() {
        let email = email(None);
        for kind in DeliveryKind::ALL {
            assert!(email.accepts(*kind, Author::Customer));
            assert!(!email.accepts(*kind, Author::Support) && !email.accepts(*kind, Author::Automatic));
        }
    }

    #[test]
    fn temporary_failures_wait_and_permanent_ones_need_an_agent() {
        let failure = |refused: fn(String) -> SendError| super::failure(MailError::Send(refused("why".into())));
        assert_eq!(failure(SendError::Unreachable), Failure::away("why"));
        assert_eq!(failure(SendError::Temporary), Failure::later("why"));
        assert_eq!(failure(SendError::Permanent), Failure::Never("why".into()));
        assert_eq!(failure(SendError::TooLarge), Failure::Never("why".into()));
        assert_eq!(failure(SendError::UnknownRecipient), Failure::Never("why".into()));
    }

    #[test]
    fn hooks_are_ignored_without_a_reply_address() {
        assert_eq!(
            email(None).read_event(&InboundHeaders::default(), b"{}", Timestamp::EPOCH),
            Err(InboundEventError::NoHook)
        );
    }
}
