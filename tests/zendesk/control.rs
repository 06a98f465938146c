//! The control API for tests, in JSON and without authentication:
//!
//! | call | does |
//! | --- | --- |
//! | `GET /_control/state` | everything: tickets with all comments and the files' sums, users, uploads, webhooks, counts, log |
//! | `GET /_control/counts` | only the counts |
//! | `POST /_control/quirks` | changes some of [`Quirks`](super::quirks::Quirks); returns all |
//! | `POST /_control/faults` | adds a [`Fault`](super::quirks::Fault) or several; `PUT` replaces all, `DELETE` removes all |
//! | `POST /_control/clock` | `{advance_seconds}` |
//! | `POST /_control/account` | changes some of [`Account`](super::account::Account), such as `legacy_token` |
//! | `POST /_control/tickets` | creates an [`Arriving`] ticket; returns `{id}` |
//! | `POST /_control/tickets/{id}/comments` | adds a comment, [`CommentDraft`]; returns `{id}` |
//! | `POST /_control/tickets/{id}/merge` | merges it, a [`Merging`](super::merges::Merging) |
//! | `POST /_control/tickets/{id}/status` | sets `{status}` as an agent |
//! | `POST /_control/webhook` | adds a webhook, `{endpoint, secret, subscriptions?}`; returns `{id}` |
//! | `POST /_control/webhooks/release` | sends held deliveries |
//! | `POST /_control/tokens/revoke` | revokes all OAuth tokens |
//! | `POST /_control/reset` | resets everything |

use axum::body::Bytes;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ring::digest;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::comments::{self, NewComment, Occasion};
use super::errors::{self, Refusal, invalid};
use super::http::{Call, Reply};
use super::quirks::Fault;
use super::tickets::{self, Changes, Opening, Ticket};
use super::users::{self, User};
use super::{Shared, State, account, clock, merges, quirks, uploads, webhooks};

/// A ticket from another channel than the API.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arriving {
    #[serde(default)]
    pub via: Channel,
    pub requester: Person,
    pub subject: String,
    pub body: String,
}

/// The channel.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    #[default]
    Email,
    Web,
}

/// The sender.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    pub name: String,
    pub email: String,
}

/// A comment by a person.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommentDraft {
    pub author: Side,
    /// The name of the agent, who is created if there is none; Grace by default. Not used for the customer.
    #[serde(default)]
    pub name: Option<String>,
    pub body: String,
    #[serde(default)]
    pub html_body: Option<String>,
    #[serde(default = "yes")]
    pub public: bool,
    #[serde(default)]
    pub attachments: Vec<File>,
}

/// Who writes it.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    Agent,
    Customer,
}

