//! How the stand-in behaves where accounts differ, and what goes wrong on purpose.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::http::Call;

/// Switches that hold until they are changed.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Quirks {
    /// Pages may not read refusals: CORS headers only on 200, 201, 204 and 404. Off: on everything.
    pub no_cors_on_refusals: bool,
    /// Pages may read 422 all the same, which is not documented but has been seen.
    pub cors_on_422: bool,
    /// Too many requests are refused in plain text and not in JSON.
    pub plain_text_429: bool,
    /// How many requests are accepted in a window.
    pub rate_limit: usize,
    /// How long the window is, in seconds of the real clock. Zendesk's is a minute; tests wait less.
    pub rate_window: u64,
    /// `Retry-After` is a date and not a number of seconds.
    pub retry_after_as_date: bool,
    /// How long upload tokens live, in minutes.
    pub token_minutes: i64,
    /// An unknown form becomes the default one. Off: refused.
    pub form_substitution: bool,
    /// What becomes of a choice that a field does not have.
    pub unknown_choices: UnknownChoices,
    /// What becomes of a value for a field that the account does not have.
    pub unknown_fields: UnknownFields,
    /// How long idempotency keys are remembered, in hours.
    pub key_hours: i64,
    /// A ticket that is not there is answered with 403, as for clients that may not see all.
    pub foreign_ids_403: bool,
    /// Requests and uploads of anonymous people are refused: the former with 401, the latter with 403.
    pub require_auth: bool,
    /// Uploads need the scope `write`; `tickets:write` does not do.
    pub uploads_need_write: bool,
    /// The largest upload, in bytes.
    pub upload_limit: usize,
    /// Files are read by way of a redirect to another address.
    pub attachments_redirect: bool,
    /// Files are given only to who says who they are; others are led to a login.
    pub private_attachments: bool,
    /// Nobody at all is given a file, and everybody is led to a login.
    pub closed_attachments: bool,
    /// What is refused as long as something stands in what is sent.
    pub refusals: Vec<Refused>,
    /// Webhooks are held until they are released.
    pub webhooks_late: bool,
    /// Every delivery is sent twice, with the same invocation id.
    pub webhooks_doubled: bool,
    /// What one action causes, or what is released at once, is sent the last first.
    pub webhooks_out_of_order: bool,
    /// How long to wait before a delivery is sent again that failed, in milliseconds; the double each further time.
    pub webhook_retry: u64,
    /// How long to wait before each request is worked on, in milliseconds.
    pub slow: u64,
    /// How long to wait after the work before each answer, in milliseconds.
    pub slow_after: u64,
    /// Everything is answered with 503.
    pub down: bool,
    /// The metadata of comments lack what clients put there.
    pub no_custom_metadata: bool,
    /// How long it takes until a search finds a new user, in seconds of the stand-in's clock.
    pub search_lag: i64,
    /// The client may not make users.
    pub no_user_management: bool,
    /// The addresses of people who are suspended: no ticket is taken from them.
    pub suspended: Vec<String>,
    /// What stands in double braces in a comment or a subject is filled in, as business rules do.
    pub renders_placeholders: bool,
    /// How many comments a ticket can have.
    pub comment_limit: usize,
    /// How many pages of the export are given in a minute of the real clock.
    pub export_limit: usize,
    /// The export is refused, as to agents who are no administrators.
    pub export_refused: bool,
    /// The export is answered with this status.
    pub export_status: Option<u16>,
    /// Every page of the export says that there is more, and leads to itself.
    pub export_stuck: bool,
    /// The list of all tickets is answered with 500.
    pub list_fails: bool,
    /// How many bytes the description of each ticket has beside what it says.
    pub padding: usize,
    /// The first comment of each ticket has no id.
    pub first_comment_unreadable: bool,
}

/// A ticket or an update that is refused as long as a part of it is as it is.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Refused {
    /// `POST` for new tickets, `PUT` for updates.
    pub method: String,
    /// The part, as a JSON pointer in the ticket; a field by its id, `/custom_fields/7`.
    pub at: String,
    /// Refused only where it is a text of more characters than this.
    pub longer_than: Option<usize>,
    /// Refused only where it is a text in which this stands.
    pub containing: Option<String>,
    /// What is answered: the status, and JSON or else a text.
    pub status: u16,
    pub json: Value,
    pub text: String,
}

impl Refused {
    /// Whether it is about a ticket in a body.
    pub fn concerns(&self, method: &str, body: &Value) -> bool {
        let Some(ticket) = body.get("ticket").filter(|_| method == self.method) else { return false };
        let part = match self.at.strip_prefix("/custom_fields/").and_then(|id| id.parse::<u64>().ok()) {
            Some(id) => {
                let fields = ticket["custom_fields"].as_array();
                fields.and_then(|fields| fields.iter().find(|field| field["id"] == id)).map(|field| &field["value"])
            }
            None => ticket.pointer(&self.at),
        };
        let Some(part) = part else { return false };
        let text = part.as_str().unwrap_or_default();
        self.longer_than.is_none_or(|length| text.chars().count() > length)
            && self.containing.as_deref().is_none_or(|word| text.contains(word))
    }
}

