//! Made-up counters, and what they may cost: rows, memory, the writer.

use std::time::Duration;

use axum::body::Body;
use axum::http::Method;
use deskbell_core::clock;
use deskbell_core::ports::Count;
use deskbell_core::timestamp::Timestamp;
use domain::event::{Event, EventName};
use domain::ticket::Kind;
use gateway::config::Overrides;
use serde_json::json;
use sqlx::{Connection, SqliteConnection};

use crate::support::{Gateway, SECRET, gateway, gateway_with, import, on_sqlite, request_from, signed_with};

async fn flush(gateway: &Gateway) {
    gateway.app.counting.flush(gateway.app.store.as_ref()).await.unwrap();
}

async fn database(gateway: &Gateway) -> SqliteConnection {
    SqliteConnection::connect(&format!("sqlite:{}", gateway.database().display())).await.unwrap()
}

/// The number of rows of a table.
async fn rows(database: &mut SqliteConnection, table: &'static str) -> i64 {
    let count = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
    sqlx::query_scalar(count).fetch_one(database).await.unwrap()
}

const UNLIMITED: &str = "[limits]\naddress = 1000000\nsession = 1000000\nsite = 1000000\n";

#[tokio::test]
async fn events_of_an_address_add_bounded_rows() {
    on_sqlite();
    let gateway = gateway_with(UNLIMITED, Overrides::default()).await;
    import(&gateway, "acme", &[("a", "Set a cooldown")]).await;
    for visit in 0..1_000 {
        let invented: Vec<String> = (0..20).map(|n| format!("{visit}-{n}-{}", "x".repeat(180))).collect();
        let event = json!({ "visit": format!("{visit:016x}.0"), "name": "opened", "questions": invented });
        let request = request_from("192.0.2.1:1", Method::POST, "/v1/sites/acme/events");
        let answer = gateway
            .send(request.header("content-type", "application/json").body(Body::from(event.to_string())).unwrap());
        assert_eq!(answer.await.status, 202);
    }
    flush(&gateway).await;
    let mut database = database(&gateway).await;
    let visits = rows(&mut database, "visits").await;
    assert!((1..=300).contains(&visits), "{visits}");
    assert_eq!(rows(&mut database, "question_counts").await, 0);
    assert_eq!(rows(&mut database, "visit_counts").await, 1);
}

#[tokio::test]
async fn events_are_written_in_batches() {
    on_sqlite();
    let gateway = gateway().await;
    for visit in 0..100 {
        let event = json!({ "visit": format!("{visit:016x}.0"), "name": "opened", "questions": ["a"] });
        let request = request_from(&format!("192.0.{visit}.1:1"), Method::POST, "/v1/sites/acme/events");
        let answer =
            gateway.send(request.header("content-type", "text/plain").body(Body::from(event.to_string())).unwrap());
        assert_eq!(answer.await.status, 202);
    }
    let mut database = database(&gateway).await;
    let changed = async |database: &mut SqliteConnection| -> i64 {
        // Increases with every commit of another connection.
        sqlx::query_scalar("PRAGMA data_version").fetch_one(database).await.unwrap()
    };
    assert_eq!(rows(&mut database, "visits").await, 0, "nothing was written for each of them");
    let before = changed(&mut database).await;
    flush(&gateway).await;
    assert_eq!(rows(&mut database, "visits").await, 100);
    assert_ne!(changed(&mut database).await, before);
}

#[tokio::test]
async fn unreadable_visits_do_not_block_counting() {
    on_sqlite();
    let gateway = gateway().await;
    let event = |visit: u32, name| Count::Event {
        site: "acme".into(),
        week: clock::week(0),
        event: Event { visit: format!("{visit:016x}.0"), name, kind: Kind::Bug, questions: vec![] },
    };
    let store = &gateway.app.store;
    store.record_counts(&[event(1, EventName::Shown), event(2, EventName::Shown)]).await.unwrap();
    let mut database = database(&gateway).await;
    let damage = sqlx::query("UPDATE visits SET kind = 'complaint' WHERE visit = '0000000000000001.0'");
    assert_eq!(damage.execute(&mut database).await.unwrap().rows_affected(), 1);
    store
        .record_counts(&[event(1, EventName::Opened), event(2, EventName::Opened), event(3, EventName::Opened)])
        .await
        .unwrap();
    let weeks = store.visit_counts(&"acme".into(), "").await.unwrap();
    assert_eq!(weeks.iter().map(|week| week.visits.opened).sum::<i64>(), 2);
    sqlx::query("UPDATE visit_counts SET week = '2999-01-01', kind = 'complaint'")
        .execute(&mut database)
        .await
        .unwrap();
    store.record_counts(&[event(4, EventName::Shown)]).await.unwrap();
    assert_eq!(store.visit_counts(&"acme".into(), "").await.unwrap().len(), 1, "and a counter no other counter");
}

