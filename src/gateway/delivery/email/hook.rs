//! A mail about a ticket, as the service that receives it for the gateway tells it:
//! `{"to": "reply+…@in.example.com", "from": "Ana <ana@desk.example>", "authenticated": true, "text": "…", "message_id": "<…>",
//! "attachments": [{"name": "a.png", "content": "base64"}]}`, signed as Standard Webhooks says.

use axum::http::HeaderMap;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use lettre::message::Mailbox;
use serde::Deserialize;

use super::answer;
use super::reply::ReplyAddress;
use super::senders::Agents;
use crate::domain::ticket::{MESSAGE_MAX, NAME_MAX};
use crate::gateway::clock;
use crate::gateway::delivery::{Heard, InboundFile, InboundMail, NotHeard};

/// The largest body, in bytes: about 10 MB of files in base64.
pub const BYTES_MAX: usize = 14 << 20;
/// How many files are read; the others are counted.
const FILES_MAX: usize = 20;
/// How much of a mail's text is read, in bytes: an answer may stand below all that it quotes.
const TEXT_READ: usize = 1 << 20;
/// What marks that a text was cut.
const SHORTENED: &str = "\n\n(shortened)";
/// The longest Message-ID, in bytes: a line of a mail (RFC 5322, 2.1.1).
const MESSAGE_ID_MAX: usize = 998;
/// The longest address, in characters (RFC 5321, 4.5.3.1.3).
const ADDRESS_MAX: usize = 256;

/// What is told of a mail; whatever else is told is not needed.
#[derive(Deserialize)]
struct Mail {
    to: To,
    #[serde(default)]
    from: String,
    /// Whether the receiver has found that the mail is from where `from` says: DMARC passes.
    authenticated: Option<bool>,
    #[serde(default)]
    text: String,
    message_id: String,
    /// The header of this name: whether nobody wrote it (RFC 3834).
    #[serde(default)]
    auto_submitted: String,
    #[serde(default)]
    attachments: Vec<MailFile>,
}

/// A file of a mail. What it is, is told by what is in it.
#[derive(Deserialize)]
struct MailFile {
    #[serde(default)]
    name: String,
    /// In base64.
    #[serde(default)]
    content: String,
}

/// One text with all addresses, or one for each.
#[derive(Deserialize)]
#[serde(untagged)]
enum To {
    One(String),
    Several(Vec<String>),
}

/// Reads what was told. What was not sent to an address of a ticket is about nothing, because anybody can send mail to what looks like one.
pub fn hear(
    reply: &ReplyAddress,
    agents: &Agents,
    headers: &HeaderMap,
    body: &[u8],
    now: Timestamp,
) -> Result<Heard, NotHeard> {
    if !reply.secret().is_signed(headers, body, now.as_second().try_into().unwrap_or_default()) {
        return Err(NotHeard::Unsigned);
    }
    let unreadable =
        NotHeard::Unreadable("the body is no JSON with to, from, authenticated, text, message_id and attachments");
    let mail: Mail = serde_json::from_slice(body).map_err(|_| unreadable)?;
    let message_id = mail.message_id.trim();
    if message_id.is_empty() || message_id.len() > MESSAGE_ID_MAX {
        return Err(NotHeard::Unreadable("message_id is empty, or longer than a mail allows"));
    }
    let to = match &mail.to {
        To::One(to) => to.clone(),
        To::Several(to) => to.join(","),
    };
    if !matches!(mail.auto_submitted.trim().to_ascii_lowercase().as_str(), "" | "no") {
        return Ok(Heard::Nothing("it was written by itself"));
    }
    let text = shortened(&mail.text);
    if text.is_empty() && mail.attachments.is_empty() {
        return Ok(Heard::Nothing("it says nothing beside what it quotes"));
    }
    let Some(ticket) = reply.ticket(&to) else {
        return Ok(Heard::Nothing("it is to no address of a ticket; was reply_address or webhook_secret changed?"));
    };
    let sender = mail.from.parse::<Mailbox>().ok();
    let from = sender.as_ref().map(|sender| sender.email.to_string()).unwrap_or_default();
    let mail = InboundMail {
        message_id: message_id.into(),
        from_agent: agents.include(&from),
        from: clean(&from, ADDRESS_MAX),
        name: name(sender.and_then(|sender| sender.name).unwrap_or_default()),
        authenticated: mail.authenticated,
        markdown: answer::markdown(&text),
        text,
        more_files: mail.attachments.len().saturating_sub(FILES_MAX),
        files: mail.attachments.into_iter().take(FILES_MAX).enumerate().map(file).collect(),
        at: clock::written(now),
    };
    Ok(Heard::Mail { ticket, mail })
}

