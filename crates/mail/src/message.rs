//! Renders a letter as an e-mail message.

use lettre::Message;
use lettre::address::{Address, Envelope};
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, header::InvalidHeaderName};

use deskbell_core::ports::MailContent;

/// Why a message cannot be created.
#[derive(Debug, thiserror::Error)]
pub enum MessageError {
    /// The address is invalid for mail.
    #[error("mail cannot be sent to this address")]
    Address(#[from] lettre::address::AddressError),
    /// The parts do not form a valid message.
    #[error("invalid message: {0}")]
    Message(#[from] lettre::error::Error),
    /// The name of a header is invalid.
    #[error("invalid header")]
    Header(#[from] InvalidHeaderName),
}

/// The sender of a letter.
#[derive(Clone, Copy, Debug)]
pub struct Sender<'a> {
    /// The From address.
    pub from: &'a Mailbox,
    /// The Reply-To address; without it nobody reads replies.
    pub reply_to: Option<&'a Mailbox>,
}

/// Renders a letter to an address. The same id results in the same Message-ID, by which a mailbox can recognise duplicates. Bounces go to
/// `return_path`, or else to the From address.
pub fn message(
    sender: Sender<'_>,
    address: &str,
    id: &str,
    content: MailContent,
    return_path: Option<String>,
) -> Result<Message, MessageError> {
    let to: Address = address.parse()?;
    let raw = |name: &str, value: &str| {
        Ok::<_, MessageError>(HeaderValue::new(HeaderName::new_from_ascii(name.into())?, value.into()))
    };
    let mut message = Message::builder()
        .message_id(Some(format!("<{id}@{}>", sender.from.email.domain())))
        .from(sender.from.clone())
        // Without a name, which anybody may have made up.
        .to(Mailbox::new(None, to.clone()))
        .subject(content.subject)
        .header(ContentType::TEXT_PLAIN)
        // Prevents automatic replies (RFC 3834, section 5, and the header that Exchange reads instead).
        .raw_header(raw("Auto-Submitted", "auto-generated")?)
        .raw_header(raw("X-Auto-Response-Suppress", "All")?);
    if let Some(reply_to) = sender.reply_to {
        message = message.reply_to(reply_to.clone());
    }
    if let Some(return_path) = return_path {
        message = message.envelope(Envelope::new(Some(return_path.parse()?), vec![to])?);
    }
    Ok(message.body(content.body)?)
}
