//! Sends signed events (Standard Webhooks) about tickets to a service of the host.

use async_trait::async_trait;
use reqwest::header::{HeaderMap, HeaderValue};
use serde_json::{Value, json};

use crate::target::Target;
use deskbell_core::ports::destination::RequesterMail;
use deskbell_core::ports::destination::{
    DeliveryContents, DeliveryFile, DeliveryReceipt, Destination, Failure, Finding,
};
use deskbell_core::ports::{DeliveryKind, StoredTicket};
use deskbell_core::rules::file_formats;
use domain::config::Config;
use domain::conversation::{Author, Message};
use domain::ticket::Status;
use standard_webhooks::{ID, SIGNATURE, Secret, TIMESTAMP};

/// How many events are sent concurrently.
const AT_ONCE: u32 = 4;
/// Fields of a ticket that are useless elsewhere: ids of attachments, and signs of robots.
const INTERNAL_FIELDS: &[&str] = &["attachments", "automatic", "website"];

/// A receiver of events.
#[derive(Debug)]
pub struct Webhook {
    target: Target,
    secret: Secret,
    mails_requester: bool,
}

impl Webhook {
    /// A receiver at an address, with the secret that signs its events, which may mail answers to the requester.
    pub fn new(target: Target, secret: Secret, mails_requester: bool) -> Webhook {
        Webhook { target, secret, mails_requester }
    }
}

#[async_trait]
impl Destination for Webhook {
    fn accepts(&self, _kind: DeliveryKind, _author: Author) -> bool {
        true
    }

    fn mails_requester(&self) -> RequesterMail {
        RequesterMail::of_setting(Some(self.mails_requester))
    }

    fn at_once(&self) -> u32 {
        AT_ONCE
    }

    async fn deliver(&self, contents: &DeliveryContents<'_>) -> Result<DeliveryReceipt, Failure> {
        let event = event(contents).ok_or_else(|| Failure::Never("the message no longer exists".into()))?;
        let body = serde_json::to_vec(&event)
            .map_err(|error| Failure::Never(format!("cannot be converted to JSON: {error}")))?;
        self.target.post(headers(&self.secret, contents, &body)?, body).await?;
        Ok(DeliveryReceipt::default())
    }

    async fn check(&self, _config: &Config, _hook: &str) -> Vec<Finding> {
        vec![self.target.check().await]
    }
}

/// The headers of an event: its id, the time of the attempt, and the signature. The time is not that of this computer, whose clock may be wrong:
/// receivers refuse old events.
fn headers(secret: &Secret, contents: &DeliveryContents<'_>, body: &[u8]) -> Result<HeaderMap, Failure> {
    let (id, now) = (contents.key(), contents.now);
    let signature = secret.sign(&id, now, body);
    let mut headers = HeaderMap::new();
    for (name, value) in [(ID, id), (TIMESTAMP, now.as_seconds().to_string()), (SIGNATURE, signature)] {
        let value = HeaderValue::from_str(&value).map_err(|error| Failure::Never(format!("{name}: {error}")))?;
        headers.insert(name, value);
    }
    Ok(headers)
}

/// The event of a delivery: its type, its time, and its data.
fn event(contents: &DeliveryContents<'_>) -> Option<Value> {
    let DeliveryContents { ticket, delivery, files, .. } = contents;
    let (kind, time, data) = match delivery.kind {
        DeliveryKind::Ticket => {
            ("ticket.created", ticket.received_at.to_string(), json!({"ticket": full_ticket(ticket, files)}))
        }
        DeliveryKind::Message => {
            let message = contents.message?;
            let data =
                json!({"ticket": ticket_summary(ticket, ticket.status), "message": message_json(message, files)});
            ("message.created", message.at.clone(), data)
        }
        DeliveryKind::Solved => (
            "ticket.solved",
            delivery.created_at.to_string(),
            json!({"ticket": ticket_summary(ticket, Status::Solved)}),
        ),
        DeliveryKind::Reopened => (
            "ticket.reopened",
            delivery.created_at.to_string(),
            json!({"ticket": ticket_summary(ticket, Status::Open)}),
        ),
        DeliveryKind::Confirmed => (
            "ticket.confirmed",
            delivery.created_at.to_string(),
            json!({"ticket": ticket_summary(ticket, ticket.status)}),
        ),
    };
    Some(json!({"type": kind, "timestamp": time, "data": data}))
}

/// A ticket as it was sent, with its current state.
fn full_ticket(ticket: &StoredTicket, files: &[DeliveryFile]) -> Value {
    let handling = &ticket.handling;
    let mut data = serde_json::to_value(&ticket.ticket).unwrap_or_default();
    let more = json!({
        "id": ticket.id,
        "site": ticket.site,
        "reference": ticket.reference,
        "status": ticket.status,
        "priority": ticket.priority,
        "target": ticket.target,
        "due_at": ticket.due_at,
        "received_at": ticket.received_at,
        "person": ticket.person,
        "owner": handling.owner,
        "team": handling.team,
        "assignee": handling.assignee,
        "topic": handling.topic,
        "severity": handling.severity,
        "test": ticket.ticket.test,
        "files": files.iter().map(described).collect::<Vec<_>>(),
    });
    if let (Value::Object(data), Value::Object(more)) = (&mut data, more) {
        INTERNAL_FIELDS.iter().for_each(|name| drop(data.remove(*name)));
        data.extend(more);
    }
    data
}

