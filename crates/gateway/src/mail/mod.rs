//! Receipts by e-mail: who gets one, what it says, and how it is sent. A receipt is stored with its ticket, in one transaction, and sent by a [`worker`]
//! that no request waits for. All other mail of the gateway is sent through this module as well.

mod code;
mod letter;
pub mod retention;
pub mod worker;

use std::collections::BTreeMap;
use std::fmt;

use reqwest::Url;
use tokio::sync::watch;

use super::site::Site;
use super::store::{MailLimits, MailQuota, NewMail, StoredTicket};
use ::mail::{MailServer, Mailbox};
use deskbell_core::rules::address::{Address, address, claimed_email};
use domain::robot;
use domain::ticket::is_email;

pub use code::{CODE_LIFE, CODE_PAUSE, Codes};

/// How a site sends e-mail.
#[derive(Clone)]
pub struct Mailer {
    /// Who it is from.
    pub from: Mailbox,
    /// Where answers to it go; without it nobody reads them.
    pub reply_to: Option<Mailbox>,
    /// The destination whose hook learns which of it is returned; without it bounces go to whom it is from.
    pub bounces: Option<String>,
    /// The server that takes it.
    pub server: MailServer,
    /// How much is sent to addresses that nobody has signed.
    pub limits: MailLimits,
    /// Where the gateway is reached, for links; without it mails have none.
    pub url: Option<Url>,
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

/// The receipt of a ticket, and where it goes: to the address that the host has signed, or else to the one that the form or the page
/// claims. None where the site sends no e-mail, where there is no address, and where nobody can have typed the ticket.
pub fn receipt(site: &Site, ticket: &StoredTicket, codes: &Codes, network: Option<[u8; 32]>) -> Option<NewMail> {
    let mailer = site.mail.as_ref()?;
    if !robot::signs(&ticket.ticket).is_empty() {
        return None;
    }
    match address(&ticket.ticket) {
        Address::Signed(address) => is_email(&address).then_some(NewMail { address, quota: None }),
        Address::Claimed(address) => is_email(&address).then(|| {
            let mut quota = quota(mailer, codes, &address, ticket.session, network);
            quota.limits = quota.limits.of_receipts();
            NewMail { address, quota: Some(quota) }
        }),
        Address::Missing => None,
    }
}

/// What a mail to an address that nobody has signed counts against; `network` is a digest of the one that it is caused from.
pub fn quota(
    mailer: &Mailer,
    codes: &Codes,
    address: &str,
    session: Option<[u8; 32]>,
    network: Option<[u8; 32]>,
) -> MailQuota {
    MailQuota { mailbox: codes.mailbox(address), session, network, limits: mailer.limits }
}

/// The address that has to be confirmed before answers to a ticket are shown: the one that is claimed by an unsigned sender, or by a person
/// of whom the host says that it is not verified, where the site can send a code to it.
pub fn unconfirmed(site: &Site, ticket: &StoredTicket, email_verified: Option<bool>) -> Option<String> {
    let is_trusted = ticket.person.is_some() && email_verified != Some(false);
    if site.mail.is_none() || is_trusted {
        return None;
    }
    claimed_email(&ticket.ticket)
}
