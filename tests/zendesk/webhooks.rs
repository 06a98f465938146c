//! Webhooks: signed, delivered at least once, and not always in order.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ring::hmac;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedReceiver;

use super::account::ACCOUNT;
use super::auth::{Caller, need};
use super::errors::Refusal;
use super::http::Reply;
use super::{Shared, State, clock};

/// A webhook with its endpoint.
#[derive(Clone, Debug, Serialize)]
pub struct Webhook {
    pub id: String,
    pub endpoint: String,
    pub secret: String,
    /// The subscribed types of events.
    pub subscriptions: Vec<String>,
}

/// The delivery of an event to an endpoint.
#[derive(Clone, Debug)]
pub struct Delivery {
    pub webhook: Webhook,
    /// The same for all attempts.
    pub invocation: String,
    pub kind: String,
    pub body: String,
    /// The pause before the second attempt, in milliseconds.
    retry: u64,
}

/// An attempt to deliver an event.
#[derive(Clone, Debug, Serialize)]
pub struct Attempt {
    pub endpoint: String,
    pub invocation: String,
    pub kind: String,
    pub number: u32,
    /// The status of the response; `None` without one.
    pub status: Option<u16>,
}

const ATTEMPTS: u32 = 5;
const PATIENCE: Duration = Duration::from_secs(12);
const KINDS: [&str; 3] = ["created", "comment_added", "status_changed"];

/// Adds a webhook; without subscriptions it gets all events.
pub fn add(state: &mut State, endpoint: &str, secret: &str, subscriptions: Option<Vec<String>>) -> String {
    let id = format!("01STANDIN{:017}", state.webhooks.len() + 1);
    let all = || KINDS.iter().map(|kind| type_of(kind)).collect();
    let subscriptions = subscriptions.unwrap_or_else(all);
    state.webhooks.push(Webhook { id: id.clone(), endpoint: endpoint.into(), secret: secret.into(), subscriptions });
    id
}

/// Queues an event of a ticket.
pub fn tell(state: &mut State, ticket: u64, kind: &str, mut event: Value, actor: u64) {
    let kind = type_of(kind);
    let hearing: Vec<Webhook> =
        state.webhooks.iter().filter(|webhook| webhook.subscriptions.contains(&kind)).cloned().collect();
    if hearing.is_empty() {
        return;
    }
    event["meta"] = json!({ "sequence": { "id": uuid::Uuid::new_v4().simple().to_string(), "position": 1 } });
    let body = json!({
        "type": kind,
        "account_id": ACCOUNT,
        "id": uuid::Uuid::new_v4().to_string(),
        "time": clock::written(state.now()),
        "zendesk_event_version": "2022-11-06",
        "subject": format!("zen:ticket:{ticket}"),
        "detail": detail(state, ticket, actor),
        "event": event,
    });
    for webhook in hearing {
        let invocation = uuid::Uuid::new_v4().simple().to_string();
        let (kind, body, retry) = (kind.clone(), body.to_string(), state.quirks.webhook_retry);
        state.due.push(Delivery { webhook, invocation, kind, body, retry });
    }
}

/// The queued deliveries, unless they are held.
pub fn take_due(state: &mut State) -> Vec<Delivery> {
    let due = std::mem::take(&mut state.due);
    if state.quirks.webhooks_late {
        state.held_deliveries.extend(due);
        return Vec::new();
    }
    arranged(state, due)
}

/// The held deliveries.
pub fn release(state: &mut State) -> Vec<Delivery> {
    let deliveries = std::mem::take(&mut state.held_deliveries);
    arranged(state, deliveries)
}

/// Delivers one after the other; failed ones are retried concurrently.
pub(super) async fn deliver(mut due: UnboundedReceiver<Delivery>, shared: Arc<Shared>) {
    // If another test has installed a provider, that one stays.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let Ok(client) = reqwest::Client::builder().timeout(PATIENCE).no_proxy().build() else { return };
    while let Some(delivery) = due.recv().await {
        if !attempt(&client, &delivery, 1, &shared).await {
            tokio::spawn(again(client.clone(), delivery, shared.clone()));
        }
    }
}

/// The signature of a body that is sent at a time.
pub fn signature(secret: &str, timestamp: &str, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    BASE64_STANDARD.encode(hmac::sign(&key, format!("{timestamp}{body}").as_bytes()))
}

