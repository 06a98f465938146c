//! The content of the form, as a ticket.

use wire::{Pairs, Source};

use super::super::draft::{AttachmentRef, Form};
use super::{json, object};
use crate::fields::FieldAnswer;
use crate::ticket::{Kind, Severity};

/// Reads a form. `frozen` is the snapshot of the context.
pub fn read<S: Source>(ticket: &S, frozen: &S) -> Form {
    let kind = Kind::from_word(&ticket.text_of("kind"));
    let usual = kind.map(Kind::default_severity);
    let answer = |answer: &S| match answer.as_bool() {
        Some(yes) => FieldAnswer::Yes(yes),
        None => FieldAnswer::Text(answer.text()),
    };
    let snapshot = frozen.to_json();
    Form {
        text: ticket.text_of("message"),
        kind,
        topic: ticket.get("topic").as_text(),
        // One that is the default of its kind follows later changes of the kind.
        severity: Severity::from_word(&ticket.text_of("severity")).filter(|chosen| Some(*chosen) != usual),
        contact: ticket.member("contact"),
        via: ticket.text_of("via"),
        fields: Pairs(ticket.get("fields").entries().iter().map(|(id, value)| (id.clone(), answer(value))).collect()),
        consent: ticket.get("consent").as_bool(),
        questions: ticket.member("questions"),
        snapshot: if snapshot == "null" { String::new() } else { snapshot },
    }
}

/// Writes a form, without its snapshot.
pub fn write(form: &Form, attachments: &[AttachmentRef]) -> String {
    let ids: Vec<&str> = attachments.iter().map(|file| file.id.0.as_str()).collect();
    let some = |json: Option<String>| json.unwrap_or_default();
    object(&[
        ("kind", some(form.kind.map(|kind| json(kind.word())))),
        ("topic", some(form.topic.as_deref().map(json))),
        ("severity", some(form.severity.map(|severity| json(severity.word())))),
        ("message", json(&form.text)),
        ("contact", json(&form.contact)),
        ("questions", json(&form.questions)),
        ("attachments", json(&ids)),
        ("via", json(&form.via)),
        ("consent", some(form.consent.map(|consent| json(&consent)))),
        ("fields", json(&form.fields)),
    ])
}
