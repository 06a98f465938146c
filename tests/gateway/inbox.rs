//! The agents' inbox.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Method;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use deskbell_core::ids::TicketId;
use deskbell_core::ports::CurrentTicket;
use domain::conversation::Turn;
use domain::targets::Owner;
use domain::ticket::Status;
use gateway::config::Overrides;
use gateway::http;
use serde_json::{Value, json};
use sqlx::{Connection, SqliteConnection};

use crate::support::{Answer, Gateway, gateway, gateway_with, on_sqlite, post, request, send, ticket};

const TOKEN: &str = "a token of some length";
const SCRIPT: &str = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>";

async fn demo() -> Gateway {
    gateway_with("", Overrides { demo: true, ..Overrides::default() }).await
}

/// A ticket with `text` in every field.
fn full(text: &str) -> Value {
    let mut sent = ticket(text);
    sent["topic"] = json!("billing");
    sent["via"] = json!("x");
    sent["locale"] = json!("en");
    sent["created_at"] = json!("2026-01-01T00:00:00Z");
    sent["contact"]["name"] = json!(text);
    sent["consent"] = json!(true);
    sent["questions"] = json!([
        { "source": text, "id": text, "title": text, "url": "javascript:alert(1)", "outcome": "shown" },
        { "source": "gateway", "id": "1", "title": text, "url": "https://community.example/1", "outcome": "unhelpful" },
    ]);
    let error = |n: usize| {
        json!({
            "source": text, "name": format!("E{n}"), "message": text, "stack": format!("{text}\n  at f (app.js:{n})"),
            "location": text, "first_at": text, "at": "2026-01-01T00:00:00Z", "count": 2
        })
    };
    let request = json!({
        "method": text, "url": text, "status": 0, "failure": text, "at": text, "duration_ms": 12, "size": 1200,
        "headers": { text: text }
    });
    let step = |kind: &str| json!({ "at": text, "kind": kind, "role": text, "name": text, "path": text });
    let steps = ["click", "submit", "navigation", "visibility", "network", "error"].map(step);
    sent["context"] = json!({
        "version": 1,
        "frozen_at": "2026-01-01T00:00:12Z",
        "page": {
            "url": "https://app.example/billing?x=1", "title": text, "referrer": format!("javascript:{text}"),
            "canonical": text, "routes": [{ "url": text, "at": text }], "timings": { "layout_shift": text }
        },
        "user": {
            "id": text, "name": text, "email": text, "plan": text, "role": text,
            "organization": { "id": text, "name": text }, "attributes": { text: text }
        },
        "application": {
            "release": text, "environment": text, "build": text, "tenant": text, "region": text, "flags": { text: text }
        },
        "device": {
            "browser": text, "system": text, "model": text, "user_agent": text, "viewport": text, "screen": text,
            "pixel_ratio": text, "languages": text, "time_zone": text, "memory": text, "connection": text,
            "theme": text, "contrast": text, "online": true
        },
        "errors": (0..5).map(error).collect::<Vec<_>>(),
        "requests": [request],
        "breadcrumbs": steps,
        "links": [
            { "source": text, "label": text, "text": text, "url": format!("javascript:{text}") },
            { "source": "posthog", "label": "replay", "text": text, "url": "https://posthog.example/replay/1" },
        ],
        "page_values": { text: text },
        "unanswered": [text],
        "since": {
            "errors": [error(9)], "requests": [request], "breadcrumbs": [step("click")],
            "page": { "routes": [{ "url": text, "at": text }] }
        },
        "cut": [text],
    });
    sent
}

/// The page of a ticket.
async fn page_of(sent: &Value) -> String {
    let gateway = demo().await;
    let answer = gateway.send(post("trusting", "key", None, sent)).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    gateway.get(&format!("/inbox/tickets/{}", answer.json()["reference"].as_str().unwrap())).await.text()
}

/// The page of a ticket with a context.
async fn page_with(context: Value) -> String {
    let mut sent = ticket("Zebra");
    sent["context"] = context;
    page_of(&sent).await
}

/// The text between two texts.
fn between<'a>(page: &'a str, from: &str, to: &str) -> &'a str {
    let (_, rest) = page.split_once(from).unwrap_or_else(|| panic!("no {from} in {page}"));
    rest.split_once(to).unwrap_or_else(|| panic!("no {to} after {from}")).0
}

#[tokio::test]
async fn an_empty_inbox_explains_how_to_get_tickets() {
    let page = demo().await.get("/inbox").await.text();
    assert!(page.contains("No open tickets") && page.contains("Get help"), "{page}");
}

#[tokio::test]
async fn agents_see_everything_that_was_sent() {
    let gateway = demo().await;
    let answer = gateway.send(post("trusting", "key", None, &full("Zebra"))).await;
    let reference = answer.json()["reference"].as_str().unwrap().to_string();
    let list = gateway.get("/inbox").await.text();
    for text in [reference.as_str(), "Zebra", "Bug", "High", "Billing", "No response target", "unverified"] {
        assert!(list.contains(text), "{text}");
    }
    for name in [reference.clone(), reference.to_lowercase(), answer.json()["id"].as_str().unwrap().into()] {
        let page = gateway.get(&format!("/inbox/tickets/{name}")).await;
        assert_eq!(page.status, 200, "{name}");
        let page = page.text();
        for text in [
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
            assert!(page.contains(text), "{text}");
        }
    }
    assert_eq!(gateway.get("/inbox/tickets/DB-00000").await.status, 404);
}

