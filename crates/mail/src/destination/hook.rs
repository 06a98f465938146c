//! Inbound mail. The receiving service posts it to a webhook that is signed with Standard Webhooks, either unchanged (`raw`) or parsed (`text`, `html`,
//! `headers`, `attachments`).

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use lettre::Address;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::reply::ReplyAddress;
use super::senders::AgentAddresses;
use super::support::SupportAddresses;
use deskbell_core::ids::TicketId;
use deskbell_core::ports::destination::{
    InboundEvent, InboundEventError, InboundFile, InboundHeaders, InboundMail, ReturnedMail, SupportMail,
};
use deskbell_core::timestamp::Timestamp;
use domain::ticket::NAME_MAX;
use mail_in::headers::Headers;
use mail_in::message::{self, Message};
use mail_in::reply_text::Parts;
use mail_in::sender::{self, Sender, Senders};
use mail_in::{AutomaticSign, Origin, bounce, encoded_words, exact_address, origin};

/// The largest body, in bytes: about 10 MB of files in base64.
pub const BYTES_MAX: usize = 14 << 20;
/// How many files are read; the others are counted.
const FILES_MAX: usize = 20;
/// The longest Message-ID, in bytes: a line of a mail (RFC 5322, 2.1.1).
const MESSAGE_ID_MAX: usize = 998;
/// How much of a subject is read, in bytes.
const SUBJECT_MAX: usize = 16 << 10;
/// The longest address, in characters (RFC 5321, 4.5.3.1.3).
const ADDRESS_MAX: usize = 256;

/// How many Message-IDs of the mails that a mail answers are read.
const REFERENCES_MAX: usize = 50;

/// Who receives mails.
pub struct Receiver<'a> {
    /// The reply addresses.
    pub reply: &'a ReplyAddress,
    /// The mailbox of the help desk.
    pub mailbox: &'a Address,
    /// The address from which the gateway sends to it.
    pub from: &'a Address,
    /// The addresses for new tickets.
    pub support: &'a SupportAddresses,
    /// Whose mail is support's.
    pub agents: &'a AgentAddresses,
}

/// The fields of a posted mail that are used; others are ignored.
#[derive(Deserialize)]
struct Mail {
    to: Texts,
    #[serde(default)]
    from: Option<String>,
    /// The envelope sender (`MAIL FROM`); empty for bounces.
    envelope_from: Option<String>,
    /// Whether the receiving service has authenticated the `From` address: DMARC passes.
    authenticated: Option<bool>,
    subject: Option<String>,
    text: Option<String>,
    html: Option<String>,
    message_id: Option<String>,
    /// The header with this name, which marks automatic mail (RFC 3834).
    auto_submitted: Option<String>,
    /// All headers, in the service's format.
    headers: Option<HeaderForms>,
    /// The unparsed mail (RFC 5322), in base64 or as text. If present, everything but `to` and `authenticated` is read from it.
    raw: Option<String>,
    attachments: Option<Vec<MailFile>>,
}

/// A file of a mail. Its type is detected from its content; only parts of a bounce are identified by their media type.
#[derive(Deserialize)]
struct MailFile {
    #[serde(default)]
    name: String,
    /// In base64.
    #[serde(default)]
    content: String,
    #[serde(default)]
    content_type: String,
}

impl MailFile {
    fn bytes(&self) -> Option<Vec<u8>> {
        let packed: String = self.content.chars().filter(|c| !c.is_whitespace()).collect();
        BASE64_STANDARD.decode(packed).ok()
    }
}

/// One string with all addresses, or one for each.
#[derive(Deserialize)]
#[serde(untagged)]
enum Texts {
    One(String),
    Several(Vec<String>),
}

/// Headers in the formats of services: lines (SendGrid), pairs (Mailgun), objects (Postmark), or values by name.
#[derive(Deserialize)]
#[serde(untagged)]
enum HeaderForms {
    Lines(String),
    Pairs(Vec<(String, String)>),
    Objects(Vec<NamedValue>),
    Map(std::collections::BTreeMap<String, Texts>),
}

#[derive(Deserialize)]
struct NamedValue {
    #[serde(alias = "Name", alias = "key")]
    name: String,
    #[serde(alias = "Value")]
    value: String,
}

