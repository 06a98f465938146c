//! The whole response of each operation of the API. Refusals are in `problems`.

use std::collections::{BTreeMap, BTreeSet};

use axum::body::Body;
use axum::http::{Method, Request};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use deskbell_core::clock;
use gateway::config::Overrides;
use gateway::http::api::openapi;
use http_body_util::BodyExt;
use ring::hmac;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::snapshot;
use crate::support::{Answer, Gateway, ORIGIN, SECRET, gateway_with, import, mailed_code, request, ticket, token};

const SESSION: &str = "000102030405060708090a0b0c0d0e0f";
const FILE: &str = "0a1b2c3d-4e5f-4071-8293-a4b5c6d7e8f9";
const HOOK_KEY: &[u8] = b"0123456789abcdef0123456789abcdef";

async fn gateway() -> Gateway {
    let hook_key = BASE64_STANDARD.encode(HOOK_KEY);
    let lines = format!(
        r#"
        [sites.signed]
        origins = [{ORIGIN:?}]
        plans = {{ enterprise = "high" }}
        panel.topics = [{{ id = "billing", label = "Billing", team = "growth" }}]
        mail = {{ smtp = "smtp://127.0.0.1:9", from = "help@acme.example" }}
        [sites.signed.incidents]
        say = "Queries are slow"
        url = "https://status.acme.example/"
        [[sites.signed.signers]]
        algorithm = "HS256"
        secret = {SECRET:?}

        [sites.linking]
        origins = [{ORIGIN:?}]
        mail = {{ smtp = "smtp://127.0.0.1:9", from = "help@acme.example", url = "https://help.acme.example" }}

        [sites.hooked]
        origins = ["*"]
        [sites.hooked.destinations.mailbox]
        to = "email"
        mailbox = "desk@acme.example"
        from = "help@acme.example"
        smtp = "smtp://127.0.0.1:9"
        reply_address = "reply@in.acme.example"
        webhook_secret = "whsec_{hook_key}"
        "#
    );
    let gateway = gateway_with(&lines, Overrides::default()).await;
    import(&gateway, "signed", &[("export", "How do I export a query?"), ("pay", "Who may pay?")]).await;
    gateway.app.indexes.refresh(gateway.app.store.as_ref()).await.unwrap();
    gateway
}

/// Sends requests to a gateway, and stores the responses by operation.
struct Recorder {
    gateway: Gateway,
    answers: BTreeMap<String, String>,
}

impl Recorder {
    async fn send(&mut self, operation: &str, request: Request<Body>) -> Value {
        let answer = self.gateway.send(request).await;
        assert!(answer.status.is_success(), "{operation}: {}", answer.text());
        self.answers.insert(operation.into(), snapshot::written(&answer));
        serde_json::from_slice(&answer.body).unwrap_or_default()
    }

    async fn get(&mut self, path: &str, values: &str) -> Value {
        let request = ask(Method::GET, values).body(Body::empty()).unwrap();
        self.send(&format!("GET {path}"), request).await
    }

    /// Sends JSON to the path of an operation, with `{id}` replaced.
    async fn give(&mut self, method: Method, path: &str, id: &str, body: &Value) -> Value {
        let request = ask(method.clone(), &path.replace("{site}", "signed").replace("{id}", id))
            .header("content-type", "application/json")
            .body(Body::from(body.to_string()));
        self.send(&format!("{method} {path}"), request.unwrap()).await
    }
}

fn ask(method: Method, path: &str) -> axum::http::request::Builder {
    request(method, path).header("origin", ORIGIN).header("deskbell-session", SESSION).header("idempotency-key", "k")
}

/// A mail to a reply address, signed like the mail service does.
fn hook(path: &str) -> Request<Body> {
    let body = json!({"to": "reply+0123@in.acme.example", "from": "ana@acme.example", "text": "Fixed.", "message_id": "<m1@acme.example>"});
    let (body, timestamp) = (body.to_string(), clock::now().as_seconds());
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, HOOK_KEY), format!("msg_1.{timestamp}.{body}").as_bytes());
    request(Method::POST, path)
        .header("webhook-id", "msg_1")
        .header("webhook-timestamp", timestamp.to_string())
        .header("webhook-signature", format!("v1,{}", BASE64_STANDARD.encode(tag)))
        .body(Body::from(body))
        .unwrap()
}

/// The first event of a stream, which does not end by itself.
async fn first_event(gateway: &Gateway, path: &str) -> String {
    let request = ask(Method::GET, path).body(Body::empty()).unwrap();
    let (parts, mut body) = gateway.router.clone().oneshot(request).await.unwrap().into_parts();
    let frame = body.frame().await.unwrap().unwrap().into_data().unwrap();
    snapshot::written(&Answer { status: parts.status, headers: parts.headers, body: frame.to_vec() })
}