#[tokio::test]
async fn submitted_texts_never_become_markup_or_scripts() {
    let gateway = demo().await;
    let answer = gateway.send(post("trusting", "key", None, &full(SCRIPT))).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let reference = answer.json()["reference"].as_str().unwrap().to_string();
    for path in ["/inbox".to_string(), format!("/inbox/tickets/{reference}")] {
        let page = gateway.get(&path).await.text();
        assert!(page.contains("&lt;script&gt;"), "{path}");
        let page = page.replace("<script type=\"module\" src=\"/inbox/inbox.js\"></script>", "");
        for harm in ["<script", "<img", "href=\"javascript", " onerror=alert(1)\""] {
            assert!(!page.to_ascii_lowercase().contains(harm), "{path} has {harm}");
        }
    }
}

#[tokio::test]
async fn the_page_begins_with_the_most_important_parts() {
    let page = page_of(&full("Zebra")).await;
    let titles: Vec<&str> =
        page.split("<h2").skip(1).map(|rest| rest.split(['>', '<']).nth(1).unwrap_or_default()).collect();
    let expected = [
        "Message",
        "Errors on the page",
        "Answer",
        "Handling",
        "Page",
        "Customer",
        "Release",
        "Replays, traces and links",
        "Source",
        "After the ticket was started",
        "Requests",
        "What happened",
        "Custom data",
        "Community questions",
        "Device",
        "Left out",
        "For a bug tracker",
        "Raw ticket",
    ];
    assert_eq!(titles, expected);
    let (first, _) = page.split_once("<section class=\"row\"").unwrap();
    assert!(first.contains(">Handling</h2>"), "nothing folds before the rest");
    for text in ["Support may access it", "No response in time: Zebra.", "1 error, 1 request, 1 step", "−12 s"] {
        assert!(page.contains(text), "{text}");
    }
}

#[tokio::test]
async fn withheld_parts_are_noted_in_their_position() {
    let titles = [
        ("page", "Page"),
        ("user", "Customer"),
        ("application", "Release"),
        ("device", "Device"),
        ("errors", "Errors on the page"),
        ("requests", "Requests"),
        ("breadcrumbs", "What happened"),
        ("links", "Replays, traces and links"),
        ("page_values", "Custom data"),
    ];
    for (by, expected) in [("customer", "Withheld by the customer."), ("site", "Not collected by the site.")] {
        let all = titles.map(|(group, _)| json!({ "group": group, "items": 0, "by": by }));
        let page = page_with(json!({ "withheld": all })).await;
        for (_, title) in titles {
            let after = between(&page, &format!(">{title}</h2>"), "</p>");
            assert!(after.ends_with(expected), "{title}: {after}");
        }
    }
    let page = page_with(json!({
        "errors": [{ "message": "x", "at": "", "count": 1 }],
        "withheld": [{ "group": "errors", "items": 2, "by": "customer" }],
        "cut": ["/errors/0/stack"],
    }))
    .await;
    let note = between(&page, "Errors on the page</h2>", "</p>");
    assert!(
        note.ends_with("2 withheld by the customer. Some of it was left out to fit the size limit of a ticket."),
        "{note}"
    );
}

#[tokio::test]
async fn stack_frames_of_the_page_are_shown_and_others_folded() {
    let stack =
        "TypeError: x is null\n    at load (https://app.example/a.js:1:2)\n    at wrap (https://cdn.example/s.js:3:4)";
    let error = json!({ "name": "TypeError", "message": "x is null", "stack": stack, "count": 1 });
    let extension =
        json!({ "message": "y", "stack": "at chrome-extension://abc/x.js:1:1", "count": 1, "extension": true });
    let page = page_with(json!({ "page": { "url": "https://app.example/" }, "errors": [error, extension] })).await;
    let errors = between(&page, "Errors on the page</h2>", "</section>");
    assert!(errors.contains("<code>at load (https://app.example/a.js:1:2)</code>"), "{errors}");
    assert!(errors.contains("<summary>1 frame of other origins</summary>"), "{errors}");
    assert!(
        between(errors, "<article", "x is null").contains("From a browser extension"),
        "the newest first, and marked"
    );
}

#[tokio::test]
async fn links_go_to_the_web_and_open_a_new_tab() {
    let page = page_with(json!({ "links": [
        { "source": "posthog", "label": "replay", "text": "s1", "url": "https://x@eu.posthog.example/replay/s1" },
        { "source": "sentry", "label": "trace", "text": "abc123" },
        { "source": "site", "label": "Mail", "url": "mailto:a@b.example" },
        { "source": "site", "label": "Script", "url": "JavaScript:alert(1)" },
    ] }))
    .await;
    let links = between(&page, "Replays, traces and links</h2>", "</section>");
    let replay = "<a href=\"https://x@eu.posthog.example/replay/s1\" target=\"_blank\" rel=\"noopener noreferrer\"><bdi>PostHog replay</bdi></a>";
    assert!(links.contains(replay), "{links}");
    assert!(links.contains("<bdi>eu.posthog.example</bdi>"), "where it leads: {links}");
    assert!(links.contains("<code class=\"id\" dir=\"ltr\">abc123</code>"), "{links}");
    assert_eq!(links.matches("<a ").count(), 1, "{links}");
}