/// Parses a posted mail. A mail that was sent neither to a ticket's address nor to a support address matters to nobody, because anybody can send mail
/// to similar addresses.
pub fn parse_event(
    receiver: &Receiver<'_>,
    headers: &InboundHeaders,
    body: &[u8],
    now: Timestamp,
) -> Result<InboundEvent, InboundEventError> {
    if !receiver.reply.secret().is_signed(headers, body, now) {
        return Err(InboundEventError::Unsigned);
    }
    let unreadable = InboundEventError::Unreadable(
        "the body must be JSON with to, authenticated, and raw, or else from, subject, text, html, headers, \
         message_id and attachments",
    );
    let mail: Mail = serde_json::from_slice(body).map_err(|_| unreadable)?;
    let raw = mail.raw.as_deref().map(unpacked);
    event(receiver, &mail, raw, now)
}

/// The event of a mail. If `raw` is there, everything but the recipients and the result of the authentication is read from it.
fn event(
    receiver: &Receiver<'_>,
    mail: &Mail,
    raw: Option<Vec<u8>>,
    now: Timestamp,
) -> Result<InboundEvent, InboundEventError> {
    let Receiver { reply, mailbox, agents, .. } = receiver;
    let message = match &raw {
        Some(raw) => message::read(raw)
            .ok_or(InboundEventError::Unreadable("raw must be a mail (RFC 5322), in base64 or as text"))?,
        None => message_of(mail),
    };
    let id = mail.message_id.as_deref().or_else(|| message.headers.value("Message-ID")).unwrap_or_default().trim();
    let message_id = match (&raw, id.is_empty()) {
        // A mail without Message-ID gets one from its content.
        (Some(raw), true) => format!("<{}@raw>", BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(raw))),
        _ => id.to_string(),
    };
    if message_id.is_empty() || message_id.len() > MESSAGE_ID_MAX {
        return Err(InboundEventError::Unreadable("message_id is empty or too long"));
    }
    let to = match &mail.to {
        Texts::One(to) => to.clone(),
        Texts::Several(to) => to.join(","),
    };
    let subject = mail.subject.as_deref().map(|subject| {
        encoded_words::decode(subject.get(..subject.floor_char_boundary(SUBJECT_MAX)).unwrap_or_default())
    });
    let subject = subject.or_else(|| message.headers.decoded("Subject")).unwrap_or_default();
    let came_to = reply.bounces_of(&to);
    let is_bounce = origin(&message.headers, mail.envelope_from.as_deref(), &subject) == Origin::Bounce;
    if is_bounce || came_to.is_some() {
        let bounce = match &raw {
            Some(raw) => bounce::read(raw),
            None => bounce::read_parts(&message.headers, &message.parts.text, &parts(mail)),
        };
        if let Some(bounce) = bounce {
            let delivery = bounce.message_ids().find_map(|id| reply.mail_of(id));
            let returned = ReturnedMail { delivery, came_to, mailbox: mailbox.to_string(), bounce };
            return Ok(InboundEvent::Returned(returned));
        }
    }
    if came_to.is_some() {
        return Ok(InboundEvent::Nothing("it is to a bounce address, but is not a readable bounce"));
    }
    let ticket = reply.ticket(&to);
    if ticket.is_none() && !receiver.support.include_any(&to) {
        return Ok(InboundEvent::Nothing(if receiver.support.is_empty() {
            "it is not to the reply address of a ticket; was reply_address or webhook_secret changed?"
        } else {
            "it is to neither the reply address of a ticket nor one of support_addresses"
        }));
    }
    let sender_header = match (&raw, &mail.from) {
        (None, Some(sender_header)) if !sender_header.is_empty() => sender_header.as_str(),
        // Authentication is about this header, not about the envelope sender.
        _ => message.headers.value("From").unwrap_or_default(),
    };
    let Senders { senders, is_complete } = sender::read(sender_header);
    // DMARC is about one header; with several nobody knows which.
    let is_one = is_complete && has_one_sender_header(&message.headers, &senders);
    let is_agent = |sender: &Sender| agents.include(&sender.address);
    let from_agent = is_one && !senders.is_empty() && senders.iter().all(is_agent);
    let sender = senders.first().cloned().unwrap_or_default();
    let is_own_mail = match &ticket {
        Some(ticket) => is_own(&message_id, ticket),
        None => reply.mail_of(&message_id).is_some() || receiver.is_own(&sender.address),
    };
    let origin = if is_own_mail {
        Origin::Automatic(AutomaticSign::OwnMail)
    } else {
        origin(&message.headers, mail.envelope_from.as_deref(), &subject)
    };
    let references = references(&message.headers);
    let inbound = InboundMail {
        message_id,
        from_agent,
        from: clean(&sender.address, ADDRESS_MAX),
        name: if sender.address.is_empty() { String::new() } else { name(&sender.name) },
        // DMARC says nothing about several senders (RFC 7489, 6.6.1).
        authenticated: if !is_one || senders.len() > 1 && !from_agent { Some(false) } else { mail.authenticated },
        origin,
        parts: message.parts,
        more_files: message.files.len().saturating_sub(FILES_MAX) + skipped(mail),
        files: message
            .files
            .into_iter()
            .map(inbound_file)
            .chain(files(mail))
            .take(FILES_MAX)
            .enumerate()
            .map(numbered)
            .collect(),
        at: now,
    };
    Ok(match ticket {
        Some(ticket) => InboundEvent::Mail { ticket, mail: inbound },
        None => InboundEvent::Support(SupportMail { subject: clean(&subject, SUBJECT_MAX), references, mail: inbound }),
    })
}