fn ticket_summary(ticket: &StoredTicket, status: Status) -> Value {
    let test = ticket.ticket.test;
    json!({"id": ticket.id, "site": ticket.site, "reference": ticket.reference, "status": status, "test": test})
}

fn message_json(message: &Message, files: &[DeliveryFile]) -> Value {
    json!({
        "number": message.number,
        "author": message.author,
        "name": message.name,
        "body": message.body,
        "at": message.at,
        "files": files.iter().map(described).collect::<Vec<_>>(),
    })
}

/// The description of an attachment. It has no address, because the gateway does not know under which name it is reachable from there.
fn described(file: &DeliveryFile) -> Value {
    json!({"name": file.name, "type": file_formats::media(file.media, &file.name), "size": file.size})
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::time::Instant;

    use deskbell_core::fixtures::delivery;
    use deskbell_core::fixtures::stored;
    use deskbell_core::ports::destination::ClaimHold;
    use deskbell_core::timestamp::Timestamp;
    use domain::attachment::FileType;

    const NOW: &str = "2026-11-25T09:00:30.000Z";

    fn body_of(kind: DeliveryKind) -> Value {
        with_contents(kind, |contents| event(contents).unwrap())
    }

    fn with_contents<T>(kind: DeliveryKind, act: impl FnOnce(&DeliveryContents<'_>) -> T) -> T {
        let (config, mut ticket, number) = (Config::default(), stored(), u32::from(kind == DeliveryKind::Message));
        ticket.session = Some([7; 32].into());
        ticket.ticket.website = "robot".into();
        ticket.handling.topic = "exports".into();
        let message = Message {
            number: 1,
            author: Author::Support,
            name: "Ana".into(),
            body: "**Fixed**".into(),
            at: "2026-11-25T09:00:00.000Z".into(),
            attachments: Vec::new(),
        };
        let log = DeliveryFile {
            name: "a.log".into(),
            media: FileType::Text,
            size: 3,
            file: "a".into(),
            files: std::sync::Arc::new(deskbell_core::fixtures::MemoryFiles::default()),
        };
        let contents = DeliveryContents {
            config: &config,
            delivery: &delivery(kind, number),
            ticket: &ticket,
            message: (kind == DeliveryKind::Message).then_some(&message),
            files: &[log],
            external: None,
            now: NOW.parse().unwrap(),
            hold: &ClaimHold::until(Instant::now()),
        };
        act(&contents)
    }

    #[test]
    fn events_are_signed_at_the_time_of_the_attempt_whatever_the_clock_of_this_computer_shows() {
        let secret = Secret::read("whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=").unwrap();
        let headers = with_contents(DeliveryKind::Ticket, |contents| headers(&secret, contents, b"{}").unwrap());
        let now = NOW.parse::<Timestamp>().unwrap();
        assert_eq!(headers[TIMESTAMP], now.as_seconds().to_string());
        let received = headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
        assert!(secret.is_signed(&received, b"{}", now));
    }

    #[test]
    fn events_contain_the_current_ticket_without_internal_fields() {
        let body = body_of(DeliveryKind::Ticket);
        assert_eq!((&body["type"], &body["timestamp"]), (&json!("ticket.created"), &json!("2026-11-24T23:05:00.000Z")));
        let ticket = &body["data"]["ticket"];
        for (external, value) in [
            ("/id", json!("1")),
            ("/reference", json!("DB-4K7Q9")),
            ("/message", json!("The export stops.\nEvery time.")),
            ("/topic", json!("exports")),
            ("/team", json!("growth")),
            ("/contact/email", json!("ada@example.com")),
            ("/context/user/id", json!("u-7")),
            ("/fields/region", json!("EU")),
            ("/files", json!([{"name": "a.log", "type": "text/plain", "size": 3}])),
        ] {
            assert_eq!(ticket.pointer(external), Some(&value), "{external}");
        }
        let names: Vec<&String> = ticket.as_object().unwrap().keys().collect();
        for name in ["session", "website", "attachments", "automatic"] {
            assert!(!names.iter().any(|withheld_name| *withheld_name == name), "{name}");
        }
    }

    #[test]
    fn later_events_name_their_ticket() {
        let ticket =
            |status: &str| json!({"id": "1", "site": "acme", "reference": "DB-4K7Q9", "status": status, "test": false});
        let message = body_of(DeliveryKind::Message);
        assert_eq!(
            (&message["type"], &message["timestamp"]),
            (&json!("message.created"), &json!("2026-11-25T09:00:00.000Z"))
        );
        assert_eq!(message["data"]["ticket"], ticket("open"));
        assert_eq!(
            message["data"]["message"],
            json!({
                "number": 1, "author": "support", "name": "Ana", "body": "**Fixed**", "at": "2026-11-25T09:00:00.000Z",
                "files": [{"name": "a.log", "type": "text/plain", "size": 3}],
            })
        );
        for (delivery_kind, kind, status) in
            [(DeliveryKind::Solved, "ticket.solved", "solved"), (DeliveryKind::Reopened, "ticket.reopened", "open")]
        {
            let event =
                json!({"type": kind, "timestamp": "2026-11-25T08:00:00.000Z", "data": {"ticket": ticket(status)}});
            assert_eq!(body_of(delivery_kind), event);
        }
    }
}