#[tokio::test]
async fn unverified_customers_are_marked() {
    let user = json!({ "user": { "id": "u1", "name": "Ada", "plan": "enterprise", "verified": true } });
    let page = page_with(user).await;
    let person = between(&page, ">Customer</h2>", "</section>");
    assert!(person.contains("<bdi>enterprise</bdi> <span class=\"claim\">unverified</span>"), "{person}");
}

#[tokio::test]
async fn consent_is_shown_if_it_was_requested() {
    for (consent, expected) in
        [(json!(true), "Support may access"), (json!(false), "Support may not access"), (json!(null), "")]
    {
        let mut sent = ticket("Zebra");
        sent["consent"] = consent.clone();
        let page = page_of(&sent).await;
        let person = between(&page, ">Customer</h2>", "</section>");
        assert!(person.contains(expected) && person.contains("<dt>Account</dt>") == consent.is_boolean(), "{person}");
    }
}

#[tokio::test]
async fn requests_are_listed_with_their_trace_ids() {
    let page = page_with(json!({
        "frozen_at": "2026-01-01T00:00:12.000Z",
        "requests": [
            {
                "method": "GET", "url": "https://app.example/api", "status": 504, "at": "2026-01-01T00:00:00.250Z",
                "duration_ms": 2400, "size": 1312, "headers": { "x-request-id": "req-1" }
            },
            { "url": "https://app.example/b", "status": 0, "failure": "TypeError: Failed to fetch", "at": "", "duration_ms": 3 },
        ]
    }))
    .await;
    let table = between(&page, "Requests</h2>", "</table>");
    for text in ["00:00:00.250", "−11 s", "504 Gateway Timeout", "2.4 s", "1.3 kB", ">req-1</code>", "Failed to fetch"]
    {
        assert!(table.contains(text), "{text}: {table}");
    }
}

#[tokio::test]
async fn tickets_are_available_as_markdown() {
    let page = page_with(json!({ "page": { "url": "https://app.example/</textarea><b>" } })).await;
    let markdown = between(&page, "<textarea id=\"markdown\" readonly", "</textarea>");
    assert!(markdown.contains("high severity\n\n&gt; Zebra\n"), "{markdown}");
    assert!(markdown.contains("- Address: `https://app.example/&lt;/textarea&gt;&lt;b&gt;`\n"), "{markdown}");
}

#[tokio::test]
async fn inbox_pages_are_not_cached_and_run_own_scripts_only() {
    let gateway = demo().await;
    for path in ["/inbox", "/inbox/tickets/DB-00000", "/inbox/nothing"] {
        let answer = gateway.get(path).await;
        assert!(
            answer
                .header("content-security-policy")
                .starts_with("default-src 'none'; style-src 'self'; script-src 'self'; "),
            "{path}"
        );
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert!(answer.header("content-type").starts_with("text/html"));
    }
    assert_eq!(gateway.get("/inbox/inbox.css").await.header("content-type"), "text/css; charset=utf-8");
    assert_eq!(gateway.get("/inbox/inbox.js").await.header("content-type"), "text/javascript; charset=utf-8");
}

#[tokio::test]
async fn without_a_token_the_inbox_is_closed_and_explains_the_setting() {
    let gateway = gateway().await;
    for path in ["/inbox", "/inbox/tickets/DB-00000"] {
        let answer = gateway.get(path).await;
        assert_eq!(answer.status, 403, "{path}");
        assert!(answer.text().contains("deskbell agents token"));
    }
}

/// A gateway with an inbox token, for a browser that is logged in or not.
async fn guarded() -> Gateway {
    gateway_with("", Overrides { inbox_token: Some(TOKEN.into()), ..Overrides::default() }).await
}

/// A form as sent by a page of the inbox.
fn form(path: &str, cookie: &str, body: &str) -> axum::http::request::Request<Body> {
    let request = request(Method::POST, path)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "same-origin")
        .header("cookie", cookie);
    request.body(Body::from(body.to_string())).unwrap()
}

/// The cookie after a login.
async fn log_in(gateway: &Gateway, name: &str) -> String {
    let answer =
        gateway.send(form("/inbox/login", "", &format!("name={name}&token={}", TOKEN.replace(' ', "+")))).await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, "/inbox"), "{}", answer.text());
    let cookie = answer.header("set-cookie");
    for part in ["; Path=/inbox;", "; HttpOnly", "; SameSite=Strict"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    cookie.split(';').next().unwrap().to_string()
}

