//! Receipts by e-mail: who gets one, what it says, and how it is sent. A receipt is stored with its ticket, in one transaction, and sent by a [`worker`]
//! that no request waits for. All other mail of the gateway is sent through this module as well.

mod code;
mod letter;
mod receipts;
pub mod retention;
pub mod worker;

use std::collections::BTreeMap;
use std::fmt;

use reqwest::Url;
use tokio::sync::watch;

use ::mail::{MailServer, Mailbox};
use deskbell_core::ports::MailLimits;

pub use code::{CODE_LIFE, CODE_PAUSE, Codes};
pub use receipts::Receipts;

/// How a site sends e-mail.
#[derive(Clone)]
pub struct Mailer {
    /// The sender.
    pub from: Mailbox,
    /// Where replies go; none if nobody reads them.
    pub reply_to: Option<Mailbox>,
    /// The destination whose webhook receives bounces; none if bounces go to the sender's address.
    pub bounces: Option<String>,
    /// The mail server.
    pub server: MailServer,
    /// The limits for mail to unverified addresses.
    pub limits: MailLimits,
    /// The public URL of the gateway, for links; without it mails contain none.
    pub url: Option<Url>,
}

/// The mailers of the sites that send e-mail, by site key.
pub type Mailers = BTreeMap<String, Mailer>;

impl fmt::Debug for Mailer {
    /// Omits the server, which has a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mailer({})", self.from)
    }
}

/// Wakes the mail workers of sites.
#[derive(Debug)]
pub struct MailWakers(BTreeMap<String, watch::Sender<()>>);

impl MailWakers {
    /// Creates one for each site that sends mail.
    pub fn new(mailers: &Mailers) -> MailWakers {
        MailWakers(mailers.keys().map(|site| (site.clone(), watch::Sender::new(()))).collect())
    }

    /// Wakes the mail worker of a site.
    pub fn wake(&self, site: &str) {
        if let Some(waker) = self.0.get(site) {
            waker.send_replace(());
        }
    }

    /// Changes when mail of a site may be due; none if the site sends no mail.
    pub fn watch(&self, site: &str) -> Option<watch::Receiver<()>> {
        self.0.get(site).map(watch::Sender::subscribe)
    }
}