/// What becomes of a choice that a field does not have.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownChoices {
    #[default]
    Drop,
    Refuse,
}

/// What becomes of a value for a field that the account does not have.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownFields {
    #[default]
    Ignore,
    Refuse,
}

/// What the next requests of a kind suffer. The first fault that matches counts.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Empty for all methods.
    #[serde(default)]
    pub method: String,
    /// Empty for all paths, also `/oauth/tokens` and files.
    #[serde(default)]
    pub path_prefix: String,
    /// How many that match pass unharmed before.
    #[serde(default)]
    pub after: u32,
    /// How many suffer it.
    #[serde(default = "once")]
    pub times: u32,
    pub what: What,
}

/// What goes wrong.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Waits before the work, in milliseconds; who gives up meanwhile has caused nothing.
    Slow(u64),
    /// Does the work, then waits before it answers, in milliseconds.
    SlowAfter(u64),
    /// Does the work, then breaks the connection in the middle of the answer.
    Torn,
    /// Does the work, then breaks the connection without an answer.
    Lost,
    /// Breaks the connection without having done anything.
    Dropped,
    /// Answers with this, without having done anything.
    Status(Answer),
}

/// An answer instead of the work.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Answer {
    pub status: u16,
    /// `Retry-After`, in seconds; written as the quirk `retry_after_as_date` wants it.
    pub retry_after: Option<u64>,
    /// A page of HTML, as what stands before Zendesk answers.
    pub html: bool,
}

impl Default for Quirks {
    fn default() -> Quirks {
        Quirks {
            no_cors_on_refusals: true,
            cors_on_422: false,
            plain_text_429: false,
            rate_limit: 700,
            rate_window: 60,
            retry_after_as_date: false,
            token_minutes: 60,
            form_substitution: false,
            unknown_choices: UnknownChoices::Drop,
            unknown_fields: UnknownFields::Ignore,
            key_hours: 2,
            foreign_ids_403: false,
            require_auth: false,
            uploads_need_write: false,
            upload_limit: 50 * 1024 * 1024,
            attachments_redirect: false,
            private_attachments: false,
            closed_attachments: false,
            refusals: Vec::new(),
            webhooks_late: false,
            webhooks_doubled: false,
            webhooks_out_of_order: false,
            webhook_retry: 200,
            slow: 0,
            slow_after: 0,
            down: false,
            no_custom_metadata: false,
            search_lag: 0,
            no_user_management: false,
            suspended: Vec::new(),
            renders_placeholders: false,
            comment_limit: 5000,
            export_limit: 10,
            export_refused: false,
            export_status: None,
            export_stuck: false,
            list_fails: false,
            padding: 0,
            first_comment_unreadable: false,
        }
    }
}

/// The next request with this method below this path suffers this.
pub fn next(method: &str, path_prefix: &str, what: What) -> Fault {
    Fault { method: method.into(), path_prefix: path_prefix.into(), after: 0, times: 1, what }
}

/// Switches with some of them changed; what is wrong with the change otherwise.
pub fn merged(quirks: &Quirks, change: Value) -> Result<Quirks, String> {
    let mut all = serde_json::to_value(quirks).map_err(|error| error.to_string())?;
    let (Some(all_members), Value::Object(change)) = (all.as_object_mut(), change) else {
        return Err("not an object".into());
    };
    all_members.extend(change);
    serde_json::from_value(all).map_err(|error| error.to_string())
}

/// What this request suffers, and one time less of it.
pub fn take_fault(faults: &mut Vec<Fault>, call: &Call) -> Option<What> {
    let mut hit = None;
    for (at, fault) in faults.iter_mut().enumerate() {
        if !meant(fault, call) {
            continue;
        }
        if fault.after > 0 {
            fault.after -= 1;
            continue;
        }
        fault.times = fault.times.saturating_sub(1);
        hit = Some((at, fault.times == 0, fault.what.clone()));
        break;
    }
    let (at, over, what) = hit?;
    if over {
        faults.remove(at);
    }
    Some(what)
}

fn meant(fault: &Fault, call: &Call) -> bool {
    let prefix = fault.path_prefix.strip_suffix(".json").unwrap_or(&fault.path_prefix);
    let method = fault.method.is_empty() || fault.method.eq_ignore_ascii_case(call.method.as_str());
    // A page's preflight is not the request that somebody has in mind.
    let preflight = call.method == axum::http::Method::OPTIONS && fault.method.is_empty();
    method && !preflight && call.path.starts_with(prefix)
}

fn once() -> u32 {
    1
}
