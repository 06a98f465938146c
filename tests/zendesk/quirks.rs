//! Settings for differences between accounts, and faults.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::http::Call;

/// Settings that hold until they are changed.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Quirks {
    /// Pages cannot read refusals: CORS headers only on 200, 201, 204 and 404. Off: on everything.
    pub no_cors_on_refusals: bool,
    /// Pages can read 422 all the same, which is undocumented but has been observed.
    pub cors_on_422: bool,
    /// Rate limit refusals are plain text instead of JSON.
    pub plain_text_429: bool,
    /// How many requests are accepted in a window.
    pub rate_limit: usize,
    /// The length of the window, in seconds of the real clock. Zendesk's is a minute; tests wait less.
    pub rate_window: u64,
    /// `Retry-After` is a date instead of a number of seconds.
    pub retry_after_as_date: bool,
    /// The lifetime of upload tokens, in minutes.
    pub token_minutes: i64,
    /// An unknown form is replaced by the default one. Off: refused.
    pub form_substitution: bool,
    /// How unknown options of a field are handled.
    pub unknown_choices: UnknownChoices,
    /// How values for unknown fields are handled.
    pub unknown_fields: UnknownFields,
    /// How long idempotency keys are stored, in hours.
    pub key_hours: i64,
    /// Unknown tickets get 403, as for clients with limited access.
    pub foreign_ids_403: bool,
    /// Anonymous requests and uploads are refused: the former with 401, the latter with 403.
    pub require_auth: bool,
    /// Uploads need the scope `write`; `tickets:write` does not suffice.
    pub uploads_need_write: bool,
    /// The largest upload, in bytes.
    pub upload_limit: usize,
    /// Attachments are served through a redirect to another address.
    pub attachments_redirect: bool,
    /// Attachments are served only to authenticated callers; others are redirected to a login.
    pub private_attachments: bool,
    /// Attachments are served to nobody; everybody is redirected to a login.
    pub closed_attachments: bool,
    /// Requests that are refused because of a part of their content.
    pub refusals: Vec<Refused>,
    /// Webhook deliveries are held until they are released.
    pub webhooks_late: bool,
    /// Every delivery is sent twice, with the same invocation id.
    pub webhooks_doubled: bool,
    /// The deliveries of one action, or of one release, are sent in reverse order.
    pub webhooks_out_of_order: bool,
    /// The pause before a failed delivery is retried, in milliseconds; doubled each further time.
    pub webhook_retry: u64,
    /// The pause before each request is handled, in milliseconds.
    pub slow: u64,
    /// The pause between handling and response, in milliseconds.
    pub slow_after: u64,
    /// Every request gets 503.
    pub down: bool,
    /// The metadata of comments lack what clients have set.
    pub no_custom_metadata: bool,
    /// How long it takes until a search finds a new user, in seconds of the stand-in's clock.
    pub search_lag: i64,
    /// The client may not create users.
    pub no_user_management: bool,
    /// The addresses of suspended users: their tickets are refused.
    pub suspended: Vec<String>,
    /// Placeholders in double braces in a comment or a subject are filled, as business rules do.
    pub renders_placeholders: bool,
    /// The most comments of a ticket.
    pub comment_limit: usize,
    /// How many pages of the export are served in a minute of the real clock.
    pub export_limit: usize,
    /// The export is refused, as for agents who are no administrators.
    pub export_refused: bool,
    /// The export gets this status.
    pub export_status: Option<u16>,
    /// Every page of the export says that there is more, and leads to itself.
    pub export_stuck: bool,
    /// The list of all tickets gets 500.
    pub list_fails: bool,
    /// How many bytes are added to the description of each ticket.
    pub padding: usize,
    /// The first comment of each ticket has no id.
    pub first_comment_unreadable: bool,
}

/// A ticket or an update that is refused because of one of its parts.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Refused {
    /// `POST` for new tickets, `PUT` for updates.
    pub method: String,
    /// The part, as a JSON pointer in the ticket; a field by its id, `/custom_fields/7`.
    pub at: String,
    /// Refused only if it is a text of more characters than this.
    pub longer_than: Option<usize>,
    /// Refused only if it is a text that contains this.
    pub containing: Option<String>,
    /// The response: the status, and JSON or else a text.
    pub status: u16,
    pub json: Value,
    pub text: String,
}

impl Refused {
    /// Whether it applies to the ticket in a body.
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

/// How unknown options of a field are handled.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownChoices {
    #[default]
    Drop,
    Refuse,
}

/// How values for unknown fields are handled.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownFields {
    #[default]
    Ignore,
    Refuse,
}

/// A fault for the next matching requests. The first matching fault applies.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Empty for all methods.
    #[serde(default)]
    pub method: String,
    /// Empty for all paths, including `/oauth/tokens` and files.
    #[serde(default)]
    pub path_prefix: String,
    /// How many matching requests pass before.
    #[serde(default)]
    pub after: u32,
    /// How many matching requests fail.
    #[serde(default = "once")]
    pub times: u32,
    pub kind: FaultKind,
}

/// The failure.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// Waits before handling, in milliseconds; a client that gives up meanwhile has caused nothing.
    Slow(u64),
    /// Handles the request, then waits before the response, in milliseconds.
    SlowAfter(u64),
    /// Handles the request, then breaks the connection in the middle of the response.
    Torn,
    /// Handles the request, then breaks the connection without a response.
    Lost,
    /// Breaks the connection without handling the request.
    Dropped,
    /// Sends this response without handling the request.
    Status(Answer),
}

/// A response in place of the real one.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Answer {
    pub status: u16,
    /// `Retry-After`, in seconds; in the format that the quirk `retry_after_as_date` selects.
    pub retry_after: Option<u64>,
    /// An HTML page, like from something in front of Zendesk.
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

/// A fault for the next request with this method below this path.
pub fn next(method: &str, path_prefix: &str, fault: FaultKind) -> Fault {
    Fault { method: method.into(), path_prefix: path_prefix.into(), after: 0, times: 1, kind: fault }
}

/// Applies a partial change; the error says what is wrong with it.
pub fn merged(quirks: &Quirks, change: Value) -> Result<Quirks, String> {
    let mut all = serde_json::to_value(quirks).map_err(|error| error.to_string())?;
    let (Some(all_members), Value::Object(change)) = (all.as_object_mut(), change) else {
        return Err("not an object".into());
    };
    all_members.extend(change);
    serde_json::from_value(all).map_err(|error| error.to_string())
}

/// The failure of this request, if a fault applies; counts it.
pub fn take_fault(faults: &mut Vec<Fault>, call: &Call) -> Option<FaultKind> {
    let mut hit = None;
    for (index, fault) in faults.iter_mut().enumerate() {
        if !matches(fault, call) {
            continue;
        }
        if fault.after > 0 {
            fault.after -= 1;
            continue;
        }
        fault.times = fault.times.saturating_sub(1);
        hit = Some((index, fault.times == 0, fault.kind.clone()));
        break;
    }
    let (index, over, fault) = hit?;
    if over {
        faults.remove(index);
    }
    Some(fault)
}

fn matches(fault: &Fault, call: &Call) -> bool {
    let prefix = fault.path_prefix.strip_suffix(".json").unwrap_or(&fault.path_prefix);
    let method = fault.method.is_empty() || fault.method.eq_ignore_ascii_case(call.method.as_str());
    // A page's preflight is not the request that a fault is meant for.
    let preflight = call.method == axum::http::Method::OPTIONS && fault.method.is_empty();
    method && !preflight && call.path.starts_with(prefix)
}

fn once() -> u32 {
    1
}
