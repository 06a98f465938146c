//! `POST /v1/sites/{site}/tickets`.

use axum::body::{Body, Bytes};
use axum::http::Method;
use domain::context::{Group, Withholder};
use domain::targets::Owner;
use domain::ticket::Priority;
use domain::{problem::Problem, reference, ticket::Receipt};
use gateway::config::Overrides;
use http_body_util::channel::Channel;
use serde_json::json;
use sqlx::{Connection, SqliteConnection};

use crate::support::{ORIGIN, gateway, gateway_with, on_sqlite, post, request, send, ticket};
use deskbell_core::ids::TicketId;

#[tokio::test]
async fn tickets_are_stored_and_acknowledged_with_a_reference() {
    let gateway = gateway().await;
    let answer = gateway.post("\"8e03978e-40d5-43dd-bc93-6894a57f9324\"", &ticket("It broke")).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let receipt: Receipt = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(reference::parse(&receipt.reference), Some(receipt.reference.clone()));
    assert_eq!(answer.header("location"), format!("/v1/sites/acme/tickets/{}", receipt.id));
    assert_eq!(answer.json()["status"], "open");
    assert_eq!(answer.json()["due_at"], json!(null));
    let stored = gateway.app.store.ticket_by_name(&receipt.reference).await.unwrap().unwrap();
    assert_eq!((stored.id.to_string(), stored.ticket.message), (receipt.id, "It broke".to_string()));
}

#[tokio::test]
async fn the_gateway_redacts_hashed_names_that_the_page_does_not_know() {
    let site = "[sites.own]\norigins = [\"*\"]\npanel.redact = { names = [\"badge_no\"] }\n";
    let gateway = gateway_with(site, Overrides::default()).await;
    let mut sent = ticket("It broke");
    sent["context"] = json!({
        "version": 1,
        "page": { "url": "https://app.example/x?badge_no=B-1234&view=1" },
        "page_values": { "Badge No": "B-1234" },
    });
    assert_eq!(gateway.send(post("own", "k", None, &sent)).await.status, 201);
    let context = gateway.tickets().await[0].ticket.context.clone();
    assert_eq!(context.page.unwrap().url, "https://app.example/x?badge_no=[hidden]&view=1");
    assert!(serde_json::to_string(&gateway.tickets().await[0].ticket).unwrap().contains("\"Badge No\":\"[hidden]\""));
}

#[tokio::test]
async fn repeated_keys_return_the_same_ticket() {
    let gateway = gateway().await;
    let first = gateway.post("key", &ticket("It broke")).await;
    // A string of structured fields and the plain text are the same key.
    let second = gateway.post("\"key\"", &ticket("It broke")).await;
    assert_eq!((second.status.as_u16(), second.json()), (201, first.json()));
    assert_eq!(gateway.count().await, 1);
}

#[tokio::test]
async fn keys_belong_to_one_body_and_one_session() {
    let gateway = gateway().await;
    let session = "000102030405060708090a0b0c0d0e0f";
    let same_bits = "AAECAwQFBgcICQoLDA0ODw";
    let other = "100102030405060708090a0b0c0d0e0f";
    assert_eq!(gateway.send(post("acme", "key", Some(session), &ticket("One"))).await.status, 201);
    assert_eq!(gateway.send(post("acme", "key", Some(same_bits), &ticket("One"))).await.status, 201);
    for (session, message) in [(Some(session), "Two"), (Some(other), "One"), (None, "One")] {
        let answer = gateway.send(post("acme", "key", session, &ticket(message))).await;
        assert_eq!(answer.problem(), (409, "key_reused".into()), "{session:?} {message}");
    }
    // An invalid body does not hide that the key is taken.
    assert_eq!(gateway.send(post("acme", "key", Some(session), &json!({}))).await.problem().1, "key_reused");
    assert_eq!(gateway.count().await, 1);
}

#[tokio::test]
async fn keys_are_unique_per_site() {
    let gateway = gateway().await;
    let one = gateway.post("key", &ticket("One")).await;
    let other = gateway.send(post("trusting", "key", None, &ticket("Two"))).await;
    assert_eq!((one.status.as_u16(), other.status.as_u16()), (201, 201));
    assert_ne!(one.json()["id"], other.json()["id"]);
}

