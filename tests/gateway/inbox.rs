//! The operators' pages.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Method;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use deskbell::gateway::settings::Overrides;
use serde_json::{Value, json};

use crate::support::{Gateway, gateway, gateway_with, post, request, ticket};

const TOKEN: &str = "a token of some length";
const SCRIPT: &str = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>";

async fn demo() -> Gateway {
    gateway_with("", Overrides { demo: true, ..Overrides::default() }).await
}

/// A ticket that says `text` wherever a ticket can say anything.
fn full(text: &str) -> Value {
    let mut sent = ticket(text);
    sent["topic"] = json!("billing");
    sent["via"] = json!("x");
    sent["locale"] = json!("en");
    sent["created_at"] = json!("2026-01-01T00:00:00Z");
    sent["contact"]["name"] = json!(text);
    sent["questions"] = json!([
        { "source": text, "id": text, "title": text, "url": "javascript:alert(1)", "outcome": "shown" },
        { "source": "gateway", "id": "1", "title": text, "url": "https://community.example/1", "outcome": "unhelpful" },
    ]);
    let error = |n: usize| {
        json!({
            "source": text, "name": format!("E{n}"), "message": text, "stack": format!("{text}\n  at f (app.js:{n})"),
            "location": text, "at": "2026-01-01T00:00:00Z", "count": 2
        })
    };
    sent["context"] = json!({
        "version": 1,
        "frozen_at": "2026-01-01T00:00:00Z",
        "page": { "url": "https://app.example/billing?x=1", "title": text, "referrer": format!("javascript:{text}") },
        "user": {
            "id": text, "name": text, "email": text, "plan": text, "role": text,
            "organization": { "id": text, "name": text }, "attributes": { text: text }
        },
        "device": {
            "browser": text, "viewport": text, "pixel_ratio": text, "language": text, "time_zone": text,
            "theme": text, "online": true
        },
        "errors": (0..5).map(error).collect::<Vec<_>>(),
        "page_values": { text: text },
        "cut": [text],
    });
    sent
}

#[tokio::test]
async fn an_empty_inbox_says_how_to_fill_it() {
    let page = demo().await.get("/inbox").await.text();
    assert!(page.contains("Nothing here yet") && page.contains("Get help"), "{page}");
}

#[tokio::test]
async fn what_was_sent_is_shown_to_the_person_who_answers() {
    let gateway = demo().await;
    let answer = gateway.send(post("trusting", "key", None, &full("Zebra"))).await;
    let reference = answer.json()["reference"].as_str().unwrap().to_string();
    let list = gateway.get("/inbox").await.text();
    for said in [reference.as_str(), "Zebra", "Bug", "High", "Billing", "None promised", "unverified"] {
        assert!(list.contains(said), "{said}");
    }
    for name in [reference.clone(), reference.to_lowercase(), answer.json()["id"].as_str().unwrap().into()] {
        let page = gateway.get(&format!("/inbox/tickets/{name}")).await;
        assert_eq!(page.status, 200, "{name}");
        let page = page.text();
        for said in [
            "href=\"https://app.example/billing?x=1\"",
            "2 older",
            "at f (app.js:4)",
            "Did not help",
            "href=\"https://community.example/1\"",
            "unverified",
            "growth",
            "1 Jan 2026, 00:00 UTC",
            "Left out",
            "&quot;pixel_ratio&quot;: &quot;Zebra&quot;",
        ] {
            assert!(page.contains(said), "{said}");
        }
    }
    assert_eq!(gateway.get("/inbox/tickets/DB-00000").await.status, 404);
}

#[tokio::test]
async fn nothing_that_was_sent_becomes_markup_or_a_link_that_acts() {
    let gateway = demo().await;
    let answer = gateway.send(post("trusting", "key", None, &full(SCRIPT))).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let reference = answer.json()["reference"].as_str().unwrap().to_string();
    for path in ["/inbox".to_string(), format!("/inbox/tickets/{reference}")] {
        let page = gateway.get(&path).await.text();
        assert!(page.contains("&lt;script&gt;"), "{path}");
        for harm in ["<script", "<img", "href=\"javascript", " onerror=alert(1)\""] {
            assert!(!page.to_ascii_lowercase().contains(harm), "{path} has {harm}");
        }
    }
}

