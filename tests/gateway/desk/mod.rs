//! Deliveries to a stand-in for Zendesk and back: a real gateway with its workers.

mod check;
mod conversing;
mod creating;
mod faults;
mod killed;
mod merging;
mod outage;
mod pictures;
mod queue;
mod syncing;

use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request};
use deskbell_core::clock;
use deskbell_core::ids::{IdempotencyKey, Reference};
use deskbell_core::ports::{DeliveryKind, StoredTicket, SubmissionExtras, SubmissionKey, SubmissionOutcome};
use domain::conversation::Author;
use domain::ticket::NewTicket;
use gateway::config::Overrides;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::support::{self, Answer, Gateway, SECRET, request, signed_with};
use crate::zendesk::Zendesk;
use crate::zendesk::account::{BRAND, BUG_FORM, ENGINEERING, GRACE, SEATS, SEVERITY, SUPPORT};

pub const SESSION: &str = "00112233445566778899aabbccddeeff";
pub const HOOK_SECRET: &str = "a secret of the webhook";
/// How long background work may take.
const SOON: Duration = Duration::from_secs(40);

/// A gateway whose site `desk` delivers to a stand-in.
pub struct Desk {
    pub zendesk: Zendesk,
    pub gateway: Gateway,
    /// Stopped when it is dropped.
    _workers: JoinSet<()>,
}

/// The site, with additional configuration of its destination.
pub fn site(zendesk: &Zendesk, more: &str) -> String {
    format!(
        r#"
        [limits]
        address = 1000000
        session = 1000000
        site = 1000000
        uploads = 1000000

        [sites.desk]
        origins = ["*"]
        panel.topics = [{{ id = "billing", label = "Billing", team = "growth" }}]
        panel.fields = [{{ id = "seats", label = "Seats", type = "number" }}]
        rota.growth = {{ from = "2026-11-23", people = ["Ana"] }}

        [[sites.desk.signers]]
        algorithm = "HS256"
        secret = "{SECRET}"

        [sites.desk.destinations.desk]
        to = "zendesk"
        url = "{}"
        client_id = "deskbell"
        client_secret = "secret"
        {more}
        "#,
        zendesk.url()
    )
}

/// Everything that can be mapped.
pub fn mapping() -> String {
    format!(
        r#"
        brand_id = {BRAND}
        form_id = {BUG_FORM}
        tags = ["deskbell", "plan_{{plan}}", "severity_{{severity}}"]
        [sites.desk.destinations.desk.fields]
        {SEVERITY} = "{{severity}}"
        {SEATS} = "{{fields.seats}}"
        [sites.desk.destinations.desk.groups]
        growth = {ENGINEERING}
        [sites.desk.destinations.desk.owners]
        support_hero = {SUPPORT}
        [sites.desk.destinations.desk.assignees]
        Ana = {GRACE}
        "#
    )
}

/// A desk with additional configuration of its destination.
pub async fn desk(more: &str) -> Desk {
    let zendesk = Zendesk::start().await;
    let lines = site(&zendesk, more);
    open(zendesk, &lines).await
}

/// A desk with this configuration.
pub async fn open(zendesk: Zendesk, lines: &str) -> Desk {
    let gateway = support::gateway_with(lines, Overrides::default()).await;
    let mut workers = JoinSet::new();
    let parts = &gateway.app.workers;
    workers.spawn(gateway::workers::deliver(parts.deliver.clone(), CancellationToken::new()));
    workers.spawn(gateway::workers::sync(parts.sync.clone(), CancellationToken::new()));
    Desk { zendesk, gateway, _workers: workers }
}

impl Desk {
    /// Posts a ticket under a key.
    pub async fn post(&self, key: &str, ticket: &Value) -> Answer {
        self.gateway.send(support::post("desk", key, Some(SESSION), ticket)).await
    }

    /// Replies to a ticket.
    pub async fn reply(&self, ticket: &str, key: &str, message: &str) -> Answer {
        let path = format!("/v1/sites/desk/tickets/{ticket}/messages");
        self.ask(Method::POST, &path, Some(key), json!({ "message": message })).await
    }

    /// Sets the status of a ticket as the customer.
    pub async fn mark(&self, ticket: &str, status: &str) -> Answer {
        self.ask(Method::PATCH, &format!("/v1/sites/desk/tickets/{ticket}"), None, json!({ "status": status })).await
    }

    /// The messages that the customer sees, with their authors.
    pub async fn messages(&self, ticket: &str) -> Vec<(String, String)> {
        let path = format!("/v1/sites/desk/tickets/{ticket}/messages");
        let answer = self.ask(Method::GET, &path, None, Value::Null).await.json();
        let text = |message: &Value, name: &str| message[name].as_str().unwrap().to_string();
        answer["messages"].as_array().unwrap().iter().map(|one| (text(one, "author"), text(one, "body"))).collect()
    }

