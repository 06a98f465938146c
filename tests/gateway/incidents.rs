//! Incidents: fetched from a status page or configured, shown to everybody, counted in place of tickets.

use std::time::Duration;

use axum::body::Body;
use axum::http::Method;
use deskbell_core::use_cases::incidents;
use gateway::config::Overrides;
use gateway::wire_up;
use serde_json::{Value, json};

use crate::sources::StandIn;
use crate::support::{Answer, Gateway, gateway_with, request_from};

async fn with(incidents: &str) -> Gateway {
    let site = format!("[sites.broken]\norigins = [\"*\"]\n[sites.broken.incidents]\n{incidents}\n");
    gateway_with(&site, Overrides { demo: true, ..Overrides::default() }).await
}

async fn list_incidents(gateway: &Gateway) -> Value {
    gateway.get("/v1/sites/broken/incidents").await.json()
}

async fn report_affected(gateway: &Gateway, session: Option<u8>, id: &str) -> Answer {
    // Each session has a network of its own.
    let peer = format!("192.0.{}.1:1", session.unwrap_or_default());
    let mut request =
        request_from(&peer, Method::POST, "/v1/sites/broken/incidents").header("content-type", "application/json");
    if let Some(session) = session {
        request = request.header("deskbell-session", format!("{session:032x}"));
    }
    gateway.send(request.body(Body::from(json!({ "id": id }).to_string())).unwrap()).await
}

#[tokio::test]
async fn configured_incidents_are_shown_and_count_each_customer_once() {
    let gateway = with("say = \"Queries are slow\"\nurl = \"https://status.example.com/\"").await;
    let first = list_incidents(&gateway).await;
    let incident = &first["incidents"][0];
    assert_eq!(
        (incident["kind"].as_str(), incident["title"].as_str(), incident["affected"].as_u64()),
        (Some("incident"), Some("Queries are slow"), Some(0))
    );
    let id = incident["id"].as_str().unwrap();
    for session in [1, 2, 1] {
        assert_eq!(report_affected(&gateway, Some(session), id).await.status, 202);
    }
    assert_eq!(list_incidents(&gateway).await["incidents"][0]["affected"], 2);
    assert_eq!(report_affected(&gateway, None, id).await.problem(), (401, "unidentified".into()));
    assert_eq!(report_affected(&gateway, Some(3), "another").await.problem(), (404, "not_found".into()));

    let inbox = gateway.get("/inbox").await.text();
    assert!(inbox.contains("Queries are slow") && inbox.contains("2 customers affected"), "{inbox}");
    let config = |site: &str| format!("/v1/sites/{site}/config");
    assert_eq!(gateway.get(&config("broken")).await.json()["incidents"], true);
    assert_eq!(gateway.get(&config("acme")).await.json()["incidents"], Value::Null);
    assert_eq!(gateway.get("/v1/sites/acme/incidents").await.json(), json!({ "incidents": [] }));
}

#[tokio::test]
async fn status_pages_are_polled_once_for_all_and_maintenance_is_marked() {
    let page = StandIn::new().await;
    page.json(
        "/api/v2/summary.json",
        &json!({
            "incidents": [{"id": "i1", "name": "Exports fail", "status": "identified", "shortlink": "https://stspg.io/i1"}],
            "scheduled_maintenances": [
                {"id": "m1", "name": "New disks", "status": "in_progress", "scheduled_for": "2026-11-24T07:00:00.000Z"},
                {"id": "m2", "name": "Later", "status": "scheduled"},
            ],
        }),
    );
    let gateway = with(&format!("from = \"statuspage\"\nurl = {:?}", page.url)).await;
    let app = gateway.app.clone();
    let (site, page_of_site) = app.workers.status_pages.clone().pop_first().unwrap();
    let following =
        tokio::spawn(async move { incidents::poll(&app.workers.open_incidents, &site, page_of_site.as_ref()).await });
    let request_line = async {
        while gateway.app.workers.open_incidents.of_site(&"broken".into()).is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), request_line).await.unwrap();
    for _ in 0..3 {
        let listed = list_incidents(&gateway).await;
        let kinds: Vec<_> =
            listed["incidents"].as_array().unwrap().iter().map(|one| (&one["id"], &one["kind"])).collect();
        assert_eq!(kinds, [(&json!("i1"), &json!("incident")), (&json!("m1"), &json!("maintenance"))]);
    }
    assert_eq!(page.requests(), ["/api/v2/summary.json"]);
    following.abort();
}

#[test]
fn invalid_incident_settings_are_refused_with_their_field() {
    for (table, expected) in [
        ("from = \"statuspage\"", "sites.a.incidents.url"),
        ("from = \"statuspage\"\nurl = \"http://status.example.com\"", "sites.a.incidents.url"),
        ("from = \"instatus\"\nurl = \"https://x.example\"\nsay = \"x\"", "sites.a.incidents.say"),
        ("from = \"other\"\nurl = \"https://x.example\"", "expected `statuspage` or `instatus`"),
        ("say = \" \"", "sites.a.incidents.say"),
        ("say = \"x\"\nurl = \"javascript:x\"", "sites.a.incidents.url"),
        ("", "sites.a.incidents.from"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("deskbell.toml");
        std::fs::write(&file, format!("[sites.a]\norigins = [\"*\"]\n[sites.a.incidents]\n{table}\n")).unwrap();
        let error = wire_up::load(&Overrides { config: Some(file), ..Overrides::default() }).unwrap_err().to_string();
        assert!(error.contains(expected), "{table}: {error}");
    }
}
