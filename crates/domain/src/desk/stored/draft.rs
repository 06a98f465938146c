//! A draft in the store `drafts`.

use wire::Source;

use super::super::draft::{AttachmentRef, Draft, Form, Target};
use super::super::hash::StableHash;
use super::super::ids::{AttachmentId, CustomerId, IdempotencyKey, TicketId};
use super::{File, attachments, draft_owner, form, json, json_attachments, key, object, revision, time};

/// Reads a draft and its site. `files` are all on the device.
pub fn read<S: Source>(place: &str, stored: &S, files: &[File]) -> Option<(String, Draft)> {
    let mut parts = place.split('\n');
    let (site, owner) = (parts.next()?.to_string(), parts.next()?);
    let target = match parts.next() {
        None | Some("") => Target::NewTicket,
        Some(ticket) => Target::Reply(TicketId(ticket.into())),
    };
    let form = match &target {
        Target::NewTicket => form::read(&stored.get("ticket"), &stored.get("frozen")),
        Target::Reply(_) => Form { text: stored.text_of("text"), ..Form::default() },
    };
    let saved_at = time(stored, "at");
    let written = ["id", "key"].into_iter().map(|name| key(stored, name)).find(|key| !key.is_empty());
    // An earlier version gives drafts of replies no id. The time distinguishes two replies with the same text.
    let key =
        written.unwrap_or_else(|| IdempotencyKey([place, "\n", &saved_at.0.to_string()].concat()).branch(&form.text));
    let tab = stored.get("tab").number().to_bits();
    let content = StableHash::new(tab).number(saved_at.0).text(&key.0).text(&form.text);
    let mut draft = Draft::new(key.clone(), CustomerId(owner.into()), target);
    draft.revision = revision(stored, content);
    draft.form = form;
    draft.saved_at = saved_at;
    draft.attachments = match stored.get("attachments") {
        list if list.is_list() => attachments(&list),
        _ => earlier_attachments(stored, &draft, files),
    };
    Some((site, draft)).filter(|(_, draft)| !draft.is_empty())
}

/// In an earlier version, files name their draft.
fn earlier_attachments(stored: &impl Source, draft: &Draft, files: &[File]) -> Vec<AttachmentRef> {
    let owner = draft_owner(draft);
    let mut own: Vec<&File> = files.iter().filter(|file| file.of == owner).collect();
    own.sort_by_key(|file| file.record.added_at);
    let own = own.into_iter().map(|file| AttachmentRef { id: file.record.id.clone(), name: file.record.name.clone() });
    let mut all: Vec<AttachmentRef> = own.collect();
    for id in stored.get("ticket").get("attachments").items() {
        let id = AttachmentId(id.text());
        if !all.iter().any(|file| file.id == id) {
            let name = files.iter().find(|file| file.record.id == id).map(|file| file.record.name.clone());
            all.push(AttachmentRef { id, name: name.unwrap_or_default() });
        }
    }
    all
}

/// Where an earlier version looks first.
pub fn main_place(site: &str, draft: &Draft) -> String {
    match &draft.target {
        Target::NewTicket => [site, "\n", &draft.owner.0].concat(),
        Target::Reply(ticket) => [site, "\n", &draft.owner.0, "\n", &ticket.0].concat(),
    }
}

/// The place of a draft beside another one.
pub fn further_place(main: &str, draft: &Draft) -> String {
    let between = if draft.target == Target::NewTicket { "\n\n" } else { "\n" };
    [main, between, &draft.key.0].concat()
}

/// Whether a draft can stay in a place.
pub fn suits(place: &str, main: &str, draft: &Draft) -> bool {
    let Some(rest) = place.strip_prefix(main) else { return false };
    match &draft.target {
        Target::NewTicket => rest.is_empty() || rest.starts_with("\n\n"),
        Target::Reply(_) => rest.is_empty() || rest.starts_with('\n'),
    }
}

/// Writes a draft. An earlier version takes a reply with an `id` for one in a further place.
pub fn write(draft: &Draft, is_main: bool) -> String {
    let mut members = vec![
        ("at", json(&draft.saved_at.0)),
        ("revision", json(&draft.revision.0)),
        ("attachments", json_attachments(&draft.attachments)),
    ];
    match &draft.target {
        Target::NewTicket => members.extend([
            ("id", json(&draft.key.0)),
            ("ticket", form::write(&draft.form, &draft.attachments)),
            ("tab", "0".into()),
            ("frozen", if draft.form.snapshot.is_empty() { "null".into() } else { draft.form.snapshot.clone() }),
        ]),
        Target::Reply(_) => {
            members
                .extend([(if is_main { "key" } else { "id" }, json(&draft.key.0)), ("text", json(&draft.form.text))]);
        }
    }
    object(&members)
}