impl Receiver<'_> {
    /// Whether mail from an address to a support address goes around in a circle: the gateway sends from it, or to it.
    fn is_own(&self, address: &str) -> bool {
        let address = exact_address(address);
        self.support.include(&address)
            || [self.mailbox, self.from].iter().any(|own| exact_address(own.as_ref()) == address)
    }
}

/// The Message-IDs of the mails that a mail answers, the latest first.
fn references(headers: &Headers) -> Vec<String> {
    let ids = |name| headers.value(name).unwrap_or_default().split_whitespace();
    let ids = ids("In-Reply-To").rev().chain(ids("References").rev());
    let is_id = |id: &&str| id.starts_with('<') && id.ends_with('>') && id.len() <= MESSAGE_ID_MAX;
    ids.filter(is_id).take(REFERENCES_MAX).map(str::to_string).collect()
}

/// Whether all headers are known, and only one of them names the senders that were read (RFC 5322, 3.6 allows no more).
fn has_one_sender_header(headers: &Headers, senders: &[Sender]) -> bool {
    let mut values = headers.values("From");
    let addresses =
        |senders: &[Sender]| -> Vec<String> { senders.iter().map(|sender| sender.address.to_lowercase()).collect() };
    let is_same = values.next().is_none_or(|value| addresses(&sender::read(value).senders) == addresses(senders));
    is_same && values.next().is_none() && !headers.is_cut()
}

/// Converts a mail that the service has parsed to the form that the gateway's own parser returns.
fn message_of(mail: &Mail) -> Message {
    let mut headers = match &mail.headers {
        None => Headers::default(),
        Some(HeaderForms::Lines(lines)) => Headers::read(lines),
        Some(HeaderForms::Pairs(pairs)) => of_pairs(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()))),
        Some(HeaderForms::Objects(objects)) => {
            of_pairs(objects.iter().map(|object| (object.name.as_str(), object.value.as_str())))
        }
        Some(HeaderForms::Map(map)) => of_pairs(map.iter().flat_map(|(name, values)| {
            let values: Vec<&str> = match values {
                Texts::One(value) => vec![value],
                Texts::Several(values) => values.iter().map(String::as_str).collect(),
            };
            values.into_iter().map(move |value| (name.as_str(), value))
        })),
    };
    if let Some(value) = mail.auto_submitted.as_deref() {
        headers.add("Auto-Submitted", value);
    }
    if let Some(from) = mail.from.as_deref().filter(|_| headers.value("From").is_none()) {
        headers.add("From", from);
    }
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let flowed = headers.value("Content-Type").and_then(message::flowed_of);
    Message { headers, parts: Parts { text: text(&mail.text), html: text(&mail.html), flowed }, files: Vec::new() }
}