async fn get_as(gateway: &Gateway, path: &str, cookie: &str) -> Answer {
    gateway.send(request(Method::GET, path).header("cookie", cookie).body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn scripts_need_the_bearer_token() {
    for demo in [false, true] {
        let overrides = Overrides { inbox_token: Some(TOKEN.into()), demo, ..Overrides::default() };
        let gateway = gateway_with("", overrides).await;
        let ask = async |authorization: &str| {
            let request =
                request(Method::GET, "/inbox").header("authorization", authorization).body(Body::empty()).unwrap();
            gateway.send(request).await
        };
        for valid in [format!("Bearer {TOKEN}"), format!("bearer {TOKEN}")] {
            assert_eq!(ask(&valid).await.status, 200, "{valid}");
        }
        let basic = format!("Basic {}", BASE64_STANDARD.encode(format!("anybody:{TOKEN}")));
        for invalid in ["", "Bearer", "Bearer ", "Bearer another token", &basic, &format!("Digest {TOKEN}")] {
            let answer = ask(invalid).await;
            assert_eq!(
                (answer.status.as_u16(), answer.header("location")),
                (303, "/inbox/login?next=/inbox"),
                "{invalid}"
            );
        }
    }
}

#[tokio::test]
async fn agents_log_in_by_name_and_log_out() {
    let gateway = guarded().await;
    let answer = get_as(&gateway, "/inbox/tickets/DB-00000", "deskbell_inbox=guessed").await;
    assert_eq!(answer.header("location"), "/inbox/login?next=/inbox/tickets/DB-00000");
    let cookie = log_in(&gateway, "Ana").await;
    let page = get_as(&gateway, "/inbox", &format!("other=1; {cookie}")).await;
    assert!(page.status == 200 && page.text().contains("Ana") && page.text().contains("Log out"), "{}", page.text());
    // It survives a restart, because it is in the store and not in the process.
    let remaining = gateway.send(form("/inbox/logout", &cookie, "")).await;
    assert!(remaining.header("set-cookie").contains("Max-Age=0"));
    assert_eq!(get_as(&gateway, "/inbox", &cookie).await.status, 303);
}

#[tokio::test]
async fn sessions_are_stored_as_digests_and_expire() {
    on_sqlite();
    let gateway = guarded().await;
    let cookie = log_in(&gateway, "Ana").await;
    let secret = cookie.split_once('=').unwrap().1.to_string();
    let mut database = SqliteConnection::connect(&format!("sqlite:{}", gateway.database().display())).await.unwrap();
    let (session, until): (Vec<u8>, String) =
        sqlx::query_as("SELECT digest, expires_at FROM agent_sessions").fetch_one(&mut database).await.unwrap();
    assert!(session.len() == 32 && session != secret.as_bytes());
    assert!(until > deskbell_core::clock::now().to_string());
    sqlx::query("UPDATE agent_sessions SET expires_at = '2026-01-01T00:00:00.000Z'")
        .execute(&mut database)
        .await
        .unwrap();
    assert_eq!(get_as(&gateway, "/inbox", &cookie).await.status, 303);
}

#[tokio::test]
async fn failed_logins_are_explained_and_redirect_into_the_inbox_only() {
    let gateway = guarded().await;
    for (body, status, expected) in [
        ("name=Ana&token=wrong", 403, "Wrong token"),
        (&format!("name=+&token={}", TOKEN.replace(' ', "+")), 422, "Please enter your name"),
    ] {
        let answer = gateway.send(form("/inbox/login", "", body)).await;
        assert_eq!(answer.status, status);
        assert!(answer.text().contains(expected) && answer.header("set-cookie").is_empty(), "{}", answer.text());
    }
    let body = format!("name=Ana&token={}&next=https%3A%2F%2Fevil.example", TOKEN.replace(' ', "+"));
    assert_eq!(gateway.send(form("/inbox/login", "", &body)).await.header("location"), "/inbox");
}

#[tokio::test]
async fn cross_site_requests_change_nothing() {
    let gateway = guarded().await;
    let cookie = log_in(&gateway, "Ana").await;
    let sent = gateway.post("key", &ticket("One")).await.json();
    let path = format!("/inbox/tickets/{}", sent["reference"].as_str().unwrap());
    let ask = |headers: &[(&str, &str)], path: &str| {
        let mut request = request(Method::POST, path)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("cookie", &cookie);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(Body::from("action=solve&name=x&token=y")).unwrap()
    };
    for headers in [
        &[][..],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "none")],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        &[("origin", "http://localhost:8383"), ("sec-fetch-site", "cross-site")],
    ] {
        for path in [path.as_str(), "/inbox/logout", "/inbox/login"] {
            assert_eq!(gateway.send(ask(headers, path)).await.status, 403, "{headers:?} {path}");
        }
    }
    let stored =
        async || gateway.app.store.ticket(&TicketId::new(sent["id"].as_str().unwrap())).await.unwrap().unwrap();
    assert_eq!(stored().await.status, Status::Open);
    // A browser without Fetch Metadata sends its origin.
    assert_eq!(gateway.send(ask(&[("origin", "http://localhost:8383")], &path)).await.status, 303);
    assert_eq!(stored().await.status, Status::Solved);
}

