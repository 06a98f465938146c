//! Renders a delivery as a mail. The same delivery has the same Message-ID in every attempt, so a mailbox can recognize duplicates.

use lettre::address::Envelope;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::{Address, Message};

use super::MailDestination;
use super::files::Files;
use crate::message::attached;
use deskbell_core::ids::TicketId;
use deskbell_core::ports::destination::{DeliveryContents, InboundMail, ReturnsOf};
use deskbell_core::ports::{DeliveryKind, StoredTicket};
use deskbell_core::rules::comment::{self, CONTEXT_FILE};
use deskbell_core::rules::file_formats as formats;
use deskbell_core::rules::sender::Sender;
use domain::join::one_line;
use mail_in::reply_text::MARKER;

/// Renders the mail; the error says why that is not possible.
pub fn message(email: &MailDestination, contents: &DeliveryContents<'_>, files: &Files) -> Result<Message, String> {
    let ticket = contents.ticket;
    let first = contents.delivery.kind == DeliveryKind::Ticket;
    let re = if first { "" } else { "Re: " };
    let title = comment::title(ticket);
    let subject = format!("{re}[{}] {title}", ticket.reference);
    let mut message = Message::builder()
        .message_id(Some(message_id(email, contents)))
        .from(email.from.clone())
        .to(email.mailbox.clone())
        .subject(one_line(&subject));
    if !first {
        let thread = contents.external.map_or_else(
            || message_id_of(email, contents, ticket.id.as_str()),
            |external| external.external_id.to_string(),
        );
        message = message.in_reply_to(thread.clone()).references(thread);
    }
    if let Some(reply_to) = reply_to(email, contents) {
        message = message.reply_to(reply_to);
    }
    if let Some(return_path) = return_path(email, &ticket.id) {
        let envelope = Envelope::new(Some(return_path), vec![email.mailbox.email.clone()]);
        message = message.envelope(envelope.map_err(|error| error.to_string())?);
    }
    let mut parts = MultiPart::mixed().singlepart(SinglePart::plain(text(email, contents, files)));
    for file in &files.attached {
        let media = formats::media(file.media, &file.name);
        let file = attached(&one_line(&file.name), media, file.bytes.clone());
        parts = parts.singlepart(file.map_err(|error| error.to_string())?);
    }
    if first {
        let context = serde_json::to_vec_pretty(&ticket.ticket.context).unwrap_or_default();
        let file = attached(CONTEXT_FILE, "application/json", context);
        parts = parts.singlepart(file.map_err(|error| error.to_string())?);
    }
    message.multipart(parts).map_err(|error| error.to_string())
}

/// The mail that tells an agent that their mail was not accepted as a reply. It is marked as automatic, and has no valid envelope sender (RFC
/// 3834, 3 and 5), so that two programs never reply to each other.
pub fn unread(email: &MailDestination, ticket: &StoredTicket, mail: &InboundMail) -> Result<Message, String> {
    let to: Address = mail.from.parse().map_err(|_| "the sender has no address".to_string())?;
    let reference = ticket.reference.as_str();
    let text = format!(
        "Your mail about {reference} could not be read as an answer: it contains no new text above the quoted text, \
         or only text for agents.\n\nThe customer has not seen it. It is stored as an internal note in the inbox. To \
         answer the customer, write above the quoted text and send again.\n"
    );
    let raw = |name: &str, value: &str| {
        let name = HeaderName::new_from_ascii(name.into()).map_err(|error| error.to_string())?;
        Ok::<_, String>(HeaderValue::new(name, value.into()))
    };
    let envelope = Envelope::new(None, vec![to.clone()]).map_err(|error| error.to_string())?;
    let message = Message::builder()
        .from(email.from.clone())
        .to(Mailbox::new(None, to))
        .subject(format!("[{reference}] Your mail could not be read as an answer"))
        .in_reply_to(one_line(&mail.message_id))
        .references(one_line(&mail.message_id))
        .raw_header(raw("Auto-Submitted", "auto-replied")?)
        .raw_header(raw("X-Auto-Response-Suppress", "All")?)
        .envelope(envelope);
    let message = match email
        .reply
        .as_ref()
        .and_then(|reply| reply.for_ticket(&ticket.id))
        .and_then(|address| address.parse().ok())
    {
        Some(address) => message.reply_to(Mailbox::new(None, address)),
        None => message,
    };
    message.singlepart(SinglePart::plain(text)).map_err(|error| error.to_string())
}

