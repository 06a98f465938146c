//! Reads agents' answers from Zendesk, and a customer's other tickets there.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::account::{items, or_default, read_list, read_page};
use crate::braces::original;
use crate::client::Request;
use crate::{EXTERNAL_ID_PREFIX, Zendesk, merges, pictures};
use deskbell_core::clock;
use deskbell_core::ids::ExternalId;
use deskbell_core::ports::destination::{
    AgentNote, ExportFailure, ExportFrom, ExportedChanges, ExternalFile, ExternalMessage, ExternalTicket, Failure,
    PolledMessage, PolledTicket, Polling, RecentChanges,
};
use deskbell_core::ports::{ChangedTicket, ExternalTicketRef};
use deskbell_core::timestamp::Timestamp;
use domain::attachment::COUNT_MAX;
use domain::conversation::{Author, Turn};
use domain::ticket::Status;
use html_to_markdown::markdown_with_files;

/// How often to poll for changes without a webhook.
const POLL: Duration = Duration::from_secs(60);
/// How often to poll with a webhook, for events that it has missed.
const POLL_WITH_HOOK: Duration = Duration::from_secs(10 * 60);
/// The export of all changes: for administrators, ten requests per minute.
pub const EXPORT: &str = "/api/v2/incremental/tickets/cursor";
/// The most tickets of a customer that are listed.
const OF_PERSON: usize = 50;

/// A comment of a ticket.
#[derive(Clone, Debug, Deserialize)]
pub struct Comment {
    /// Its id.
    pub id: u64,
    /// Its author.
    #[serde(default, deserialize_with = "or_default")]
    pub author_id: i64,
    /// Whether the customer may see it. A comment that does not say so is private.
    #[serde(default, deserialize_with = "or_default")]
    public: bool,
    #[serde(default, deserialize_with = "or_default")]
    body: String,
    #[serde(default, deserialize_with = "or_default")]
    plain_body: String,
    #[serde(default, deserialize_with = "or_default")]
    html_body: String,
    #[serde(default, deserialize_with = "or_default")]
    pub attachments: Vec<CommentFile>,
    #[serde(default)]
    metadata: Value,
    /// Its channel.
    #[serde(default)]
    pub via: Value,
    /// When it was written, RFC 3339 in UTC.
    #[serde(default, deserialize_with = "or_default")]
    pub created_at: String,
}

/// A file of a comment: an attachment, or an inline picture.
#[derive(Clone, Debug, Deserialize)]
pub struct CommentFile {
    /// Its name.
    #[serde(default, deserialize_with = "or_default")]
    pub file_name: String,
    /// Its address.
    #[serde(default, deserialize_with = "or_default")]
    pub content_url: String,
    /// Its content type according to Zendesk.
    #[serde(default, deserialize_with = "or_default")]
    content_type: String,
}

/// A ticket.
#[derive(Deserialize)]
pub struct Ticket {
    /// Its id.
    pub id: u64,
    /// Its status.
    #[serde(default, deserialize_with = "or_default")]
    pub status: String,
    /// Its tags.
    #[serde(default, deserialize_with = "or_default")]
    pub tags: Vec<String>,
    subject: Option<String>,
    description: Option<String>,
    external_id: Option<String>,
    /// Its requester.
    #[serde(default, deserialize_with = "or_default")]
    pub requester_id: u64,
    #[serde(default)]
    via: Value,
    #[serde(default, deserialize_with = "or_default")]
    created_at: String,
    /// When it last changed, RFC 3339.
    #[serde(default, deserialize_with = "or_default")]
    pub updated_at: String,
}

#[derive(Deserialize)]
struct TicketUpdate {
    id: u64,
    #[serde(deserialize_with = "timestamp")]
    updated_at: Timestamp,
}

#[derive(Deserialize)]
struct User {
    id: i64,
    #[serde(default, deserialize_with = "or_default")]
    name: String,
    /// The name of an agent that customers see instead of their own.
    alias: Option<String>,
    email: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    role: String,
}

impl Comment {
    /// The id of a delivery from here: what an update has in `metadata` a comment has in `metadata.custom`.
    pub fn marker(&self) -> Option<&String> {
        match self.metadata.pointer("/custom/deskbell") {
            Some(Value::String(name)) => Some(name),
            _ => None,
        }
    }

