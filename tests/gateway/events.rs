//! Deflection events, and the page that shows the statistics.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, StatusCode};
use deskbell_core::clock;
use deskbell_core::ports::SearchMiss;
use domain::deflection::{QuestionCounts, Visits};
use serde_json::{Value, json};

use crate::support::{Answer, Gateway, ORIGIN, gateway, import, request, request_from};

const VISITOR: &str = "0123456789abcdef";

async fn post(gateway: &Gateway, kind: &str, body: String) -> Answer {
    let request = request(Method::POST, "/v1/sites/acme/events").header("origin", ORIGIN).header("content-type", kind);
    gateway.send(request.body(Body::from(body)).unwrap()).await
}

async fn count(gateway: &Gateway, visit: &str, name: &str, kind: &str, questions: Value) {
    let event = json!({"visit": visit, "name": name, "kind": kind, "questions": questions});
    // Like a browser that sends text, which needs no preflight.
    let answer = post(gateway, "text/plain;charset=UTF-8", event.to_string()).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text());
    assert_eq!(answer.header("access-control-allow-origin"), ORIGIN);
}

/// Writes the counters, as the gateway does every second.
async fn flush(gateway: &Gateway) {
    gateway.app.counting.flush(gateway.app.store.as_ref()).await.unwrap();
}

async fn visits(gateway: &Gateway) -> Vec<(String, Visits)> {
    flush(gateway).await;
    let counts = gateway.app.store.visit_counts(&"acme".into(), "").await.unwrap();
    counts.into_iter().map(|count| (count.kind.to_string(), count.visits)).collect()
}

async fn questions(gateway: &Gateway) -> Vec<QuestionCounts> {
    flush(gateway).await;
    let counts = gateway.app.store.question_counts(&"acme".into(), "", 100).await.unwrap();
    counts.into_iter().map(|(worth, _)| worth).collect()
}

#[tokio::test]
async fn repeated_question_events_count_once() {
    let gateway = gateway().await;
    import(&gateway, "acme", &[("a", "Set a cooldown"), ("b", "Change the plan")]).await;
    let once = Visits { shown: 1, opened: 1, solved: 0, sent: 1, deflected: 0 };
    let worth = |id: &str| QuestionCounts { id: id.into(), opened: 1, ..QuestionCounts::default() };
    // In one batch, and after the earlier ones were written.
    for _ in 0..3 {
        for _ in 0..3 {
            count(&gateway, "0123456789abcdef.0", "shown", "question", json!(["a", "b"])).await;
            count(&gateway, "0123456789abcdef.0", "opened", "question", json!(["a", "b"])).await;
        }
        count(&gateway, "0123456789abcdef.0", "sent", "question", json!([])).await;
        assert_eq!(visits(&gateway).await, [("question".into(), once)]);
        assert_eq!(questions(&gateway).await, [worth("a"), worth("b")]);
    }
    let gateway = gateway.restarted().await;
    count(&gateway, "0123456789abcdef.0", "opened", "question", json!(["a"])).await;
    assert_eq!(visits(&gateway).await, [("question".into(), once)]);
    assert_eq!(questions(&gateway).await, [worth("a"), worth("b")]);
}

#[tokio::test]
async fn only_existing_questions_are_counted() {
    let gateway = gateway().await;
    import(&gateway, "acme", &[("a", "Set a cooldown")]).await;
    import(&gateway, "trusting", &[("b", "Change the plan")]).await;
    count(&gateway, "0123456789abcdef.0", "opened", "question", json!(["a", "b", "invented"])).await;
    assert_eq!(questions(&gateway).await, [QuestionCounts { id: "a".into(), opened: 1, ..QuestionCounts::default() }]);
}

#[tokio::test]
async fn invalid_events_are_refused_with_their_position() {
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
    assert_eq!(visits(&gateway).await, []);
}

