//! The stored format of what was sent. It is numbered and separate from the wire format, so that either can change without the other. Every
//! format that was ever written stays readable.

use serde::{Deserialize, Serialize};

use domain::context::Context;
use domain::fields::Fields;
use domain::ticket::{Client, Contact, Kind, NewTicket, QuestionSeen, Severity};

/// The format that is written.
pub const FORMAT: i64 = 1;

/// What was sent, in format 1. Missing fields are empty, unknown fields are ignored.
#[derive(Serialize, Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Body {
    kind: String,
    topic: String,
    severity: String,
    message: String,
    contact: Contact,
    context: Context,
    questions: Vec<QuestionSeen>,
    attachments: Vec<String>,
    via: String,
    consent: Option<bool>,
    fields: Option<Fields>,
    website: String,
    automatic: bool,
    test: bool,
    locale: String,
    created_at: String,
    client_name: String,
    client_version: String,
}

/// Encodes what was sent in the format [`FORMAT`].
pub fn write(sent: &NewTicket) -> Result<String, serde_json::Error> {
    let sent = sent.clone();
    serde_json::to_string(&Body {
        kind: sent.kind.word().into(),
        topic: sent.topic,
        severity: sent.severity.word().into(),
        message: sent.message,
        contact: sent.contact,
        context: sent.context,
        questions: sent.questions,
        attachments: sent.attachments,
        via: sent.via,
        consent: sent.consent,
        fields: sent.fields,
        website: sent.website,
        automatic: sent.automatic,
        test: sent.test,
        locale: sent.locale,
        created_at: sent.created_at,
        client_name: sent.client.name,
        client_version: sent.client.version,
    })
}

/// Decodes what was stored in a format. The error says why it cannot be decoded and quotes none of it.
pub fn read(format: i64, text: &str) -> Result<NewTicket, String> {
    let wrong = |error: serde_json::Error| {
        let kind = match error.classify() {
            serde_json::error::Category::Data => "unexpected data",
            _ => "invalid JSON",
        };
        format!("format {format}, {kind} at line {} column {}", error.line(), error.column())
    };
    match format {
        0 => serde_json::from_str(text).map_err(wrong),
        1 => of_body(serde_json::from_str(text).map_err(wrong)?),
        _ => Err(format!("format {format} was written by a newer gateway; this one reads up to {FORMAT}")),
    }
}

fn of_body(body: Body) -> Result<NewTicket, String> {
    let unknown = |field: &str, word: &str| format!("format 1, unknown {field} {word:?}");
    Ok(NewTicket {
        kind: Kind::from_word(&body.kind).ok_or_else(|| unknown("kind", &body.kind))?,
        topic: body.topic,
        severity: Severity::from_word(&body.severity).ok_or_else(|| unknown("severity", &body.severity))?,
        message: body.message,
        contact: body.contact,
        context: body.context,
        questions: body.questions,
        attachments: body.attachments,
        via: body.via,
        consent: body.consent,
        fields: body.fields,
        website: body.website,
        automatic: body.automatic,
        test: body.test,
        locale: body.locale,
        created_at: body.created_at,
        client: Client { name: body.client_name, version: body.client_version },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn submissions_round_trip_in_both_formats() {
        let sent = json!({
            "kind": "bug", "severity": "high", "topic": "billing", "message": "It \u{0} broke", "via": "x", "consent": true,
            "contact": { "name": "Ada", "email": "ada@example.com" }, "website": "w", "automatic": true, "test": true, "locale": "de",
            "context": { "user": { "id": "u-7", "plan": "enterprise", "verified": true } }, "created_at": "now",
            "questions": [{ "source": "gateway", "id": "1", "title": "How?", "outcome": "opened" }],
            "attachments": ["a"], "client": { "name": "test", "version": "1" },
        });
        let sent: NewTicket = serde_json::from_value(sent).unwrap();
        assert_eq!(read(FORMAT, &write(&sent).unwrap()), Ok(sent.clone()));
        assert_eq!(read(0, &serde_json::to_string(&sent).unwrap()), Ok(sent));
    }

    #[test]
    fn added_and_missing_fields_are_accepted() {
        let read = read(1, r#"{"kind": "bug", "severity": "low", "mood": "sad"}"#).unwrap();
        assert_eq!((read.kind, read.message.as_str()), (Kind::Bug, ""));
    }

    #[test]
    fn errors_about_unreadable_bodies_do_not_quote_them() {
        for (format, text, reason) in [
            (0, "{\n\"kind\": \"secret\"", "format 0, unexpected data at line 2 column 16"),
            (1, "{\"message\": \"secret", "format 1, invalid JSON at line 1 column 19"),
            (1, r#"{"kind": "bug", "severity": "urgent"}"#, "format 1, unknown severity \"urgent\""),
            (2, "{}", "format 2 was written by a newer gateway; this one reads up to 1"),
        ] {
            assert_eq!(read(format, text), Err(reason.into()), "{text}");
        }
    }
}