#[tokio::test]
async fn a_key_in_progress_asks_to_retry_and_then_responds() {
    on_sqlite();
    let gateway = gateway().await;
    let mut lock = SqliteConnection::connect(&format!("sqlite:{}", gateway.database().display())).await.unwrap();
    sqlx::query("BEGIN IMMEDIATE").execute(&mut lock).await.unwrap();
    let ask = || tokio::spawn(send(gateway.router.clone(), post("acme", "key", None, &ticket("One"))));
    let (mut one, mut other) = (ask(), ask());
    // Nothing can be stored while the lock is held, so the first response comes from meeting the other's claim.
    let (refused, waiting) = tokio::select! {
        answer = &mut one => (answer.unwrap(), other),
        answer = &mut other => (answer.unwrap(), one),
    };
    assert_eq!(refused.problem(), (409, "in_progress".into()));
    assert_eq!(refused.header("retry-after"), "1");
    sqlx::query("ROLLBACK").execute(&mut lock).await.unwrap();
    let stored = waiting.await.unwrap();
    assert_eq!(stored.status, 201);
    assert_eq!(gateway.post("key", &ticket("One")).await.json(), stored.json());
    assert_eq!(gateway.count().await, 1);
}

#[tokio::test]
async fn timed_out_submissions_can_be_repeated() {
    on_sqlite();
    let gateway = gateway().await;
    let mut lock = SqliteConnection::connect(&format!("sqlite:{}", gateway.database().display())).await.unwrap();
    sqlx::query("BEGIN IMMEDIATE").execute(&mut lock).await.unwrap();
    tokio::time::pause();
    let answer = gateway.post("key", &ticket("One")).await;
    tokio::time::resume();
    assert_eq!(answer.problem(), (503, "busy".into()));
    assert_eq!((answer.header("retry-after"), answer.header("access-control-allow-origin")), ("1", ORIGIN));
    sqlx::query("ROLLBACK").execute(&mut lock).await.unwrap();
    assert_eq!(gateway.post("key", &ticket("One")).await.status, 201);
    assert_eq!(gateway.count().await, 1);
}

#[tokio::test]
async fn refused_submissions_store_nothing_and_free_the_key() {
    let gateway = gateway().await;
    let mut wrong = ticket(" ");
    wrong["contact"]["email"] = json!("ada@");
    let answer = gateway.post("key", &wrong).await;
    assert_eq!(answer.problem(), (422, "invalid".into()));
    let problem: Problem = serde_json::from_slice(&answer.body).unwrap();
    let pointers: Vec<&str> = problem.errors.iter().map(|error| error.pointer.as_str()).collect();
    assert_eq!(pointers, ["/message", "/contact/email"]);
    assert_eq!(gateway.count().await, 0);
    assert_eq!(gateway.post("key", &ticket("Now it is right")).await.status, 201);
}

#[tokio::test]
async fn everything_that_is_missing_or_wrong_is_reported_at_once() {
    let gateway = gateway().await;
    let pointers = async |body: serde_json::Value| {
        let answer = gateway.post("key", &body).await;
        assert_eq!(answer.problem(), (422, "invalid".into()));
        let problem: Problem = serde_json::from_slice(&answer.body).unwrap();
        let mut pointers: Vec<String> = problem.errors.into_iter().map(|error| error.pointer).collect();
        pointers.sort();
        pointers
    };
    let contact = json!({"email": "ada@example.com"});
    assert_eq!(pointers(json!({ "contact": contact })).await, ["/client", "/kind", "/message", "/severity"]);
    // Also with members that can be parsed and break a rule.
    let mut wrong = ticket(" ");
    wrong["severity"] = json!("urgent");
    wrong["contact"]["email"] = json!("ada@");
    wrong["client"] = json!({"name": "x"});
    assert_eq!(pointers(wrong).await, ["/client/version", "/contact/email", "/message", "/severity"]);
    assert_eq!(gateway.count().await, 0);
}

#[tokio::test]
async fn every_refusal_has_a_code_and_cors_headers() {
    let gateway = gateway().await;
    let ask = || request(Method::POST, "/v1/sites/acme/tickets").header("origin", ORIGIN);
    let typed = || ask().header("content-type", "application/json");
    let keyed = || typed().header("idempotency-key", "key");
    let large = vec![b' '; 192 * 1024 + 1];
    let good = ticket("x").to_string();
    for (request, expected) in [
        (keyed().body(Body::from("{\"kind\":")), (400, "invalid_json")),
        (keyed().body(Body::from(format!("{good} x"))), (400, "invalid_json")),
        (keyed().body(Body::from("{\"kind\":\"complaint\"}")), (422, "invalid")),
        (keyed().body(Body::from("{}")), (422, "invalid")),
        (keyed().body(Body::from(large)), (413, "too_large")),
        (ask().header("idempotency-key", "key").body(Body::from(good.clone())), (415, "unsupported_media_type")),
        (typed().body(Body::from(good.clone())), (400, "missing_key")),
        (typed().header("idempotency-key", "a b").body(Body::from(good.clone())), (400, "missing_key")),
        (keyed().header("deskbell-session", "short").body(Body::from(good.clone())), (400, "invalid_session")),
        (keyed().method(Method::DELETE).body(Body::empty()), (405, "method_not_allowed")),
        (keyed().uri("/v1/sites/acme/nothing").body(Body::empty()), (404, "not_found")),
    ] {
        let answer = gateway.send(request.unwrap()).await;
        assert_eq!(answer.problem(), (expected.0, expected.1.to_string()));
        assert_eq!(answer.header("access-control-allow-origin"), ORIGIN, "{expected:?}");
        assert_eq!(answer.header("vary"), "origin", "{expected:?}");
        assert!(!answer.header("x-request-id").is_empty(), "{expected:?}");
    }
    assert_eq!(gateway.count().await, 0);
}