    /// Its plain text.
    pub fn text(&self) -> &str {
        if self.body.is_empty() { &self.plain_body } else { &self.body }
    }
}

/// The comments of a ticket, oldest first, including private ones.
pub async fn comments(zendesk: &Zendesk, external: &ExternalTicketRef) -> Result<Vec<Comment>, Failure> {
    read_list(&zendesk.client, &format!("/api/v2/tickets/{}/comments", external.external_id), "comments").await
}

#[async_trait]
impl Polling for Zendesk {
    fn interval(&self) -> Duration {
        if self.hook.is_some() { POLL_WITH_HOOK } else { POLL }
    }

    async fn recent_changes(&self, position: Option<&str>) -> Result<RecentChanges, Failure> {
        let position = position.map(|position| format!("&page[after]={}", encoded(position))).unwrap_or_default();
        let path = |size| format!("/api/v2/tickets?page[size]={size}&sort=-updated_at{position}");
        let mut size = self.list_page.load(Ordering::Relaxed);
        let answer = read_page(&self.sync, &mut size, path).await?;
        self.list_page.store(size, Ordering::Relaxed);
        let (mut page, server_time) = (answer.body, answer.at);
        let tickets = changed_tickets(&mut page);
        let has_more = page.pointer("/meta/has_more").and_then(Value::as_bool).unwrap_or(false);
        let next = page.pointer("/meta/after_cursor").and_then(Value::as_str).filter(|_| has_more);
        Ok(RecentChanges { tickets, at: server_time, next: next.map(str::to_string) })
    }

    async fn export(&self, from: ExportFrom<'_>) -> Result<ExportedChanges, ExportFailure> {
        let from = match from {
            ExportFrom::Time(time) => format!("start_time={}", time.as_seconds()),
            ExportFrom::Cursor(cursor) => format!("cursor={}", encoded(cursor)),
        };
        let answer = loop {
            let size = self.export_page.load(Ordering::Relaxed);
            match self.sync.send(&Request::get(&format!("{EXPORT}?per_page={size}&{from}"))).await {
                Err(Failure::TooLarge(_)) if size > 1 => self.export_page.store(size / 2, Ordering::Relaxed),
                answer => break answer,
            }
        };
        let mut answer = answer.map_err(|failure| match failure {
            Failure::Away { reason, after } | Failure::Later { reason, after } => {
                ExportFailure::Later { reason, after }
            }
            Failure::TooLarge(reason) | Failure::Never(reason) => ExportFailure::Refused(reason),
        })?;
        let reason = || format!("Zendesk replied {}: {}", answer.status, answer.message());
        match answer.status.as_u16() {
            200..=299 => {}
            403 => return Err(ExportFailure::Refused(reason())),
            400 | 404 | 422 => return Err(ExportFailure::CursorLost(reason())),
            _ => return Err(ExportFailure::Later { reason: reason(), after: None }),
        }
        let tickets = changed_tickets(&mut answer.body);
        let Some(cursor) = answer.body.get("after_cursor").and_then(Value::as_str) else {
            return Err(ExportFailure::Later { reason: "Zendesk's export has no cursor".into(), after: None });
        };
        let is_complete = answer.body.get("end_of_stream").and_then(Value::as_bool).unwrap_or(true);
        Ok(ExportedChanges { tickets, at: answer.at, cursor: cursor.into(), is_complete })
    }

