//! Tests of the Zendesk stand-in that other tests rely on.

// clippy.toml allows these in tests, but does not recognise helpers in separate files as tests.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod zendesk;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use zendesk::control::{Side, new_comment};
use zendesk::quirks::{self, Answer, Fault, FaultKind};
use zendesk::{Zendesk, account, webhooks};

struct Desk {
    zendesk: Zendesk,
    client: Client,
    token: String,
}

const FULL: &str = "read write";

async fn desk() -> Desk {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut desk = Desk { zendesk: Zendesk::start().await, client: Client::new(), token: String::new() };
    desk.token = desk.grant("secret", FULL, 172_800).await.json::<Value>().await.unwrap()["access_token"]
        .as_str()
        .unwrap()
        .into();
    desk
}

impl Desk {
    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.client.request(method, format!("{}{path}", self.zendesk.url()))
    }

    async fn grant(&self, secret: &str, scope: &str, seconds: u64) -> Response {
        let body = json!({ "grant_type": "client_credentials", "client_id": "deskbell", "client_secret": secret, "scope": scope, "expires_in": seconds });
        self.request(Method::POST, "/oauth/tokens").json(&body).send().await.unwrap()
    }

    async fn get(&self, path: &str) -> Value {
        let answer = self.request(Method::GET, path).bearer_auth(&self.token).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer.json().await.unwrap()
    }

    async fn send(&self, method: Method, path: &str, body: &Value) -> (u16, Value) {
        answered(self.request(method, path).bearer_auth(&self.token).json(body).send().await.unwrap()).await
    }

    async fn create(&self, key: &str, ticket: &Value) -> reqwest::Result<Response> {
        let request = self.request(Method::POST, "/api/v2/tickets").bearer_auth(&self.token);
        request.header("idempotency-key", key).json(&json!({ "ticket": ticket })).send().await
    }

    async fn ticket(&self) -> u64 {
        let (status, answer) = self.send(Method::POST, "/api/v2/tickets", &json!({ "ticket": ticket("x") })).await;
        assert_eq!(status, 201, "{answer}");
        answer["ticket"]["id"].as_u64().unwrap()
    }

    async fn upload(&self, query: &str, kind: &str, bytes: &'static str) -> (u16, Value) {
        let request = self.request(Method::POST, &format!("/api/v2/uploads?{query}")).bearer_auth(&self.token);
        answered(request.header("content-type", kind).body(bytes).send().await.unwrap()).await
    }
}

