//! An attachment in the store `files`. Its bytes are the member `blob`.

use wire::Source;

use super::super::attachment::Attachment;
use super::super::ids::AttachmentId;
use super::{File, json, object, time};

/// Reads an attachment.
pub fn read<S: Source>(stored: &S) -> Option<File> {
    let record = Attachment {
        id: AttachmentId(stored.text_of("id")),
        name: stored.text_of("name"),
        size: stored.get("blob").get("size").number() as u64,
        is_uploaded: stored.get("there").is_true(),
        has_metadata: stored.get("metadata").is_true(),
        refusal: stored.text_of("refused"),
        added_at: time(stored, "at"),
    };
    Some(File { record, of: stored.text_of("of") }).filter(|file| !file.record.id.is_empty())
}

/// Writes an attachment without its bytes, and whom it belongs to.
pub fn write(attachment: &Attachment, of: &str) -> String {
    let some = |is_there: bool, json: String| if is_there { json } else { String::new() };
    object(&[
        ("id", json(&attachment.id.0)),
        ("of", json(of)),
        ("name", json(&attachment.name)),
        ("at", json(&attachment.added_at.0)),
        ("there", json(&attachment.is_uploaded)),
        ("metadata", some(attachment.has_metadata, "true".into())),
        ("refused", some(!attachment.refusal.is_empty(), json(&attachment.refusal))),
    ])
}