    async fn poll(&self, external: &ExternalTicketRef) -> Result<PolledTicket, Failure> {
        let trail = merges::follow(&self.sync, external).await?;
        let is_customers = |comment: &Comment| comment.author_id.to_string() == external.requester;
        let is_new = |comment: &&Comment| comment.public && comment.marker().is_none();
        let new_comments: Vec<&Comment> = trail.comments.iter().filter(is_new).collect();
        let people = self.people(new_comments.iter().map(|comment| comment.author_id)).await?;
        // Comments of other customers, who were copied in, are not support's replies.
        let is_others = |comment: &&&Comment| {
            !is_customers(comment) && people.get(&comment.author_id).is_some_and(|author| author.role == "end-user")
        };
        let messages = new_comments.iter().filter(|comment| !is_others(comment)).map(|comment| {
            let author = if is_customers(comment) { Author::Customer } else { Author::Support };
            let name = people.get(&comment.author_id).map(User::public_name).unwrap_or_default();
            self.polled_message(comment, author, name)
        });
        let messages = messages.collect();
        let state = trail.end.as_ref().map(|(ticket, _)| status_and_turn(&ticket.status));
        // Another ticket is polled again under its own id.
        let end = trail.end.filter(|_| trail.moved.is_none());
        let updated_at =
            end.and_then(|(ticket, answer)| settled_update(&ticket.updated_at, answer.at.unwrap_or_else(clock::now)));
        let note = trail.note.map(|text| AgentNote { key: format!("merged {}", external.external_id), text });
        Ok(PolledTicket { state, updated_at, messages, moved: trail.moved, note })
    }

    async fn download(&self, file: &ExternalFile, max: usize) -> Result<Vec<u8>, Failure> {
        self.sync.file(&file.url, file.is_page, max).await
    }

    async fn tickets_of(&self, email: &str) -> Result<Option<Vec<ExternalTicket>>, Failure> {
        // Customers who view their tickets must not delay deliveries.
        let Some(client) = self.client.for_look_up(2).await else { return Ok(None) };
        let query = encoded(&format!("email:{email}"));
        let users: Vec<User> = list(client.read(&format!("/api/v2/users/search?query={query}")).await?, "users");
        // A search finds similar addresses as well, and agents are no customers.
        let has_address = |user: &&User| {
            user.role == "end-user" && user.email.as_deref().is_some_and(|address| address.eq_ignore_ascii_case(email))
        };
        let Some(user) = users.iter().find(has_address) else {
            client.give_back(1).await;
            return Ok(Some(Vec::new()));
        };
        let path = format!(
            "/api/v2/users/{}/tickets/requested?sort_by=updated_at&sort_order=desc&per_page={OF_PERSON}",
            user.id
        );
        let tickets: Vec<Ticket> = list(client.read(&path).await?, "tickets");
        let unknown = tickets.into_iter().filter(|ticket| {
            !ticket.external_id.as_deref().unwrap_or_default().starts_with(EXTERNAL_ID_PREFIX)
                && ticket.status != "deleted"
        });
        Ok(Some(unknown.map(external_ticket).collect()))
    }
}

impl Zendesk {
    /// Users by their ids.
    async fn people(&self, ids: impl Iterator<Item = i64>) -> Result<BTreeMap<i64, User>, Failure> {
        let mut ids: Vec<i64> = ids.filter(|id| *id > 0).collect();
        ids.sort_unstable();
        ids.dedup();
        let mut people = BTreeMap::new();
        for chunk in ids.chunks(100) {
            let chunk: Vec<String> = chunk.iter().map(i64::to_string).collect();
            let users = self.sync.read(&format!("/api/v2/users/show_many?ids={}", chunk.join(","))).await?;
            people.extend(list::<User>(users, "users").into_iter().map(|user| (user.id, user)));
        }
        Ok(people)
    }

    /// A comment with its files; inline pictures are files like attachments.
    fn polled_message(&self, comment: &Comment, author: Author, name: String) -> PolledMessage {
        let body = match (author, self.client.url("/").ok()) {
            (Author::Support, Some(page)) if !comment.html_body.is_empty() => {
                markdown_with_files(&comment.html_body, &page, &|url| pictures::name(&page, url, &comment.attachments))
            }
            (_, Some(page)) => pictures::without_addresses(comment.text(), &page, &comment.attachments),
            (_, None) => comment.text().to_string(),
        };
        let message =
            ExternalMessage { external_id: comment.id.to_string(), author, name, body, at: time(&comment.created_at) };
        let mut files: Vec<ExternalFile> = Vec::new();
        for file in comment.attachments.iter().take(COUNT_MAX as usize) {
            if files.iter().all(|listed| listed.url != file.content_url) {
                let CommentFile { file_name, content_url, content_type } = file.clone();
                files.push(ExternalFile { name: file_name, url: content_url, is_page: content_type.contains("html") });
            }
        }
        PolledMessage { message, written: original(comment.text().trim()), files }
    }
}