#[tokio::test]
async fn requests_whose_body_stalls_are_ended() {
    let gateway = gateway().await;
    let request = request(Method::POST, "/v1/sites/acme/tickets").header("origin", ORIGIN);
    let (_sender, body) = Channel::<Bytes>::new(1);
    tokio::time::pause();
    let answer = gateway.send(request.body(Body::new(body)).unwrap()).await;
    assert_eq!(answer.problem(), (408, "timeout".into()));
    assert_eq!(answer.header("access-control-allow-origin"), ORIGIN);
}

#[tokio::test]
async fn tickets_and_keys_survive_a_restart() {
    let gateway = gateway().await;
    let before = gateway.post("key", &ticket("One")).await.json();
    let gateway = gateway.restarted().await;
    assert_eq!(gateway.post("key", &ticket("One")).await.json(), before);
    assert_eq!(gateway.post("key", &ticket("Two")).await.problem().1, "key_reused");
}

#[tokio::test]
async fn claims_of_the_page_are_unverified_and_set_targets_only_if_trusted() {
    let gateway = gateway().await;
    let mut sent = ticket("One");
    sent["context"] = json!({ "user": { "id": "7", "plan": "enterprise", "verified": true } });
    for (site, priority, target) in [("acme", None, None), ("trusting", Some(Priority::High), Some((1, Owner::Cs)))] {
        let id = gateway.send(post(site, "key", None, &sent)).await.json()["id"].as_str().unwrap().to_string();
        let stored = gateway.app.store.ticket(&TicketId::new(&id)).await.unwrap().unwrap();
        assert!(!stored.ticket.context.user.unwrap().verified);
        let promised = stored.target.map(|target| (target.hours, target.owner));
        assert_eq!((stored.priority, promised), (priority, target), "{site}");
    }
}

#[tokio::test]
async fn groups_switched_off_by_the_site_are_not_stored() {
    let lines = "[sites.quiet]\norigins = [\"*\"]\npanel.context = { off = [\"errors\", \"user\"] }";
    let gateway = gateway_with(lines, Overrides::default()).await;
    let error = json!({ "source": "error", "message": "secret plans", "at": "2026-11-23T10:00:00.000Z" });
    let mut sent = ticket("One");
    sent["context"] = json!({
        "page": { "url": "https://a.example/" }, "user": { "id": "u-7" }, "errors": [error],
        "since": { "frozen_at": "2026-11-23T11:00:00.000Z", "errors": [error] },
    });
    let answer = gateway.send(post("quiet", "key", None, &sent)).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let stored =
        gateway.app.store.ticket(&TicketId::new(answer.json()["id"].as_str().unwrap())).await.unwrap().unwrap();
    let context = serde_json::to_string(&stored.ticket.context).unwrap();
    assert!(!context.contains("secret plans") && !context.contains("u-7"), "{context}");
    assert!(context.contains("https://a.example/"), "{context}");
    let withheld: Vec<_> = stored.ticket.context.withheld.iter().map(|left| (left.group, left.by)).collect();
    assert_eq!(withheld, [(Group::Errors, Withholder::Site), (Group::User, Withholder::Site)]);
}

#[tokio::test]
async fn the_entry_point_is_stored_and_has_no_effect() {
    let gateway = gateway().await;
    let mut sent = ticket("One");
    sent["context"] = json!({ "user": { "id": "7", "plan": "free" } });
    let mut targets = Vec::new();
    for via in ["", "x"] {
        sent["via"] = json!(via);
        let answer = gateway.send(post("trusting", &format!("key{via}"), None, &sent)).await;
        let stored =
            gateway.app.store.ticket(&TicketId::new(answer.json()["id"].as_str().unwrap())).await.unwrap().unwrap();
        assert_eq!(stored.ticket.via, via);
        targets.push((stored.priority, stored.target));
    }
    assert_eq!(targets[0], targets[1]);
}