#[tokio::test]
async fn texts_sent_after_the_session_ended_are_returned() {
    let gateway = guarded().await;
    let sent = gateway.post("key", &ticket("One")).await.json();
    let path = format!("/inbox/tickets/{}", sent["reference"].as_str().unwrap());
    let answer = gateway.send(form(&path, "", "action=answer&text=All+I+wrote+%3Cb%3E")).await;
    assert_eq!(answer.status, 401);
    assert!(answer.text().contains("All I wrote &lt;b&gt;"), "{}", answer.text());
    assert_eq!(gateway.app.store.messages(&TicketId::new(sent["id"].as_str().unwrap()), 0).await.unwrap(), []);
}

#[tokio::test]
async fn activities_of_agents_are_stored_and_customers_get_answers_only() {
    let gateway = guarded().await;
    let cookie = log_in(&gateway, "Ana").await;
    let mut new = ticket("It broke");
    new["context"] = json!({ "user": { "id": "u-7", "plan": "enterprise" } });
    let sent = gateway.send(post("trusting", "key", None, &new)).await.json();
    let (id, reference) = (sent["id"].as_str().unwrap(), sent["reference"].as_str().unwrap());
    let path = format!("/inbox/tickets/{reference}");
    let act = async |body: &str| {
        let answer = gateway.send(form(&path, &cookie, body)).await;
        assert_eq!(answer.status, 303, "{body}: {}", answer.text());
    };
    let stored = async || gateway.app.store.ticket(&TicketId::new(id)).await.unwrap().unwrap();

    act("action=note&text=Looks+like+%3Cb%3EDB-1%3C%2Fb%3E").await;
    act("action=contacted&place=X").await;
    assert_eq!(
        (stored().await.handling.updated_at, stored().await.handling.answered_at),
        (stored().await.received_at, None)
    );
    act("action=triage&topic=billing&severity=medium").await;
    let triaged = stored().await;
    assert_eq!((triaged.handling.topic.as_str(), triaged.handling.team.as_str()), ("billing", "growth"));
    assert_eq!(triaged.target.unwrap().hours, 8);
    assert_eq!(triaged.ticket.topic, "", "what was sent stays as it was sent");
    act("action=assign&assignee=Ben").await;
    act("action=hand-over&owner=cs&team=").await;
    assert_eq!((stored().await.handling.owner, stored().await.handling.assignee.as_str()), (Some(Owner::Cs), ""));
    // A form that is sent twice replies once.
    act("action=answer&key=k&text=Try+**this**").await;
    act("action=answer&key=k&text=Try+**this**").await;
    assert_eq!((stored().await.handling.turn, stored().await.handling.unread), (Turn::Customer, 1));
    act("action=answer-solved&key=l&text=Done").await;
    let solved = stored().await;
    assert!(solved.status == Status::Solved && solved.handling.answered_at.is_some());

    let page = get_as(&gateway, &path, &cookie).await.text();
    for text in [
        "Try <strong>this</strong>",
        "Looks like &lt;b&gt;DB-1&lt;/b&gt;",
        "contacted the customer on <bdi>X</bdi>",
        "none → billing, high → medium",
        "assigned it to <bdi>Ben</bdi>",
        "handed it over to <bdi>cs</bdi>",
        "marked it as solved",
        "Reopen",
        &format!("We have your ticket {reference}"),
        "/help/trusting?deskbell=ticket&amp;via=x",
    ] {
        assert!(page.contains(text), "{text}\n{page}");
    }
    let bodies: Vec<String> = gateway
        .app
        .store
        .messages(&TicketId::new(id), 0)
        .await
        .unwrap()
        .into_iter()
        .map(|message| message.body)
        .collect();
    assert_eq!(bodies, ["Try **this**", "Done"]);
}

#[tokio::test]
async fn failed_actions_are_explained_and_return_the_text() {
    let gateway = demo().await;
    let sent = gateway.post("key", &ticket("One")).await.json();
    let path = format!("/inbox/tickets/{}", sent["reference"].as_str().unwrap());
    let long = "x".repeat(10_001);
    for (body, expected) in [
        ("action=answer&text=+", "Please write something first"),
        (&format!("action=note&text={long}"), "at most 10,000"),
        ("action=triage&topic=nothing&severity=low&text=kept", "Unknown topic or severity"),
        ("action=triage&topic=&severity=worst", "Unknown topic or severity"),
        ("action=hand-over&owner=automated", "Unknown owner"),
        ("action=contacted&place=", "channel on which the customer"),
        ("action=destroy&text=kept", "Unknown action"),
    ] {
        let answer = gateway.send(form(&path, "", body)).await;
        assert_eq!(answer.status, 422, "{body}");
        assert!(answer.text().contains(expected), "{body}: {}", answer.text());
        assert!(!body.contains("kept") || answer.text().contains("kept</textarea>"), "{body}");
    }
    assert_eq!(gateway.send(form("/inbox/tickets/DB-00000", "", "action=solve")).await.status, 404);
}

