//! Renders a letter as an e-mail message.

use lettre::Message;
use lettre::address::{Address, Envelope};
use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue, InvalidHeaderName};
use lettre::message::{Attachment, Body, Mailbox, MultiPart, SinglePart};

use deskbell_core::ports::{AddressedMail, MailFile, MailThread};
use domain::join::one_line;

/// Why a message cannot be created.
#[derive(Debug, thiserror::Error)]
pub enum MessageError {
    /// The address is invalid for mail.
    #[error("mail cannot be sent to this address")]
    Address(#[from] lettre::address::AddressError),
    /// The parts do not form a valid message.
    #[error("invalid message: {0}")]
    Message(#[from] lettre::error::Error),
    /// A file cannot be attached.
    #[error("a file cannot be attached: {0}")]
    File(String),
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

/// Renders a letter to an address. The same id results in the same Message-ID, by which a mailbox can recognise duplicates. Bounces go to the
/// return path, or else to the From address.
pub fn message(sender: Sender<'_>, mail: AddressedMail<'_>) -> Result<Message, MessageError> {
    let AddressedMail { address, id, content, thread, return_path } = mail;
    let to: Address = address.parse()?;
    let raw = |name: &str, value: &str| {
        Ok::<_, MessageError>(HeaderValue::new(HeaderName::new_from_ascii(name.into())?, value.into()))
    };
    let message_id = |id: &str| format!("<{id}@{}>", sender.from.email.domain());
    let mut message = Message::builder()
        .message_id(Some(message_id(id)))
        .from(sender.from.clone())
        // Without a name, which anybody may have made up.
        .to(Mailbox::new(None, to.clone()))
        .subject(content.subject);
    if let Some(reply_to) = sender.reply_to {
        message = message.reply_to(reply_to.clone());
    }
    if let Some(return_path) = return_path {
        message = message.envelope(Envelope::new(Some(return_path.parse()?), vec![to])?);
    }
    let Some(MailThread { references, html, files, unsubscribe, .. }) = thread else {
        // Prevents automatic replies (RFC 3834, section 5, and the header that Exchange reads instead).
        message = message
            .raw_header(raw("Auto-Submitted", "auto-generated")?)
            .raw_header(raw("X-Auto-Response-Suppress", "All")?);
        return Ok(message.header(ContentType::TEXT_PLAIN).body(content.body)?);
    };
    if let Some(last) = references.last() {
        message = message.in_reply_to(message_id(last));
        let references: Vec<String> = references.iter().map(|id| message_id(id)).collect();
        message = message.references(references.join(" "));
    }
    // A person has written it, so it is not marked as automatic; but nobody wants to read automatic replies to it.
    message = message
        .raw_header(raw("X-Auto-Response-Suppress", "OOF, AutoReply")?)
        .raw_header(raw("List-Unsubscribe", &format!("<{unsubscribe}>"))?);
    // One click needs HTTPS (RFC 8058, section 3.1).
    if unsubscribe.starts_with("https:") {
        message = message.raw_header(raw("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")?);
    }
    let alternatives = MultiPart::alternative_plain_html(content.body, html);
    if files.is_empty() {
        return Ok(message.multipart(alternatives)?);
    }
    let mut parts = MultiPart::mixed().multipart(alternatives);
    for MailFile { name, media, bytes } in files {
        parts = parts.singlepart(attached(&one_line(&name), media, bytes)?);
    }
    Ok(message.multipart(parts)?)
}

/// A file as a part of a message. It is encoded: without encoding, line endings would change on the way.
pub fn attached(name: &str, media: &str, bytes: Vec<u8>) -> Result<SinglePart, MessageError> {
    let media = ContentType::parse(media).map_err(|error| MessageError::File(error.to_string()))?;
    let body = Body::new_with_encoding(bytes, ContentTransferEncoding::Base64);
    let body = body.map_err(|_| MessageError::File("it cannot be encoded".into()))?;
    Ok(Attachment::new(name.into()).body(body, media))
}