/// The Message-ID of a delivery.
pub fn message_id(email: &MailDestination, contents: &DeliveryContents<'_>) -> String {
    message_id_of(email, contents, &contents.key())
}

/// Contains the destination, because another mailbox may get the same ticket, and the customer a receipt of it.
fn message_id_of(email: &MailDestination, contents: &DeliveryContents<'_>, id: &str) -> String {
    let destination = &contents.delivery.destination;
    let name = match &email.reply {
        Some(reply) => reply.mail_name(id, destination.as_str()),
        None => format!("{id}.{destination}"),
    };
    format!("<{name}@{}>", email.from.email.domain())
}

/// The bounce address, if the destination accepts bounces; none if they go to the From address.
fn return_path(email: &MailDestination, ticket: &TicketId) -> Option<Address> {
    let reply = email.reply.as_ref().filter(|_| email.bounces)?;
    reply.for_bounces(ticket, ReturnsOf::Desk)
}

/// The Reply-To address: the reply address, or else the customer's.
fn reply_to(email: &MailDestination, contents: &DeliveryContents<'_>) -> Option<Mailbox> {
    let address = match &email.reply {
        Some(reply) => reply.for_ticket(&contents.ticket.id),
        None => match Sender::reached(contents.ticket, email.unverified) {
            Sender::Signed(address) | Sender::Contact(address) => Some(address),
            Sender::Alias => None,
        },
    };
    // Without a name, which anybody may have made up.
    Some(Mailbox::new(None, address?.parse().ok()?))
}

