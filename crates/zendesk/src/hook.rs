//! The webhook for ticket events. It only says that a ticket has changed, never how; the gateway then reads the ticket, so late, repeated and reordered
//! events do no harm.

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ring::hmac;
use serde_json::Value;

use deskbell_core::ids::ExternalId;
use deskbell_core::ports::destination::{InboundEvent, InboundEventError, InboundHeaders};
use deskbell_core::timestamp::Timestamp;

/// `base64(HMAC-SHA256(secret, timestamp + body))`.
const SIGNATURE: &str = "x-zendesk-webhook-signature";
const TIMESTAMP: &str = "x-zendesk-webhook-signature-timestamp";
/// The tolerated difference between clocks. An older request may be a replay.
const TOLERANCE: Duration = Duration::from_secs(5 * 60);

/// Parses a webhook request: an event (`zen:event-type:ticket.…`), or the JSON of a trigger, `{"ticket_id": "{{ticket.id}}"}`.
pub fn read(
    secret: &str,
    headers: &InboundHeaders,
    body: &[u8],
    now: Timestamp,
) -> Result<InboundEvent, InboundEventError> {
    let signed = headers.get(SIGNATURE).zip(headers.get(TIMESTAMP));
    let (signature, timestamp) = signed.ok_or(InboundEventError::Unsigned)?;
    let signature = BASE64_STANDARD.decode(signature).map_err(|_| InboundEventError::Unsigned)?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    hmac::verify(&key, &[timestamp.as_bytes(), body].concat(), &signature).map_err(|_| InboundEventError::Unsigned)?;
    let signed_at: Timestamp = timestamp.parse().map_err(|_| InboundEventError::Unsigned)?;
    if signed_at.since(now).max(now.since(signed_at)) > TOLERANCE {
        return Err(InboundEventError::Unsigned);
    }

    let event: Value =
        serde_json::from_slice(body).map_err(|_| InboundEventError::Unreadable("the body is not JSON"))?;
    let Some(external_id) = ticket(&event) else { return Ok(InboundEvent::Nothing("")) };
    let updated_at =
        event.pointer("/detail/updated_at").and_then(Value::as_str).and_then(|signed_at| signed_at.parse().ok());
    // Its id is its signature: Zendesk's header with an id is not signed.
    Ok(InboundEvent::Changed { external_id, updated_at, invocation: BASE64_STANDARD.encode(&signature) })
}

/// The id of the ticket that it is about.
fn ticket(event: &Value) -> Option<ExternalId> {
    let pointers: &[&str] = match event.get("type").and_then(Value::as_str) {
        // A ticket that was just created has no reply.
        Some("zen:event-type:ticket.created") => &[],
        Some(kind) if kind.starts_with("zen:event-type:ticket.") => &["/detail/id"],
        Some(kind) if kind.starts_with("zen:") => &[],
        _ => &["/ticket_id", "/ticket/id", "/id"],
    };
    let id = pointers.iter().find_map(|pointer| event.pointer(pointer))?;
    let id = id.as_str().map(str::to_string).or_else(|| id.as_u64().map(|id| id.to_string()))?;
    (!id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit())).then(|| ExternalId::new(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIGNED_AT: &str = "2026-11-26T10:00:00Z";

    fn headers(secret: &str, body: &str) -> InboundHeaders {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let signed = hmac::sign(&key, format!("{SIGNED_AT}{body}").as_bytes());
        [(SIGNATURE, BASE64_STANDARD.encode(signed)), (TIMESTAMP, SIGNED_AT.into())].into_iter().collect()
    }

    fn read_signed(secret: &str, body: &str) -> Result<InboundEvent, InboundEventError> {
        read("right", &headers(secret, body), body.as_bytes(), SIGNED_AT.parse().unwrap())
    }

    #[test]
    fn events_and_triggers_name_their_ticket_and_others_are_ignored() {
        let changed = |updated_at: Option<&str>, body: &str| {
            let invocation = headers("right", body).get(SIGNATURE).unwrap().into();
            Ok(InboundEvent::Changed {
                external_id: "35".into(),
                updated_at: updated_at.map(|time| time.parse().unwrap()),
                invocation,
            })
        };
        for (body, expected) in [
            (r#"{"type":"zen:event-type:ticket.created","detail":{"id":"35"}}"#, Ok(InboundEvent::Nothing(""))),
            (r#"{"type":"zen:event-type:user.created","detail":{"id":"35"}}"#, Ok(InboundEvent::Nothing(""))),
            (r#"{"ticket_id":"{{ticket.id}}"}"#, Ok(InboundEvent::Nothing(""))),
            ("[]", Ok(InboundEvent::Nothing(""))),
            ("no", Err(InboundEventError::Unreadable("the body is not JSON"))),
        ] {
            assert_eq!(read_signed("right", body), expected, "{body}");
        }
        for (body, updated_at) in [
            (
                r#"{"type":"zen:event-type:ticket.comment_added","detail":{"id":"35","updated_at":"2026-11-26T09:59:58Z"}}"#,
                Some("2026-11-26T09:59:58Z"),
            ),
            (r#"{"ticket_id":"35"}"#, None),
            (r#"{"ticket_id":35,"status":"Solved"}"#, None),
        ] {
            assert_eq!(read_signed("right", body), changed(updated_at, body), "{body}");
        }
    }

    #[test]
    fn events_signed_long_ago_or_in_the_future_are_rejected() {
        let body = r#"{"ticket_id":"35"}"#;
        for (now, is_accepted) in [
            ("2026-11-26T10:05:00Z", true),
            ("2026-11-26T09:55:00Z", true),
            ("2026-11-26T10:05:01Z", false),
            ("2026-11-26T09:54:59Z", false),
        ] {
            let event = read("right", &headers("right", body), body.as_bytes(), now.parse().unwrap());
            assert_eq!(event.is_ok(), is_accepted, "{now}");
        }
    }

    #[test]
    fn events_with_another_signature_or_none_are_rejected() {
        assert_eq!(read_signed("wrong", r#"{"ticket_id":"35"}"#), Err(InboundEventError::Unsigned));
        assert_eq!(
            read("right", &InboundHeaders::default(), br#"{"ticket_id":"35"}"#, SIGNED_AT.parse().unwrap()),
            Err(InboundEventError::Unsigned)
        );
    }
}
