//! Comments of tickets, public and private.

use serde_json::{Map, Value, json};

use super::auth::{Caller, need};
use super::errors::{Detail, Refusal, invalid};
use super::http::{Call, Reply};
use super::paging::{order, page};
use super::{Mail, State, clock, tickets, uploads, users, webhooks};

/// A comment.
#[derive(Clone, Debug)]
pub struct Comment {
    pub id: u64,
    pub author: u64,
    pub body: String,
    pub html_body: String,
    pub public: bool,
    pub attachments: Vec<u64>,
    /// The audit that it belongs to.
    pub audit: u64,
    pub via: String,
    /// Its origin, as in `via.source`.
    pub source: Value,
    /// Metadata set by a client.
    pub custom: Map<String, Value>,
    pub created_at: i64,
}

/// A new comment.
#[derive(Default)]
pub struct NewComment {
    pub body: String,
    pub html_body: Option<String>,
    pub public: bool,
    pub author: Option<u64>,
    /// Tokens of the uploads to attach.
    pub uploads: Vec<String>,
}

/// The circumstances of a new comment.
pub struct Occasion<'a> {
    /// Who adds it, and is the author if none is named.
    pub by: u64,
    pub via: &'a str,
    pub audit: u64,
    pub custom: Map<String, Value>,
}

/// Parses the comment in a body.
pub fn read(state: &State, input: &Value) -> Result<NewComment, Refusal> {
    let text = |name: &str| input.get(name).and_then(Value::as_str);
    let html_body = text("html_body").map(String::from);
    let body = text("body").map(String::from).or_else(|| html_body.as_deref().map(plain)).unwrap_or_default();
    if body.trim().is_empty() {
        return Err(Refusal::Invalid(vec![Detail {
            field: "base".into(),
            description: "Description: cannot be blank".into(),
            error: "BlankValue",
        }]));
    }
    let author = input.get("author_id").and_then(Value::as_u64);
    if author.is_some_and(|author| !state.users.contains_key(&author)) {
        return Err(invalid("author", "Author: is invalid", "InvalidValue"));
    }
    let tokens: Vec<String> = match input.get("uploads") {
        Some(Value::String(token)) => vec![token.clone()],
        Some(Value::Array(tokens)) => tokens.iter().filter_map(Value::as_str).map(Into::into).collect(),
        _ => Vec::new(),
    };
    for token in &tokens {
        uploads::valid(state, token)?;
    }
    let public = input.get("public").and_then(Value::as_bool).unwrap_or(true);
    Ok(NewComment { body, html_body, public, author, uploads: tokens })
}

/// Adds a comment to an existing ticket, and triggers the webhooks; returns its id.
pub fn add(state: &mut State, ticket: u64, new: NewComment, occasion: Occasion) -> u64 {
    let files = uploads::take(state, &new.uploads);
    add_with(state, ticket, new, files, occasion)
}

/// The same with stored files.
pub fn add_with(state: &mut State, ticket: u64, new: NewComment, files: Vec<u64>, occasion: Occasion) -> u64 {
    let (id, created_at) = (state.next_id(), state.now());
    let body = rendered(state, &new.body);
    let comment = Comment {
        id,
        author: new.author.unwrap_or(occasion.by),
        html_body: new.html_body.unwrap_or_else(|| marked_up(&body)),
        body,
        public: new.public,
        attachments: files,
        audit: occasion.audit,
        via: occasion.via.into(),
        source: json!({ "from": {}, "to": {}, "rel": null }),
        custom: occasion.custom,
        created_at,
    };
    let event = json!({ "comment": {
        "id": id.to_string(),
        "body": comment.body,
        "is_public": comment.public,
        "author": {
            "id": comment.author.to_string(),
            "is_staff": users::is_staff(state, comment.author),
            "name": state.users.get(&comment.author).map(|author| author.name.as_str()),
        },
    } });
    notify(state, ticket, &comment);
    if let Some(ticket) = state.tickets.get_mut(&ticket) {
        ticket.updated_at = created_at;
        ticket.comments.push(comment);
    }
    webhooks::tell(state, ticket, "comment_added", event, occasion.by);
    id
}

