//! Requests that are charged as reads cost no more than reads.

use std::time::Duration;

use axum::body::Body;
use axum::http::Method;
use deskbell_core::ids::TicketId;
use gateway::config::Overrides;
use serde_json::json;

use crate::support::{Answer, Gateway, ORIGIN, SECRET, gateway_with, on_sqlite, post, request, ticket, token};

const SESSION: &str = "000102030405060708090a0b0c0d0e0f";

async fn gateway() -> Gateway {
    let site = format!(
        "[sites.signed]\norigins = [{ORIGIN:?}]\n[[sites.signed.signers]]\nalgorithm = \"HS256\"\nsecret = {SECRET:?}\n\
         [sites.signed.mail]\nsmtp = \"smtp://127.0.0.1:9\"\nfrom = \"help@acme.example\"\n"
    );
    gateway_with(&site, Overrides::default()).await
}

async fn signed(gateway: &Gateway, path: &str) -> Answer {
    let request = request(Method::GET, &format!("/v1/sites/signed/{path}"))
        .header(
            "authorization",
            format!("Bearer {}", token(json!({"email": "ada@example.com", "email_verified": true}))),
        )
        .header("deskbell-session", SESSION);
    gateway.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn signed_customers_read_while_others_write() {
    on_sqlite();
    let gateway = gateway().await;
    let mut new = ticket("It broke");
    new["contact"]["email"] = json!("ada+shop@example.com");
    let sent = gateway.send(post("signed", "key", Some(SESSION), &new)).await.json();
    let id = sent["id"].as_str().unwrap();
    // The first request moves the session's tickets; later ones have nothing to move. The signed address does not confirm the other one.
    assert_eq!(signed(&gateway, "tickets").await.json()["total"], 1);
    let stored = gateway.app.store.ticket(&TicketId::new(id)).await.unwrap().unwrap();
    assert!(stored.handling.confirmation.is_awaited());
    let mut writer = gateway.connection().await;
    sqlx::query("BEGIN IMMEDIATE").execute(&mut writer).await.unwrap();
    for path in ["tickets".to_string(), format!("tickets/{id}"), format!("tickets/{id}/messages")] {
        // A request that waited for the writer would wait as long as this test holds it.
        let read = tokio::time::timeout(Duration::from_secs(60), signed(&gateway, &path)).await;
        assert_eq!(read.expect("it does not wait").status, 200, "{path}");
    }
    sqlx::query("ROLLBACK").execute(&mut writer).await.unwrap();
}
