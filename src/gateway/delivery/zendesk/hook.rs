//! What Zendesk tells by webhook: that a ticket has changed, and never what. Told late, twice or in another order it is still true, because
//! what there is is asked for.

use axum::http::HeaderMap;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ring::hmac;
use serde_json::Value;

use super::super::{Heard, NotHeard};

/// `base64(HMAC-SHA256(secret, timestamp + body))`.
const SIGNATURE: &str = "x-zendesk-webhook-signature";
const TIMESTAMP: &str = "x-zendesk-webhook-signature-timestamp";
/// The same for the same telling.
const INVOCATION: &str = "x-zendesk-webhook-invocation-id";
/// The longest name of a telling, in bytes.
const INVOCATION_MAX: usize = 200;

/// Reads what was told: an event (`zen:event-type:ticket.…`), or the JSON of a trigger, `{"ticket_id": "{{ticket.id}}"}`.
pub fn hear(secret: &str, headers: &HeaderMap, body: &[u8]) -> Result<Heard, NotHeard> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let (Some(signature), Some(timestamp)) = (text(SIGNATURE), text(TIMESTAMP)) else { return Err(NotHeard::Unsigned) };
    let signature = BASE64_STANDARD.decode(signature).map_err(|_| NotHeard::Unsigned)?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    hmac::verify(&key, &[timestamp.as_bytes(), body].concat(), &signature).map_err(|_| NotHeard::Unsigned)?;

    let told: Value = serde_json::from_slice(body).map_err(|_| NotHeard::Unreadable("the body is no JSON"))?;
    let Some(remote) = ticket(&told) else { return Ok(Heard::Nothing("")) };
    let invocation = text(INVOCATION).filter(|id| !id.is_empty() && id.len() <= INVOCATION_MAX);
    // Without a name it is told by its signature, which the same telling has again.
    let invocation = invocation.map_or_else(|| BASE64_STANDARD.encode(&signature), str::to_string);
    Ok(Heard::Changed { remote, invocation })
}

/// The id of the ticket that it is about.
fn ticket(told: &Value) -> Option<String> {
    let places: &[&str] = match told.get("type").and_then(Value::as_str) {
        // What has just been created nobody has answered.
        Some("zen:event-type:ticket.created") => &[],
        Some(kind) if kind.starts_with("zen:event-type:ticket.") => &["/detail/id"],
        Some(kind) if kind.starts_with("zen:") => &[],
        _ => &["/ticket_id", "/ticket/id", "/id"],
    };
    let id = places.iter().find_map(|place| told.pointer(place))?;
    let id = id.as_str().map(str::to_string).or_else(|| id.as_u64().map(|id| id.to_string()))?;
    (!id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit())).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(secret: &str, body: &str) -> Result<Heard, NotHeard> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let signed = hmac::sign(&key, format!("2026-11-26T10:00:00Z{body}").as_bytes());
        let mut headers = HeaderMap::new();
        headers.insert(SIGNATURE, BASE64_STANDARD.encode(signed).parse().unwrap());
        headers.insert(TIMESTAMP, "2026-11-26T10:00:00Z".parse().unwrap());
        headers.insert(INVOCATION, "01H".parse().unwrap());
        hear("right", &headers, body.as_bytes())
    }

    #[test]
    fn events_and_triggers_name_their_ticket_and_everything_else_is_about_nothing() {
        let changed = || Ok(Heard::Changed { remote: "35".into(), invocation: "01H".into() });
        for (body, heard) in [
            (
                r#"{"type":"zen:event-type:ticket.comment_added","subject":"zen:ticket:35","detail":{"id":"35"}}"#,
                changed(),
            ),
            (r#"{"ticket_id":"35"}"#, changed()),
            (r#"{"ticket_id":35,"status":"Solved"}"#, changed()),
            (r#"{"type":"zen:event-type:ticket.created","detail":{"id":"35"}}"#, Ok(Heard::Nothing(""))),
            (r#"{"type":"zen:event-type:user.created","detail":{"id":"35"}}"#, Ok(Heard::Nothing(""))),
            (r#"{"ticket_id":"{{ticket.id}}"}"#, Ok(Heard::Nothing(""))),
            ("[]", Ok(Heard::Nothing(""))),
            ("no", Err(NotHeard::Unreadable("the body is no JSON"))),
        ] {
            assert_eq!(told("right", body), heard, "{body}");
        }
    }

    #[test]
    fn what_somebody_else_has_signed_or_nobody_is_not_heard() {
        assert_eq!(told("wrong", r#"{"ticket_id":"35"}"#), Err(NotHeard::Unsigned));
        assert_eq!(hear("right", &HeaderMap::new(), br#"{"ticket_id":"35"}"#), Err(NotHeard::Unsigned));
    }
}