fn of_pairs<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Headers {
    let mut headers = Headers::default();
    pairs.for_each(|(name, value)| headers.add(name, value));
    headers
}

/// The bytes of a mail: text has a colon in its first line, base64 has none.
fn unpacked(raw: &str) -> Vec<u8> {
    let first = raw.trim_start().lines().next().unwrap_or_default();
    if first.contains(':') || first.starts_with("From ") {
        return raw.as_bytes().to_vec();
    }
    let packed: String = raw.chars().filter(|c| !c.is_whitespace()).collect();
    BASE64_STANDARD.decode(packed).unwrap_or_default()
}

/// Whether a mail of the gateway about the ticket came back: its Message-ID begins with the id of the ticket.
fn is_own(message_id: &str, ticket: &TicketId) -> bool {
    message_id.trim_start_matches('<').starts_with(ticket.as_str())
}

/// The parsed files, by their media types.
fn parts(mail: &Mail) -> Vec<(String, Vec<u8>)> {
    let files = mail.attachments.iter().flatten().take(FILES_MAX);
    files.filter_map(|file| Some((file.content_type.clone(), file.bytes()?))).collect()
}

fn files(mail: &Mail) -> impl Iterator<Item = InboundFile> + '_ {
    let files = mail.attachments.iter().flatten().filter(|_| mail.raw.is_none());
    files.take(FILES_MAX).map(|file| {
        let is_mail = message::is_mail_type(&file.content_type);
        let name = if is_mail { message::mail_name(&file.name) } else { file.name.clone() };
        InboundFile { name, bytes: file.bytes().filter(|bytes| !bytes.is_empty()) }
    })
}

/// How many files are not read.
fn skipped(mail: &Mail) -> usize {
    let files = mail.attachments.as_ref().filter(|_| mail.raw.is_none());
    files.map_or(0, |files| files.len().saturating_sub(FILES_MAX))
}

fn inbound_file(file: message::File) -> InboundFile {
    InboundFile { name: file.name, bytes: Some(file.bytes).filter(|bytes| !bytes.is_empty()) }
}

fn numbered((index, file): (usize, InboundFile)) -> InboundFile {
    let name = clean(&file.name, NAME_MAX);
    InboundFile { name: if name.is_empty() { format!("file {}", index + 1) } else { name }, bytes: file.bytes }
}

/// The sender's name, unless it is their address, which is not for customers.
fn name(name: &str) -> String {
    let name = clean(name, NAME_MAX);
    if name.contains('@') { String::new() } else { name }
}