    /// The status that the customer sees.
    pub async fn status(&self, ticket: &str) -> String {
        let path = format!("/v1/sites/desk/tickets/{ticket}");
        self.ask(Method::GET, &path, None, Value::Null).await.json()["status"].as_str().unwrap().into()
    }

    /// Uploads a file.
    pub async fn file(&self, id: &str, name: &str, bytes: &[u8]) {
        let request = request(Method::PUT, &format!("/v1/sites/desk/attachments/{id}?name={name}"))
            .header("deskbell-session", SESSION)
            .header("content-length", bytes.len())
            .body(Body::from(bytes.to_vec()));
        assert_eq!(self.gateway.send(request.unwrap()).await.status, 201);
    }

    async fn ask(&self, method: Method, path: &str, key: Option<&str>, body: Value) -> Answer {
        let mut request = request(method, path).header("deskbell-session", SESSION);
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        self.gateway.send(with_body(request, &body)).await
    }

    /// Sends a request as a verified customer.
    pub async fn ask_as(&self, claims: Value, method: Method, path: &str, body: Value) -> Answer {
        let token = token(claims);
        self.gateway
            .send(with_body(request(method, path).header("authorization", format!("Bearer {token}")), &body))
            .await
    }

    /// Delivers a webhook of Zendesk.
    pub async fn hook(&self, headers: &[(&str, String)], body: &[u8]) -> Answer {
        let mut request = request(Method::POST, "/v1/sites/desk/hooks/desk");
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        self.gateway.send(request.body(Body::from(body.to_vec())).unwrap()).await
    }

    /// The only ticket at Zendesk, with its comments.
    pub fn only(&self) -> Value {
        let state = crate::zendesk::control::state(&self.zendesk.state());
        let tickets = state["tickets"].as_array().unwrap();
        assert_eq!(tickets.len(), 1, "{tickets:#?}");
        tickets[0].clone()
    }

    /// Waits until no delivery to Zendesk is pending.
    pub async fn quiet(&self) {
        until(async || self.gateway.app.store.queues().await.unwrap().iter().all(|queue| queue.waiting == 0)).await;
    }
}

fn with_body(request: axum::http::request::Builder, body: &Value) -> Request<Body> {
    match body {
        Value::Null => request.body(Body::empty()),
        body => request.header("content-type", "application/json").body(Body::from(body.to_string())),
    }
    .unwrap()
}

/// A token for the site.
pub fn token(more: Value) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let mut claims = json!({"sub": "u-7", "aud": "desk", "exp": now + 300, "name": "Ada"});
    claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    signed_with(SECRET, json!({"alg": "HS256"}), claims)
}

/// A ticket with a value in most fields.
pub fn full(message: &str) -> Value {
    json!({
        "kind": "bug", "severity": "high", "topic": "billing", "message": message, "locale": "en",
        "contact": { "name": "Ada", "email": "ada@example.com" },
        "fields": { "seats": "12" },
        "context": {
            "version": 1,
            "page": { "url": "https://app.example.com/billing" },
            "user": { "id": "u-7", "name": "Ada", "plan": "scale", "organization": { "id": "o-1", "name": "Acme" } },
            "errors": [{ "name": "TypeError", "message": "x is undefined", "count": 3 }],
        },
        "client": { "name": "test", "version": "1" },
    })
}

/// Stores a ticket, queued for Zendesk; returns its id.
pub async fn submit(desk: &Desk, message: &str) -> String {
    let new: NewTicket = serde_json::from_value(full(message)).unwrap();
    let ticket = StoredTicket::new("desk".into(), Reference::new(message), new, clock::now());
    let deliveries = desk.gateway.app.routers.inbox.destinations.destinations.deliveries(
        &"desk".into(),
        DeliveryKind::Ticket,
        Author::Customer,
        None,
    );
    let submission_key = SubmissionKey { key: IdempotencyKey::new(message), body: [0; 32], session: None };
    let extras = SubmissionExtras { deliveries, ..SubmissionExtras::default() };
    assert_eq!(
        desk.gateway.app.store.submit(&ticket, &submission_key, extras).await.unwrap(),
        SubmissionOutcome::Stored
    );
    ticket.id.to_string()
}

/// The first line of a comment that its author wrote, below the notice for agents.
pub fn words(body: &str) -> &str {
    let below = if body.starts_with("[Not verified] ") { 2 } else { 0 };
    body.lines().nth(below).unwrap()
}

/// Waits for a condition, for the usual time.
pub async fn until(is_so: impl AsyncFnMut() -> bool) {
    within(SOON, is_so).await;
}

/// Waits for a condition, at most for this time.
pub async fn within(time: Duration, mut is_so: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !is_so().await {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(time, waiting).await.expect("it is so in time");
}
