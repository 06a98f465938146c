//! An acknowledgement in the store `receipts`.

use wire::Source;

use super::super::draft::Target;
use super::super::hash::StableHash;
use super::super::ids::{CustomerId, TicketId};
use super::super::submission::Acknowledgement;
use super::{
    attachments, draft_of, json, json_attachments, json_left_behind, key, left_behind, object, revision, time,
};

/// Reads an acknowledgement and its site. An earlier version does not store the ticket of a reply, nor the session.
pub fn read<S: Source>(stored: &S) -> Option<(String, Acknowledgement)> {
    let is_reply = stored.text_of("draft").is_empty();
    let (text, received_at) = (stored.text_of("text"), time(stored, "at"));
    let known = Acknowledgement {
        key: key(stored, "key"),
        draft: draft_of(stored),
        revision: revision(stored, StableHash::new(received_at.0).text(&text)),
        owner: CustomerId(stored.text_of("user")),
        session: stored.text_of("session"),
        target: if is_reply { Target::Reply(TicketId(stored.text_of("reply_to"))) } else { Target::NewTicket },
        text,
        response: stored.text_of("answer"),
        attachments: attachments(&stored.get("attachments")),
        left_behind: left_behind(stored),
        received_at,
    };
    Some((stored.text_of("site"), known)).filter(|(_, known)| !known.key.is_empty())
}

/// Writes an acknowledgement. An earlier version takes what has no draft for a reply.
pub fn write(site: &str, known: &Acknowledgement) -> String {
    let (draft, reply_to) = match &known.target {
        Target::NewTicket => (known.draft.0.as_str(), String::new()),
        Target::Reply(ticket) => ("", json(&ticket.0)),
    };
    let mut members = vec![
        ("key", json(&known.key.0)),
        ("site", json(site)),
        ("user", json(&known.owner.0)),
        ("draft", json(draft)),
        ("text", json(&known.text)),
        ("answer", json(&known.response)),
        ("at", json(&known.received_at.0)),
        ("revision", json(&known.revision.0)),
        ("session", json(&known.session)),
        ("reply_to", reply_to),
        ("attachments", json_attachments(&known.attachments)),
    ];
    members.extend(json_left_behind(&known.left_behind));
    object(&members)
}