#[tokio::test]
async fn the_pages_are_kept_nowhere_and_run_nothing() {
    let gateway = demo().await;
    for path in ["/inbox", "/inbox/tickets/DB-00000", "/inbox/nothing"] {
        let answer = gateway.get(path).await;
        assert!(answer.header("content-security-policy").starts_with("default-src 'none'; style-src 'self'"), "{path}");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert!(answer.header("content-type").starts_with("text/html"));
    }
    assert_eq!(gateway.get("/inbox/inbox.css").await.header("content-type"), "text/css; charset=utf-8");
}

#[tokio::test]
async fn without_a_token_it_is_closed_and_says_how_to_open_it() {
    let gateway = gateway().await;
    for path in ["/inbox", "/inbox/tickets/DB-00000"] {
        let answer = gateway.get(path).await;
        assert_eq!(answer.status, 403, "{path}");
        assert!(answer.text().contains("DESKBELL_INBOX_TOKEN"));
    }
}

#[tokio::test]
async fn the_token_opens_it_as_a_password_or_as_a_bearer() {
    for demo in [false, true] {
        let overrides = Overrides { inbox_token: Some(TOKEN.into()), demo, ..Overrides::default() };
        let gateway = gateway_with("", overrides).await;
        let ask = async |authorization: &str| {
            let asked =
                request(Method::GET, "/inbox").header("authorization", authorization).body(Body::empty()).unwrap();
            gateway.send(asked).await
        };
        let basic = |password: &str| format!("Basic {}", BASE64_STANDARD.encode(format!("anybody:{password}")));
        for good in [basic(TOKEN), format!("Bearer {TOKEN}"), format!("bearer {TOKEN}")] {
            assert_eq!(ask(&good).await.status, 200, "{good}");
        }
        for bad in ["", "Basic", "Basic !", "Bearer ", &basic("another token"), &basic(""), &format!("Digest {TOKEN}")]
        {
            let answer = ask(bad).await;
            assert_eq!(answer.status, 401, "{bad}");
            assert!(answer.header("www-authenticate").starts_with("Basic realm="));
            assert!(!answer.text().contains("Tickets"));
        }
    }
}

#[tokio::test]
async fn the_demos_inbox_opens_to_this_computer_only() {
    let gateway = demo().await;
    for (peer, host, other, status) in [
        ("127.0.0.1:5", "localhost:8383", None, 200),
        ("127.0.0.1:5", "127.0.0.1", None, 200),
        ("[::1]:5", "[::1]:8383", None, 200),
        ("[::ffff:127.0.0.1]:5", "LOCALHOST", None, 200),
        ("192.0.2.7:5", "localhost:8383", None, 403),
        // A page elsewhere whose name was made to lead here.
        ("127.0.0.1:5", "evil.example:8383", None, 403),
        ("127.0.0.1:5", "localhost.evil.example", None, 403),
        ("127.0.0.1:5", "", None, 403),
        // A proxy on this computer that asks for somebody else.
        ("127.0.0.1:5", "localhost", Some("x-forwarded-for"), 403),
    ] {
        let mut asked = request(Method::GET, "/inbox").body(Body::empty()).unwrap();
        asked.extensions_mut().insert(ConnectInfo(peer.parse::<SocketAddr>().unwrap()));
        asked.headers_mut().insert("host", host.parse().unwrap());
        if let Some(other) = other {
            asked.headers_mut().insert(other, "192.0.2.7".parse().unwrap());
        }
        assert_eq!(gateway.send(asked).await.status, status, "{peer} {host} {other:?}");
    }
}

#[tokio::test]
async fn a_long_list_goes_on_on_the_next_page() {
    let gateway = demo().await;
    for n in 0..51 {
        gateway.send(post("trusting", &format!("key{n}"), None, &ticket(&format!("Message {n}.")))).await;
    }
    let first = gateway.get("/inbox").await.text();
    assert!(first.contains("Message 50.") && !first.contains("Message 0."));
    let older = first.split("href=\"/inbox?before=").nth(1).unwrap().split('"').next().unwrap();
    let second = gateway.get(&format!("/inbox?before={older}")).await.text();
    assert!(second.contains("Message 0.") && !second.contains("Message 1."), "{second}");
    assert!(second.contains("Newest tickets") && !second.contains("?before="));
}