/// Mails the requester like the standard triggers: that a public ticket was received, with its text, and public comments of others. Never
/// private comments, and only to requesters with an address.
fn notify(state: &mut State, ticket: u64, comment: &Comment) {
    let Some(external) = state.tickets.get(&ticket) else { return };
    let Some(to) = state.users.get(&external.requester).map(|user| user.email.clone()) else { return };
    let is_theirs = comment.author == external.requester && !external.comments.is_empty();
    if comment.public && !is_theirs && !to.is_empty() {
        state.mails.push(Mail { ticket, to, body: comment.body.clone() });
    }
}

/// A text with its placeholders filled, if the account does that.
pub fn rendered(state: &State, text: &str) -> String {
    if !state.quirks.renders_placeholders {
        return text.into();
    }
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((_, tail)) = after.split_once("}}") else { break };
        out.push_str(before);
        out.push_str("FILLED IN");
        rest = tail;
    }
    out + rest
}

/// `GET /tickets/{id}/comments`, including private ones.
pub fn list(state: &State, call: &Call, caller: &Caller, ticket: u64) -> Result<Reply, Refusal> {
    need(state, caller, &["tickets:read", "read"])?;
    let comments = &tickets::known(state, ticket)?.comments;
    let (_, descending) = order(call, "created_at");
    let rows = comments.iter().map(|comment| (comment.created_at, comment.id)).collect();
    let show = |id| {
        let index = comments.iter().position(|comment| comment.id == id)?;
        let mut shown = shown(state, comments.get(index)?);
        if index == 0 && state.quirks.first_comment_unreadable {
            shown["id"] = Value::Null;
        }
        Some(shown)
    };
    let mut list = page(call, &state.url, "comments", rows, descending, |id| show(id).unwrap_or_default())?;
    if call.param("include").is_some_and(|include| include.split(',').any(|name| name == "users")) {
        let mut authors: Vec<u64> = comments.iter().map(|comment| comment.author).collect();
        authors.sort_unstable();
        authors.dedup();
        list["users"] = authors.into_iter().map(|id| users::shown(state, id)).collect();
    }
    Ok(Reply::json(200, &list))
}

/// A comment in the API's format.
pub fn shown(state: &State, comment: &Comment) -> Value {
    let mut metadata =
        json!({ "system": { "client": "stand-in", "ip_address": "192.0.2.1" }, "custom": comment.custom });
    if state.quirks.no_custom_metadata
        && let Some(metadata) = metadata.as_object_mut()
    {
        metadata.remove("custom");
    }
    let files: Vec<Value> = comment.attachments.iter().map(|id| uploads::shown(state, *id)).collect();
    json!({
        "id": comment.id,
        "type": "Comment",
        "author_id": comment.author,
        "body": comment.body,
        "html_body": comment.html_body,
        "plain_body": plain(&comment.html_body),
        "public": comment.public,
        "attachments": files,
        "audit_id": comment.audit,
        "via": { "channel": comment.via, "source": comment.source },
        "metadata": metadata,
        "created_at": clock::written(comment.created_at),
    })
}

fn marked_up(body: &str) -> String {
    let escaped = body.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    let paragraphs = escaped.split("\n\n").map(|part| format!("<p dir=\"auto\">{}</p>", part.replace('\n', "<br>\n")));
    format!("<div class=\"zd-comment\" dir=\"auto\">{}</div>", paragraphs.collect::<String>())
}

fn plain(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some((before, tag)) = rest.split_once('<') {
        text.push_str(before);
        let (tag, after) = tag.split_once('>').unwrap_or((tag, ""));
        if tag.starts_with("br") || tag.starts_with("/p") || tag.starts_with("/li") {
            text.push('\n');
        }
        rest = after;
    }
    text.push_str(rest);
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&nbsp;", " ");
    text.replace("&#39;", "'").replace("&amp;", "&").trim().to_string()
}
