//! Zendesk's refusals of tickets: each costs only the refused part, and the ticket is created.
//!
//! Each row is a documented or reported response, and the part that it is about. The ticket takes the whole way: a verified customer posts it,
//! and the gateway delivers it to the stand-in.

use std::time::Duration;

use axum::body::Body;
use axum::http::Method;
use deskbell_core::ids::TicketId;
use deskbell_core::ports::{Delivery, DeliveryState};
use gateway::config::Overrides;
use gateway::workers;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::rows::{Row, read};
use crate::support::{self, SECRET, request, signed_with};
use crate::zendesk::Zendesk;
use crate::zendesk::account::{BUG_FORM, ENGINEERING, GRACE, OTHER_BRAND, SEATS, SEVERITY};
use crate::zendesk::control;
use crate::zendesk::quirks::Refused;

/// More attempts would burden the account.
const TRIES_MAX: usize = 30;

#[derive(Deserialize)]
struct Case {
    /// The refused part, a JSON pointer in the ticket; `SEVERITY` and `SEATS` stand for the ids of fields.
    #[serde(default)]
    at: String,
    #[serde(default)]
    longer_than: Option<usize>,
    #[serde(default)]
    containing: Option<String>,
    status: u16,
    /// The body of the response: JSON, or another text.
    #[serde(default)]
    json: String,
    #[serde(default)]
    text: String,
    /// The address that the host has signed.
    #[serde(default)]
    email: Option<String>,
    /// The name.
    #[serde(default)]
    customer: Option<String>,
    /// The length of a name of `x`.
    #[serde(default)]
    long_name: Option<usize>,
    /// `delivered`, `given_up` or `waits`.
    #[serde(default = "delivered")]
    outcome: String,
    /// The parts that the ticket finally lacks, or has otherwise.
    #[serde(default)]
    costs: Vec<String>,
    /// What the inbox shows about it.
    #[serde(default)]
    says: Vec<String>,
    /// The most requests for the ticket.
    #[serde(default)]
    attempts: Option<usize>,
}

fn delivered() -> String {
    "delivered".into()
}

#[tokio::test]
async fn refusals_of_zendesk_affect_only_the_refused_value() {
    let rows = read::<Case>(include_str!("table.toml"));
    let mut failures = Vec::new();
    for row in &rows {
        if let Err(error) = check(row).await {
            failures.push(format!("{}: {error}", row.name));
        }
    }
    assert!(failures.is_empty(), "{} of {} rows fail:\n{}", failures.len(), rows.len(), failures.join("\n"));
}

async fn check(Row { case, .. }: &Row<Case>) -> Result<(), String> {
    let zendesk = Zendesk::start().await;
    zendesk.quirks(|quirks| quirks.refusals = refused(case));
    let gateway = support::gateway_with(&site(&zendesk), Overrides::default()).await;
    let stop = CancellationToken::new();
    let working = tokio::spawn(workers::deliver(gateway.app.workers.deliver.clone(), stop.clone()));
    let answer = gateway.send(post(case)).await;
    if !matches!(answer.status.as_u16(), 201 | 202) {
        return Err(format!("the gateway answers {}: {}", answer.status, answer.text()));
    }
    let id = answer.json()["id"].as_str().unwrap().to_string();
    let settled = async {
        loop {
            let delivery = gateway.app.store.deliveries(&TicketId::new(&id)).await.unwrap().remove(0);
            if delivery.state != DeliveryState::Waiting || case.outcome == "waits" && !delivery.reason.is_empty() {
                return delivery;
            }
            sleep(Duration::from_millis(20)).await;
        }
    };
    let delivery = timeout(Duration::from_secs(60), settled).await.map_err(|_| "nothing becomes of it")?;
    stop.cancel();
    working.await.unwrap();
    judge(case, &zendesk, &delivery)
}

fn judge(case: &Case, zendesk: &Zendesk, delivery: &Delivery) -> Result<(), String> {
    let state = control::state(&zendesk.state());
    let tickets = state["tickets"].as_array().unwrap();
    let log = state["log"].as_array().unwrap();
    let attempts = log.iter().filter(|entry| entry["method"] == "POST" && entry["path"] == "/api/v2/tickets").count();
    let keys: std::collections::BTreeSet<&str> =
        log.iter().filter_map(|entry| entry["idempotency_key"].as_str()).collect();
    let outcome = match delivery.state {
        DeliveryState::Delivered => "delivered",
        DeliveryState::DeadLetter => "given_up",
        DeliveryState::Waiting => "waits",
    };
    if outcome != case.outcome {
        return Err(format!("it is {outcome}: {}", delivery.reason));
    }
    if attempts > case.attempts.unwrap_or(TRIES_MAX) {
        return Err(format!("{attempts} requests"));
    }
    if outcome != "waits" && keys.len() != attempts {
        return Err(format!("{} keys for {attempts} bodies", keys.len()));
    }
    if let Some(word) = case.says.iter().find(|word| !delivery.reason.contains(*word)) {
        return Err(format!("{word:?} is not said in {:?}", delivery.reason));
    }
    if outcome != "delivered" {
        return if tickets.is_empty() { Ok(()) } else { Err("a ticket is there".into()) };
    }
    let [ticket] = tickets.as_slice() else { return Err(format!("{} tickets", tickets.len())) };
    let costs: Vec<&str> =
        parts(case, &state, ticket).into_iter().filter(|(_, is_there)| !is_there).map(|(name, _)| name).collect();
    if costs != case.costs {
        return Err(format!("it costs {costs:?} and not {:?}", case.costs));
    }
    let note = ticket["comments"].as_array().unwrap().iter().skip(1).find(|one| one["public"] == false);
    match (note, attempts > 1) {
        (None, true) => Err("agents are not told in the ticket".into()),
        (Some(note), false) => Err(format!("agents are told for nothing: {note}")),
        _ => Ok(()),
    }
}

