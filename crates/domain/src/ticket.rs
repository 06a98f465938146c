//! A ticket as the form sends it to the gateway, and its validation.

use serde::{Deserialize, Serialize};

use super::context::Context;
use super::fields::{self, Fields};
use super::identifier::IDENTIFIER_MAX;
use super::problem::FieldError;
pub use super::vocabulary::{Kind, Outcome, Priority, Severity, Status};

/// The longest message, in characters.
pub const MESSAGE_MAX: usize = 10_000;
/// The longest name of a contact, in characters.
pub const NAME_MAX: usize = 200;
/// The longest e-mail address, in bytes (RFC 5321, section 4.5.3.1: a path of 256 octets without its brackets).
pub const EMAIL_MAX: usize = 254;
/// The most questions of a ticket.
pub const QUESTIONS_MAX: usize = 50;

wire::types! {
    /// How to reach the customer.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct Contact {
        /// Their name; empty if unknown.
        pub name: String = default,
        /// Their e-mail address; empty if unknown.
        pub email: String = default,
    }

    /// A community question that the customer saw before sending the ticket.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct QuestionSeen {
        /// The source that found it, such as `gateway`.
        pub source: String,
        /// Its id in that source.
        pub id: String,
        /// Its title as shown.
        pub title: String,
        /// Its address; empty if it has none.
        pub url: String = default,
        pub outcome: Outcome,
    }

    /// The gateway's response to a stored ticket.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Receipt {
        /// The ticket's id, a UUID.
        pub id: String,
        /// The reference that people use for it, such as `DB-4K7Q9`.
        pub reference: String,
        pub status: Status,
        /// When the first reply is due, RFC 3339 in UTC; none without a response target.
        pub due_at: Option<String>,
    }
}

/// The software that sent a ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Client {
    /// `deskbell` for the widget.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// A ticket as clients post it (`POST /v1/sites/{site}/tickets`). The gateway parses context and fields into types; the widget writes plain
/// values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(
    not(target_arch = "wasm32"),
    schemars(rename = "NewTicket", bound = "C: Default + Serialize + schemars::JsonSchema, F: schemars::JsonSchema")
)]
pub struct NewTicket<C = Context, F = Fields> {
    /// The kind.
    pub kind: Kind,
    /// The id of a topic of the site; empty if it has none.
    #[serde(default)]
    pub topic: String,
    /// The severity.
    pub severity: Severity,
    /// The customer's message, plain text of 1 to 10,000 characters.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(regex(pattern = "\\S"), length(max = MESSAGE_MAX)))]
    pub message: String,
    /// How to reach the customer.
    #[serde(default)]
    pub contact: Contact,
    /// The context that was collected automatically.
    #[serde(default)]
    pub context: C,
    /// The community questions that the customer saw.
    #[serde(default)]
    pub questions: Vec<QuestionSeen>,
    /// The UUIDs of its attachments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<String>,
    /// Where the customer came from (`x`, `github`, …); empty if they came directly. Does not affect the response target.
    #[serde(default)]
    pub via: String,
    /// Whether support may look into the customer's account; none if the form did not ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent: Option<bool>,
    /// The answers to custom fields, by their ids.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fields: Option<F>,
    /// The value of a form field that people cannot see. Robots fill it in.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub website: String,
    /// Whether the form announced that the first reply is automatic. Only then it is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub automatic: bool,
    /// Whether it is a test ticket: it gets no response target, and nobody is notified.
    // The page's script adds it to what the widget has written.
    #[cfg(not(target_arch = "wasm32"))]
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub test: bool,
    /// The language of the form, as a language tag.
    #[serde(default)]
    pub locale: String,
    /// When it was sent, RFC 3339 in UTC, by the customer's clock.
    #[serde(default)]
    pub created_at: String,
    /// The software that sent it.
    pub client: Client,
}

/// A field of the form that prevents sending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gap {
    /// The message is empty.
    MessageMissing,
    /// The message is longer than [`MESSAGE_MAX`].
    MessageTooLong,
    /// The name is empty.
    NameMissing,
    /// The e-mail address is empty.
    EmailMissing,
    /// The e-mail address is invalid.
    EmailInvalid,
}

/// What is missing before the form can be sent, in the order of the form. Name and address are required only if the customer is not known.
pub fn gaps(message: &str, contact: &Contact, is_known: bool) -> Vec<Gap> {
    let mut gaps = Vec::new();
    if message.trim_ascii().is_empty() {
        gaps.push(Gap::MessageMissing);
    } else if message.chars().count() > MESSAGE_MAX {
        gaps.push(Gap::MessageTooLong);
    }
    if is_known {
        return gaps;
    }
    if contact.name.trim_ascii().is_empty() {
        gaps.push(Gap::NameMissing);
    }
    if contact.email.trim_ascii().is_empty() {
        gaps.push(Gap::EmailMissing);
    } else if !is_email(contact.email.trim_ascii()) {
        gaps.push(Gap::EmailInvalid);
    }
    gaps
}