/// `GET /webhooks`.
pub fn list(state: &State, caller: &Caller) -> Result<Reply, Refusal> {
    need(state, caller, &["webhooks:read", "read"])?;
    let shown: Vec<Value> = state.webhooks.iter().map(shown).collect();
    let list = json!({ "webhooks": shown, "meta": { "has_more": false, "after_cursor": null, "before_cursor": null } });
    Ok(Reply::json(200, &list))
}

/// `GET /webhooks/{id}/signing_secret`.
pub fn signing_secret(state: &State, caller: &Caller, id: &str) -> Result<Reply, Refusal> {
    need(state, caller, &["webhooks:read", "read"])?;
    let webhook = state.webhooks.iter().find(|webhook| webhook.id == id).ok_or(Refusal::NotFound)?;
    Ok(Reply::json(200, &json!({ "signing_secret": { "algorithm": "SHA256", "secret": webhook.secret } })))
}

fn shown(webhook: &Webhook) -> Value {
    json!({
        "id": webhook.id,
        "name": "Deskbell",
        "endpoint": webhook.endpoint,
        "http_method": "POST",
        "request_format": "json",
        "status": "active",
        "subscriptions": webhook.subscriptions,
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:00Z",
    })
}

fn type_of(kind: &str) -> String {
    format!("zen:event-type:ticket.{kind}")
}

fn arranged(state: &State, mut due: Vec<Delivery>) -> Vec<Delivery> {
    if state.quirks.webhooks_out_of_order {
        due.reverse();
    }
    match state.quirks.webhooks_doubled {
        true => due.into_iter().flat_map(|delivery| [delivery.clone(), delivery]).collect(),
        false => due,
    }
}

/// The ticket in an event: ids as strings, and enum values in capitals.
fn detail(state: &State, id: u64, actor: u64) -> Value {
    let Some(ticket) = state.tickets.get(&id) else { return json!({ "id": id.to_string() }) };
    let text = |id: Option<u64>| id.map(|id| id.to_string());
    let capitals = |text: &Option<String>| text.as_deref().map(str::to_uppercase);
    json!({
        "id": id.to_string(),
        "actor_id": actor.to_string(),
        "assignee_id": text(ticket.assignee),
        "brand_id": text(ticket.brand),
        "custom_status": text(ticket.custom_status),
        "description": super::tickets::description(ticket),
        "external_id": ticket.external_id,
        "form_id": text(ticket.form),
        "group_id": text(ticket.group),
        "is_public": true,
        "organization_id": null,
        "priority": capitals(&ticket.priority),
        "requester_id": ticket.requester.to_string(),
        "status": ticket.status.to_uppercase(),
        "subject": ticket.subject,
        "submitter_id": ticket.submitter.to_string(),
        "tags": ticket.tags,
        "type": capitals(&ticket.kind),
        "via": { "channel": ticket.via },
        "created_at": clock::written(ticket.created_at),
        "updated_at": clock::written(ticket.updated_at),
    })
}

async fn again(client: reqwest::Client, delivery: Delivery, shared: Arc<Shared>) {
    let mut pause = Duration::from_millis(delivery.retry);
    for number in 2..=ATTEMPTS {
        tokio::time::sleep(pause).await;
        pause *= 2;
        if attempt(&client, &delivery, number, &shared).await {
            return;
        }
    }
}

/// Whether a delivery is finished: accepted, or refused for good.
async fn attempt(client: &reqwest::Client, delivery: &Delivery, number: u32, shared: &Shared) -> bool {
    let Delivery { webhook, invocation, kind, body, .. } = delivery;
    // Receivers compare it with the real time.
    let timestamp = clock::written(clock::real());
    let answer = client
        .post(&webhook.endpoint)
        .header("content-type", "application/json")
        .header("user-agent", "Zendesk Webhook")
        .header("x-zendesk-account-id", ACCOUNT.to_string())
        .header("x-zendesk-webhook-id", &webhook.id)
        .header("x-zendesk-webhook-invocation-id", invocation)
        .header("x-zendesk-webhook-signature", signature(&webhook.secret, &timestamp, body))
        .header("x-zendesk-webhook-signature-timestamp", timestamp)
        .body(body.clone())
        .send()
        .await;
    let status = answer.ok().map(|answer| answer.status().as_u16());
    let (endpoint, invocation, kind) = (webhook.endpoint.clone(), invocation.clone(), kind.clone());
    shared.lock().attempts.push(Attempt { endpoint, invocation, kind, number, status });
    status.is_some_and(|status| status < 500 && status != 429)
}
