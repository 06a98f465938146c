//! An answer that has come by mail, as the service that receives it for the gateway tells it:
//! `{"to": "reply+…@in.example.com", "from": "Ana <ana@desk.example>", "text": "…", "message_id": "<…>"}`, signed as Standard Webhooks says.

use axum::http::HeaderMap;
use jiff::Timestamp;
use lettre::message::Mailbox;
use serde::Deserialize;

use super::answer;
use super::reply::ReplyAddress;
use crate::domain::conversation::Author;
use crate::domain::ticket::NAME_MAX;
use crate::gateway::clock;
use crate::gateway::delivery::{Heard, NotHeard, Saying};

/// The longest Message-ID, in bytes: a line of a mail (RFC 5322, 2.1.1).
const MESSAGE_ID_MAX: usize = 998;

/// What is told of a mail; whatever else is told is not needed.
#[derive(Deserialize)]
struct Mail {
    to: To,
    #[serde(default)]
    from: String,
    #[serde(default)]
    text: String,
    message_id: String,
    /// The header of this name: whether nobody wrote it (RFC 3834).
    #[serde(default)]
    auto_submitted: String,
}

/// One text with all addresses, or one for each.
#[derive(Deserialize)]
#[serde(untagged)]
enum To {
    One(String),
    Several(Vec<String>),
}

/// Reads what was told. What was not sent to an address of a ticket is about nothing, because anybody can send mail to what looks like one.
pub fn hear(reply: &ReplyAddress, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Result<Heard, NotHeard> {
    if !reply.secret().is_signed(headers, body, now.as_second().try_into().unwrap_or_default()) {
        return Err(NotHeard::Unsigned);
    }
    let unreadable = NotHeard::Unreadable("the body is no JSON with to, from, text and message_id");
    let mail: Mail = serde_json::from_slice(body).map_err(|_| unreadable)?;
    let message_id = mail.message_id.trim();
    if message_id.is_empty() || message_id.len() > MESSAGE_ID_MAX {
        return Err(NotHeard::Unreadable("message_id is empty, or longer than a mail allows"));
    }
    let to = match &mail.to {
        To::One(to) => to.clone(),
        To::Several(to) => to.join(","),
    };
    let automatic = !matches!(mail.auto_submitted.trim().to_ascii_lowercase().as_str(), "" | "no");
    let body = answer::read(&mail.text);
    if automatic {
        return Ok(Heard::Nothing("it was written by itself"));
    }
    if body.is_empty() {
        return Ok(Heard::Nothing("it says nothing beside what it quotes"));
    }
    let Some(ticket) = reply.ticket(&to) else {
        return Ok(Heard::Nothing("it is to no address of a ticket; was reply_address or webhook_secret changed?"));
    };
    let saying = Saying {
        remote: message_id.into(),
        author: Author::Support,
        name: name(&mail.from),
        body,
        at: clock::written(now),
    };
    Ok(Heard::Said { ticket, saying })
}

/// What the sender is called; not their address, which is not for customers.
fn name(from: &str) -> String {
    let name = from.parse::<Mailbox>().ok().and_then(|mailbox| mailbox.name).unwrap_or_default();
    let words = name.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let name = words.collect::<Vec<_>>().join(" ");
    if name.contains('@') { String::new() } else { name.chars().take(NAME_MAX).collect() }
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

    fn now() -> Timestamp {
        "2026-11-26T10:00:00Z".parse().unwrap()
    }

    fn told_at(seconds: u64, mail: &Value) -> Result<Heard, NotHeard> {
        let (reply, body) = (reply(), mail.to_string());
        let signature = reply.secret().sign("a", seconds, body.as_bytes());
        let headers = [(ID, "a".to_string()), (TIMESTAMP, seconds.to_string()), (SIGNATURE, signature)];
        let headers =
            headers.into_iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        hear(&reply, &headers, body.as_bytes(), now())
    }

    fn told(mail: &Value) -> Result<Heard, NotHeard> {
        told_at(now().as_second() as u64, mail)
    }

    #[test]
    fn an_answer_to_the_address_of_a_ticket_is_said_by_support() {
        let address = reply().of(TICKET).unwrap();
        let said = |name: &str| Heard::Said {
            ticket: TICKET.into(),
            saying: Saying {
                remote: "<m1@desk.example>".into(),
                author: Author::Support,
                name: name.into(),
                body: "Fixed.".into(),
                at: "2026-11-26T10:00:00.000Z".into(),
            },
        };
        let mail = |to: Value, from: &str| json!({"to": to, "from": from, "text": "Fixed.\n", "message_id": "<m1@desk.example>"});
        for (from, name) in [
            ("Ana Ruiz <ana@desk.example>", "Ana Ruiz"),
            ("\"Ana\tRuiz\" <ana@desk.example>", "Ana Ruiz"),
            ("ana@desk.example", ""),
            ("\"ana@desk.example\" <ana@desk.example>", ""),
            ("nobody", ""),
        ] {
            assert_eq!(told(&mail(json!(address), from)), Ok(said(name)), "{from}");
        }
        assert_eq!(told(&mail(json!(["desk@desk.example", address]), "")), Ok(said("")));
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
        assert!(matches!(told(&mail(&address, "x", "No")), Ok(Heard::Said { .. })));
    }

    #[test]
    fn what_is_not_signed_is_too_old_or_cannot_be_read_is_refused() {
        let good = json!({"to": reply().of(TICKET).unwrap(), "text": "x", "message_id": "<m>"});
        let seconds = now().as_second() as u64;
        assert!(told_at(seconds - 300, &good).is_ok());
        assert_eq!(told_at(seconds - 301, &good), Err(NotHeard::Unsigned));
        assert_eq!(hear(&reply(), &HeaderMap::new(), good.to_string().as_bytes(), now()), Err(NotHeard::Unsigned));
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
