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

use super::store::MailLimits;
use ::mail::{MailServer, Mailbox};

pub use code::{CODE_LIFE, CODE_PAUSE, Codes};
pub use receipts::Receipts;

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

/// How the sites that send e-mail do, by their public key.
pub type Mailers = BTreeMap<String, Mailer>;

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
    pub fn new(mailers: &Mailers) -> MailWakers {
        MailWakers(mailers.keys().map(|site| (site.clone(), watch::Sender::new(()))).collect())
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