#[tokio::test]
async fn the_list_has_filters() {
    let gateway = demo().await;
    let mut references = Vec::new();
    for (key, message, topic) in [("a", "Export breaks", "billing"), ("b", "Login breaks", "")] {
        let mut new = ticket(message);
        new["topic"] = json!(topic);
        references.push(
            gateway.send(post("trusting", key, None, &new)).await.json()["reference"].as_str().unwrap().to_string(),
        );
    }
    gateway.send(form(&format!("/inbox/tickets/{}", references[1]), "", "action=solve")).await;
    let found = async |query: &str| {
        let page = gateway.get(&format!("/inbox?{query}")).await.text();
        references.iter().map(|reference| page.contains(reference.as_str())).collect::<Vec<_>>()
    };
    for (query, expected) in [
        ("", [true, false]),
        ("status=solved", [false, true]),
        ("status=all", [true, true]),
        // Words are searched for in all parts of a ticket.
        ("q=breaks", [true, true]),
        ("q=login", [false, true]),
        ("q=ADA@example.com&status=open", [true, false]),
        ("team=growth", [true, false]),
        ("owner=cs", [false, false]),
        ("assignee=Ben", [false, false]),
    ] {
        assert_eq!(found(query).await, expected, "{query}");
    }
    let direct = gateway.get(&format!("/inbox?q=+{}+", references[0].to_lowercase())).await;
    assert_eq!(direct.header("location"), format!("/inbox/tickets/{}", references[0]));
    assert!(gateway.get("/inbox?site=trusting&status=all").await.text().contains(&references[0]));
    assert!(!gateway.get("/inbox?site=acme&status=all").await.text().contains(&references[0]));
}

#[tokio::test]
async fn test_tickets_are_marked_and_can_be_filtered() {
    let gateway = demo().await;
    let mut test = ticket("I try it out");
    test["test"] = json!(true);
    let reference = async |key: &str, new: &Value| {
        let answer = gateway.send(post("trusting", key, None, new)).await;
        answer.json()["reference"].as_str().unwrap().to_string()
    };
    let references = [reference("a", &test).await, reference("b", &ticket("It breaks")).await];
    let mark = ">Test</span>";
    for (query, expected) in [
        ("", [true, true]),
        ("test=yes", [true, false]),
        ("test=no", [false, true]),
        ("test=perhaps", [true, true]),
        ("test=no&site=trusting", [false, true]),
        ("test=yes&q=out", [true, false]),
        ("test=no&q=out", [false, false]),
    ] {
        let page = gateway.get(&format!("/inbox?{query}")).await.text();
        assert_eq!(references.each_ref().map(|reference| page.contains(reference.as_str())), expected, "{query}");
        assert_eq!(page.matches(mark).count(), usize::from(expected[0]), "{query}");
    }
    for (reference, marks) in references.iter().zip([1, 0]) {
        let page = gateway.get(&format!("/inbox/tickets/{reference}")).await.text();
        assert_eq!(page.matches(mark).count(), marks, "{reference}");
    }
    // Only `true` makes it a test ticket.
    for (key, value) in [("c", json!("test")), ("d", json!(1)), ("e", json!(null))] {
        test["test"] = value.clone();
        let answer = gateway.send(post("trusting", key, None, &test)).await;
        assert!(answer.status.is_client_error() && answer.text().contains("/test"), "{value}: {}", answer.text());
    }
    // The key belongs to the body, which contains whether it is a test.
    test["test"] = json!(false);
    assert_eq!(gateway.send(post("trusting", "a", None, &test)).await.problem().1, "key_reused");
}

#[tokio::test]
async fn five_letter_words_are_searched_and_not_taken_as_references() {
    on_sqlite();
    let gateway = demo().await;
    let sent = gateway.post("key", &ticket("The login page breaks")).await.json();
    let mut database = gateway.connection().await;
    sqlx::query("UPDATE tickets SET reference = 'DB-10G1N'").execute(&mut database).await.unwrap();
    let page = gateway.get("/inbox?q=login").await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("The login page breaks"), "{sent}");
    assert_eq!(gateway.get("/inbox?q=db-login").await.header("location"), "/inbox/tickets/DB-10G1N");
}

#[tokio::test]
async fn answers_are_stored_or_returned_and_never_lost() {
    let gateway = demo().await;
    let sent = gateway.post("key", &ticket("One")).await.json();
    let path = format!("/inbox/tickets/{}", sent["reference"].as_str().unwrap());
    let id = sent["id"].as_str().unwrap();
    let act = async |body: &str| gateway.send(form(&path, "", body)).await;
    let bodies = async || -> Vec<String> {
        gateway
            .app
            .store
            .messages(&TicketId::new(id), 0)
            .await
            .unwrap()
            .into_iter()
            .map(|message| message.body)
            .collect()
    };

    let without_key = act("action=answer&text=Without+a+key").await;
    assert_eq!(without_key.status, 422);
    assert!(without_key.text().contains("Without a key</textarea>") && without_key.text().contains("field key"));
    assert_eq!(act("action=answer&key=k&text=First").await.status, 303);
    assert_eq!(act("action=answer&key=k&text=First").await.status, 303);
    for action in ["answer", "answer-solved"] {
        let other = act(&format!("action={action}&key=k&text=Edited+since")).await;
        assert_eq!(other.status, 409);
        assert!(other.text().contains("Edited since</textarea>"), "{}", other.text());
    }
    assert_eq!(bodies().await, ["First"]);
    // The same text with the other button: it is sent once, and the ticket is solved.
    assert_eq!(act("action=answer-solved&key=k&text=First").await.status, 303);
    assert_eq!(bodies().await, ["First"]);
    assert_eq!(gateway.app.store.ticket(&TicketId::new(id)).await.unwrap().unwrap().status, Status::Solved);
}