#[tokio::test]
async fn the_answers_page_reads_counters_and_not_events() {
    on_sqlite();
    let gateway = gateway_with("inbox_token = \"0123456789abcdef0123456789abcdef\"", Overrides::default()).await;
    let questions: Vec<(String, String)> = (0..100).map(|n| (format!("q{n}"), format!("Question {n}"))).collect();
    let questions: Vec<(&str, &str)> = questions.iter().map(|(id, title)| (id.as_str(), title.as_str())).collect();
    import(&gateway, "acme", &questions).await;
    let event = |visit: usize, name, questions| Count::Event {
        site: "acme".into(),
        week: clock::week(0),
        event: Event { visit: format!("{visit:016x}.0"), name, kind: Kind::Bug, questions },
    };
    for chunk in (0..5_000).collect::<Vec<usize>>().chunks(500) {
        let counts: Vec<Count> = chunk
            .iter()
            .flat_map(|visit| {
                [
                    event(*visit, EventName::Shown, vec![]),
                    event(*visit, EventName::Opened, vec![format!("q{}", visit % 100)]),
                ]
            })
            .collect();
        gateway.app.store.record_counts(&counts).await.unwrap();
    }
    let (weeks, worth) = (
        gateway.app.store.visit_counts(&"acme".into(), "").await.unwrap(),
        gateway.app.store.question_counts(&"acme".into(), "", 30).await.unwrap(),
    );
    assert_eq!((weeks.len(), weeks[0].visits.opened, worth.len(), worth[0].0.opened), (1, 5_000, 30, 50));
    let page = request_from("127.0.0.1:1", Method::GET, "/inbox/answers");
    let page = page.header("authorization", "Bearer 0123456789abcdef0123456789abcdef").body(Body::empty()).unwrap();
    let text = gateway.send(page).await.text();
    assert!(text.contains("5000") && text.contains("Question 0"), "{text}");
    // After its week nothing of a visit is needed but its counts.
    let later = clock::now() + Duration::from_secs(365 * 24 * 60 * 60);
    gateway.app.store.forget_counts(Timestamp::EPOCH, later).await.unwrap();
    let mut database = database(&gateway).await;
    assert_eq!(rows(&mut database, "visits").await, 0);
    assert_eq!(gateway.app.store.visit_counts(&"acme".into(), "").await.unwrap(), weeks);
}

#[tokio::test]
async fn an_address_reports_an_incident_once_a_day_across_sessions() {
    on_sqlite();
    let site = format!(
        "{UNLIMITED}[sites.broken]\norigins = [\"*\"]\nincidents = {{ say = \"Queries are slow\" }}\n\
         [[sites.broken.signers]]\nalgorithm = \"HS256\"\nsecret = {SECRET:?}\n"
    );
    let gateway = gateway_with(&site, Overrides::default()).await;
    let id = gateway.get("/v1/sites/broken/incidents").await.json()["incidents"][0]["id"].as_str().unwrap().to_string();
    let affected = async |peer: &str, header: (&str, String)| {
        let request = request_from(peer, Method::POST, "/v1/sites/broken/incidents");
        let request = request.header("content-type", "application/json").header(header.0, header.1);
        let answer = gateway.send(request.body(Body::from(json!({ "id": id }).to_string())).unwrap()).await;
        assert_eq!(answer.status, 202, "{}", answer.text());
        answer.json()["affected"].as_u64().unwrap()
    };
    for session in 0..200_u32 {
        let peer = format!("192.0.2.{}:1", session % 250);
        assert_eq!(affected(&peer, ("deskbell-session", format!("{session:032x}"))).await, 1);
    }
    assert_eq!(affected("[2001:db8:1:1::1]:1", ("deskbell-session", format!("{:032x}", 900))).await, 2);
    assert_eq!(affected("[2001:db8:1:2::1]:1", ("deskbell-session", format!("{:032x}", 901))).await, 2);
    let token = |sub: &str| {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        let claims = json!({ "sub": sub, "aud": "broken", "exp": now + 300 });
        format!("Bearer {}", signed_with(SECRET, json!({ "alg": "HS256" }), claims))
    };
    for (peer, person, people) in [("192.0.2.1:1", "ada", 3), ("203.0.113.1:1", "ada", 3), ("192.0.2.1:1", "grace", 4)]
    {
        assert_eq!(affected(peer, ("authorization", token(person))).await, people, "{person}");
    }
    let mut database = database(&gateway).await;
    let pseudonyms: Vec<Vec<u8>> =
        sqlx::query_scalar("SELECT who FROM affected").fetch_all(&mut database).await.unwrap();
    assert_eq!(pseudonyms.len(), 4);
    use sha2::{Digest, Sha256};
    for guess in ["ada", "192.0.2.0", "192.0.2.1"] {
        assert!(!pseudonyms.contains(&Sha256::digest(guess).to_vec()), "{guess} can be guessed");
    }
}

#[tokio::test]
async fn search_misses_of_one_address_are_bounded_and_not_shown_to_agents() {
    on_sqlite();
    let gateway = gateway_with(UNLIMITED, Overrides::default()).await;
    for visit in 0..300 {
        let words = if visit < 10 { "buy+cheap+pills".into() } else { format!("nonsense+number+{visit}") };
        let path = format!("/v1/sites/acme/search?visit={visit:016x}.0&q={words}");
        gateway.send(request_from("192.0.2.1:1", Method::GET, &path).body(Body::empty()).unwrap()).await;
        let event = json!({ "visit": format!("{visit:016x}.0"), "name": "sent" }).to_string();
        let request = request_from("192.0.2.1:1", Method::POST, "/v1/sites/acme/events");
        gateway.send(request.header("content-type", "text/plain").body(Body::from(event)).unwrap()).await;
    }
    flush(&gateway).await;
    assert_eq!(gateway.app.store.search_misses(&"acme".into(), "").await.unwrap(), []);
    let mut database = database(&gateway).await;
    let misses = rows(&mut database, "search_misses").await;
    assert!((1..=60).contains(&misses), "{misses}");
}
