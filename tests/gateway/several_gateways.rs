//! Several gateways on one PostgreSQL database.

use std::time::Duration;

use axum::body::Body;
use axum::http::Method;
use deskbell_core::ids::TicketId;
use deskbell_core::ports::{Change, ChangeOutcome, CurrentTicket, NewMessage};
use domain::conversation::Author;
use gateway::config::Overrides;
use http_body_util::BodyExt;
use serde_json::json;
use sqlx::{Connection, PgConnection};
use tower::ServiceExt;

use crate::support::{Gateway, SECRET, gateway_at, gateways_on_postgres, post, request, ticket, token};

const SESSION: &str = "000102030405060708090a0b0c0d0e0f";
/// How long a test waits for what has to happen.
const LIMIT: Duration = Duration::from_secs(60);

/// The events of a stream that a gateway has opened.
async fn open_stream(gateway: &Gateway) -> Body {
    let request = request(Method::GET, "/v1/sites/acme/tickets/stream").header("deskbell-session", SESSION);
    let response = gateway.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.status(), 200);
    response.into_body()
}

/// Reads a stream until it contains a text.
async fn wait_for(stream: &mut Body, text: &str) {
    let mut read = String::new();
    let waited = tokio::time::timeout(LIMIT, async {
        while !read.contains(text) {
            let frame = stream.frame().await.expect("the stream goes on").unwrap();
            read.push_str(&String::from_utf8_lossy(frame.data_ref().map_or(&[], |bytes| &bytes[..])));
        }
    });
    waited.await.unwrap_or_else(|_| panic!("no {text} in {read}"));
}

/// Posts a ticket and returns its id.
async fn send(gateway: &Gateway, key: &str) -> TicketId {
    let answer = gateway.send(post("acme", key, Some(SESSION), &ticket("It broke"))).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    TicketId::new(answer.json()["id"].as_str().unwrap())
}

/// An agent's reply through a gateway, which may announce it.
async fn reply(gateway: &Gateway, id: &TicketId, text: &str, is_announced: bool) {
    let decide = |current: &CurrentTicket| {
        let message = NewMessage {
            author: Author::Support,
            name: "Ana".into(),
            body: text.into(),
            at: current.now,
            attachments: Vec::new(),
        };
        Change { message: Some(message), ..current.unchanged() }.into()
    };
    let changed = gateway.app.store.change(id, None, &decide).await.unwrap();
    let ChangeOutcome::Written(ticket, _) = changed else { panic!("{changed:?}") };
    if is_announced {
        gateway.app.bus.ticket_changed(*ticket);
    }
}

async fn a_reply_reaches_streams_of_the_other_gateway(is_announced: bool) {
    let gateways = gateways_on_postgres(2, "", Overrides::default()).await;
    let [here, there] = gateways.as_slice() else { panic!() };
    let follow = there.app.workers.others.clone().unwrap();
    let following = tokio::spawn(async move { follow.follow().await });
    let id = send(here, "k").await;
    let mut stream = open_stream(there).await;
    wait_for(&mut stream, "event: state").await;
    for (unread, text) in [(1, "Hello"), (2, "And more")] {
        reply(here, &id, text, is_announced).await;
        wait_for(&mut stream, &format!("\"unread\":{unread}")).await;
    }
    following.abort();
}

#[tokio::test]
async fn replies_reach_streams_of_other_gateways() {
    a_reply_reaches_streams_of_the_other_gateway(true).await;
}

#[tokio::test]
async fn replies_reach_streams_of_other_gateways_without_notifications() {
    a_reply_reaches_streams_of_the_other_gateway(false).await;
}

#[tokio::test]
async fn a_ticket_that_is_sent_to_two_gateways_at_once_is_stored_once() {
    let gateways = gateways_on_postgres(2, "[limits]\nsession = 1000", Overrides::default()).await;
    for round in 0..20 {
        let key = format!("key-{round}");
        let sent = gateways.iter().map(|gateway| gateway.send(post("acme", &key, Some(SESSION), &ticket("It broke"))));
        let answers = futures_util::future::join_all(sent).await;
        let ids: Vec<String> = answers
            .iter()
            .map(|answer| {
                assert!(answer.status.is_success(), "{}", answer.text());
                answer.json()["id"].to_string()
            })
            .collect();
        assert_eq!(ids[0], ids[1]);
    }
    assert_eq!(gateways[0].count().await, 20);
}

#[tokio::test]
async fn a_session_has_one_limit_at_all_gateways() {
    let gateways = gateways_on_postgres(2, "[limits]\nsession = 6", Overrides::default()).await;
    let mut counts = Vec::new();
    // A gateway for which the database is too slow decides alone, so a busy computer gets several chances.
    for round in 0..10 {
        let session = format!("{round:032x}");
        let mut accepted = 0;
        for number in 0..10 {
            let key = format!("key-{round}-{number}");
            let answer = gateways[number % 2].send(post("acme", &key, Some(&session), &ticket("It broke"))).await;
            assert!(matches!(answer.status.as_u16(), 201 | 429), "{}", answer.text());
            accepted += usize::from(answer.status == 201);
        }
        if accepted == 6 {
            return;
        }
        counts.push(accepted);
    }
    panic!("accepted {counts:?}");
}

/// The URL of a new database whose clock is an hour ahead of this computer's.
pub async fn database_an_hour_ahead() -> String {
    let url = test_postgres::database();
    let mut connection = PgConnection::connect(&url).await.unwrap();
    for sql in [
        "CREATE SCHEMA ahead",
        "CREATE FUNCTION ahead.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS
         'SELECT pg_catalog.clock_timestamp() + interval ''1 hour'''",
        "DO $$ BEGIN
             EXECUTE format('ALTER DATABASE %I SET search_path = ahead, pg_catalog', current_database());
         END $$",
    ] {
        sqlx::query(sql).execute(&mut connection).await.unwrap();
    }
    url
}

#[tokio::test]
async fn the_clock_of_the_database_decides_whether_a_token_is_valid() {
    let lines = format!(
        "[sites.signed]\norigins = [\"*\"]\n[[sites.signed.signers]]\nalgorithm = \"HS256\"\nsecret = {SECRET:?}\n"
    );
    let gateway = gateway_at(&database_an_hour_ahead().await, &lines, Overrides::default()).await;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let list = async |expires_in: u64| {
        let token = token(json!({"exp": now + expires_in}));
        let request =
            request(Method::GET, "/v1/sites/signed/tickets").header("authorization", format!("Bearer {token}"));
        gateway.send(request.body(Body::empty()).unwrap()).await
    };
    assert_eq!(list(300).await.problem(), (401, "token_expired".to_string()));
    assert_eq!(list(3600 + 300).await.status, 200);
}
