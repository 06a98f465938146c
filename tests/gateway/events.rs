//! Counting what becomes of answers, and the page that shows it.

use axum::body::Body;
use axum::http::{Method, StatusCode};
use deskbell::gateway::clock;
use serde_json::{Value, json};

use crate::support::{Answer, Gateway, ORIGIN, gateway, import, request};

const VISITOR: &str = "0123456789abcdef";

async fn post(gateway: &Gateway, kind: &str, body: String) -> Answer {
    let request = request(Method::POST, "/v1/sites/acme/events").header("origin", ORIGIN).header("content-type", kind);
    gateway.send(request.body(Body::from(body)).unwrap()).await
}

async fn count(gateway: &Gateway, visit: &str, name: &str, kind: &str, questions: Value) {
    let event = json!({"visit": visit, "name": name, "kind": kind, "questions": questions});
    // As a browser sends a text, which needs no preflight.
    let answer = post(gateway, "text/plain;charset=UTF-8", event.to_string()).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text());
    assert_eq!(answer.header("access-control-allow-origin"), ORIGIN);
}

#[tokio::test]
async fn what_becomes_of_questions_is_counted_once_however_often_it_is_told() {
    let gateway = gateway().await;
    for _ in 0..3 {
        count(&gateway, "0123456789abcdef.0", "shown", "question", json!(["a", "b"])).await;
    }
    count(&gateway, "0123456789abcdef.0", "sent", "question", json!([])).await;
    let counts = gateway.app.store.counts("acme", &clock::week(0)).await.unwrap();
    let told: Vec<(&str, &str)> = counts.iter().map(|one| (one.name.as_str(), one.question.as_str())).collect();
    assert_eq!(told, [("sent", ""), ("shown", "a"), ("shown", "b")]);
}

#[tokio::test]
async fn an_event_that_is_none_is_refused_with_its_place() {
    let gateway = gateway().await;
    let visit = format!("{VISITOR}.1");
    for (event, status, pointer) in [
        (json!({"visit": visit, "name": "liked", "questions": []}), 422, "/name"),
        (json!({"visit": "ada@example.com", "name": "shown", "questions": ["a"]}), 422, "/visit"),
        (json!({"visit": visit, "name": "shown", "questions": vec!["a"; 21]}), 422, "/questions"),
        (json!({"visit": visit, "name": "shown", "text": "help me"}), 422, "/text"),
        (json!({"visit": visit, "name": "shown", "questions": [""]}), 422, "/questions/0"),
    ] {
        let answer = post(&gateway, "application/json", event.to_string()).await;
        assert_eq!(answer.status.as_u16(), status, "{event}");
        assert_eq!(answer.json()["errors"][0]["pointer"], pointer, "{event}");
        assert_eq!(answer.header("access-control-allow-origin"), ORIGIN);
    }
    for (kind, body, status) in [
        ("application/json", "{".to_string(), 400),
        ("application/xml", "{}".to_string(), 415),
        ("text/plain", format!("{{\"visit\":\"{}\"}}", "x".repeat(9_000)), 413),
    ] {
        assert_eq!(post(&gateway, kind, body).await.status.as_u16(), status);
    }
    assert_eq!(gateway.app.store.counts("acme", "").await.unwrap(), []);
}

#[tokio::test]
async fn counts_that_are_old_are_forgotten() {
    let gateway = gateway().await;
    count(&gateway, "0123456789abcdef.0", "shown", "question", json!(["a"])).await;
    let store = &gateway.app.store;
    store.forget_counts(&clock::week(57)).await.unwrap();
    assert_eq!(store.counts("acme", "").await.unwrap().len(), 1);
    store.forget_counts("2999-01-01").await.unwrap();
    assert_eq!(store.counts("acme", "").await.unwrap(), []);
}

#[tokio::test]
async fn words_that_nobody_answers_are_kept_only_once_three_people_have_searched_for_them() {
    let gateway = gateway().await;
    let search = async |visitor: u8, query: &str| {
        let visit = format!("{visitor:016x}.0");
        gateway.get(&format!("/v1/sites/acme/search?lang=en&visit={visit}&q={query}")).await;
        visit
    };
    let kept = async || gateway.app.store.unanswered_since("acme", "").await.unwrap();
    for visitor in [1, 2, 2] {
        // What stands there while somebody types counts for nothing; the last of it does.
        search(visitor, "dark").await;
        let visit = search(visitor, "Dark+mode%3F").await;
        count(&gateway, &visit, "sent", "feedback", json!([])).await;
        assert_eq!(kept().await, []);
    }
    let visit = search(3, "dark-mode").await;
    assert_eq!(kept().await, [], "it may still be typed");
    count(&gateway, &visit, "sent", "feedback", json!([])).await;
    let kept = kept().await;
    assert_eq!((kept.len(), kept[0].words.as_str(), kept[0].visitors), (1, "dark mode", 3));
}

#[tokio::test]
async fn a_search_that_finds_something_in_the_end_is_not_missing_anything() {
    let gateway = gateway().await;
    import(&gateway.database(), "acme", &[("a", "Set a cooldown")]).await;
    gateway.app.indexes.refresh(gateway.app.store.as_ref()).await.unwrap();
    for visitor in 1..4 {
        let visit = format!("{visitor:016x}.0");
        for query in ["zzzqx", "cooldown"] {
            gateway.get(&format!("/v1/sites/acme/search?visit={visit}&q={query}")).await;
        }
        count(&gateway, &visit, "sent", "question", json!([])).await;
    }
    assert_eq!(gateway.app.store.unanswered_since("acme", "").await.unwrap(), []);
}

#[tokio::test]
async fn the_page_of_answers_shows_what_they_are_worth() {
    let gateway = crate::support::gateway_with(
        "inbox_token = \"0123456789abcdef0123456789abcdef\"",
        deskbell::gateway::settings::Overrides::default(),
    )
    .await;
    let page = async || {
        let bearer = "Bearer 0123456789abcdef0123456789abcdef";
        let request = request(Method::GET, "/inbox/answers").header("authorization", bearer);
        gateway.send(request.body(Body::empty()).unwrap()).await
    };
    let empty = page().await;
    assert_eq!(empty.status, StatusCode::OK);
    assert!(empty.text().contains("Nothing here yet"));

    import(&gateway.database(), "acme", &[("a", "Set a <b>cooldown</b>")]).await;
    for (visit, names) in [("1.0", &["shown", "opened", "solved"][..]), ("2.0", &["opened", "unhelpful", "sent"])] {
        for name in names {
            count(&gateway, &format!("000000000000000{visit}"), name, "bug", json!(["a"])).await;
        }
    }
    let text = page().await.text();
    assert!(text.contains("50 %"), "{text}");
    assert!(text.contains("Set a &lt;b&gt;cooldown&lt;/b&gt;"), "{text}");
    assert_eq!(text.matches("Nothing here yet").count(), 1, "the other site has nothing yet");
}
