//! What agents answer in Zendesk, and what else it knows of a person.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::Value;

use super::super::{Answers, Failure, Foreign, Found, News, SaidFile, Saying};
use super::account::all;
use super::{OURS, Zendesk};
use crate::domain::conversation::{Author, Turn};
use crate::domain::ticket::Status;
use crate::gateway::clock;
use crate::gateway::search::import::markdown;
use crate::gateway::store::Place;

/// How often it is asked what has changed where no webhook tells it.
const POLL: Duration = Duration::from_secs(60);
/// How often where one does, for what it has missed.
const POLL_WITH_HOOK: Duration = Duration::from_secs(10 * 60);
/// How many pages of changes are read at a time, a hundred each.
const PAGES_MAX: usize = 10;
/// How many tickets of a person are shown.
const OF_PERSON: usize = 50;

/// A comment of a ticket.
#[derive(Clone, Debug, Deserialize)]
pub struct Comment {
    /// Its id.
    pub id: u64,
    /// Who wrote it.
    #[serde(default)]
    pub author_id: i64,
    /// Whether the customer may see it. What does not say so is not for them.
    #[serde(default)]
    public: bool,
    #[serde(default)]
    body: String,
    #[serde(default)]
    plain_body: String,
    #[serde(default)]
    html_body: String,
    #[serde(default)]
    attachments: Vec<CommentFile>,
    #[serde(default)]
    metadata: Value,
    /// When, RFC 3339 in UTC.
    #[serde(default)]
    pub created_at: String,
}

#[derive(Clone, Debug, Deserialize)]
struct CommentFile {
    #[serde(default)]
    file_name: String,
    #[serde(default)]
    content_url: String,
    #[serde(default)]
    inline: bool,
}

#[derive(Deserialize)]
struct Ticket {
    id: u64,
    #[serde(default)]
    status: String,
    #[serde(default)]
    subject: Option<String>,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    external_id: Option<String>,
    #[serde(default)]
    requester_id: u64,
    #[serde(default)]
    via: Value,
    #[serde(default)]
    created_at: String,
    #[serde(default)]
    updated_at: String,
}

#[derive(Deserialize)]
struct User {
    id: i64,
    #[serde(default)]
    name: String,
    /// What an agent is called in the place of their name, where customers read it.
    #[serde(default)]
    alias: Option<String>,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    role: String,
}

impl Comment {
    /// The name of what was brought there from here: what an update has in `metadata` a comment has in `metadata.custom`.
    pub fn marker(&self) -> Option<&String> {
        match self.metadata.pointer("/custom/deskbell") {
            Some(Value::String(name)) => Some(name),
            _ => None,
        }
    }

    /// What it says, as plain text.
    pub fn text(&self) -> &str {
        if self.body.is_empty() { &self.plain_body } else { &self.body }
    }
}

/// What was said about a ticket, oldest first, private notes among it.
pub async fn comments(zendesk: &Zendesk, place: &Place) -> Result<Vec<Comment>, Failure> {
    all(&zendesk.client, &format!("/api/v2/tickets/{}/comments", place.remote), "comments").await
}

#[async_trait]
impl Answers for Zendesk {
    fn every(&self) -> Duration {
        if self.hook.is_some() { POLL_WITH_HOOK } else { POLL }
    }

    async fn changed(&self, since: &str) -> Result<Vec<String>, Failure> {
        let mut changed = Vec::new();
        for page in 1..=PAGES_MAX {
            let path = format!("/api/v2/tickets?sort_by=updated_at&sort_order=desc&per_page=100&page={page}");
            let tickets: Vec<Ticket> = list(self.client.read(&path).await?, "tickets");
            let (read, before) = (tickets.len(), changed.len());
            changed.extend(
                tickets
                    .into_iter()
                    .filter(|ticket| !is_before(&ticket.updated_at, since))
                    .map(|one| one.id.to_string()),
            );
            if read < 100 || changed.len() - before < read {
                break;
            }
        }
        Ok(changed)
    }

    async fn news(&self, place: &Place) -> Result<News, Failure> {
        let ticket = self.client.read(&format!("/api/v2/tickets/{}", place.remote)).await?;
        let ticket: Ticket = serde_json::from_value(ticket.get("ticket").cloned().unwrap_or_default())
            .map_err(|_| Failure::later("Zendesk's answer names no ticket"))?;
        let said = comments(self, place).await?;
        let asks = |comment: &Comment| comment.author_id.to_string() == place.requester;
        // The first is the ticket itself.
        let new: Vec<&Comment> =
            said.iter().skip(1).filter(|comment| comment.public && comment.marker().is_none()).collect();
        let names = self.names(new.iter().map(|comment| comment.author_id)).await?;
        let saying = |comment: &&Comment| {
            let author = if asks(comment) { Author::Customer } else { Author::Support };
            let saying = Saying {
                remote: comment.id.to_string(),
                author,
                name: names.get(&comment.author_id).cloned().unwrap_or_default(),
                body: self.body(comment, author),
                at: time(&comment.created_at),
            };
            Found {
                saying,
                written: comment.text().trim().into(),
                files: comment
                    .attachments
                    .iter()
                    .filter(|file| !file.inline)
                    .map(|file| SaidFile { name: file.file_name.clone(), url: file.content_url.clone() })
                    .collect(),
            }
        };
        let (status, turn) = stands(&ticket.status);
        Ok(News { status, turn, said: new.iter().map(saying).collect() })
    }

