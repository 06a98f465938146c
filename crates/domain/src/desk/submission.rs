//! A submission: something that was sent off. Its bytes are fixed, and it has one idempotency key.

use super::attachment::{LeftBehind, LeftBehindReason};
use super::draft::{AttachmentRef, Draft, Form, Target};
use super::ids::{AttachmentId, CustomerId, IdempotencyKey, Revision, Time};
use crate::problem::Problem;
use crate::ticket::{Kind, MESSAGE_MAX};

/// Why a submission has not arrived yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The browser is offline.
    Offline,
    /// The gateway could not be reached.
    Unreachable,
    /// Something in between blocks it, although other requests reach the gateway.
    Blocked,
    /// There was no response in time.
    TimedOut,
    /// The gateway wants it later.
    Busy,
    /// The gateway, or something in between, has failed.
    Fault,
    /// An attachment was missing at the gateway.
    AttachmentsMissing,
    /// There is no room for an attachment at the moment.
    NoRoom,
    /// The gateway can store nothing at the moment.
    StorageFull,
    /// The gateway does not accept the token of its customer.
    Unauthorised,
    /// It may have arrived at a destination that would create another ticket. It is sent again only if the customer says so.
    Unsure,
}

/// A submission, as it is stored on the device.
#[derive(Clone, Debug, PartialEq)]
pub struct Submission {
    /// Its `Idempotency-Key`: the id of its draft.
    pub key: IdempotencyKey,
    /// The id of the draft that it was: its key, unless an earlier version of the widget has made it.
    pub draft: IdempotencyKey,
    /// Its version on the device.
    pub revision: Revision,
    /// Who wrote it; empty if nobody was declared then.
    pub owner: CustomerId,
    /// Whether it is sent with the owner's token.
    pub is_signed: bool,
    /// The anonymous session that it belongs to.
    pub session: String,
    /// Where it was written, and comes back to if it is refused.
    pub written_in: Target,
    /// Where it is sent.
    pub target: Target,
    /// The content of the form, to edit it after a refusal.
    pub form: Form,
    /// The message: the customer's text, and the names of attachments that were left behind.
    pub message: String,
    /// The other members of the body, except for the attachments: a JSON object.
    pub members: String,
    /// The visit to which a ticket is counted once it has arrived; empty if it is not counted.
    pub visit: String,
    /// The exact bytes that an earlier version of the widget sent; empty if it did not, or if nothing of that was stored.
    pub verbatim: String,
    /// The attachments that it is sent with.
    pub attachments: Vec<AttachmentRef>,
    /// The attachments that it is sent without.
    pub left_behind: Vec<LeftBehind>,
    /// When it was submitted.
    pub submitted_at: Time,
    /// When the customer last wanted it to be sent.
    pub confirmed_at: Time,
    /// How many attempts were made.
    pub attempts: u32,
    /// The pause after the last attempt, in milliseconds.
    pub pause_ms: u64,
    /// When the next attempt is due.
    pub due_at: Time,
    /// Why it has not arrived yet; none before the first attempt.
    pub cause: Option<Cause>,
    /// Whether it may have arrived, so that its bytes must stay the same.
    pub may_have_arrived: bool,
    /// Why the gateway refused it, if it did: nothing was stored, and it is not sent again.
    pub refusal: Option<Problem>,
}

impl Submission {
    /// The request body: the same bytes for every attempt.
    pub fn body(&self) -> String {
        if !self.verbatim.is_empty() {
            return self.verbatim.clone();
        }
        let mut body = ["{\"message\":", &json_text(&self.message)].concat();
        if !self.attachments.is_empty() {
            let ids: Vec<String> = self.attachments.iter().map(|file| json_text(&file.id.0)).collect();
            body.extend([",\"attachments\":[", &ids.join(","), "]"]);
        }
        let members = self.members.trim_ascii().trim_start_matches('{').trim_start();
        if !members.starts_with('}') && !members.is_empty() {
            body.push(',');
        }
        body.push_str(if members.is_empty() { "}" } else { members });
        body
    }