/// The body. If replies are accepted, its first line is the marker above which agents write.
fn text(email: &MailDestination, contents: &DeliveryContents<'_>, files: &Files) -> String {
    let ticket = contents.ticket;
    let notice = comment::verification_notice(ticket).map(|notice| notice + "\n\n").unwrap_or_default();
    let text = match (contents.delivery.kind, contents.message) {
        (DeliveryKind::Ticket, _) => comment::render_ticket(contents.config, ticket, &files.missing),
        (DeliveryKind::Message, message) => {
            notice + &comment::render_message(message.map_or("", |message| message.body.as_str()), &files.missing)
        }
        (DeliveryKind::Solved, _) => format!("{notice}The customer has marked {} as solved.", ticket.reference),
        (DeliveryKind::Reopened, _) => format!("{notice}The customer has reopened {}.", ticket.reference),
        (DeliveryKind::Confirmed, _) => format!("{notice}This is about {}.", ticket.reference),
    };
    let text = if email.reply.is_some() { format!("{MARKER}\n\n{text}") } else { text };
    let without_controls = |c: char| if c.is_control() && !matches!(c, '\n' | '\t') { ' ' } else { c };
    text.replace("\r\n", "\n").chars().map(without_controls).chain(['\n']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::time::Instant;

    use super::super::ReplyAddress;
    use super::super::files::Attached;
    use crate::destination::tests::email;
    use deskbell_core::fixtures::delivery;
    use deskbell_core::fixtures::stored;
    use deskbell_core::ports::destination::ClaimHold;
    use deskbell_core::ports::{ExternalTicketRef, StoredTicket};
    use domain::attachment::FileType;
    use domain::config::Config;
    use domain::conversation::{Author, Message as Reply};
    use standard_webhooks::Secret;

    fn rendered(
        email: &MailDestination,
        ticket: &StoredTicket,
        kind: DeliveryKind,
        body: &str,
        external: Option<&ExternalTicketRef>,
        files: &Files,
    ) -> String {
        let (config, delivery) = (Config::default(), delivery(kind, u32::from(kind == DeliveryKind::Message)));
        let reply = Reply {
            number: 1,
            author: Author::Customer,
            name: String::new(),
            body: body.into(),
            at: String::new(),
            attachments: Vec::new(),
        };
        let message = (kind == DeliveryKind::Message).then_some(&reply);
        let (now, hold) = (ticket.received_at, &ClaimHold::until(Instant::now()));
        let contents =
            DeliveryContents { config: &config, delivery: &delivery, ticket, message, files: &[], external, now, hold };
        String::from_utf8(super::message(email, &contents, files).unwrap().formatted()).unwrap()
    }

    fn headers(mail: &str) -> Vec<&str> {
        let head = mail.split("\r\n\r\n").next().unwrap();
        head.split("\r\n").filter(|line| !line.starts_with(' ')).collect()
    }

    #[test]
    fn messages_of_a_ticket_share_a_thread() {
        let (email, ticket) = (email(None), stored());
        let first = rendered(&email, &ticket, DeliveryKind::Ticket, "", None, &Files::default());
        let lines = headers(&first);
        for line in [
            "Message-ID: <1.desk@acme.example>",
            "From: Acme <help@acme.example>",
            "To: desk@desk.example",
            "Subject: [DB-4K7Q9] The export stops.",
            "Reply-To: ada@example.com",
        ] {
            assert!(lines.contains(&line), "{line} in {first}");
        }
        assert!(!first.contains("In-Reply-To") && first.contains("filename=\"deskbell-context.json\""), "{first}");
        assert!(first.contains("Every time.\r\n\r\n------"), "{first}");

        let external = ExternalTicketRef {
            external_id: "<earlier@acme.example>".into(),
            requester: String::new(),
            merged_after: None,
        };
        for (external, thread) in [(None, "<1.desk@acme.example>"), (Some(&external), "<earlier@acme.example>")] {
            let reply = rendered(&email, &ticket, DeliveryKind::Message, "It still does.", external, &Files::default());
            let lines = headers(&reply);
            assert!(lines.contains(&"Message-ID: <1/1.desk@acme.example>"), "{reply}");
            assert!(lines.contains(&"Subject: Re: [DB-4K7Q9] The export stops."), "{reply}");
            for name in ["In-Reply-To", "References"] {
                assert!(lines.contains(&format!("{name}: {thread}").as_str()), "{reply}");
            }
            assert!(reply.contains("It still does.") && !reply.contains("deskbell-context"), "{reply}");
        }
        let solved = rendered(&email, &ticket, DeliveryKind::Solved, "", None, &Files::default());
        assert!(headers(&solved).contains(&"Message-ID: <1/solved/9.desk@acme.example>"), "{solved}");
        assert!(solved.contains("The customer has marked DB-4K7Q9 as solved."), "{solved}");
    }

    #[test]
    fn the_reply_address_is_the_tickets_or_the_customers() {
        let mut ticket = stored();
        ticket.id = "0193c2a4-7b60-7cc0-8000-0123456789ab".into();
        let secret = Secret::read("whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=").unwrap();
        let replies = ReplyAddress::new("reply@in.acme.example", secret).unwrap();
        let mail = rendered(&email(Some(replies)), &ticket, DeliveryKind::Ticket, "", None, &Files::default());
        let line = *headers(&mail).iter().find(|line| line.starts_with("Reply-To: ")).unwrap();
        assert!(line.starts_with("Reply-To: reply+") && line.ends_with("@in.acme.example"), "{line}");
        for invalid in ["", "nobody", "a@b.example\r\nBcc: eve@example.com"] {
            ticket.ticket.contact.email = invalid.into();
            let mail = rendered(&email(None), &ticket, DeliveryKind::Ticket, "", None, &Files::default());
            let heads = headers(&mail);
            assert!(!heads.iter().any(|line| line.starts_with("Reply-To") || line.contains("eve@")), "{mail}");
        }
    }

    #[test]
    fn texts_never_become_headers_or_parts() {
        let mut ticket = stored();
        ticket.ticket.message = "One\rBcc: eve@example.com\u{0}\u{85}X: y\r\n\r\n.\r\nTwo".into();
        let files = Files {
            attached: vec![Attached {
                name: "a\r\nBcc: eve@example.com\r\n\r\n\"; filename=\"b.exe".into(),
                media: FileType::Text,
                bytes: b"--boundary\r\nContent-Type: text/html\r\n".to_vec(),
            }],
            missing: vec!["c\r\nBcc: eve@example.com".into()],
            not_attached: Vec::new(),
        };
        let mail = rendered(&email(None), &ticket, DeliveryKind::Ticket, "", None, &files);
        let names: Vec<&str> = headers(&mail).iter().map(|line| line.split(':').next().unwrap()).collect();
        let expected = ["Message-ID", "From", "To", "Subject", "Reply-To", "MIME-Version", "Date", "Content-Type"];
        assert!(names.iter().all(|name| expected.contains(name)) && names.len() == expected.len(), "{names:?}");
        assert!(headers(&mail).contains(&"Subject: [DB-4K7Q9] One Bcc: eve@example.com X: y"), "{mail}");
        let heads: Vec<&str> = mail.split("\r\n").filter(|line| line.starts_with("Content-Disposition")).collect();
        assert_eq!(heads.len(), 2, "{mail}");
        // Quotation marks do not end a name, and bytes do not end a part.
        assert!(mail.contains("\"a Bcc: eve@example.com \\\"; filename=\\\"b.exe\""), "{mail}");
        assert!(!mail.contains("text/html"), "{mail}");
    }
}