impl User {
    /// The name that customers see.
    fn public_name(&self) -> String {
        self.alias.clone().filter(|alias| !alias.is_empty()).unwrap_or_else(|| self.name.clone())
    }
}

fn external_ticket(ticket: Ticket) -> ExternalTicket {
    let (status, _) = status_and_turn(&ticket.status);
    ExternalTicket {
        external: ExternalTicketRef {
            external_id: ExternalId::new(ticket.id.to_string()),
            requester: ticket.requester_id.to_string(),
            merged_after: None,
        },
        subject: ticket.subject.unwrap_or_default(),
        message: ticket.description.unwrap_or_default(),
        via: ticket.via.get("channel").and_then(Value::as_str).unwrap_or_default().into(),
        status,
        created_at: time(&ticket.created_at),
        updated_at: time(&ticket.updated_at),
    }
}

/// Our status for Zendesk's, and whose reply is awaited.
fn status_and_turn(status: &str) -> (Status, Turn) {
    match status {
        "solved" | "closed" => (Status::Solved, Turn::Customer),
        "pending" => (Status::Open, Turn::Customer),
        _ => (Status::Open, Turn::Support),
    }
}

fn list<T: for<'de> Deserialize<'de>>(mut answer: Value, name: &str) -> Vec<T> {
    items(&mut answer, name)
}

/// The tickets in a page with the times of their changes.
fn changed_tickets(page: &mut Value) -> Vec<ChangedTicket> {
    let tickets: Vec<TicketUpdate> = items(page, "tickets");
    tickets
        .into_iter()
        .map(|ticket| ChangedTicket {
            external_id: ExternalId::new(ticket.id.to_string()),
            updated_at: ticket.updated_at,
        })
        .collect()
}

fn timestamp<'de, D: Deserializer<'de>>(value: D) -> Result<Timestamp, D::Error> {
    String::deserialize(value)?.parse().map_err(D::Error::custom)
}

/// The change of a ticket up to which comments read after the ticket are complete. Within the same second it may change again, and Zendesk's
/// times have no fractions.
fn settled_update(updated_at: &str, read_at: Timestamp) -> Option<Timestamp> {
    let updated_at: Timestamp = updated_at.parse().ok()?;
    (read_at.as_seconds() > updated_at.as_seconds() + 1).then_some(updated_at)
}

/// A text, percent-encoded for an address.
pub fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// A time of Zendesk; the current time if it is invalid.
fn time(text: &str) -> Timestamp {
    text.parse().unwrap_or_else(|_| clock::now())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn unreadable_tickets_do_not_hide_others() {
        let ok = json!({"id": 35, "updated_at": "2026-11-26T10:00:00Z"});
        let mut page = json!({"tickets": [{"id": "x"}, ok, {"id": 36}, null]});
        let changed = changed_tickets(&mut page);
        assert_eq!(changed.iter().map(|ticket| ticket.external_id.as_str()).collect::<Vec<_>>(), ["35"]);
    }

    #[test]
    fn null_equals_a_missing_field() {
        let comment =
            json!({"id": 1, "author_id": null, "public": null, "body": null, "attachments": null, "metadata": null});
        let mut page = json!({"comments": [comment, {"id": 2, "public": true, "body": "Yes."}]});
        let comments: Vec<Comment> = items(&mut page, "comments");
        assert_eq!((comments.len(), comments[0].public, comments[1].text()), (2, false, "Yes."));
        let ticket =
            json!({"id": 1, "status": null, "subject": null, "via": null, "requester_id": null, "updated_at": null});
        assert!(serde_json::from_value::<Ticket>(ticket).is_ok());
        assert!(serde_json::from_value::<User>(json!({"id": 1, "name": null, "role": null})).is_ok());
    }

    #[test]
    fn changes_are_complete_after_their_second() {
        let is_settled_by = |time: &str| settled_update("2026-11-26T10:00:00Z", time.parse().unwrap()).is_some();
        assert!(
            !is_settled_by("2026-11-26T10:00:00Z")
                && !is_settled_by("2026-11-26T10:00:01Z")
                && is_settled_by("2026-11-26T10:00:02Z")
        );
    }
}