async fn answered(answer: Response) -> (u16, Value) {
    let status = answer.status().as_u16();
    let text = answer.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

async fn until(reached: impl Fn() -> bool) {
    let waiting = async {
        while !reached() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waiting).await.unwrap();
}

fn ticket(external_id: &str) -> Value {
    json!({ "external_id": external_id, "subject": "Broken", "comment": { "body": "It is" },
        "requester": { "name": "Ada", "email": "ada@example.com" } })
}

#[tokio::test]
async fn idempotency_keys_last_two_hours_and_belong_to_one_body() {
    let desk = desk().await;
    let first = desk.create("k", &ticket("a")).await.unwrap();
    assert_eq!((first.status().as_u16(), &first.headers()["x-idempotency-lookup"]), (201, &"miss".parse().unwrap()));
    let first: Value = first.json().await.unwrap();
    let id = first["ticket"]["id"].as_u64().unwrap();
    desk.zendesk.set_status(id, "solved").unwrap();

    let second = desk.create("k", &ticket("a")).await.unwrap();
    assert_eq!((second.status().as_u16(), &second.headers()["x-idempotency-lookup"]), (201, &"hit".parse().unwrap()));
    assert_eq!(second.json::<Value>().await.unwrap(), first, "the answer is the one of then");
    let other = answered(desk.create("k", &ticket("b")).await.unwrap()).await;
    assert_eq!((other.0, &other.1["error"]), (400, &json!("IdempotentRequestError")));

    desk.zendesk.advance(2 * 3600 + 1);
    assert_eq!(desk.create("k", &ticket("a")).await.unwrap().headers()["x-idempotency-lookup"], "miss");
    assert_eq!(desk.get("/api/v2/tickets.json?external_id=a").await["tickets"].as_array().unwrap().len(), 2);
    assert_eq!(desk.zendesk.state().users.len(), 4, "the requester is one person");
}

#[tokio::test]
async fn refused_requests_store_nothing_and_free_the_key() {
    let desk = desk().await;
    let token = desk.upload("filename=a.txt", "text/plain", "a").await.1["upload"]["token"].clone();
    let mut wrong = ticket("a");
    wrong["comment"]["uploads"] = json!([token]);
    wrong["priority"] = "huge".into();
    let (status, refused) = answered(desk.create("k", &wrong).await.unwrap()).await;
    assert_eq!((status, &refused["error"]), (422, &json!("RecordInvalid")));
    assert_eq!(refused["details"]["priority"][0]["error"], "InvalidValue");
    {
        let state = desk.zendesk.state();
        assert_eq!((state.tickets.len(), state.users.len(), state.uploads.len()), (0, 3, 1));
    }
    wrong["priority"] = "high".into();
    assert_eq!(desk.create("k", &wrong).await.unwrap().headers()["x-idempotency-lookup"], "miss");
}

#[tokio::test]
async fn torn_and_lost_requests_are_handled_and_dropped_ones_are_not() {
    let desk = desk().await;
    let hour = 3_600_000;
    for (fault, done) in [
        (FaultKind::Torn, true),
        (FaultKind::Lost, true),
        (FaultKind::SlowAfter(hour), true),
        (FaultKind::Dropped, false),
        (FaultKind::Slow(hour), false),
        (FaultKind::Status(Answer { status: 503, retry_after: Some(7), html: true }), false),
    ] {
        let name = format!("{fault:?}");
        let before = desk.zendesk.state().tickets.len();
        desk.zendesk.fault(quirks::next("POST", "/api/v2/tickets", fault.clone()));
        let sent = async { desk.create(&name, &ticket("a")).await?.error_for_status()?.bytes().await };
        let reached = until(|| {
            let state = desk.zendesk.state();
            state.faults.is_empty() && state.tickets.len() == before + usize::from(done)
        });
        match fault {
            // Clients give up waiting for these at some time.
            FaultKind::Slow(_) | FaultKind::SlowAfter(_) => tokio::select! {
                answer = sent => panic!("{name}: {answer:?}"),
                () = reached => {}
            },
            _ => {
                assert!(sent.await.is_err(), "{name}");
                reached.await;
            }
        }
        let lookup = desk.create(&name, &ticket("a")).await.unwrap().headers()["x-idempotency-lookup"].clone();
        assert_eq!(lookup, if done { "hit" } else { "miss" }, "{name}");
    }
}

#[tokio::test]
async fn torn_responses_begin_like_complete_ones() {
    let desk = desk().await;
    desk.zendesk.fault(quirks::next("", "/api/v2/users/me", FaultKind::Torn));
    let mut answer = desk.request(Method::GET, "/api/v2/users/me.json").bearer_auth(&desk.token).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(!answer.chunk().await.unwrap().unwrap().is_empty());
    assert!(answer.chunk().await.is_err());
}

#[tokio::test]
async fn faults_apply_as_often_as_declared_to_matching_requests() {
    let desk = desk().await;
    let answer = Answer { status: 502, ..Answer::default() };
    desk.zendesk.fault(Fault {
        after: 1,
        times: 2,
        ..quirks::next("GET", "/api/v2/tickets", FaultKind::Status(answer))
    });
    let mut seen = Vec::new();
    for path in ["/api/v2/tickets", "/api/v2/users/me", "/api/v2/tickets.json", "/api/v2/tickets", "/api/v2/tickets"] {
        seen.push(desk.request(Method::GET, path).bearer_auth(&desk.token).send().await.unwrap().status().as_u16());
    }
    assert_eq!(seen, [200, 200, 502, 502, 200]);
    let log = desk.zendesk.state().log.clone();
    assert_eq!(log.iter().filter(|entry| entry.fault.as_deref() == Some("status")).count(), 2);
}

#[tokio::test]
async fn upload_tokens_last_an_hour_and_work_once() {
    let desk = desk().await;
    let (status, first) = desk.upload("filename=a.txt", "text/plain", "first").await;
    assert_eq!(status, 201);
    let token = first["upload"]["token"].as_str().unwrap().to_string();
    let (_, second) = desk.upload(&format!("filename=b.png&token={token}"), "image/png", "second").await;
    assert_eq!(
        (&second["upload"]["token"], second["upload"]["attachments"].as_array().unwrap().len()),
        (&json!(token), 2)
    );
    let mut with_files = ticket("a");
    with_files["comment"]["uploads"] = json!([token]);

    let made = desk.create("1", &with_files).await.unwrap();
    assert_eq!(made.status(), 201);
    let comments = desk.get("/api/v2/tickets/1/comments").await;
    let files = comments["comments"][0]["attachments"].as_array().unwrap().clone();
    assert_eq!(files.iter().map(|file| file["file_name"].as_str().unwrap()).collect::<Vec<_>>(), ["a.txt", "b.png"]);
    let read = desk.client.get(files[1]["content_url"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(read.headers()["content-type"], "image/png");
    assert_eq!(read.text().await.unwrap(), "second");

    let (status, again) = answered(desk.create("2", &with_files).await.unwrap()).await;
    assert_eq!((status, again["details"]["uploads"].is_array()), (422, true), "{again}");
    let (_, late) = desk.upload("filename=a.txt", "text/plain", "late").await;
    with_files["comment"]["uploads"] = late["upload"]["token"].clone();
    desk.zendesk.advance(3601);
    assert_eq!(desk.create("3", &with_files).await.unwrap().status(), 422);
}

#[tokio::test]
async fn mistyped_and_oversized_uploads_are_refused() {
    let desk = desk().await;
    let (status, refused) = desk.upload("filename=a.png", "text/html", "x").await;
    assert_eq!((status, refused["details"]["base"].is_array()), (422, true));
    assert_eq!(desk.upload("filename=a", "image/png", "x").await.0, 422);
    assert_eq!(desk.upload("filename=a.png", "application/binary", "x").await.0, 201);
    assert_eq!(desk.upload("", "text/plain", "x").await.0, 422);
    desk.zendesk.quirks(|quirks| quirks.upload_limit = 3);
    assert_eq!(desk.upload("filename=a.txt", "text/plain", "four").await.0, 413);
    let token =
        desk.upload("filename=a.txt", "text/plain", "x").await.1["upload"]["token"].as_str().unwrap().to_string();
    let path = format!("/api/v2/uploads/{token}");
    let remove = async || desk.request(Method::DELETE, &path).bearer_auth(&desk.token).send().await.unwrap().status();
    assert_eq!((remove().await, remove().await), (StatusCode::NO_CONTENT, StatusCode::NOT_FOUND));
}

#[tokio::test]
async fn tokens_expire_and_are_limited_to_their_scopes() {
    let mut desk = desk().await;
    let refused = answered(desk.grant("wrong", FULL, 600).await).await;
    assert_eq!((refused.0, &refused.1["error"]), (401, &json!("invalid_client")));
    let refused = answered(desk.grant("secret", "tickets:fly", 600).await).await;
    assert_eq!((refused.0, &refused.1["error"]), (400, &json!("invalid_scope")));
    assert_eq!(desk.grant("secret", FULL, 299).await.status(), 400);

    let form =
        "grant_type=client_credentials&client_id=deskbell&client_secret=secret&scope=tickets%3Aread&expires_in=600";
    let request =
        desk.request(Method::POST, "/oauth/tokens").header("content-type", "application/x-www-form-urlencoded");
    let (_, granted) = answered(request.body(form).send().await.unwrap()).await;
    assert_eq!((&granted["scope"], &granted["expires_in"]), (&json!("tickets:read"), &json!(600)));
    desk.token = granted["access_token"].as_str().unwrap().into();
    desk.get("/api/v2/tickets").await;
    let (status, refused) = desk.send(Method::POST, "/api/v2/tickets", &json!({ "ticket": ticket("a") })).await;
    assert_eq!((status, &refused["error"]), (403, &json!("Forbidden")));
    let fields = desk.request(Method::GET, "/api/v2/ticket_fields").bearer_auth(&desk.token).send().await.unwrap();
    assert_eq!(fields.status(), 403);
    desk.zendesk.advance(600);
    let over =
        answered(desk.request(Method::GET, "/api/v2/tickets").bearer_auth(&desk.token).send().await.unwrap()).await;
    assert_eq!((over.0, &over.1["error"]), (401, &json!("invalid_token")));
}

#[tokio::test]
async fn api_tokens_work_if_the_account_has_one_and_never_from_pages() {
    let desk = desk().await;
    let ask = async || {
        let request = desk.request(Method::GET, "/api/v2/users/me").basic_auth("grace@acme.example/token", Some("old"));
        request.header("origin", "https://app.example").send().await.unwrap()
    };
    assert_eq!(ask().await.status(), 401);
    desk.zendesk.state().account.legacy_token = Some("old".into());
    let answer = ask().await;
    assert!(!answer.headers().contains_key("access-control-allow-origin"));
    assert_eq!(answer.json::<Value>().await.unwrap()["user"]["role"], "agent");
}

#[tokio::test]
async fn closed_tickets_are_not_updated_but_can_have_follow_ups() {
    let desk = desk().await;
    let id = desk.ticket().await;
    let mut follow_up = ticket("b");
    follow_up["via_followup_source_id"] = id.into();
    assert_eq!(desk.create("1", &follow_up).await.unwrap().status(), 422);
    desk.zendesk.set_status(id, "closed").unwrap();

    let path = format!("/api/v2/tickets/{id}.json");
    let (status, refused) =
        desk.send(Method::PUT, &path, &json!({ "ticket": { "comment": { "body": "more" } } })).await;
    assert_eq!(status, 422);
    assert_eq!(refused["details"]["status"][0]["description"], "Status: closed prevents ticket update");
    let (status, followed) = answered(desk.create("1", &follow_up).await.unwrap()).await;
    assert_eq!(status, 201);
    assert_eq!(desk.get(&path).await["ticket"]["followup_ids"], json!([followed["ticket"]["id"]]));
}

#[tokio::test]
async fn safe_updates_check_the_stamp_and_repeated_updates_apply_again() {
    let desk = desk().await;
    let id = desk.ticket().await;
    let path = format!("/api/v2/tickets/{id}");
    let stamp = desk.get(&path).await["ticket"]["updated_at"].clone();
    let requester = desk.get(&path).await["ticket"]["requester_id"].clone();
    desk.zendesk.advance(5);
    let update = json!({ "ticket": { "safe_update": true, "updated_stamp": stamp, "status": "open",
        "comment": { "body": "more", "author_id": requester }, "metadata": { "reply": "r1" } } });
    let (status, updated) = desk.send(Method::PUT, &path, &update).await;
    assert_eq!((status, &updated["ticket"]["status"]), (200, &json!("open")), "{updated}");
    assert_eq!(updated["audit"]["metadata"]["custom"], json!({ "reply": "r1" }));
    let (status, refused) = desk.send(Method::PUT, &path, &update).await;
    assert_eq!((status, &refused["error"]), (409, &json!("UpdateConflict")));

    let plain = json!({ "ticket": { "comment": { "body": "note", "public": false } } });
    for _ in 0..2 {
        assert_eq!(desk.send(Method::PUT, &path, &plain).await.0, 200);
    }
    let list = desk.get(&format!("{path}/comments?sort_order=asc")).await;
    let comments: Vec<_> = list["comments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["body"].as_str().unwrap(), one["public"].as_bool().unwrap()))
        .collect();
    assert_eq!(comments, [("It is", true), ("more", true), ("note", false), ("note", false)]);
    assert_eq!(
        (&list["comments"][1]["author_id"], &list["comments"][1]["metadata"]["custom"]),
        (&requester, &json!({ "reply": "r1" }))
    );
    desk.zendesk.quirks(|quirks| quirks.no_custom_metadata = true);
    assert!(desk.get(&format!("{path}/comments")).await["comments"][1]["metadata"].get("custom").is_none());
}

#[tokio::test]
async fn cursor_pages_are_stable_under_new_entries() {
    let desk = desk().await;
    for _ in 0..5 {
        desk.ticket().await;
    }
    let mut seen = Vec::new();
    let mut path = "/api/v2/tickets?page%5Bsize%5D=2&sort=-id".to_string();
    loop {
        let page = desk.get(&path).await;
        seen.extend(page["tickets"].as_array().unwrap().iter().map(|one| one["id"].as_u64().unwrap()));
        desk.ticket().await;
        if page["meta"]["has_more"] == false {
            break;
        }
        path = page["links"]["next"].as_str().unwrap().strip_prefix(&desk.zendesk.url()).unwrap().into();
    }
    assert_eq!(seen, [5, 4, 3, 2, 1]);
    let numbered = desk.get("/api/v2/tickets?per_page=3&page=2&sort_by=updated_at&sort_order=desc").await;
    assert_eq!((&numbered["tickets"][0]["id"], &numbered["count"]), (&json!(5), &json!(8)));
    let deep = desk.request(Method::GET, "/api/v2/tickets?page=101").bearer_auth(&desk.token).send().await.unwrap();
    assert_eq!(deep.status(), 400);
    assert_eq!(
        desk.get("/api/v2/users/17900000000001/tickets/requested?page%5Bsize%5D=100").await["tickets"]
            .as_array()
            .unwrap()
            .len(),
        8
    );
}

#[tokio::test]
async fn requests_above_the_rate_limit_get_retry_after() {
    let desk = desk().await;
    desk.zendesk.quirks(|quirks| quirks.rate_limit = 3);
    let ask = async || desk.request(Method::GET, "/api/v2/users/me").bearer_auth(&desk.token).send().await.unwrap();
    let left = async || ask().await.headers()["ratelimit-remaining"].to_str().unwrap().to_string();
    assert_eq!([left().await, left().await, left().await], ["2", "1", "0"]);
    let refused = ask().await;
    assert_eq!(refused.status(), 429);
    assert!(!refused.headers().contains_key("access-control-allow-origin"));
    let seconds: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
    desk.zendesk.quirks(|quirks| (quirks.plain_text_429, quirks.retry_after_as_date) = (true, true));
    let refused = ask().await;
    assert!(refused.headers()["retry-after"].to_str().unwrap().ends_with(" GMT"));
    assert_eq!(refused.headers()["content-type"], "text/plain; charset=utf-8");
    let state = desk.zendesk.state();
    assert_eq!((state.limiter.refused, state.limiter.most), (2, 3));
}

#[tokio::test]
async fn anonymous_requests_count_as_an_end_users() {
    let desk = desk().await;
    let post = async |body: Value| {
        let request = desk.request(Method::POST, "/api/v2/requests.json").header("origin", "https://app.example");
        request.json(&json!({ "request": body })).send().await.unwrap()
    };
    let mut body = json!({ "subject": "S", "comment": { "body": "B" }, "priority": "urgent", "tags": ["plan_free"],
        "requester": { "name": "Ada", "email": "ada@example.com" },
        "custom_fields": [{ "id": account::SEVERITY, "value": "unheard of" }] });
    let made = post(body.clone()).await;
    assert_eq!((made.status().as_u16(), &made.headers()["access-control-allow-origin"]), (201, &"*".parse().unwrap()));
    let made: Value = made.json().await.unwrap();
    assert_eq!(
        (&made["request"]["priority"], &made["request"]["custom_fields"][0]["value"]),
        (&Value::Null, &Value::Null)
    );
    let id = made["request"]["id"].as_u64().unwrap();
    assert_eq!(desk.zendesk.state().tickets[&id].tags, ["plan_free"]);

    body["ticket_form_id"] = account::BUG_FORM.into();
    let (status, refused) = answered(post(body.clone()).await).await;
    assert_eq!((status, &refused["details"]["base"][0]["description"]), (422, &json!("Consent: cannot be blank")));
    body["ticket_form_id"] = 12.into();
    assert_eq!(post(body.clone()).await.status(), 422);
    desk.zendesk.quirks(|quirks| quirks.form_substitution = true);
    let (_, substituted) = answered(post(body.clone()).await).await;
    assert_eq!(substituted["request"]["ticket_form_id"], account::FORM);

    let read = desk.request(Method::GET, "/api/v2/requests/1").send().await.unwrap();
    assert_eq!(read.status(), 401);
    desk.zendesk.quirks(|quirks| quirks.require_auth = true);
    let refused = post(body).await;
    assert_eq!((refused.status().as_u16(), refused.headers().get("access-control-allow-origin")), (401, None));
}

#[tokio::test]
async fn pages_may_read_documented_responses_and_no_refusals() {
    let desk = desk().await;
    let tickets =
        desk.grant("secret", "tickets:read", 600).await.json::<Value>().await.unwrap()["access_token"].clone();
    let shown = async |method: Method, path: &str, token: &str| {
        let request = desk.request(method, path).header("origin", "https://app.example");
        let request = if token.is_empty() { request } else { request.bearer_auth(token) };
        let answer = request.json(&json!({ "request": {} })).send().await.unwrap();
        (answer.status().as_u16(), answer.headers().contains_key("access-control-allow-origin"))
    };
    let narrow = tickets.as_str().unwrap();
    assert_eq!(shown(Method::GET, "/api/v2/tickets", narrow).await, (200, true));
    assert_eq!(shown(Method::GET, "/api/v2/tickets/7", narrow).await, (404, true));
    assert_eq!(shown(Method::GET, "/api/v2/groups", narrow).await, (403, false));
    assert_eq!(shown(Method::POST, "/api/v2/requests", "").await, (422, false));
    desk.zendesk.quirks(|quirks| quirks.cors_on_422 = true);
    assert_eq!(shown(Method::POST, "/api/v2/requests", "").await, (422, true));
    desk.zendesk.quirks(|quirks| quirks.no_cors_on_refusals = false);
    assert_eq!(shown(Method::GET, "/api/v2/groups", narrow).await, (403, true));

    let preflight = desk.request(Method::OPTIONS, "/api/v2/requests.json");
    let preflight = preflight.header("access-control-request-headers", "content-type").send().await.unwrap();
    assert_eq!(preflight.headers()["access-control-allow-origin"], "*");
    let allowed = preflight.headers()["access-control-allow-headers"].to_str().unwrap();
    assert!(allowed.contains("content-type") && !allowed.contains("idempotency-key"), "{allowed}");
}

#[tokio::test]
async fn quirks_decide_what_an_account_refuses_or_drops() {
    let desk = desk().await;
    let with = |field: Value, value: &str| {
        let mut ticket = ticket("a");
        ticket["custom_fields"] = json!([{ "id": field, "value": value }]);
        ticket
    };
    let status = async |key: &str, ticket: Value| desk.create(key, &ticket).await.unwrap().status().as_u16();
    let (choice, unknown) = (with(json!(account::SEVERITY), "huge"), with(json!(9), "x"));
    assert_eq!([status("1", choice.clone()).await, status("2", unknown.clone()).await], [201, 201]);
    assert_eq!(status("3", with(json!(account::SEATS), "many")).await, 422);
    desk.request(Method::POST, "/_control/quirks")
        .json(&json!({ "unknown_choices": "refuse", "unknown_fields": "refuse", "comment_limit": 2, "foreign_ids_403": true }))
        .send()
        .await
        .unwrap();
    assert_eq!([status("4", choice).await, status("5", unknown).await], [422, 422]);
    assert_eq!(status("6", with(json!(account::SEVERITY.to_string()), "high")).await, 201);
    assert_eq!(desk.get("/api/v2/tickets/3").await["ticket"]["tags"], json!(["high"]), "a choice is a tag");

    let comment = json!({ "ticket": { "comment": { "body": "more" } } });
    let mut answers = Vec::new();
    for path in ["/api/v2/tickets/1", "/api/v2/tickets/1", "/api/v2/tickets/99"] {
        answers.push(desk.send(Method::PUT, path, &comment).await.0);
    }
    assert_eq!(answers, [200, 422, 403]);
    for (member, value) in [("assignee_id", 1), ("group_id", 1), ("brand_id", 1), ("status", 1), ("requester_id", 1)] {
        let mut wrong = json!({ "subject": "x", "comment": { "body": "x" } });
        wrong[member] = value.into();
        assert_eq!(desk.create(member, &wrong).await.unwrap().status(), 422, "{member}");
    }
}

#[tokio::test]
async fn user_searches_lag_and_request_lists_do_not() {
    let desk = desk().await;
    desk.zendesk.quirks(|quirks| quirks.search_lag = 60);
    let id = desk.ticket().await;
    let found = async || desk.get("/api/v2/users/search?query=email%3AADA%40example.com").await["users"].clone();
    assert_eq!(found().await, json!([]));
    desk.zendesk.advance(60);
    let ada = found().await[0].clone();
    let user = ada["id"].as_u64().unwrap();
    assert_eq!((&ada["role"], &ada["verified"]), (&json!("end-user"), &json!(false)));
    let requested =
        desk.get(&format!("/api/v2/users/{user}/tickets/requested?sort_by=updated_at&sort_order=desc")).await;
    assert_eq!(requested["tickets"][0]["id"], id);
    let identity = &desk.get(&format!("/api/v2/users/{user}/identities.json")).await["identities"][0];
    assert_eq!((&identity["value"], &identity["primary"]), (&json!("ada@example.com"), &json!(true)));
    let many = desk.get(&format!("/api/v2/users/show_many?ids={user},5,{}", account::GRACE)).await;
    assert_eq!(many["users"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn the_account_lists_its_forms_and_fields() {
    let desk = desk().await;
    let ids = async |path: &str| -> Vec<u64> {
        let list = desk.get(&format!("/api/v2/{path}")).await;
        list[path].as_array().unwrap().iter().map(|one| one["id"].as_u64().unwrap()).collect()
    };
    assert!(ids("ticket_fields").await.contains(&account::SEVERITY));
    assert_eq!(ids("ticket_forms").await, [account::FORM, account::BUG_FORM]);
    assert_eq!(ids("groups").await, [account::SUPPORT, account::ENGINEERING]);
    assert_eq!(ids("brands").await, [account::BRAND, account::OTHER_BRAND]);
    let members = desk.get(&format!("/api/v2/groups/{}/memberships", account::SUPPORT)).await;
    assert_eq!(members["group_memberships"][0]["user_id"], account::GRACE);
    assert_eq!(desk.get("/api/v2/account/settings").await["settings"]["active_features"]["ticket_forms"], true);

    let id = desk.ticket().await;
    let path = format!("/api/v2/tickets/{id}");
    let waits = json!({ "ticket": { "custom_status_id": account::STATUS_RELEASE, "assignee_id": account::LINUS } });
    let (_, answer) = desk.send(Method::PUT, &path, &waits).await;
    let ticket = &answer["ticket"];
    assert_eq!((&ticket["status"], &ticket["group_id"]), (&json!("hold"), &json!(account::ENGINEERING)));
}

/// Receives webhook deliveries, each with its headers and body.
type DeliveryReceiver = UnboundedReceiver<(HeaderMap, String)>;

/// An endpoint that responds with these statuses in turn, and with 200 afterwards.
async fn endpoint(statuses: &[u16]) -> (String, DeliveryReceiver) {
    let (sender, receiver) = unbounded_channel();
    let left = Arc::new(Mutex::new(statuses.to_vec()));
    let router = Router::new().fallback(async move |headers: HeaderMap, body: String| {
        sender.send((headers, body)).unwrap();
        let mut left = left.lock().unwrap();
        let status = if left.is_empty() { 200 } else { left.remove(0) };
        StatusCode::from_u16(status).unwrap()
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, receiver)
}

async fn next(receiver: &mut DeliveryReceiver) -> (HeaderMap, Value) {
    let (headers, body) = tokio::time::timeout(Duration::from_secs(20), receiver.recv()).await.unwrap().unwrap();
    let text = |name: &str| headers[name].to_str().unwrap().to_string();
    let signature = webhooks::signature("s3cret", &text("x-zendesk-webhook-signature-timestamp"), &body);
    assert_eq!(text("x-zendesk-webhook-signature"), signature);
    (headers, serde_json::from_str(&body).unwrap())
}

fn kind(event: &Value) -> &str {
    event["type"].as_str().unwrap().strip_prefix("zen:event-type:ticket.").unwrap()
}

#[test]
fn signatures_cover_timestamp_and_body() {
    // Computed with: printf '%s' '2026-11-26T00:00:00Z{"a":1}' | openssl dgst -sha256 -hmac s3cret -binary | base64
    assert_eq!(
        webhooks::signature("s3cret", "2026-11-26T00:00:00Z", "{\"a\":1}"),
        "HfJCPwFVCJ35wOI7KVEZ5hX1UffMnWKjSpHg+eKPf6A="
    );
}

#[tokio::test]
async fn webhooks_get_every_event_and_retries_after_failures() {
    let desk = desk().await;
    desk.zendesk.quirks(|quirks| quirks.webhook_retry = 1);
    let (url, mut receiver) = endpoint(&[500, 503]).await;
    desk.zendesk.webhook(&url, "s3cret");
    let id = desk.ticket().await;
    let mut heard_of = Vec::new();
    for _ in 0..4 {
        let (headers, event) = next(&mut receiver).await;
        assert_eq!(
            (&event["subject"], &event["detail"]["id"]),
            (&json!(format!("zen:ticket:{id}")), &json!(id.to_string()))
        );
        heard_of.push((kind(&event).to_string(), headers["x-zendesk-webhook-invocation-id"].clone()));
    }
    let counted = |name: &str| heard_of.iter().filter(|(kind, _)| kind == name).count();
    assert_eq!((counted("created"), counted("comment_added")), (2, 2));
    let mut ids: Vec<_> = heard_of.iter().map(|(_, id)| id.to_str().unwrap()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 2, "an attempt has the id of the first");

    let note = json!({ "author": "agent", "name": "Linus", "body": "psst", "public": false });
    let path = format!("/_control/tickets/{id}/comments");
    assert_eq!(desk.request(Method::POST, &path).json(&note).send().await.unwrap().status(), 201);
    let (_, event) = next(&mut receiver).await;
    assert_eq!((kind(&event), &event["event"]["comment"]["is_public"]), ("comment_added", &json!(false)));
    desk.zendesk.set_status(id, "solved").unwrap();
    let (_, event) = next(&mut receiver).await;
    assert_eq!(
        (kind(&event), &event["event"]["current"], &event["detail"]["status"]),
        ("status_changed", &json!("SOLVED"), &json!("SOLVED"))
    );
}

#[tokio::test]
async fn held_webhooks_arrive_twice_and_reversed_on_release() {
    let desk = desk().await;
    let (url, mut receiver) = endpoint(&[]).await;
    desk.zendesk.webhook(&url, "s3cret");
    let change = json!({ "webhooks_late": true, "webhooks_doubled": true, "webhooks_out_of_order": true });
    assert_eq!(desk.request(Method::POST, "/_control/quirks").json(&change).send().await.unwrap().status(), 200);
    desk.ticket().await;
    assert_eq!(desk.zendesk.state().held_deliveries.len(), 2);
    assert!(receiver.try_recv().is_err());
    desk.request(Method::POST, "/_control/webhooks/release").send().await.unwrap();
    let mut order = Vec::new();
    for _ in 0..4 {
        order.push(kind(&next(&mut receiver).await.1).to_string());
    }
    assert_eq!(order, ["comment_added", "comment_added", "created", "created"]);
}

#[tokio::test]
async fn the_control_api_covers_everything() {
    let desk = desk().await;
    let control = async |path: &str, body: Value| {
        answered(desk.request(Method::POST, &format!("/_control/{path}")).json(&body).send().await.unwrap()).await
    };
    let (_, arrived) = control("tickets", json!({ "via": "email", "requester": { "name": "Bo", "email": "bo@example.com" }, "subject": "Mail", "body": "Hello" })).await;
    let id = arrived["id"].as_u64().unwrap();
    let reply = json!({ "author": "agent", "body": "Here", "attachments": [{ "name": "a.txt", "content_type": "text/plain", "text": "abc" }] });
    assert_eq!(control(&format!("tickets/{id}/comments"), reply).await.0, 201);
    assert_eq!(desk.zendesk.state().tickets[&id].status, "open");
    control(&format!("tickets/{id}/status"), json!({ "status": "solved" })).await;
    desk.zendesk.comment(id, &new_comment(Side::Customer, "Still")).unwrap();
    assert_eq!(desk.zendesk.state().tickets[&id].status, "open", "a customer's mail opens it again");

    let seen: Value = desk.request(Method::GET, "/_control/state").send().await.unwrap().json().await.unwrap();
    let file = &seen["tickets"][0]["comments"][1]["attachments"][0];
    assert_eq!(file["sha256"], "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_eq!((&seen["tickets"][0]["via"]["channel"], &seen["counts"]["comments"]), (&json!("email"), &json!(3)));

    let (status, wrong) = control("quirks", json!({ "rate_limits": 1 })).await;
    assert_eq!((status, wrong["error"].as_str().unwrap().contains("rate_limits")), (400, true));
    assert_eq!(
        control(
            "faults",
            json!([{ "method": "GET", "path_prefix": "/api", "times": 1, "kind": { "status": { "status": 500 } } }])
        )
        .await
        .0,
        200
    );
    assert_eq!(control("faults", json!({ "kind": "lost" })).await.0, 200);
    assert_eq!(control("quirks", json!({ "down": true })).await.1["down"], true);
    assert_eq!(control("account", json!({ "legacy_token": "t" })).await.0, 200);
    assert_eq!(control("clock", json!({ "advance_seconds": 86_400 })).await.0, 200);
    assert_eq!(control("reset", json!({})).await.0, 200);
    let state = desk.zendesk.state();
    assert!(
        state.tickets.is_empty()
            && state.faults.is_empty()
            && !state.quirks.down
            && state.account.legacy_token.is_none()
    );
}