/// What a mail says without what it quotes, no longer than a message of the panel can be. What is cut off is marked.
fn shortened(text: &str) -> String {
    let read = text.get(..text.floor_char_boundary(TEXT_READ)).unwrap_or_default();
    let says = answer::read_plain(read);
    if read.len() == text.len() && says.chars().count() <= MESSAGE_MAX {
        return says;
    }
    let kept: String = says.chars().take(MESSAGE_MAX - SHORTENED.len()).collect();
    [kept.trim_end(), SHORTENED].concat()
}

fn file((index, file): (usize, MailFile)) -> InboundFile {
    let name = clean(&file.name, NAME_MAX);
    let name = if name.is_empty() { format!("file {}", index + 1) } else { name };
    let packed: String = file.content.chars().filter(|c| !c.is_whitespace()).collect();
    let bytes = BASE64_STANDARD.decode(packed).ok();
    InboundFile { name, bytes: bytes.filter(|bytes| !bytes.is_empty()) }
}

/// What the sender is called; not their address, which is not for customers.
fn name(name: String) -> String {
    let name = clean(&name, NAME_MAX);
    if name.contains('@') { String::new() } else { name }
}

/// A text of others in one line, without what cannot be seen or turns the direction of what stands around it.
fn clean(text: &str, max: usize) -> String {
    let is_hidden = |c: char| matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}');
    let text: String = text.chars().filter(|c| !is_hidden(*c)).collect();
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ").chars().take(max).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::gateway::delivery::signature::{ID, SIGNATURE, Secret, TIMESTAMP};
    use serde_json::{Value, json};

    const TICKET: &str = "0193c2a4-7b60-7cc0-8000-0123456789ab";

    fn reply() -> ReplyAddress {
        let secret = Secret::read("whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=").unwrap();
        ReplyAddress::new("reply@in.acme.example", secret).unwrap()
    }

    fn agents() -> Agents {
        Agents::read(&["*@desk.example".to_string()]).unwrap()
    }

    fn now() -> Timestamp {
        "2026-11-26T10:00:00Z".parse().unwrap()
    }

    fn told_at(seconds: u64, mail: &Value) -> Result<Heard, NotHeard> {
        let (reply, body) = (reply(), mail.to_string());
        let signature = reply.secret().sign("a", seconds, body.as_bytes());
        let headers = [(ID, "a".to_string()), (TIMESTAMP, seconds.to_string()), (SIGNATURE, signature)];
        let headers =
            headers.into_iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        hear(&reply, &agents(), &headers, body.as_bytes(), now())
    }

    fn told(mail: &Value) -> Result<Heard, NotHeard> {
        told_at(now().as_second() as u64, mail)
    }

    fn mail_of(mail: &Value) -> InboundMail {
        let Ok(Heard::Mail { ticket, mail }) = told(mail) else { panic!("{mail}") };
        assert_eq!(ticket, TICKET);
        mail
    }

    #[test]
    fn a_mail_to_the_address_of_a_ticket_tells_who_says_it_and_how_sure_that_is() {
        let address = reply().of(TICKET).unwrap();
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
            assert_eq!((mail.text.as_str(), mail.markdown.as_str()), ("*Fixed.*", "\\*Fixed.\\*"));
            assert!(mail.authenticated == Some(true) && mail.files.is_empty());
        }
        let long = format!("\"{}\" <ana@desk.example>", "a".repeat(NAME_MAX + 50));
        assert_eq!(mail_of(&mail(json!(["desk@desk.example", address]), &long)).name.chars().count(), NAME_MAX);
        let silent = json!({"to": address, "text": "x", "message_id": "<m>"});
        assert_eq!(mail_of(&silent).authenticated, None, "who does not say so has not looked");
    }

    #[test]
    fn the_files_of_a_mail_are_read_and_what_cannot_be_read_is_named() {
        let address = reply().of(TICKET).unwrap();
        let mut files = vec![
            json!({"name": "a.txt", "content_type": "text/plain", "content": "bG9n\r\nZ2Vk"}),
            json!({"name": "b\u{202e}.txt\n", "content": "no base64!"}),
            json!({"content": "bG9n"}),
            json!({"name": "empty.txt", "content": ""}),
        ];
        let mail = json!({"to": address, "text": "", "message_id": "<m>", "attachments": files});
        let read: Vec<(String, Option<Vec<u8>>)> =
            mail_of(&mail).files.into_iter().map(|file| (file.name, file.bytes)).collect();
        let expected = [
            ("a.txt", Some(b"logged".to_vec())),
            ("b.txt", None),
            ("file 3", Some(b"log".to_vec())),
            ("empty.txt", None),
        ];
        assert_eq!(read, expected.map(|(name, bytes)| (name.to_string(), bytes)));
        files = vec![json!({"name": "a", "content": "bG9n"}); FILES_MAX + 1];
        let mail = json!({"to": address, "text": "x", "message_id": "<m>", "attachments": files});
        let mail = mail_of(&mail);
        assert_eq!((mail.files.len(), mail.more_files), (FILES_MAX, 1));
    }

    #[test]
    fn a_long_mail_is_shortened_and_says_so() {
        let address = reply().of(TICKET).unwrap();
        let told = |text: &str| {
            let mail = mail_of(&json!({"to": address, "text": text, "message_id": "<m>"}));
            (mail.text, mail.markdown)
        };
        let whole = "ä".repeat(MESSAGE_MAX);
        assert_eq!(told(&whole), (whole.clone(), whole.clone()));
        let (text, markdown) = told(&format!("{whole}*"));
        assert!(text.ends_with("ä\n\n(shortened)") && text.chars().count() == MESSAGE_MAX, "{}", text.len());
        assert!(markdown.ends_with("(shortened)") && markdown.len() <= text.len());
        // What is quoted does not count, but what is behind more than is read is missing.
        let quoted = |lines: usize| format!("Yes.\n{}", "> quoted\n".repeat(lines));
        assert_eq!(told(&quoted(50_000)).0, "Yes.");
        assert_eq!(told(&quoted(200_000)).0, "Yes.\n\n(shortened)");
    }

    #[test]
    fn what_goes_to_no_ticket_what_nobody_wrote_and_what_says_nothing_is_about_nothing() {
        let address = reply().of(TICKET).unwrap();
        let mail = |to: &str, text: &str, automatic: &str| json!({"to": to, "text": text, "message_id": "<m>", "auto_submitted": automatic});
        for mail in [
            mail("reply+guess@in.acme.example", "x", ""),
            mail(&address, " \n", ""),
            mail(&address, "I am away", "auto-replied"),
        ] {
            assert!(matches!(told(&mail), Ok(Heard::Nothing(why)) if !why.is_empty()), "{mail}");
        }
        assert!(matches!(told(&mail(&address, "x", "No")), Ok(Heard::Mail { .. })));
    }

    #[test]
    fn what_is_not_signed_is_too_old_or_cannot_be_read_is_refused() {
        let good = json!({"to": reply().of(TICKET).unwrap(), "text": "x", "message_id": "<m>"});
        let seconds = now().as_second() as u64;
        assert!(told_at(seconds - 300, &good).is_ok());
        assert_eq!(told_at(seconds - 301, &good), Err(NotHeard::Unsigned));
        let unsigned = hear(&reply(), &agents(), &HeaderMap::new(), good.to_string().as_bytes(), now());
        assert_eq!(unsigned, Err(NotHeard::Unsigned));
        for bad in [
            json!([]),
            json!({"to": "x"}),
            json!({"to": "x", "message_id": " "}),
            json!({"to": "x", "message_id": "m".repeat(999)}),
        ] {
            assert!(matches!(told(&bad), Err(NotHeard::Unreadable(_))), "{bad}");
        }
    }
}