/// Whether a text is an e-mail address that mail servers and help desks accept: atoms with single dots between them, and labels of letters,
/// digits and hyphens (RFC 5321, section 4.1.2; RFC 6531 for letters beyond ASCII). Quoted names and addresses in brackets are rejected: they
/// are very rare, and help desks do not accept them.
pub fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let special = |c: char| {
        c.is_whitespace()
            || c.is_control()
            || matches!(c, '"' | '(' | ')' | ',' | ':' | ';' | '<' | '>' | '@' | '[' | '\\' | ']')
    };
    let letter = |c: char| !c.is_ascii() || c.is_ascii_alphanumeric() || c == '-';
    let is_valid_label = |label: &str| !label.starts_with('-') && !label.ends_with('-') && label.chars().all(letter);
    text.len() <= EMAIL_MAX
        && local.len() <= 64
        && domain.contains('.')
        && !local.split('.').chain(domain.split('.')).any(|part| part.is_empty() || part.contains(special))
        && domain.split('.').all(is_valid_label)
}

/// The reasons to refuse a ticket, each with its place in the body; empty for a valid one.
pub fn check(ticket: &NewTicket) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut refuse = |pointer: &str, detail: String| errors.push(FieldError { pointer: pointer.into(), detail });

    let is_known = ticket.context.user.as_ref().is_some_and(|user| !user.id.is_empty());
    let contact = Contact { name: ticket.contact.name.clone(), email: ticket.contact.email.clone() };
    for gap in gaps(&ticket.message, &contact, is_known) {
        match gap {
            Gap::MessageMissing => refuse("/message", format!("is empty; write 1 to {MESSAGE_MAX} characters")),
            Gap::MessageTooLong => refuse("/message", format!("is longer than {MESSAGE_MAX} characters")),
            // The form requires a name; other clients may omit it.
            Gap::NameMissing => {}
            Gap::EmailMissing => refuse("/contact/email", "is empty, and the context has no user".into()),
            Gap::EmailInvalid => refuse("/contact/email", "is not an e-mail address".into()),
        }
    }
    if is_known && !contact.email.is_empty() && !is_email(contact.email.trim_ascii()) {
        refuse("/contact/email", "is not an e-mail address".into());
    }
    for (pointer, text, max) in [
        ("/contact/name", &ticket.contact.name, NAME_MAX),
        ("/topic", &ticket.topic, IDENTIFIER_MAX),
        ("/via", &ticket.via, IDENTIFIER_MAX),
        ("/locale", &ticket.locale, IDENTIFIER_MAX),
        ("/created_at", &ticket.created_at, IDENTIFIER_MAX),
        ("/website", &ticket.website, NAME_MAX),
        ("/client/name", &ticket.client.name, IDENTIFIER_MAX),
        ("/client/version", &ticket.client.version, IDENTIFIER_MAX),
    ] {
        if text.chars().count() > max {
            refuse(pointer, format!("is longer than {max} characters"));
        }
    }
    if ticket.questions.len() > QUESTIONS_MAX {
        refuse("/questions", format!("has more than {QUESTIONS_MAX} entries"));
    }
    errors.extend(ticket.fields.iter().flat_map(fields::check_answers));
    errors.extend(super::context::check(&ticket.context));
    errors
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::FieldAnswer;
    use proptest::prelude::*;
    use wire::Pairs;

    #[test]
    fn every_deliverable_email_address_is_accepted() {
        for valid in ["ada@example.com", "a.b+c@sub.example.co.uk", "ö@münchen.de", "o'neil@example.org"] {
            assert!(is_email(valid), "{valid}");
        }
        for invalid in
            ["", "ada", "ada@", "@example.com", "ada@example", "a b@example.com", "a@b..c", "a@-b.c", "<a@b.c>"]
        {
            assert!(!is_email(invalid), "{invalid}");
        }
    }

    #[test]
    fn anonymous_customers_fill_all_fields_and_known_ones_the_message() {
        let nobody = Contact::default();
        assert_eq!(gaps(" ", &nobody, false), [Gap::MessageMissing, Gap::NameMissing, Gap::EmailMissing]);
        assert_eq!(gaps(" ", &nobody, true), [Gap::MessageMissing]);
        assert_eq!(gaps("x", &nobody, true), []);
        assert_eq!(gaps(&"x".repeat(MESSAGE_MAX + 1), &nobody, true), [Gap::MessageTooLong]);
        let typo = Contact { name: "Ada".into(), email: "ada@".into() };
        assert_eq!(gaps("x", &typo, false), [Gap::EmailInvalid]);
    }

    proptest! {
        #[test]
        fn tickets_round_trip_over_the_wire(texts: [String; 6]) {
            let [message, topic, name, email, title, via] = texts;
            let question_seen = QuestionSeen {
                source: "gateway".into(),
                id: topic.clone(),
                title,
                url: String::new(),
                outcome: Outcome::Unhelpful,
            };
            let ticket = NewTicket {
                kind: Kind::Bug,
                topic,
                severity: Severity::High,
                message,
                contact: Contact { name, email },
                context: Context::default(),
                questions: vec![question_seen],
                attachments: vec!["0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9".into()],
                via,
                consent: Some(true),
                fields: Some(Pairs(vec![("seats".into(), FieldAnswer::Text("7".into())), ("urgent".into(), FieldAnswer::Yes(true))])),
                website: String::new(),
                automatic: true,
                test: true,
                locale: "ar".into(),
                created_at: "2026-11-23T08:00:00Z".into(),
                client: Client { name: "deskbell".into(), version: "0.1.0".into() },
            };
            let json = serde_json::to_string(&ticket).unwrap();
            prop_assert_eq!(serde_json::from_str::<NewTicket>(&json).unwrap(), ticket);
        }
    }
}