#[tokio::test]
async fn long_conversations_show_the_end_and_link_to_earlier_messages() {
    let gateway = demo().await;
    let sent = gateway.post("key", &ticket("One")).await.json();
    let path = format!("/inbox/tickets/{}", sent["reference"].as_str().unwrap());
    for number in 1..=103 {
        let answer = gateway.send(form(&path, "", &format!("action=answer&key={number}&text=Answer+{number}."))).await;
        assert_eq!(answer.status, 303);
    }
    let page = gateway.get(&path).await.text();
    assert!(page.contains("Answer 103.") && page.contains("Answer 4.") && !page.contains("Answer 3."));
    assert!(page.contains(&format!("{path}?before=4#conversation")));
    let earlier = gateway.get(&format!("{path}?before=4")).await.text();
    assert!(earlier.contains("Answer 3.") && !earlier.contains("Answer 4.") && !earlier.contains("?before="));
    assert!(earlier.contains("The latest messages"));
}

#[tokio::test]
async fn unreadable_tickets_are_left_out_and_the_rest_works() {
    on_sqlite();
    let gateway = demo().await;
    let session = "000102030405060708090a0b0c0d0e0f";
    let mut sent = Vec::new();
    for (key, message) in [("a", "Broken row"), ("b", "Good row")] {
        sent.push(gateway.send(post("trusting", key, Some(session), &ticket(message))).await.json());
    }
    let mut database = gateway.connection().await;
    let broken = sent[0]["id"].as_str().unwrap();
    let break_it = sqlx::query("UPDATE tickets SET severity = 'urgent' WHERE id = ?").bind(broken);
    break_it.execute(&mut database).await.unwrap();

    for query in ["", "?q=row", "?status=all&owner=&team="] {
        let page = gateway.get(&format!("/inbox{query}")).await;
        assert_eq!(page.status, 200, "{query}");
        assert!(page.text().contains("Good row") && !page.text().contains("Broken row"), "{query}");
    }
    let mine = |path: &str| {
        request(Method::GET, &format!("/v1/sites/trusting/{path}"))
            .header("deskbell-session", session)
            .body(Body::empty())
            .unwrap()
    };
    let list = gateway.send(mine("tickets")).await.json();
    assert_eq!(list["tickets"].as_array().unwrap().len(), 1);
    assert_eq!(gateway.send(mine(&format!("tickets/{}", sent[1]["id"].as_str().unwrap()))).await.status, 200);
    assert_eq!(gateway.send(post("trusting", "c", Some(session), &ticket("A new one"))).await.status, 201);
    // The ticket's page shows the sign and its reason.
    let page = gateway.get(&format!("/inbox/tickets/{}", sent[0]["reference"].as_str().unwrap())).await;
    assert_eq!(page.status, 500);
    let reason = format!("ticket {broken} cannot be read: column severity: unknown value &quot;urgent&quot;");
    assert!(page.text().contains(&reason), "{}", page.text());
    assert_eq!(gateway.send(mine(&format!("tickets/{broken}"))).await.problem(), (500, "internal".into()));
}

#[tokio::test]
async fn overdue_tickets_are_highlighted() {
    let gateway = demo().await;
    let mut new = ticket("One");
    new["context"] = json!({ "user": { "id": "u-7", "plan": "enterprise" } });
    let sent = gateway.send(post("demo", "key", None, &new)).await.json();
    assert!(gateway.get("/inbox").await.text().contains("Due in "));
    let late = |current: &CurrentTicket| {
        let mut change = current.unchanged();
        change.ticket.due_at = Some("2026-01-01T00:00:00.000Z".parse().unwrap());
        change.into()
    };
    gateway.app.store.change(&TicketId::new(sent["id"].as_str().unwrap()), None, &late).await.unwrap();
    assert!(gateway.get("/inbox").await.text().contains("Overdue by "));
}

#[tokio::test]
async fn the_demo_inbox_is_open_on_loopback_only() {
    let gateway = demo().await;
    for (peer, host, other, status) in [
        ("127.0.0.1:5", "localhost:8383", None, 200),
        ("127.0.0.1:5", "127.0.0.1", None, 200),
        ("[::1]:5", "[::1]:8383", None, 200),
        ("[::ffff:127.0.0.1]:5", "LOCALHOST", None, 200),
        ("192.0.2.7:5", "localhost:8383", None, 403),
        // A page on another host whose name resolves to this address.
        ("127.0.0.1:5", "evil.example:8383", None, 403),
        ("127.0.0.1:5", "localhost.evil.example", None, 403),
        ("127.0.0.1:5", "", None, 403),
        // A proxy on this computer that forwards another client.
        ("127.0.0.1:5", "localhost", Some("x-forwarded-for"), 403),
    ] {
        let mut request = request(Method::GET, "/inbox").body(Body::empty()).unwrap();
        request.extensions_mut().insert(ConnectInfo(peer.parse::<SocketAddr>().unwrap()));
        request.headers_mut().insert("host", host.parse().unwrap());
        if let Some(other) = other {
            request.headers_mut().insert(other, "192.0.2.7".parse().unwrap());
        }
        assert_eq!(gateway.send(request).await.status, status, "{peer} {host} {other:?}");
    }
}