    /// Removes an attachment, and names it. Only if nothing was stored under the key can it have other bytes. `line` is the sentence that names
    /// the attachment to the agent, with `{name}` for its name.
    pub fn leave_behind(&mut self, id: &AttachmentId, reason: LeftBehindReason, line: &str) {
        let Some(index) = self.attachments.iter().position(|file| file.id == *id) else { return };
        let name = self.attachments.remove(index).name;
        let line = if line.is_empty() { name.clone() } else { line.replace("{name}", &name) };
        let message = [self.message.as_str(), "\n\n", &line].concat();
        let message = message.trim_ascii();
        if message.chars().count() <= MESSAGE_MAX {
            self.message = message.into();
        }
        self.verbatim.clear();
        self.left_behind.push(LeftBehind { name, reason });
    }

    /// What the customer wrote.
    pub fn text(&self) -> &str {
        &self.form.text
    }

    /// The draft that it was.
    pub fn as_draft(&self) -> Draft {
        self.to_draft(self.key.clone(), self.submitted_at)
    }

    /// A draft with the same content under a new key, to edit a refused submission.
    pub fn to_draft(&self, key: IdempotencyKey, now: Time) -> Draft {
        let mut draft = Draft::new(key, self.owner.clone(), self.written_in.clone());
        draft.form = self.form.clone();
        draft.attachments = self.attachments.clone();
        draft.saved_at = now;
        draft
    }
}

/// The members of a body that the customer decides. `more` are the others, a JSON object without any of these: context, language, time, client.
pub fn members(form: &Form, kind: Kind, more: &str) -> String {
    let severity = form.severity.unwrap_or_else(|| kind.default_severity());
    let mut parts = vec![
        ["\"kind\":", &json_text(kind.word())].concat(),
        ["\"topic\":", &json_text(form.topic.as_deref().unwrap_or_default())].concat(),
        ["\"severity\":", &json_text(severity.word())].concat(),
        ["\"contact\":", &json(&form.contact)].concat(),
        ["\"questions\":", &json(&form.questions)].concat(),
        ["\"via\":", &json_text(&form.via)].concat(),
    ];
    if let Some(consent) = form.consent {
        parts.push(["\"consent\":", if consent { "true" } else { "false" }].concat());
    }
    if !form.fields.is_empty() {
        parts.push(["\"fields\":", &json(&form.fields)].concat());
    }
    let more = more.trim_ascii();
    let more = more.strip_prefix('{').and_then(|more| more.strip_suffix('}')).unwrap_or_default().trim_ascii();
    if !more.is_empty() {
        parts.push(more.into());
    }
    ["{", &parts.join(","), "}"].concat()
}

fn json_text(text: &str) -> String {
    json(text)
}

fn json(value: &(impl serde::Serialize + ?Sized)) -> String {
    // Serialising plain data into memory cannot fail.
    serde_json::to_string(value).unwrap_or_default()
}

/// A submission that has arrived.
#[derive(Clone, Debug, PartialEq)]
pub struct Acknowledgement {
    /// Its key.
    pub key: IdempotencyKey,
    /// The id of the draft that it was: its key, unless an earlier version of the widget has made it.
    pub draft: IdempotencyKey,
    /// Its version on the device.
    pub revision: Revision,
    /// Who wrote it; empty if nobody was declared then.
    pub owner: CustomerId,
    /// The anonymous session that it belongs to.
    pub session: String,
    /// Where it was sent.
    pub target: Target,
    /// What the customer wrote.
    pub text: String,
    /// The response of the gateway: a receipt, or a message.
    pub response: String,
    /// The attachments that it was sent with.
    pub attachments: Vec<AttachmentRef>,
    /// The attachments that it was sent without.
    pub left_behind: Vec<LeftBehind>,
    /// When it arrived.
    pub received_at: Time,
}
