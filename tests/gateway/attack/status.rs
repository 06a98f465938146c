//! A customer who changes the status of a ticket all the time.

use axum::body::Body;
use axum::http::{Method, Request};
use deskbell_core::ids::{QueueName, TicketId};
use deskbell_core::ports::DeliveryKind;
use gateway::config::Overrides;
use serde_json::{Value, json};

use crate::support::{Answer, Gateway, gateway_with, on_sqlite, post, request, ticket};

const SESSION: &str = "000102030405060708090a0b0c0d0e0f";

/// A site with a destination without a worker, and a ticket of [`SESSION`].
async fn gateway() -> (Gateway, String) {
    let site = "[limits]\naddress = 1000000\nsession = 1000000\nsite = 1000000\n[sites.hooked]\norigins = [\"*\"]\n\
                [sites.hooked.destinations.hook]\nto = \"webhook\"\nurl = \"https://hook.example\"\n\
                secret = \"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"\n";
    let gateway = gateway_with(site, Overrides::default()).await;
    gateway
        .app
        .states
        .get(&QueueName::new(&"hooked".into(), &"hook".into()))
        .unwrap()
        .set_unreachable(Some("nobody works here".into()));
    let sent = gateway.send(post("hooked", "key", Some(SESSION), &ticket("It broke"))).await;
    assert!(sent.status.is_success(), "{}", sent.text());
    let id = sent.json()["id"].as_str().unwrap().to_string();
    (gateway, id)
}

fn patched(id: &str, body: &Value) -> Request<Body> {
    request(Method::PATCH, &format!("/v1/sites/hooked/tickets/{id}"))
        .header("content-type", "application/json")
        .header("deskbell-session", SESSION)
        .body(Body::from(body.to_string()))
        .unwrap()
}

async fn patch(gateway: &Gateway, id: &str, body: Value) -> Answer {
    gateway.send(patched(id, &body)).await
}

async fn waiting(gateway: &Gateway, id: &str) -> Vec<DeliveryKind> {
    gateway.app.store.deliveries(&TicketId::new(id)).await.unwrap().iter().map(|delivery| delivery.kind).collect()
}

#[tokio::test]
async fn opposite_status_changes_are_not_delivered_and_are_limited() {
    let (gateway, id) = gateway().await;
    for flip in 0..10 {
        let (status, remaining) = match flip % 2 {
            0 => ("solved", vec![DeliveryKind::Ticket, DeliveryKind::Solved]),
            _ => ("open", vec![DeliveryKind::Ticket]),
        };
        let answer = patch(&gateway, &id, json!({ "status": status })).await;
        assert_eq!((answer.status.as_u16(), answer.json()["status"].as_str()), (200, Some(status)));
        assert_eq!(waiting(&gateway, &id).await, remaining);
    }
    let refused = patch(&gateway, &id, json!({ "status": "solved" })).await;
    assert_eq!(refused.problem(), (429, "too_many_status_changes".into()));
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=3600).contains(&wait), "{wait}");
    assert_eq!(gateway.app.store.activities(&TicketId::new(&id)).await.unwrap().len(), 10);
    // Marking as read and replying work as before.
    assert_eq!(patch(&gateway, &id, json!({ "read_until": 0 })).await.status, 200);
    assert_eq!(patch(&gateway, &id, json!({ "status": "open" })).await.status, 200, "it is open already");
}

#[tokio::test]
async fn attempted_status_changes_are_reverted_by_another_delivery() {
    on_sqlite();
    let (gateway, id) = gateway().await;
    let store = &gateway.app.store;
    patch(&gateway, &id, json!({ "status": "solved" })).await;
    let first = store.deliveries(&TicketId::new(&id)).await.unwrap();
    let mut database = gateway.connection().await;
    sqlx::query("UPDATE deliveries SET tries = 1 WHERE id = ?")
        .bind(first[1].id.as_number())
        .execute(&mut database)
        .await
        .unwrap();
    patch(&gateway, &id, json!({ "status": "open" })).await;
    assert_eq!(waiting(&gateway, &id).await, [DeliveryKind::Ticket, DeliveryKind::Solved, DeliveryKind::Reopened]);
}

#[tokio::test]
async fn patches_without_effect_write_nothing() {
    on_sqlite();
    let (gateway, id) = gateway().await;
    let mut other = gateway.connection().await;
    // Changes whenever another connection commits.
    let mut version = async || sqlx::query_scalar::<_, i64>("PRAGMA data_version").fetch_one(&mut other).await.unwrap();
    let before = version().await;
    for body in [json!({}), json!({ "read_until": 0 }), json!({ "status": "open" }), json!({ "read_until": 99 })] {
        assert_eq!(patch(&gateway, &id, body.clone()).await.status, 200, "{body}");
        assert_eq!(version().await, before, "{body}");
    }
    patch(&gateway, &id, json!({ "status": "solved" })).await;
    assert_ne!(version().await, before);
}
