//! Configuration, questions, CORS: what a page reads.

use axum::body::Body;
use axum::http::Method;
use deskbell_core::use_cases::search::import;
use domain::config::Config;
use domain::question::{Answer as QuestionAnswer, Question};
use serde_json::json;

use crate::support::{ORIGIN, gateway, on_sqlite, request};

#[tokio::test]
async fn the_configuration_parses_in_the_widget_and_is_revalidated_by_etag() {
    let gateway = gateway().await;
    let answer = gateway.get("/v1/sites/trusting/config").await;
    let config: Config = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!((config.topics[0].label.as_str(), config.topics[0].team.as_str()), ("Billing", ""));
    let etag = answer.header("etag").to_string();
    for known in [etag.clone(), format!("W/{etag}, \"x\""), "*".into()] {
        let again = request(Method::GET, "/v1/sites/trusting/config").header("if-none-match", known);
        let again = gateway.send(again.body(Body::empty()).unwrap()).await;
        assert_eq!((again.status.as_u16(), again.body.len(), again.header("etag")), (304, 0, etag.as_str()));
    }
    let other = request(Method::GET, "/v1/sites/trusting/config").header("if-none-match", "\"x\"");
    assert_eq!(gateway.send(other.body(Body::empty()).unwrap()).await.status, 200);
}

#[tokio::test]
async fn oversized_heads_get_a_problem_document_with_cors_headers() {
    let gateway = gateway().await;
    let ask = || request(Method::GET, "/v1/sites/acme/config").header("origin", ORIGIN);
    let many = (0..99).fold(ask(), |request, number| request.header(format!("x-{number}"), "x"));
    let long = ask().header("cookie", "x".repeat(64 * 1024));
    for parameters in [many, long] {
        let answer = gateway.send(parameters.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.problem(), (431, "headers_too_large".into()));
        assert_eq!(answer.header("access-control-allow-origin"), ORIGIN);
    }
    let cookies = ask().header("cookie", "x".repeat(60 * 1024));
    assert_eq!(gateway.send(cookies.body(Body::empty()).unwrap()).await.status, 200);
}

#[tokio::test]
async fn questions_have_their_answers_in_reading_order() {
    let gateway = gateway().await;
    let answer =
        |body: &str, staff, accepted| QuestionAnswer { body: body.into(), staff, accepted, ..Default::default() };
    let question = Question {
        id: "how to/export?".into(),
        title: "Export".into(),
        answers: vec![answer("first", false, false), answer("staff", true, false), answer("accepted", false, true)],
        ..Question::default()
    };
    let store = gateway.app.store.as_ref();
    import::write(store, &"acme".into(), "test", vec![question], import::Prune::Never).await.unwrap();
    let answer = gateway.get("/v1/sites/acme/questions/how%20to%2Fexport%3F").await;
    let bodies: Vec<String> = answer.json()["answers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|answer| answer["body"].as_str().unwrap().into())
        .collect();
    assert_eq!(bodies, ["accepted", "staff", "first"]);
    assert_eq!(gateway.get("/v1/sites/acme/questions/none").await.problem(), (404, "not_found".into()));
    assert_eq!(gateway.get("/v1/sites/trusting/questions/how%20to%2Fexport%3F").await.status, 404);
}

#[tokio::test]
async fn foreign_origins_are_refused_and_unknown_sites_explained() {
    let gateway = gateway().await;
    for (path, origin, allowed) in [
        ("/v1/sites/acme/config", ORIGIN, true),
        ("/v1/sites/acme/config", "https://evil.example", false),
        ("/v1/sites/acme/config", "null", false),
        ("/v1/sites/%61cme/config", "https://evil.example", false),
        ("/v1/sites/trusting/config", "https://anything.example", true),
        ("/v1/sites/unknown/config", "https://anything.example", true),
    ] {
        let request = request(Method::GET, path).header("origin", origin).body(Body::empty()).unwrap();
        let answer = gateway.send(request).await;
        let expected = if allowed { origin } else { "" };
        assert_eq!(answer.header("access-control-allow-origin"), expected, "{path} {origin}");
        assert!(answer.headers.get_all("vary").iter().any(|name| name == "origin"));
        if path.contains("unknown") {
            assert_eq!(answer.problem(), (404, "unknown_site".into()));
        }
    }
}

#[tokio::test]
async fn cors_allows_the_headers_that_the_widget_sends_and_reads() {
    let gateway = gateway().await;
    let preflight = request(Method::OPTIONS, "/v1/sites/acme/tickets")
        .header("origin", ORIGIN)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "content-type,idempotency-key,deskbell-session,authorization");
    let answer = gateway.send(preflight.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.header("access-control-allow-origin"), ORIGIN);
    for header in ["content-type", "idempotency-key", "deskbell-session", "authorization"] {
        assert!(answer.header("access-control-allow-headers").contains(header), "{header}");
    }
    assert_eq!(answer.header("access-control-allow-methods"), "GET,POST,PUT,PATCH");
    assert_eq!(answer.header("access-control-max-age"), "7200");
    let shown = request(Method::GET, "/v1/sites/acme/config").header("origin", ORIGIN).body(Body::empty()).unwrap();
    let exposed = gateway.send(shown).await.header("access-control-expose-headers").to_string();
    for header in ["retry-after", "location", "x-request-id", "etag"] {
        assert!(exposed.contains(header), "{header}");
    }
}

#[tokio::test]
async fn unknown_paths_get_a_problem_document() {
    let gateway = gateway().await;
    for path in ["/v1", "/v1/nothing", "/nothing", "/v1/sites/acme"] {
        assert_eq!(gateway.get(path).await.problem(), (404, "not_found".into()), "{path}");
    }
    let wrong = request(Method::POST, "/healthz").body(Body::empty()).unwrap();
    let answer = gateway.send(wrong).await;
    assert_eq!((answer.problem().1.as_str(), answer.header("allow")), ("method_not_allowed", "GET,HEAD"));
    assert_eq!(gateway.get("/demo/fail").await.status, 404);
}

#[tokio::test]
async fn the_health_check_responds() {
    let answer = gateway().await.get("/healthz").await;
    assert_eq!((answer.status.as_u16(), answer.text()), (200, "ok\n".into()));
}

#[tokio::test]
async fn invalid_queries_are_explained() {
    let gateway = gateway().await;
    let answer = gateway.get("/v1/sites/acme/search?q=x&limit=many").await;
    assert_eq!(answer.problem(), (400, "invalid_query".into()));
    assert!(answer.json()["title"].as_str().unwrap().contains("limit"), "{}", answer.text());
    for limit in ["0", "21"] {
        let answer = gateway.get(&format!("/v1/sites/acme/search?q=x&limit={limit}")).await;
        assert_eq!(answer.problem(), (400, "invalid_query".into()));
        assert!(answer.text().contains(&format!("limit is {limit}; use 1 to 20")), "{}", answer.text());
    }
    assert_eq!(gateway.get("/v1/sites/acme/search").await.json(), json!({ "hits": [] }));
}

#[tokio::test]
async fn internal_errors_have_cors_headers() {
    on_sqlite();
    let gateway = gateway().await;
    sqlx::raw_sql("ALTER TABLE questions RENAME TO lost").execute(&mut gateway.connection().await).await.unwrap();
    let request =
        request(Method::GET, "/v1/sites/acme/questions/1").header("origin", ORIGIN).body(Body::empty()).unwrap();
    let answer = gateway.send(request).await;
    assert_eq!(answer.problem(), (500, "internal".into()));
    assert_eq!(answer.header("access-control-allow-origin"), ORIGIN);
}
