//! The receipt by e-mail: to whom it goes, what it says, and how it gets there. It is written down with its ticket, in one transaction,
//! and sent by a [`worker`] that nobody waits for. Whatever else goes by e-mail is handed over here as well.

mod letter;
mod message;
mod post;
pub mod worker;

use std::collections::BTreeMap;
use std::fmt;

use lettre::message::Mailbox;
use lettre::{AsyncSmtpTransport, Tokio1Executor};
use tokio::sync::watch;

use super::settings::Site;
use super::store::{NewMail, StoredTicket};
use crate::domain::robot;
use crate::domain::ticket::is_email;

pub use post::{NotTaken, cause, hand_over};

/// How a site sends e-mail.
#[derive(Clone)]
pub struct Mailer {
    /// Who it is from.
    pub from: Mailbox,
    /// Where answers to it go; without it nobody reads them.
    pub reply_to: Option<Mailbox>,
    /// The server that takes it.
    pub server: AsyncSmtpTransport<Tokio1Executor>,
}

impl fmt::Debug for Mailer {
    /// Without the server, which has a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mailer({})", self.from)
    }
}

/// Wakes who sends the mail of a site.
#[derive(Debug)]
pub struct MailWakers(BTreeMap<String, watch::Sender<()>>);

impl MailWakers {
    /// One for each site that sends mail.
    pub fn new(sites: &BTreeMap<String, Site>) -> MailWakers {
        let mailing = sites.iter().filter(|(_, site)| site.mail.is_some());
        MailWakers(mailing.map(|(name, _)| (name.clone(), watch::Sender::new(()))).collect())
    }

    /// There may be mail of a site to send.
    pub fn wake(&self, site: &str) {
        if let Some(waker) = self.0.get(site) {
            waker.send_replace(());
        }
    }

    /// Changes when there may be mail of a site to send.
    pub fn watch(&self, site: &str) -> Option<watch::Receiver<()>> {
        self.0.get(site).map(watch::Sender::subscribe)
    }
}

/// Where the receipt of a ticket goes: to the address that the host has signed, or else to the one that the form was given. Nowhere
/// where the site sends no e-mail, where there is no address, and where nobody can have typed the ticket.
pub fn receipt(site: &Site, ticket: &StoredTicket) -> Option<NewMail> {
    let sent = &ticket.ticket;
    if site.mail.is_none() || !robot::signs(sent).is_empty() {
        return None;
    }
    let signed = sent.context.user.as_ref().filter(|user| user.verified).map(|user| user.email.trim_ascii());
    let (address, verified) = match signed {
        Some(address) if !address.is_empty() => (address, true),
        _ => (sent.contact.email.trim_ascii(), false),
    };
    is_email(address).then(|| NewMail { address: address.into(), verified })
}