#[tokio::test]
async fn old_counts_are_deleted() {
    let gateway = gateway().await;
    import(&gateway, "acme", &[("a", "Set a cooldown")]).await;
    let once = Visits { shown: 1, opened: 1, deflected: 1, ..Visits::default() };
    let opened = async || count(&gateway, "0123456789abcdef.0", "opened", "question", json!(["a"])).await;
    opened().await;
    assert_eq!(visits(&gateway).await, [("question".into(), once)]);
    let store = &gateway.app.store;
    store.forget_counts(clock::weeks_ago(57), clock::weeks_ago(1)).await.unwrap();
    opened().await;
    assert_eq!(visits(&gateway).await, [("question".into(), once)], "who was counted this week is still known");
    let later = clock::now() + Duration::from_secs(365 * 24 * 60 * 60);
    store.forget_counts(later, later).await.unwrap();
    assert_eq!((visits(&gateway).await, questions(&gateway).await), (vec![], vec![]));
}

async fn search(gateway: &Gateway, peer: &str, visit: &str, query: &str) {
    let path = format!("/v1/sites/acme/search?lang=en&visit={visit}&q={query}");
    let answer = gateway.send(request_from(peer, Method::GET, &path).body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
}

async fn misses(gateway: &Gateway) -> Vec<SearchMiss> {
    flush(gateway).await;
    gateway.app.store.search_misses(&"acme".into(), "").await.unwrap()
}

#[tokio::test]
async fn search_misses_are_stored_after_searches_from_three_networks() {
    let gateway = gateway().await;
    let mut visit = 0;
    let mut searches = async |peer: &str| {
        visit += 1;
        let visit = format!("{visit:016x}.0");
        // Searches during typing are not counted; the last one is.
        search(&gateway, peer, &visit, "dark").await;
        search(&gateway, peer, &visit, "Dark+mode%3F").await;
        visit
    };
    for peer in ["192.0.2.1:1", "198.51.100.1:1", "198.51.100.200:1"] {
        let visit = searches(peer).await;
        count(&gateway, &visit, "sent", "feedback", json!([])).await;
        assert_eq!(misses(&gateway).await, []);
    }
    let visit = searches("203.0.113.1:1").await;
    assert_eq!(misses(&gateway).await, [], "it may still be typed");
    count(&gateway, &visit, "sent", "feedback", json!([])).await;
    let stored_misses = misses(&gateway).await;
    assert_eq!((stored_misses.len(), stored_misses[0].words.as_str(), stored_misses[0].people), (1, "dark mode", 3));
}

#[tokio::test]
async fn searches_with_a_final_hit_are_not_misses() {
    let gateway = gateway().await;
    import(&gateway, "acme", &[("a", "Set a cooldown")]).await;
    gateway.app.indexes.refresh(gateway.app.store.as_ref()).await.unwrap();
    for visitor in 1..4 {
        let visit = format!("{visitor:016x}.0");
        for query in ["zzzqx", "cooldown"] {
            search(&gateway, &format!("192.0.{visitor}.1:1"), &visit, query).await;
        }
        count(&gateway, &visit, "sent", "question", json!([])).await;
    }
    assert_eq!(misses(&gateway).await, []);
}

#[tokio::test]
async fn the_answers_page_shows_deflection_statistics() {
    let gateway = crate::support::gateway_with(
        "inbox_token = \"0123456789abcdef0123456789abcdef\"",
        gateway::config::Overrides::default(),
    )
    .await;
    let page = async |query: &str| {
        let bearer = "Bearer 0123456789abcdef0123456789abcdef";
        let request = request(Method::GET, &format!("/inbox/answers{query}")).header("authorization", bearer);
        gateway.send(request.body(Body::empty()).unwrap()).await
    };
    let empty = page("").await;
    assert_eq!(empty.status, StatusCode::OK);
    assert!(empty.text().contains("No data yet"));

    import(&gateway, "acme", &[("a", "Set a <b>cooldown</b>")]).await;
    for (visit, names) in [("1.0", &["shown", "opened", "solved"][..]), ("2.0", &["opened", "unhelpful", "sent"])] {
        for name in names {
            count(&gateway, &format!("000000000000000{visit}"), name, "bug", json!(["a"])).await;
        }
    }
    flush(&gateway).await;
    let text = page("").await.text();
    assert!(text.contains("50 %"), "{text}");
    assert!(text.contains("Set a &lt;b&gt;cooldown&lt;/b&gt;"), "{text}");
    assert!(text.contains("<option value=\"acme\" selected>"), "{text}");
    let other = page("?site=trusting").await.text();
    assert!(other.contains("No data yet") && !other.contains("50 %"), "{other}");
    assert!(other.contains("<option value=\"trusting\" selected>"), "{other}");
}