#[tokio::test]
async fn long_lists_are_paged() {
    let gateway = demo().await;
    for n in 0..51 {
        gateway.send(post("trusting", &format!("key{n}"), None, &ticket(&format!("Message {n}.")))).await;
    }
    let first = gateway.get("/inbox").await.text();
    // The ticket that has waited longest comes first.
    assert!(first.contains("Message 0.") && !first.contains("Message 50."));
    let (_, next) = first.split_once("href=\"/inbox?after=").expect("a link to the next page");
    let second = gateway.get(&format!("/inbox?after={}", next.split('"').next().unwrap())).await.text();
    assert!(second.contains("Message 50.") && !second.contains("Message 49."), "{second}");
    assert!(second.contains("First page") && !second.contains("?after="));
    // An invalid cursor means the first page.
    assert_eq!(gateway.get("/inbox?after=nothing").await.text(), first.replace("after=nothing", ""));
}

#[tokio::test]
async fn custom_fields_show_their_labels_and_robots_are_marked() {
    let site = "[sites.asking]\norigins = [\"*\"]\n\
        fields = [{ id = \"seats\", label = \"Seats\", type = \"number\", needed = true },\n\
        { id = \"region\", label = \"Region\", type = \"choice\", choices = [{ id = \"eu\", label = \"Europe\" }] },\n\
        { id = \"prod\", label = \"In production\", type = \"yes_no\" }]\n";
    let gateway = gateway_with(site, Overrides { demo: true, ..Overrides::default() }).await;
    let mut sent = ticket("Made by somebody who is quick");
    sent["fields"] = json!({"seats": 12, "region": "eu", "prod": true, "gone": "<b>kept</b>"});
    sent["website"] = json!("https://spam.example");
    let answer = gateway.send(crate::support::post("asking", "k", None, &sent)).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let reference = answer.json()["reference"].as_str().unwrap().to_string();
    let page = gateway.get(&format!("/inbox/tickets/{reference}")).await.text();
    for text in ["<bdi>Seats</bdi>", "<bdi>12</bdi>", "<bdi>Europe</bdi>", "<dd>Yes</dd>", "<bdi>gone</bdi>", "Robot?"]
    {
        assert!(page.contains(text), "{text}");
    }
    assert!(!page.contains("<b>kept</b>"));
    assert!(gateway.get("/inbox").await.text().contains("A hidden field was filled in"));

    // Missing answers are no reason to refuse a ticket, but invalid ones are named.
    sent["fields"] = json!({});
    assert_eq!(gateway.send(crate::support::post("asking", "k2", None, &sent)).await.status, 201);
    for (fields, pointer) in
        [(json!({"seats": [1]}), "/fields/seats"), (json!({"seats": "x".repeat(2001)}), "/fields/seats")]
    {
        sent["fields"] = fields;
        let answer = gateway.send(crate::support::post("asking", "k3", None, &sent)).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["errors"][0]["pointer"]), (422, &json!(pointer)));
    }
}

#[tokio::test]
async fn token_guesses_are_slowed_down() {
    let gateway = guarded().await;
    for _ in 0..10 {
        let answer = gateway.send(form("/inbox/login", "", "name=Eve&token=wrong")).await;
        assert_eq!(answer.status, 403);
    }
    let body = format!("name=Eve&token={}", TOKEN.replace(' ', "+"));
    let answer = gateway.send(form("/inbox/login", "", &body)).await;
    assert_eq!(answer.status, 429);
    assert!(answer.header("retry-after").parse::<u64>().unwrap() >= 1);
    assert!(answer.header("set-cookie").is_empty() && answer.text().contains("Too many failed logins"));
}

#[tokio::test]
async fn the_home_page_links_to_the_inbox() {
    let gateway = gateway().await;
    let home = gateway.get("/").await;
    assert_eq!(home.status, 200);
    assert!(home.text().contains("href=\"/inbox\""), "{}", home.text());
    let policy = home.headers["content-security-policy"].to_str().unwrap();
    assert!(!policy.contains("script-src") && !home.text().contains("<script"), "{policy}");
    assert!(home.headers.get("access-control-allow-origin").is_none());
    let style = gateway.get("/inbox/inbox.css").await;
    assert_eq!(style.status, 200, "the page has the inbox's style");

    let gateway = gateway_with("[inbox]\nlisten = \"127.0.0.1:0\"\n", Overrides::default()).await;
    let home = gateway.get("/").await;
    assert!(home.status == 200 && !home.text().contains("/inbox"), "{}", home.text());
    let inbox = http::inbox_router(&gateway.app.routers);
    let answer = send(inbox, request(Method::GET, "/").body(Body::empty()).unwrap()).await;
    assert_eq!((answer.status.as_u16(), answer.headers["location"].to_str().unwrap()), (303, "/inbox"));

    let demo = demo().await;
    assert_ne!(demo.get("/").await.status, 200, "the demo's own page, which needs its assets");
}