/// The parts of the ticket, and whether each arrived as intended.
fn parts(case: &Case, state: &Value, ticket: &Value) -> Vec<(&'static str, bool)> {
    let users = state["users"].as_array().unwrap();
    let requester = users.iter().find(|user| user["id"] == ticket["requester_id"]).unwrap();
    let field = |id: u64| {
        let fields = ticket["custom_fields"].as_array().unwrap();
        fields.iter().find(|field| field["id"] == id).map_or(Value::Null, |field| field["value"].clone())
    };
    let first = &ticket["comments"][0];
    let body = first["body"].as_str().unwrap();
    let tags: Vec<&str> = ticket["tags"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let subject = ticket["subject"].as_str().unwrap_or_default();
    vec![
        ("email", requester["email"] == email(case)),
        ("name", requester["name"] == name(case)),
        ("subject", subject.starts_with("The export stops. [DB-")),
        ("message", body.contains("The export stops.\nEvery time.")),
        ("facts", body.contains("Reference: DB-") && body.contains("Person: ")),
        ("files", first["attachments"].as_array().is_some_and(|files| files.len() == 1)),
        ("priority", ticket["priority"] == "high"),
        ("type", ticket["type"] == "incident"),
        ("form", ticket["ticket_form_id"] == BUG_FORM),
        ("brand", ticket["brand_id"] == OTHER_BRAND),
        ("group", ticket["group_id"] == ENGINEERING),
        ("assignee", ticket["assignee_id"] == GRACE),
        ("recipient", ticket["recipient"] == "help@acme.example"),
        ("tags", ["deskbell", "plan_scale"].iter().all(|tag| tags.contains(tag))),
        ("severity", field(SEVERITY) == "high"),
        ("seats", field(SEATS) == "12"),
        ("external_id", ticket["external_id"].as_str().is_some_and(|id| id.starts_with("deskbell:"))),
    ]
}

fn refused(case: &Case) -> Vec<Refused> {
    let ids = |text: &str| text.replace("SEVERITY", &SEVERITY.to_string()).replace("SEATS", &SEATS.to_string());
    let json = if case.json.is_empty() { Value::Null } else { serde_json::from_str(&ids(&case.json)).unwrap() };
    if case.status == 0 {
        return Vec::new();
    }
    vec![Refused {
        method: "POST".into(),
        at: ids(&case.at),
        longer_than: case.longer_than,
        containing: case.containing.clone(),
        status: case.status,
        json,
        text: case.text.clone(),
    }]
}

fn email(case: &Case) -> &str {
    case.email.as_deref().unwrap_or("ada@example.com")
}

fn name(case: &Case) -> String {
    match case.long_name {
        Some(length) => "x".repeat(length),
        None => case.customer.clone().unwrap_or_else(|| "Ada".into()),
    }
}

fn post(case: &Case) -> axum::http::Request<Body> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let claims = json!({
        "sub": "u-7", "aud": "desk", "exp": now + 300, "name": name(case), "email": email(case), "plan": "scale",
    });
    let token = signed_with(SECRET, json!({"alg": "HS256"}), claims);
    let ticket = json!({
        "kind": "bug", "severity": "high", "topic": "billing", "message": "The export stops.\nEvery time.",
        "fields": { "seats": "12" }, "context": { "user": { "id": "u-7" } }, "client": { "name": "test", "version": "1" },
    });
    request(Method::POST, "/v1/sites/desk/tickets")
        .header("content-type", "application/json")
        .header("idempotency-key", "key")
        .header("authorization", format!("Bearer {token}"))
        .body(Body::from(ticket.to_string()))
        .unwrap()
}

/// A site that maps everything that can be mapped.
fn site(zendesk: &Zendesk) -> String {
    format!(
        r#"
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
        url = "{url}"
        client_id = "deskbell"
        client_secret = "secret"
        brand_id = {OTHER_BRAND}
        form_id = {BUG_FORM}
        recipient = "help@acme.example"
        tags = ["deskbell", "plan_{{plan}}"]
        [sites.desk.destinations.desk.fields]
        {SEVERITY} = "{{severity}}"
        {SEATS} = "{{fields.seats}}"
        [sites.desk.destinations.desk.groups]
        growth = {ENGINEERING}
        [sites.desk.destinations.desk.assignees]
        Ana = {GRACE}
        "#,
        url = zendesk.url()
    )
}