/// An attachment; its bytes as text or in base64.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct File {
    pub name: String,
    pub content_type: String,
    pub text: String,
    pub base64: String,
    /// Whether it is an inline picture; `{file}` in the HTML of the text is replaced by its address.
    pub inline: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_seconds: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewStatus {
    status: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewWebhook {
    endpoint: String,
    secret: String,
    #[serde(default)]
    subscriptions: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Several<T> {
    Many(Vec<T>),
    One(T),
}

/// The response to a control call.
pub(super) fn answer(shared: &Shared, call: &Call) -> Reply {
    done(shared, call).unwrap_or_else(|refused| match refused {
        Problem::Refused(refusal) => errors::reply(&refusal),
        Problem::Wrong(message) => Reply::json(400, &json!({ "error": message })),
    })
}

/// A public comment without files.
pub fn new_comment(author: Side, body: &str) -> CommentDraft {
    CommentDraft { author, name: None, body: body.into(), html_body: None, public: true, attachments: Vec::new() }
}

/// Changes this many tickets from another channel, like a bulk update. They have no requester here.
pub fn bulk_change(state: &mut State, count: u64) {
    let now = state.now();
    for _ in 0..count {
        state.last_ticket += 1;
        let (id, status) = (state.last_ticket, "closed".into());
        state.tickets.insert(id, Ticket { id, status, created_at: now, updated_at: now, ..Ticket::default() });
    }
}

/// Creates a ticket from another channel; returns its id.
pub fn ticket_arrives(state: &mut State, arriving: &Arriving) -> Result<u64, Refusal> {
    let Person { name, email } = &arriving.requester;
    let requester = users::requester(state, &json!({ "name": name, "email": email }))?;
    let opening = Opening {
        changes: Changes { subject: Some(arriving.subject.clone()), ..Changes::default() },
        comment: NewComment { body: arriving.body.clone(), public: true, ..NewComment::default() },
        requester,
        submitter: None,
        follows: None,
        via: channel(arriving.via),
        custom: Map::new(),
    };
    Ok(tickets::open(state, opening))
}

/// Adds a comment; returns its id. A customer's mail reopens the ticket, an agent's reply sets a new one to open.
pub fn comment(state: &mut State, ticket: u64, draft: &CommentDraft) -> Result<u64, Refusal> {
    let external = tickets::known(state, ticket)?;
    let (status, requester) = (external.status.clone(), external.requester);
    if status == "closed" {
        return Err(invalid("status", "Status: closed prevents ticket update", "ClosedTicket"));
    }
    let by = match draft.author {
        Side::Customer => requester,
        Side::Agent => agent(state, draft.name.as_deref()),
    };
    let files = files(state, &draft.attachments)?;
    let addresses: Vec<String> =
        files.iter().map(|id| uploads::shown(state, *id)["content_url"].as_str().unwrap_or_default().into()).collect();
    let html_body = draft
        .html_body
        .clone()
        .map(|html| addresses.iter().fold(html, |html, address| html.replacen("{file}", address, 1)));
    let new =
        NewComment { body: draft.body.clone(), html_body, public: draft.public, author: Some(by), uploads: Vec::new() };
    let via = if draft.author == Side::Customer { "email" } else { "web" };
    let audit = state.next_id();
    let id = comments::add_with(state, ticket, new, files, Occasion { by, via, audit, custom: Map::new() });
    let opens = match draft.author {
        Side::Customer => status != "new" && status != "open",
        Side::Agent => status == "new" && draft.public,
    };
    if opens {
        tickets::set_status(state, ticket, "open", by)?;
    }
    Ok(id)
}

/// The whole state as JSON.
pub fn state(state: &State) -> Value {
    let tickets: Vec<Value> = state.tickets.keys().map(|id| ticket(state, *id)).collect();
    let uploads: Vec<Value> = state
        .uploads
        .iter()
        .map(|(token, upload)| {
            let files: Vec<Value> = upload.attachments.iter().map(|id| file(state, *id)).collect();
            json!({ "token": token, "until": clock::written(upload.until), "files": files })
        })
        .collect();
    json!({
        "now": clock::written(state.now()),
        "tickets": tickets,
        "users": state.users.values().collect::<Vec<_>>(),
        "mails": state.mails,
        "uploads": uploads,
        "webhooks": state.webhooks,
        "attempts": state.attempts,
        "quirks": state.quirks,
        "faults": state.faults,
        "account": state.account,
        "counts": counts(state),
        "log": state.log,
    })
}

/// The counts of the state.
pub fn counts(state: &State) -> Value {
    json!({
        "tickets": state.tickets.len(),
        "comments": state.tickets.values().map(|ticket| ticket.comments.len()).sum::<usize>(),
        "users": state.users.len(),
        "uploads": state.uploads.len(),
        "requests": state.log.len(),
        "grants": state.grants,
        "refused_for_rate": state.limiter.refused,
        "most_in_a_window": state.limiter.most,
        "held_webhooks": state.held_deliveries.len(),
    })
}

enum Problem {
    Refused(Refusal),
    Wrong(String),
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Problem {
        Problem::Refused(refusal)
    }
}

fn done(shared: &Shared, call: &Call) -> Result<Reply, Problem> {
    let segments = call.segments();
    match (call.method.as_str(), segments.get(1..).unwrap_or_default()) {
        ("GET", ["state"]) => return Ok(Reply::json(200, &state(&shared.lock()))),
        ("GET", ["counts"]) => return Ok(Reply::json(200, &counts(&shared.lock()))),
        ("POST", ["quirks"]) => {
            let mut state = shared.lock();
            state.quirks = quirks::merged(&state.quirks, read(call)?).map_err(Problem::Wrong)?;
            return Ok(Reply::json(200, &json!(state.quirks)));
        }
        ("POST", ["faults"]) => shared.lock().faults.extend(faults(call)?),
        ("PUT", ["faults"]) => shared.lock().faults = faults(call)?,
        ("DELETE", ["faults"]) => shared.lock().faults.clear(),
        ("POST", ["clock"]) => shared.lock().advance(read::<Advance>(call)?.advance_seconds),
        ("POST", ["account"]) => {
            let mut state = shared.lock();
            let mut all = json!(state.account);
            if let (Some(all), Value::Object(change)) = (all.as_object_mut(), read(call)?) {
                all.extend(change);
            }
            state.account = serde_json::from_value(all).map_err(|error| Problem::Wrong(error.to_string()))?;
        }
        ("POST", ["tickets"]) => {
            let arriving = read(call)?;
            return created(shared.change(|state| ticket_arrives(state, &arriving))?);
        }
        ("POST", ["tickets", id, "comments"]) => {
            let (id, draft) = (number(id)?, read(call)?);
            return created(shared.change(|state| comment(state, id, &draft))?);
        }
        ("POST", ["tickets", id, "merge"]) => {
            let (id, merging) = (number(id)?, read(call)?);
            shared.change(|state| merges::merge(state, id, &merging))?;
        }
        ("POST", ["tickets", id, "status"]) => {
            let (id, new): (u64, NewStatus) = (number(id)?, read(call)?);
            shared.change(|state| tickets::set_status(state, id, &new.status, account::GRACE))?;
        }
        ("POST", ["webhook"]) => {
            let NewWebhook { endpoint, secret, subscriptions } = read(call)?;
            let id = webhooks::add(&mut shared.lock(), &endpoint, &secret, subscriptions);
            return Ok(Reply::json(201, &json!({ "id": id })));
        }
        ("POST", ["webhooks", "release"]) => shared.release(),
        ("POST", ["tokens", "revoke"]) => shared.lock().tokens.clear(),
        ("POST", ["reset"]) => shared.lock().reset(),
        _ => return Err(Problem::Wrong(format!("{} {} is no call of the control", call.method, call.path))),
    }
    Ok(Reply::json(200, &json!({})))
}

fn read<T: DeserializeOwned>(call: &Call) -> Result<T, Problem> {
    serde_json::from_slice(&call.body).map_err(|error| Problem::Wrong(error.to_string()))
}

fn faults(call: &Call) -> Result<Vec<Fault>, Problem> {
    Ok(match read(call)? {
        Several::Many(faults) => faults,
        Several::One(fault) => vec![fault],
    })
}

fn number(text: &str) -> Result<u64, Problem> {
    text.parse().map_err(|_| Problem::Refused(Refusal::NotFound))
}

fn created(id: u64) -> Result<Reply, Problem> {
    Ok(Reply::json(201, &json!({ "id": id })))
}

fn channel(channel: Channel) -> &'static str {
    match channel {
        Channel::Email => "email",
        Channel::Web => "web",
    }
}

fn agent(state: &mut State, name: Option<&str>) -> u64 {
    let Some(name) = name else { return account::GRACE };
    if let Some(known) = state.users.values().find(|user| user.role != "end-user" && user.name == name) {
        return known.id;
    }
    let (id, created_at) = (state.next_id(), state.now());
    let user = User {
        id,
        name: name.into(),
        external_id: None,
        alias: None,
        email: format!("agent-{id}@acme.example"),
        role: "agent".into(),
        verified: true,
        locale: "en-US".into(),
        locale_id: 1,
        created_at,
    };
    users::keep(state, user);
    id
}

fn files(state: &mut State, files: &[File]) -> Result<Vec<u64>, Refusal> {
    let mut ids = Vec::new();
    for File { name, content_type, text, base64, inline } in files {
        let bytes = match base64.is_empty() {
            true => Bytes::from(text.clone()),
            false => Bytes::from(
                BASE64_STANDARD.decode(base64).map_err(|_| invalid("base64", "is no base64", "InvalidValue"))?,
            ),
        };
        let id = uploads::keep(state, name, content_type, bytes);
        if let Some(file) = state.attachments.get_mut(&id) {
            file.inline = *inline;
        }
        ids.push(id);
    }
    Ok(ids)
}

fn ticket(state: &State, id: u64) -> Value {
    let mut shown = tickets::shown(state, id);
    let comments = state.tickets.get(&id).map(|ticket| ticket.comments.as_slice()).unwrap_or_default();
    let comments = comments.iter().map(|comment| {
        let mut shown = comments::shown(state, comment);
        shown["author"] = users::shown(state, comment.author);
        shown["attachments"] = comment.attachments.iter().map(|id| file(state, *id)).collect();
        shown
    });
    shown["comments"] = comments.collect();
    shown
}

fn file(state: &State, id: u64) -> Value {
    let mut shown = uploads::shown(state, id);
    if let Some(file) = state.attachments.get(&id) {
        shown["sha256"] = sum(&file.bytes).into();
    }
    shown
}

fn sum(bytes: &[u8]) -> String {
    digest::digest(&digest::SHA256, bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn yes() -> bool {
    true
}