#[tokio::test]
async fn responses_of_every_operation_are_unchanged() {
    let mut recorder = Recorder { gateway: gateway().await, answers: BTreeMap::new() };
    for (path, values) in [
        ("/v1/health", "/v1/health"),
        ("/v1/probe", "/v1/probe"),
        ("/v1/sites/{site}/config", "/v1/sites/signed/config"),
        ("/v1/sites/{site}/search", "/v1/sites/signed/search?q=export"),
        ("/v1/sites/{site}/questions/{id}", "/v1/sites/signed/questions/export"),
    ] {
        recorder.get(path, values).await;
    }
    recorder.send("POST /v1/probe", ask(Method::POST, "/v1/probe").body(Body::from("bytes")).unwrap()).await;
    let person =
        ask(Method::GET, "/v1/sites/signed/config").header("authorization", format!("Bearer {}", token(json!({}))));
    recorder.send("GET /v1/sites/{site}/config of a person", person.body(Body::empty()).unwrap()).await;
    let used = json!({"visit": "0123456789abcdef.0", "name": "opened", "questions": ["export"]});
    recorder.give(Method::POST, "/v1/sites/{site}/events", "", &used).await;
    let incidents = recorder.get("/v1/sites/{site}/incidents", "/v1/sites/signed/incidents").await;
    let affected = json!({"id": incidents["incidents"][0]["id"]});
    recorder.give(Method::POST, "/v1/sites/{site}/incidents", "", &affected).await;
    recorder.send("POST /v1/sites/{site}/hooks/{destination}", hook("/v1/sites/hooked/hooks/mailbox")).await;
    let link = ask(Method::POST, "/v1/sites/linking/tickets/link").header("content-type", "application/json");
    let link = link.body(Body::from(json!({"email": "ada@example.com", "locale": "de"}).to_string())).unwrap();
    recorder.send("POST /v1/sites/{site}/tickets/link", link).await;

    let path = format!("/v1/sites/signed/attachments/{FILE}?name=app.log");
    let put = ask(Method::PUT, &path).body(Body::from("line\n")).unwrap();
    recorder.send("PUT /v1/sites/{site}/attachments/{id}", put).await;
    let mut new = ticket("The export stops\nEvery time");
    new["attachments"] = json!([FILE]);
    let receipt = recorder.give(Method::POST, "/v1/sites/{site}/tickets", "", &new).await;
    let id = receipt["id"].as_str().unwrap();
    let code = mailed_code(&recorder.gateway, id).await;
    recorder.give(Method::POST, "/v1/sites/{site}/tickets/{id}/confirmation", id, &json!({"code": code})).await;
    let draft = json!({"message": "The export stops"});
    recorder.give(Method::POST, "/v1/sites/{site}/tickets/alike", "", &draft).await;
    recorder
        .give(Method::POST, "/v1/sites/{site}/tickets/{id}/messages", id, &json!({"message": "It still does"}))
        .await;
    let messages = "/v1/sites/{site}/tickets/{id}/messages";
    let listed = recorder.get(messages, &format!("/v1/sites/signed/tickets/{id}/messages")).await;
    let file = listed["messages"][0]["attachments"][0]["url"].as_str().unwrap();
    recorder.get("/v1/sites/{site}/attachments/{id}", file).await;
    recorder.give(Method::PATCH, "/v1/sites/{site}/tickets/{id}", id, &json!({"status": "solved"})).await;
    recorder.get("/v1/sites/{site}/tickets", "/v1/sites/signed/tickets").await;
    recorder.get("/v1/sites/{site}/tickets/{id}", &format!("/v1/sites/signed/tickets/{id}")).await;
    let stream = first_event(&recorder.gateway, "/v1/sites/signed/tickets/stream").await;
    recorder.answers.insert("GET /v1/sites/{site}/tickets/stream".into(), stream);

    let Recorder { answers, .. } = recorder;
    for (operation, answer) in &answers {
        snapshot::check(&name(operation), answer);
    }
    let known: BTreeSet<String> = answers.into_keys().collect();
    let missing: Vec<String> = operations().into_iter().filter(|operation| !known.contains(operation)).collect();
    // The document has a snapshot of its own, and another code is mailed only a minute after the first.
    assert_eq!(missing, ["GET /v1/openapi.json", "POST /v1/sites/{site}/tickets/{id}/confirmation/code"]);
}

/// Requests, parameters, security and summaries have no other test: whoever changes them sees it here.
#[test]
fn the_openapi_document_is_unchanged() {
    let document: Value = serde_json::from_str(openapi::document()).unwrap();
    snapshot::check_json("openapi", &document);
}

/// The operations of the document, in order.
fn operations() -> BTreeSet<String> {
    let document: Value = serde_json::from_str(openapi::document()).unwrap();
    let of_path = |(path, methods): (&String, &Value)| {
        let methods = methods.as_object().unwrap().keys();
        methods.map(|method| format!("{} {path}", method.to_ascii_uppercase())).collect::<Vec<_>>()
    };
    document["paths"].as_object().unwrap().iter().flat_map(of_path).collect()
}

/// The file name for an operation.
fn name(operation: &str) -> String {
    let words = operation.replace("/v1/", "/").replace("/sites/{site}/", "/");
    let words = words.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-").to_ascii_lowercase()
}
