//! The port for sending mail.

use std::fmt;

use async_trait::async_trait;

/// A mail server, with the sender of a site.
#[async_trait]
pub trait Mailer: fmt::Debug + Send + Sync {
    /// Sends a mail.
    async fn send(&self, mail: AddressedMail<'_>) -> Result<(), MailFailure>;
}

/// A mail to a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailContent {
    /// Its subject, one line.
    pub subject: String,
    /// Its body in plain text.
    pub body: String,
}

/// What makes a mail part of a conversation, beside its subject. The ids are parts of Message-IDs before the at sign.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MailThread {
    /// The mails before it, oldest first; the last one is what it replies to.
    pub references: Vec<String>,
    /// Where replies go; none for the sender's usual address.
    pub reply_to: Option<String>,
    /// The body in HTML.
    pub html: String,
    /// Its files.
    pub files: Vec<MailFile>,
    /// Where one request ends the mails of this conversation (RFC 8058).
    pub unsubscribe: String,
}

/// A file of a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailFile {
    /// Its name.
    pub name: String,
    /// Its media type.
    pub media: &'static str,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// A mail to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressedMail<'a> {
    /// The recipient's address.
    pub address: &'a str,
    /// The part before the at sign of its Message-ID, by which a mailbox can recognise duplicates.
    pub id: &'a str,
    /// Its subject and body.
    pub content: MailContent,
    /// The conversation of a person that it belongs to; none for a mail of the gateway itself, to which no program replies.
    pub thread: Option<MailThread>,
    /// Where bounces go; none for the sender's address.
    pub return_path: Option<String>,
}

/// Why a mail was not sent. Of the server's response only the code is quoted: the rest may name a person.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailFailure {
    /// It is not accepted at the moment, or the outcome is unknown.
    #[error("{0}")]
    Temporary(String),
    /// It is refused for good.
    #[error("{0}")]
    Permanent(String),
    /// The recipient's mailbox does not exist.
    #[error("{0}")]
    UnknownRecipient(String),
}