    async fn file(&self, file: &SaidFile, max: usize) -> Result<Vec<u8>, Failure> {
        self.client.file(&file.url, max).await
    }

    async fn of_person(&self, email: &str) -> Result<Vec<Foreign>, Failure> {
        let query: String = form_urlencoded::byte_serialize(format!("email:{email}").as_bytes()).collect();
        let users: Vec<User> = list(self.client.read(&format!("/api/v2/users/search?query={query}")).await?, "users");
        // A search finds what is like it as well, and what an agent asks for is for others.
        let same = |user: &&User| {
            user.role == "end-user" && user.email.as_deref().is_some_and(|known| known.eq_ignore_ascii_case(email))
        };
        let Some(user) = users.iter().find(same) else { return Ok(Vec::new()) };
        let path = format!(
            "/api/v2/users/{}/tickets/requested?sort_by=updated_at&sort_order=desc&per_page={OF_PERSON}",
            user.id
        );
        let tickets: Vec<Ticket> = list(self.client.read(&path).await?, "tickets");
        let theirs = tickets.into_iter().filter(|ticket| {
            !ticket.external_id.as_deref().unwrap_or_default().starts_with(OURS) && ticket.status != "deleted"
        });
        Ok(theirs.map(foreign).collect())
    }
}

impl Zendesk {
    /// What people are called.
    async fn names(&self, ids: impl Iterator<Item = i64>) -> Result<BTreeMap<i64, String>, Failure> {
        let mut ids: Vec<i64> = ids.filter(|id| *id > 0).collect();
        ids.sort_unstable();
        ids.dedup();
        let mut names = BTreeMap::new();
        for some in ids.chunks(100) {
            let some: Vec<String> = some.iter().map(i64::to_string).collect();
            let users = self.client.read(&format!("/api/v2/users/show_many?ids={}", some.join(","))).await?;
            let called = |user: User| (user.id, user.alias.filter(|alias| !alias.is_empty()).unwrap_or(user.name));
            names.extend(list::<User>(users, "users").into_iter().map(called));
        }
        Ok(names)
    }

    /// What a comment says.
    fn body(&self, comment: &Comment, author: Author) -> String {
        match (author, self.client.url("/").ok()) {
            (Author::Support, Some(page)) if !comment.html_body.is_empty() => markdown(&comment.html_body, &page),
            _ => comment.text().to_string(),
        }
    }
}

fn foreign(ticket: Ticket) -> Foreign {
    let (status, _) = stands(&ticket.status);
    Foreign {
        place: Place { remote: ticket.id.to_string(), requester: ticket.requester_id.to_string() },
        subject: ticket.subject.unwrap_or_default(),
        message: ticket.description.unwrap_or_default(),
        via: ticket.via.get("channel").and_then(Value::as_str).unwrap_or_default().into(),
        status,
        created_at: time(&ticket.created_at),
    }
}

/// What Zendesk's status means here, and who is to say something next.
fn stands(status: &str) -> (Status, Turn) {
    match status {
        "solved" | "closed" => (Status::Solved, Turn::Customer),
        "pending" => (Status::Open, Turn::Customer),
        _ => (Status::Open, Turn::Support),
    }
}

fn list<T: for<'de> Deserialize<'de>>(mut answer: Value, name: &str) -> Vec<T> {
    let items: Vec<Value> =
        serde_json::from_value(answer.get_mut(name).map(Value::take).unwrap_or_default()).unwrap_or_default();
    items.into_iter().filter_map(|item| serde_json::from_value(item).ok()).collect()
}

/// A time of Zendesk as it is written here; now where it is none.
fn time(text: &str) -> String {
    clock::written(text.parse().unwrap_or_else(|_| clock::timestamp()))
}

/// Whether a time is before another. Zendesk's have no fractions, so the same second is not before.
fn is_before(time: &str, other: &str) -> bool {
    let (Ok(time), Ok(other)) = (time.parse::<jiff::Timestamp>(), other.parse::<jiff::Timestamp>()) else {
        return false;
    };
    time.as_second() < other.as_second()
}
