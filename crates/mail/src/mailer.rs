//! The mail of a site as the port that use cases send through.

use std::fmt;

use async_trait::async_trait;
use lettre::message::Mailbox;

use crate::message::{Sender, message};
use crate::send_error::SendError;
use crate::server::MailServer;
use deskbell_core::ports::{AddressedMail, MailFailure, Mailer};

/// A mail server, with the sender of a site.
#[derive(Clone)]
pub struct SmtpMailer {
    /// The sender.
    pub from: Mailbox,
    /// Where replies go; none if nobody reads them.
    pub reply_to: Option<Mailbox>,
    /// The mail server.
    pub server: MailServer,
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, mail: AddressedMail<'_>) -> Result<(), MailFailure> {
        let reply_to = mail.thread.as_ref().and_then(|thread| thread.reply_to.as_deref()?.parse().ok());
        let reply_to = reply_to.map(|address| Mailbox::new(None, address));
        let sender = Sender { from: &self.from, reply_to: reply_to.as_ref().or(self.reply_to.as_ref()) };
        let message = message(sender, mail);
        let message = message.map_err(|error| MailFailure::Permanent(error.to_string()))?;
        self.server.send(&message).await.map_err(|error| match error {
            SendError::Unreachable(reason) | SendError::Temporary(reason) => MailFailure::Temporary(reason),
            SendError::TooLarge(reason) | SendError::Permanent(reason) => MailFailure::Permanent(reason),
            SendError::UnknownRecipient(reason) => MailFailure::UnknownRecipient(reason),
        })
    }
}

impl fmt::Debug for SmtpMailer {
    /// Omits the server, which has a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SmtpMailer({})", self.from)
    }
}