/// Untrusted text as one line, without invisible and direction-changing characters.
fn clean(text: &str, max: usize) -> String {
    let is_hidden = |c: char| matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}');
    let text: String = text.chars().filter(|c| !is_hidden(*c)).collect();
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ").chars().take(max).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    use serde_json::{Value, json};
    use standard_webhooks::{ID, SIGNATURE, Secret, TIMESTAMP};

    const TICKET: &str = "0193c2a4-7b60-7cc0-8000-0123456789ab";

    fn reply() -> ReplyAddress {
        let secret = Secret::read("whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=").unwrap();
        ReplyAddress::new("reply@in.acme.example", secret).unwrap()
    }

    fn agents() -> AgentAddresses {
        AgentAddresses::parse(&["*@desk.example".to_string()]).unwrap()
    }

    fn now() -> Timestamp {
        "2026-11-26T10:00:00Z".parse().unwrap()
    }

    fn read_at(time: Timestamp, mail: &Value) -> Result<InboundEvent, InboundEventError> {
        let (reply, body) = (reply(), mail.to_string());
        let signature = reply.secret().sign("a", time, body.as_bytes());
        let headers = [(ID, "a".to_string()), (TIMESTAMP, time.as_seconds().to_string()), (SIGNATURE, signature)];
        let headers = headers.into_iter().collect();
        parse_with(&reply, &headers, body.as_bytes())
    }

    fn parse_with(
        reply: &ReplyAddress,
        headers: &InboundHeaders,
        body: &[u8],
    ) -> Result<InboundEvent, InboundEventError> {
        let (mailbox, from, agents) = (desk(), "help@acme.example".parse().unwrap(), agents());
        let support = SupportAddresses::parse(&["Support@Acme.example".to_string()]).unwrap();
        let receiver = Receiver { reply, mailbox: &mailbox, from: &from, support: &support, agents: &agents };
        parse_event(&receiver, headers, body, now())
    }

    fn desk() -> Address {
        "desk@desk.example".parse().unwrap()
    }

    fn read_mail(mail: &Value) -> Result<InboundEvent, InboundEventError> {
        read_at(now(), mail)
    }

    fn mail_of(mail: &Value) -> InboundMail {
        let Ok(InboundEvent::Mail { ticket, mail }) = read_mail(mail) else { panic!("{mail}") };
        assert_eq!(ticket, TICKET);
        mail
    }

    #[test]
    fn mails_to_a_ticket_report_their_author_and_authentication() {
        let address = reply().for_ticket(&TICKET.into()).unwrap();
        let mail = |to: Value, from: &str| json!({"to": to, "from": from, "text": "*Fixed.*\n", "message_id": "<m1@desk.example>", "authenticated": true});
        for (from, email, name, from_agent) in [
            ("Ana Ruiz <ana@desk.example>", "ana@desk.example", "Ana Ruiz", true),
            ("\"Ana\tRuiz\" <ana@desk.example>", "ana@desk.example", "Ana Ruiz", true),
            ("ana@desk.example", "ana@desk.example", "", true),
            ("\"ana@desk.example\" <eve@evil.example>", "eve@evil.example", "", false),
            (
                "\"An\u{202e}a\u{200b}\u{feff}\" <eve@desk.example.evil.example>",
                "eve@desk.example.evil.example",
                "Ana",
                false,
            ),
            ("nobody", "", "", false),
            ("", "", "", false),
        ] {
            let mail = mail_of(&mail(json!(address), from));
            assert_eq!((mail.from.as_str(), mail.name.as_str(), mail.from_agent), (email, name, from_agent), "{from}");
            assert_eq!(mail.parts.text, "*Fixed.*\n");
            assert!(mail.authenticated == Some(true) && mail.files.is_empty());
        }
        let long_sender = format!("\"{}\" <ana@desk.example>", "a".repeat(NAME_MAX + 50));
        assert_eq!(mail_of(&mail(json!(["desk@desk.example", address]), &long_sender)).name.chars().count(), NAME_MAX);
        let silent = json!({"to": address, "text": "x", "message_id": "<m>"});
        assert_eq!(mail_of(&silent).authenticated, None, "who does not say so has not looked");
    }

    #[test]
    fn files_of_mails_are_read_and_unreadable_ones_listed() {
        let address = reply().for_ticket(&TICKET.into()).unwrap();
        let mut files = vec![
            json!({"name": "a.txt", "content_type": "text/plain", "content": "bG9n\r\nZ2Vk"}),
            json!({"name": "b\u{202e}.txt\n", "content": "no base64!"}),
            json!({"content": "bG9n"}),
            json!({"name": "empty.txt", "content": ""}),
        ];
        let mail = json!({"to": address, "text": "", "message_id": "<m>", "attachments": files});
        let contents: Vec<(String, Option<Vec<u8>>)> =
            mail_of(&mail).files.into_iter().map(|file| (file.name, file.bytes)).collect();
        let expected = [
            ("a.txt", Some(b"logged".to_vec())),
            ("b.txt", None),
            ("file 3", Some(b"log".to_vec())),
            ("empty.txt", None),
        ];
        assert_eq!(contents, expected.map(|(name, bytes)| (name.to_string(), bytes)));
        files = vec![json!({"name": "a", "content": "bG9n"}); FILES_MAX + 1];
        let mail = json!({"to": address, "text": "x", "message_id": "<m>", "attachments": files});
        let mail = mail_of(&mail);
        assert_eq!((mail.files.len(), mail.more_files), (FILES_MAX, 1));
    }

    #[test]
    fn raw_mails_are_read_from_every_envelope() {
        let address = reply().for_ticket(&TICKET.into()).unwrap();
        let raw = "From: =?utf-8?q?Jos=C3=A9_Ruiz?= <jose@desk.example>\r\nTo: desk@desk.example\r\nSubject: Re: x\r\nMessage-ID: <r1@desk.example>\r\n\
            MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; format=flowed; delsp=yes\r\n\
            Content-Transfer-Encoding: base64\r\n\r\nRml4ZWQu\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>Fixed.</p>\r\n--b\r\n\
            Content-Disposition: attachment; filename=a.txt\r\n\r\nlog\r\n--b--\r\n";
        for raw in [raw.to_string(), BASE64_STANDARD.encode(raw), format!("{}\n", BASE64_STANDARD.encode(raw))] {
            // The envelope sender is not the subject of DMARC.
            let mail =
                mail_of(&json!({"to": address, "from": "bounce+1@relay.example", "authenticated": true, "raw": raw}));
            assert_eq!(
                (mail.from.as_str(), mail.name.as_str(), mail.from_agent),
                ("jose@desk.example", "José Ruiz", true)
            );
            assert_eq!((mail.message_id.as_str(), mail.parts.text.as_str()), ("<r1@desk.example>", "Fixed."));
            assert!(mail.parts.html.contains("<p>Fixed.</p>") && mail.parts.flowed.unwrap().deletes_space, "{mail:?}");
            assert_eq!(mail.files, [InboundFile { name: "a.txt".into(), bytes: Some(b"log".to_vec()) }]);
        }
        let nameless = json!({"to": address, "raw": "From: ana@desk.example\n\nFixed."});
        assert_eq!(mail_of(&nameless).message_id, mail_of(&nameless).message_id);
        for invalid in ["", "no mail", "AAAA"] {
            assert!(
                matches!(read_mail(&json!({"to": address, "raw": invalid})), Err(InboundEventError::Unreadable(_))),
                "{invalid:?}"
            );
        }
    }

    #[test]
    fn headers_are_read_in_every_format_of_receivers() {
        let address = reply().for_ticket(&TICKET.into()).unwrap();
        for headers in [
            json!("Message-ID: <h>\nX-Autoreply: yes\nFrom: Ana <ana@desk.example>"),
            json!([["Message-ID", "<h>"], ["X-Autoreply", "yes"], ["From", "Ana <ana@desk.example>"]]),
            json!([{"Name": "Message-ID", "Value": "<h>"}, {"Name": "X-Autoreply", "Value": "yes"}, {"Name": "From", "Value": "Ana <ana@desk.example>"}]),
            json!([{"name": "message-id", "value": "<h>"}, {"name": "x-autoreply", "value": "yes"}, {"name": "from", "value": "Ana <ana@desk.example>"}]),
            json!({"message-id": "<h>", "x-autoreply": ["yes"], "from": "Ana <ana@desk.example>"}),
        ] {
            let mail = mail_of(&json!({"to": address, "text": "Away", "headers": headers}));
            assert_eq!((mail.message_id.as_str(), mail.from.as_str()), ("<h>", "ana@desk.example"), "{headers}");
            assert_eq!(mail.origin, Origin::Automatic(AutomaticSign::Autoresponder), "{headers}");
        }
    }

    #[test]
    fn automatic_mails_are_marked_and_unaddressed_ones_ignored() {
        let address = reply().for_ticket(&TICKET.into()).unwrap();
        let mail = |to: &str, automatic: &str, id: &str| json!({"to": to, "text": "x", "message_id": id, "auto_submitted": automatic});
        assert!(
            matches!(read_mail(&mail("reply+guess@in.acme.example", "", "<m>")), Ok(InboundEvent::Nothing(why)) if !why.is_empty())
        );
        for (automatic, id, origin) in [
            ("", "<m>", Origin::Person),
            ("No", "<m>", Origin::Person),
            ("auto-replied", "<m>", Origin::Automatic(AutomaticSign::AutoSubmitted)),
            (
                "",
                "<0193c2a4-7b60-7cc0-8000-0123456789ab/3.desk@acme.example>",
                Origin::Automatic(AutomaticSign::OwnMail),
            ),
        ] {
            assert_eq!(mail_of(&mail(&address, automatic, id)).origin, origin, "{automatic} {id}");
        }
        let bounce = json!({"to": address, "envelope_from": "", "subject": "Undeliverable: x", "from": "postmaster@desk.example", "text": "", "message_id": "<m>"});
        assert_eq!(mail_of(&bounce).origin, Origin::Bounce);
        // Several senders are support's if all of them are agents.
        let several = |from: &str| {
            mail_of(&json!({"to": address, "from": from, "authenticated": true, "text": "x", "message_id": "<m>"}))
        };
        let agents = several("Ana <ana@desk.example>, Bob <bob@desk.example>");
        assert_eq!((agents.name.as_str(), agents.from_agent, agents.authenticated), ("Ana", true, Some(true)));
        let mixed = several("Ana <ana@desk.example>, Eve <eve@evil.example>");
        assert_eq!((mixed.from_agent, mixed.authenticated), (false, Some(false)));
    }

    fn support_mail(more: &Value) -> SupportMail {
        let mut mail = json!({"to": "Acme <support@acme.example>", "from": "Ada <ada@example.com>", "subject": "=?utf-8?q?Gr=C3=BC=C3=9Fe?=",
            "text": "It broke", "message_id": "<m@example.com>"});
        mail.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let Ok(InboundEvent::Support(support_mail)) = read_mail(&mail) else { panic!("{mail}") };
        support_mail
    }

    #[test]
    fn mails_to_a_support_address_are_new_unless_they_are_to_a_ticket() {
        let mail = support_mail(
            &json!({"authenticated": true, "headers": "In-Reply-To: <c@x>\r\nReferences: <a@x> bad\r\n <b@x>\r\n"}),
        );
        assert_eq!(mail.subject, "Grüße");
        assert_eq!(mail.references, ["<c@x>", "<b@x>", "<a@x>"]);
        assert_eq!((mail.mail.from.as_str(), mail.mail.authenticated), ("ada@example.com", Some(true)));
        assert_eq!(mail.mail.origin, Origin::Person);
        let both = format!("support@acme.example, {}", reply().for_ticket(&TICKET.into()).unwrap());
        mail_of(&json!({"to": both, "text": "x", "message_id": "<m>"}));
        for other in ["support@acme.example.evil.example", "xsupport@acme.example", "sales@acme.example"] {
            let mail = json!({"to": other, "text": "x", "message_id": "<m>"});
            assert!(matches!(read_mail(&mail), Ok(InboundEvent::Nothing(_))), "{other}");
        }
    }

    #[test]
    fn mails_of_the_gateway_and_the_desk_to_a_support_address_are_loops() {
        let own = reply().mail_name(&format!("{TICKET}/1"), "desk");
        for more in [
            json!({"from": "Acme <support@acme.example>"}),
            json!({"from": "Desk <desk@desk.example>"}),
            json!({"from": "HELP@acme.example"}),
            json!({"message_id": format!("<{own}@acme.example>")}),
        ] {
            assert_eq!(support_mail(&more).mail.origin, Origin::Automatic(AutomaticSign::OwnMail), "{more}");
        }
        // The agents' other addresses are persons.
        assert_eq!(support_mail(&json!({"from": "ana@desk.example"})).mail.origin, Origin::Person);
    }

    #[test]
    fn unsigned_old_and_unreadable_hooks_are_refused() {
        let valid = json!({"to": reply().for_ticket(&TICKET.into()).unwrap(), "text": "x", "message_id": "<m>"});
        let seconds = Duration::from_secs;
        assert!(read_at(now() - seconds(300), &valid).is_ok());
        assert_eq!(read_at(now() - seconds(301), &valid), Err(InboundEventError::Unsigned));
        let unsigned = parse_with(&reply(), &InboundHeaders::default(), valid.to_string().as_bytes());
        assert_eq!(unsigned, Err(InboundEventError::Unsigned));
        for invalid in [
            json!([]),
            json!({"to": "x"}),
            json!({"to": "x", "message_id": " "}),
            json!({"to": "x", "message_id": "m".repeat(999)}),
        ] {
            assert!(matches!(read_mail(&invalid), Err(InboundEventError::Unreadable(_))), "{invalid}");
        }
    }
}
