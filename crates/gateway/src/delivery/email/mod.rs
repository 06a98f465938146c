//! Delivers tickets to a mailbox, such as the one that a help desk reads: a ticket is a mail, and the customer's replies are mails in the same thread.
//! Answers come back if the configuration has a reply address.

mod configured;
mod files;
mod hook;
mod letter;
mod reply;
mod senders;

use async_trait::async_trait;
use lettre::Address;
use lettre::message::Mailbox;
use uuid::Uuid;

use super::{
    Delivered, Destination, Failure, Finding, Heard, HookHeaders, InboundMail, NotHeard, Parcel, ReturnsOf, Unverified,
};
use crate::clock;
use crate::mail::{MailServer, NotTaken};
use crate::store::{Place, StoredTicket, What};
use domain::config::Config;
use domain::conversation::Author;
use files::Files;
use reply::ReplyAddress;
use senders::Agents;
use standard_webhooks::is_fresh;

/// How many mails are handed over at the same time, each by a connection of its own.
const AT_ONCE: u32 = 4;

/// A mailbox.
pub struct Email {
    mailbox: Mailbox,
    from: Mailbox,
    server: MailServer,
    /// Where answers to mails come back.
    reply: Option<ReplyAddress>,
    /// Whether bounces come back there as well.
    bounces: bool,
    /// Whose answers are support's.
    agents: Agents,
    unverified: Unverified,
}

impl std::fmt::Debug for Email {
    /// Without the server, which has a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Email({})", self.mailbox)
    }
}

#[async_trait]
impl Destination for Email {
    /// What support has said elsewhere is no mail to support.
    fn takes(&self, _what: What, author: Author) -> bool {
        author == Author::Customer
    }

    fn at_once(&self) -> u32 {
        AT_ONCE
    }

    async fn deliver(&self, parcel: &Parcel<'_>) -> Result<Delivered, Failure> {
        let files = files::read(parcel.files).await;
        let (files, sent) = match self.send(parcel, &files).await {
            Err(Refused::NotTaken(NotTaken::TooLarge(reason))) if !files.attached.is_empty() => {
                let files = files.without_any(&reason);
                let sent = self.send(parcel, &files).await;
                (files, sent)
            }
            sent => (files, sent),
        };
        sent.map_err(failure)?;
        let remote = letter::message_id(self, parcel);
        let first = parcel.delivery.what == What::Ticket;
        let place = first.then(|| Place { remote: remote.clone(), requester: String::new(), merged_after: None });
        Ok(Delivered { remote, place, told: files.told })
    }

    fn hear(&self, headers: &HookHeaders, body: &[u8]) -> Result<Heard, NotHeard> {
        let reply = self.reply.as_ref().ok_or(NotHeard::NoHook)?;
        hook::hear((reply, &self.mailbox.email), &self.agents, headers, body, clock::timestamp())
    }

    fn return_path(&self, ticket: &str) -> Option<String> {
        self.reply.as_ref()?.of_bounces(ticket, ReturnsOf::Customer).map(|address| address.to_string())
    }

    async fn tell_unread(&self, ticket: &StoredTicket, mail: &InboundMail) {
        let reference = &ticket.reference;
        let sent = match letter::unread(self, ticket, mail) {
            Ok(message) => self.server.send(&message).await.map_err(|error| error.to_string()),
            Err(error) => Err(error),
        };
        match sent {
            Ok(()) => tracing::info!(reference, "unread mail notice sent"),
            Err(error) => tracing::warn!(reference, error, "unread mail notice failed"),
        }
    }

    fn may_be_signed(&self, headers: &HookHeaders) -> bool {
        is_fresh(headers, clock::seconds())
    }

    fn hook_bytes_max(&self) -> Option<usize> {
        self.reply.as_ref().map(|_| hook::BYTES_MAX)
    }

    async fn check(&self, _config: &Config, _hook: &str) -> Vec<Finding> {
        let bounces = self.reply.as_ref().filter(|_| self.bounces);
        let return_path = bounces.and_then(|reply| reply.of_bounces(&Uuid::nil().to_string(), ReturnsOf::Desk));
        vec![mail_server(&self.server, return_path.as_ref().unwrap_or(&self.from.email)).await]
    }
}

/// Whether a mail server takes mail of a sender, by the address on the envelope.
pub async fn mail_server(server: &MailServer, from: &Address) -> Finding {
    match server.check(from).await {
        Ok(()) => Finding { good: true, says: format!("the mail server {server} takes mail of {from}") },
        Err(reason) => Finding { good: false, says: format!("the mail server {server}: {reason}") },
    }
}

/// Why a mail is not there.
enum Refused {
    /// There is none.
    NoMail(String),
    NotTaken(NotTaken),
}

impl Email {
    async fn send(&self, parcel: &Parcel<'_>, files: &Files) -> Result<(), Refused> {
        let message = letter::message(self, parcel, files).map_err(Refused::NoMail)?;
        self.server.send(&message).await.map_err(Refused::NotTaken)
    }
}

fn failure(refused: Refused) -> Failure {
    match refused {
        Refused::NotTaken(NotTaken::Away(reason)) => Failure::away(reason),
        Refused::NotTaken(NotTaken::Later(reason)) => Failure::later(reason),
        Refused::NotTaken(NotTaken::TooLarge(reason) | NotTaken::Never(reason) | NotTaken::NoMailbox(reason))
        | Refused::NoMail(reason) => Failure::Never(reason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A mailbox, with more lines in its table.
    pub fn email(more: &str) -> Email {
        let table = format!(
            "mailbox = \"desk@desk.example\"\nfrom = \"Acme <help@acme.example>\"\nsmtp = \"smtp://localhost\"\n{more}"
        );
        Email::configured(&toml::from_str(&table).unwrap(), None).unwrap()
    }

    #[test]
    fn only_what_the_customer_does_is_brought_to_support() {
        let email = email("");
        for what in What::ALL {
            assert!(email.takes(*what, Author::Customer));
            assert!(!email.takes(*what, Author::Support) && !email.takes(*what, Author::Automatic));
        }
    }

    #[test]
    fn what_can_be_mended_waits_and_what_cannot_is_for_an_operator() {
        let failure = |refused: fn(String) -> NotTaken| super::failure(Refused::NotTaken(refused("why".into())));
        assert_eq!(failure(NotTaken::Away), Failure::away("why"));
        assert_eq!(failure(NotTaken::Later), Failure::later("why"));
        assert_eq!(failure(NotTaken::Never), Failure::Never("why".into()));
        assert_eq!(failure(NotTaken::TooLarge), Failure::Never("why".into()));
        assert_eq!(failure(NotTaken::NoMailbox), Failure::Never("why".into()));
    }

    #[test]
    fn nothing_is_heard_where_answers_do_not_come_back() {
        assert_eq!(email("").hear(&HookHeaders::default(), b"{}"), Err(NotHeard::NoHook));
    }
}
