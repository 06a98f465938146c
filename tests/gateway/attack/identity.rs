//! Somebody claims another person's address: in a form, in a page, in a mail.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use deskbell_core::clock;
use deskbell_core::ids::{QueueName, TicketId};
use deskbell_core::ports::{ActivityKind, Confirmation, Reader};
use deskbell_core::use_cases::mail::Codes;
use deskbell_core::use_cases::tickets::{Action, ActionOutcome};
use gateway::config::Overrides;
use gateway::workers;
use ring::hmac;
use serde_json::{Value, json};

use crate::desk::{Desk, SESSION, full, open, site, until};
use crate::support::{self, Answer, Gateway, gateway_with, mailed_code, on_sqlite, post, request, ticket};
use crate::zendesk::Zendesk;
use crate::zendesk::account::ADMIN;
use crate::zendesk::control::{CommentDraft, Person, Side, new_comment};
use crate::zendesk::quirks::Refused;

const KEY: &[u8] = b"0123456789abcdef0123456789abcdef";
/// A mail server that does not exist, so that receipts stay in the queue.
const MAIL: &str = "[sites.desk.mail]\nsmtp = \"smtp://127.0.0.1:9\"\nfrom = \"help@acme.example\"\n";

/// A desk whose site sends mail, with additional configuration of its destination; another user has the address of [`full`] there already.
async fn desk(more: &str) -> Desk {
    let zendesk = Zendesk::start().await;
    let lines = format!("{}\n{MAIL}", site(&zendesk, more));
    let owner = Person { name: "The real Ada".into(), email: "ada@example.com".into() };
    let arriving = crate::zendesk::control::Arriving {
        via: crate::zendesk::control::Channel::Email,
        requester: owner,
        subject: "Earlier".into(),
        body: "Earlier".into(),
    };
    zendesk.ticket_arrives(&arriving).unwrap();
    zendesk.state().mails.clear();
    open(zendesk, &lines).await
}

/// The ticket that was delivered from here.
fn external_ticket(desk: &Desk) -> crate::zendesk::tickets::Ticket {
    let state = desk.zendesk.state();
    state.tickets.values().find(|ticket| ticket.external_id.is_some()).unwrap().clone()
}

async fn ask(gateway: &Gateway, method: Method, path: &str, body: Value) -> Answer {
    ask_as(gateway, SESSION, method, path, body).await
}

async fn ask_as(gateway: &Gateway, session: &str, method: Method, path: &str, body: Value) -> Answer {
    let request = request(method, &format!("/v1/sites/desk/tickets{path}"))
        .header("deskbell-session", session)
        .header("content-type", "application/json");
    let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
    gateway.send(request.body(body).unwrap()).await
}

async fn confirm(gateway: &Gateway, id: &str, code: &str) -> Answer {
    ask(gateway, Method::POST, &format!("/{id}/confirmation"), json!({ "code": code })).await
}

/// An agent replies in the inbox.
async fn answer(gateway: &Gateway, id: &str, text: &str) {
    let ticket = gateway.app.store.ticket(&TicketId::new(id)).await.unwrap().unwrap();
    let action = Action::Answer { text: text.into(), key: text.into(), solved: false };
    assert_eq!(gateway.app.handle.act(&ticket, "Ana", action).await.unwrap(), ActionOutcome::Done);
}

#[tokio::test]
async fn claimed_addresses_become_requesters_without_speaking_or_being_mailed() {
    let desk = desk("tags = [\"plan_{plan}\", \"verified_{verified}\"]").await;
    let answer = desk.post("key", &full("Which cards are on file?")).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let id = answer.json()["id"].as_str().unwrap().to_string();
    let ticket = external_ticket(&desk);
    let owner = desk.zendesk.state().users.values().find(|user| user.email == "ada@example.com").unwrap().id;
    assert_eq!((ticket.requester, ticket.submitter), (owner, ADMIN));
    assert_eq!(ticket.tags, ["plan_unverified_scale", "verified_false", "deskbell_unverified"]);
    let first = &ticket.comments[0];
    assert_eq!((first.author, first.public), (ADMIN, false));
    assert!(
        first.body.starts_with("[Not verified] The sender gave ada@example.com, but nobody has confirmed it."),
        "{}",
        first.body
    );

    assert_eq!(desk.reply(&id, "r1", "And the address?").await.status, 201);
    let second = external_ticket(&desk).comments[1].clone();
    assert_eq!((second.author, second.public), (ADMIN, false));
    assert!(
        second.body.starts_with("[Not verified] ") && second.body.ends_with("\n\nAnd the address?"),
        "{}",
        second.body
    );
    assert_eq!(desk.zendesk.state().mails, [], "nobody is mailed until an agent answers");
}

#[tokio::test]
async fn alias_requesters_have_no_address_to_mail() {
    // An address that cannot be confirmed is not used either.
    for (more, mail) in [("unverified = \"alias\"", MAIL), ("", "")] {
        let zendesk = Zendesk::start().await;
        let lines = format!("{}\n{mail}", site(&zendesk, more));
        let desk = open(zendesk, &lines).await;
        let mut new = full("One");
        new["context"]["user"]["email"] = json!("ada@example.com");
        let answer = desk.post("key", &new).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        let ticket = external_ticket(&desk);
        let requester = desk.zendesk.state().users[&ticket.requester].clone();
        assert_eq!((requester.name.as_str(), requester.email.as_str()), ("Ada (not verified)", ""));
        assert!(desk.zendesk.state().users.values().all(|user| user.email != "ada@example.com"));
        assert_eq!((ticket.submitter, ticket.comments[0].author, ticket.comments[0].public), (ADMIN, ADMIN, false));
        assert!(ticket.comments[0].body.contains("ada@example.com"), "the address is in the note");
        desk.zendesk.comment(ticket.id, &new_comment(Side::Agent, "Hello")).unwrap();
        assert_eq!(desk.zendesk.state().mails, []);
    }
}

#[tokio::test]
async fn rejected_requesters_are_replaced_by_a_stand_in() {
    let desk = desk("").await;
    let refusal = json!({"error": "RecordInvalid", "details": {"requester": [{"description": "Requester: Email: is not properly formatted"}]}});
    let refused = Refused {
        method: "POST".into(),
        at: "/requester/email".into(),
        status: 422,
        json: refusal,
        ..Refused::default()
    };
    desk.zendesk.quirks(|quirks| quirks.refusals = vec![refused]);
    assert_eq!(desk.post("1", &full("One")).await.status, 201);
    let requester = external_ticket(&desk).requester;
    assert_eq!(desk.zendesk.state().users[&requester].email, "");

    let zendesk = Zendesk::start().await;
    let lines = site(&zendesk, "");
    let desk = open(zendesk, &lines).await;
    desk.zendesk.quirks(|quirks| quirks.no_user_management = true);
    let answer = desk.post("1", &full("One")).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let id = answer.json()["id"].as_str().unwrap().to_string();
    assert_eq!(external_ticket(&desk).requester, ADMIN);
    let reason = desk.gateway.app.store.deliveries(&TicketId::new(&id)).await.unwrap()[0].reason.clone();
    assert!(reason.contains("the requester is the user of the gateway"), "{reason}");
    // What that user writes in Zendesk counts as support's all the same.
    let external = desk.gateway.app.store.external_ticket(&TicketId::new(&id), &"desk".into()).await.unwrap().unwrap();
    assert_eq!(external.requester, "");
}

#[tokio::test]
async fn zendesk_fills_no_placeholders_in_texts_of_customers() {
    let desk = desk("tags = [\"{via}\"]").await;
    desk.zendesk.quirks(|quirks| quirks.renders_placeholders = true);
    let mut new = full("{{ticket.requester.email}} {% if true %}\n{{{dc.secret}}}");
    new["contact"]["name"] = json!("{{current_user.email}}");
    new["context"]["user"]["name"] = json!("{{current_user.name}}");
    let answer = desk.post("key", &new).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let id = answer.json()["id"].as_str().unwrap().to_string();
    assert_eq!(desk.reply(&id, "r", "{{ticket.id}}").await.status, 201);
    let ticket = external_ticket(&desk);
    let texts: Vec<String> =
        ticket.comments.iter().map(|one| one.body.clone()).chain([ticket.subject.clone()]).collect();
    for text in &texts {
        assert!(!text.contains("FILLED IN") && !text.contains("{{") && !text.contains("{%"), "{text}");
    }
    assert!(texts[1].ends_with("{\u{200b}{ticket.id}}"), "{}", texts[1]);
}

#[tokio::test]
async fn answers_are_shown_in_the_panel_only_after_the_mailed_code() {
    on_sqlite();
    let desk = desk("").await;
    let gateway = &desk.gateway;
    let id = desk.post("key", &full("Which cards are on file?")).await.json()["id"].as_str().unwrap().to_string();
    let external_id = external_ticket(&desk).id;
    assert_eq!(desk.reply(&id, "r1", "Hello?").await.status, 201);
    desk.zendesk.comment(external_id, &new_comment(Side::Agent, "The card 4242.")).unwrap();
    // The owner of the address gets that by mail, and replies.
    assert_eq!(desk.zendesk.state().mails.len(), 1);
    desk.zendesk
        .comment(external_id, &CommentDraft { ..new_comment(Side::Customer, "I did not ask, but it is mine.") })
        .unwrap();
    answer(gateway, &id, "Also from the inbox.").await;
    gateway.app.states.get(&QueueName::new(&"desk".into(), &"desk".into())).unwrap().wake_polls();
    let withheld =
        async || match gateway.app.store.ticket(&TicketId::new(&id)).await.unwrap().unwrap().handling.confirmation {
            Confirmation::Awaited { withheld, .. } => withheld,
            other => panic!("{other:?}"),
        };
    gateway.list_changes_again().await;
    gateway.app.states.get(&QueueName::new(&"desk".into(), &"desk".into())).unwrap().wake_polls();
    until(async || withheld().await == 3).await;

    let list = ask(gateway, Method::GET, "", Value::Null).await;
    let listed = &list.json()["tickets"][0];
    assert_eq!((&listed["unconfirmed"], &listed["withheld"], &listed["unread"]), (&json!(true), &json!(3), &json!(2)));
    let read = ask(gateway, Method::PATCH, &format!("/{id}"), json!({"read_until": 9})).await;
    assert_eq!(read.json()["unread"], 2, "what was not shown is not read");
    let messages = ask(gateway, Method::GET, &format!("/{id}/messages"), Value::Null).await;
    for answer in [&list, &read, &messages] {
        for secret in ["4242", "it is mine", "inbox"] {
            assert!(!answer.text().contains(secret), "{}", answer.text());
        }
    }
    assert_eq!(desk.messages(&id).await.len(), 2);

    let right = mailed_code(gateway, &id).await;
    let other_session = "ffeeddccbbaa99887766554433221100";
    let path = format!("/{id}/confirmation");
    let stolen = ask_as(gateway, other_session, Method::POST, &path, json!({ "code": right })).await;
    assert_eq!(stolen.problem(), (404, "not_found".into()), "the code belongs to the session that sent the ticket");
    let wrong = if right == "00000000" { "00000001" } else { "00000000" };
    assert_eq!(confirm(gateway, &id, wrong).await.problem(), (422, "wrong_code".into()));
    let confirmed = confirm(gateway, &id, &format!(" {} {}", &right[..4], &right[4..])).await;
    assert_eq!(
        (confirmed.status.as_u16(), &confirmed.json()["unconfirmed"]),
        (200, &json!(false)),
        "{}",
        confirmed.text()
    );
    assert_eq!(desk.messages(&id).await.len(), 5);
    assert_eq!(confirm(gateway, &id, wrong).await.status, 200, "it need not be confirmed again");

    desk.quiet().await;
    let note = external_ticket(&desk).comments.last().unwrap().clone();
    assert_eq!((note.author, note.public), (ADMIN, false));
    assert!(note.body.starts_with("[Address confirmed] "), "{}", note.body);
    let activities = gateway.app.store.activities(&TicketId::new(&id)).await.unwrap();
    assert!(
        activities
            .iter()
            .any(|activity| activity.kind == ActivityKind::Confirmed && activity.text == "ada@example.com"),
        "{activities:?}"
    );
}

#[tokio::test]
async fn code_guesses_and_requests_are_limited() {
    let desk = desk("").await;
    let id = desk.post("key", &full("One")).await.json()["id"].as_str().unwrap().to_string();
    let right = mailed_code(&desk.gateway, &id).await;
    let guesses = (0..20_u32).map(|guess| format!("{guess:08}")).filter(|guess| *guess != right);
    let mut answers = Vec::new();
    for guess in guesses.take(8) {
        answers.push(confirm(&desk.gateway, &id, &guess).await.problem().1);
    }
    assert_eq!(answers.iter().filter(|code| *code == "wrong_code").count(), 5, "{answers:?}");
    let over = confirm(&desk.gateway, &id, &right).await.problem();
    assert_eq!(over, (409, "too_many_attempts".into()), "not even the right one");
    let again = ask(&desk.gateway, Method::POST, &format!("/{id}/confirmation/code"), Value::Null).await;
    assert_eq!(again.problem(), (429, "code_too_soon".into()), "the first was mailed a moment ago");
    let wait: u64 = again.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
}

#[tokio::test]
async fn concurrent_guesses_count_separately() {
    let desk = desk("").await;
    let id = desk.post("key", &full("One")).await.json()["id"].as_str().unwrap().to_string();
    let right = mailed_code(&desk.gateway, &id).await;
    let guesses = (0..40_u32).map(|guess| format!("{guess:08}")).filter(|guess| *guess != right);
    let mut guessing = tokio::task::JoinSet::new();
    for guess in guesses {
        let request = request(Method::POST, &format!("/v1/sites/desk/tickets/{id}/confirmation"))
            .header("deskbell-session", SESSION)
            .header("content-type", "application/json")
            .body(Body::from(json!({ "code": guess }).to_string()));
        let (router, request) = (desk.gateway.router.clone(), request.unwrap());
        guessing.spawn(async move { support::send(router, request).await.problem().1 });
    }
    let answers = guessing.join_all().await;
    assert_eq!(answers.iter().filter(|code| *code == "wrong_code").count(), 5);
}

#[tokio::test]
async fn signing_in_later_opens_answers_only_with_the_same_address() {
    let desk = desk("").await;
    let id = desk.post("key", &full("Which cards are on file?")).await.json()["id"].as_str().unwrap().to_string();
    answer(&desk.gateway, &id, "The card 4242.").await;
    let read = async |claims: Value| {
        let token = crate::desk::token(claims);
        let request = request(Method::GET, &format!("/v1/sites/desk/tickets/{id}/messages"))
            .header("authorization", format!("Bearer {token}"))
            .header("deskbell-session", SESSION);
        desk.gateway.send(request.body(Body::empty()).unwrap()).await.text()
    };
    for claims in [
        json!({"email": "eve@example.com", "email_verified": true}),
        json!({"email": "ada@example.com", "email_verified": false}),
        json!({"email": "ada@example.com"}),
        // To some mail servers that is another mailbox.
        json!({"email": "ada+x@example.com", "email_verified": true}),
    ] {
        assert!(!read(claims.clone()).await.contains("4242"), "{claims}");
    }
    let mut watch = desk.gateway.app.live.watch(&"desk".into(), Reader::Person(&"u-7".into()), &[]);
    assert!(read(json!({"email": "ADA@Example.com", "email_verified": true})).await.contains("4242"));
    assert_eq!(watch.changes.recv().await.unwrap().ticket.id, id, "other tabs hear of it");
    desk.quiet().await;
    let note = external_ticket(&desk).comments.last().unwrap().clone();
    assert!(!note.public && note.body.starts_with("[Address confirmed] "), "{}", note.body);
}

/// Posts a ticket as a verified customer.
async fn post_as(desk: &Desk, claims: Value, key: &str, new: &Value) -> Answer {
    let request = request(Method::POST, "/v1/sites/desk/tickets")
        .header("authorization", format!("Bearer {}", crate::desk::token(claims)))
        .header("idempotency-key", key)
        .header("content-type", "application/json");
    desk.gateway.send(request.body(Body::from(new.to_string())).unwrap()).await
}

#[tokio::test]
async fn signed_but_unverified_addresses_must_be_confirmed() {
    let desk = desk("").await;
    let claims = json!({"email": "ada@example.com", "email_verified": false});
    let mut new = full("Which cards are on file?");
    new["contact"] = json!({"name": "", "email": ""});
    let posted = post_as(&desk, claims.clone(), "key", &new).await;
    assert!(posted.status.is_success(), "{}", posted.text());
    let id = posted.json()["id"].as_str().unwrap().to_string();
    desk.quiet().await;
    let ticket = external_ticket(&desk);
    assert!(ticket.tags.contains(&"deskbell_unverified".to_string()), "{:?}", ticket.tags);
    assert!(!ticket.comments[0].public && ticket.comments[0].body.starts_with("[Not verified] "));
    answer(&desk.gateway, &id, "The card 4242.").await;
    let path = format!("/v1/sites/desk/tickets/{id}");
    let read = desk.ask_as(claims.clone(), Method::GET, &format!("{path}/messages"), Value::Null).await;
    assert!(!read.text().contains("4242"), "{}", read.text());
    let one = desk.ask_as(claims.clone(), Method::GET, &path, Value::Null).await.json();
    assert_eq!((&one["unconfirmed"], &one["code_sent"]), (&json!(true), &json!(true)));
    let code = json!({"code": mailed_code(&desk.gateway, &id).await});
    let confirmed = desk.ask_as(claims.clone(), Method::POST, &format!("{path}/confirmation"), code).await;
    assert_eq!(confirmed.status, 200, "{}", confirmed.text());
    let read = desk.ask_as(claims, Method::GET, &format!("{path}/messages"), Value::Null).await;
    assert!(read.text().contains("4242"), "{}", read.text());
}

#[tokio::test]
async fn claimed_addresses_are_not_requesters_if_answers_are_shown_without_a_code() {
    // A verified customer without an address types another person's: they can read replies at once.
    let desk = desk("").await;
    let posted = post_as(&desk, json!({}), "key", &full("One")).await;
    assert!(posted.status.is_success(), "{}", posted.text());
    desk.quiet().await;
    let requester = external_ticket(&desk).requester;
    assert_eq!(desk.zendesk.state().users[&requester].email, "");
    // An unsigned ticket from before addresses were confirmed, which is still in the queue.
    let id = crate::desk::submit(&desk, "Two").await;
    desk.gateway.app.states.wake_deliveries(&"desk".into());
    desk.quiet().await;
    let external = desk.gateway.app.store.external_ticket(&TicketId::new(&id), &"desk".into()).await.unwrap().unwrap();
    let requester = external.requester.parse().unwrap();
    assert_eq!(desk.zendesk.state().users[&requester].email, "");
}

#[tokio::test]
async fn the_api_reports_whether_a_code_was_sent_and_why_not() {
    let lines = "[sites.desk]\norigins = [\"*\"]\n[sites.desk.mail]\nsmtp = \"smtp://127.0.0.1:9\"\nfrom = \"help@acme.example\"\n\
        limits = { mailbox = 2 }\n";
    let gateway = gateway_with(lines, Overrides::default()).await;
    let mut ids = Vec::new();
    for key in ["1", "2", "3"] {
        let answer = gateway.send(post("desk", key, Some(SESSION), &ticket("It broke"))).await;
        ids.push(answer.json()["id"].as_str().unwrap().to_string());
    }
    let code_sent = async |id: &str| {
        let one = ask(&gateway, Method::GET, &format!("/{id}"), Value::Null).await.json();
        (one["unconfirmed"].as_bool().unwrap(), one["code_sent"].as_bool().unwrap())
    };
    assert_eq!(code_sent(&ids[0]).await, (true, true));
    assert_eq!(code_sent(&ids[1]).await, (true, false), "half of two is reserved");
    assert_eq!(confirm(&gateway, &ids[1], "12345678").await.problem(), (409, "no_code".into()));
    let request = async |id: &str| ask(&gateway, Method::POST, &format!("/{id}/confirmation/code"), Value::Null).await;
    let requested = request(&ids[1]).await;
    assert_eq!((requested.status.as_u16(), &requested.json()["code_sent"]), (202, &json!(true)));
    let refused = request(&ids[2]).await;
    assert_eq!(refused.problem(), (429, "code_quota".into()));
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((86_000..=86_400).contains(&wait), "{wait}");
    // A customer who has confirmed it once is not asked again.
    let right = mailed_code(&gateway, &ids[1]).await;
    assert_eq!(confirm(&gateway, &ids[1], &right).await.status, 200);
    let answer = gateway.send(post("desk", "4", Some(SESSION), &ticket("Again"))).await;
    assert_eq!(code_sent(answer.json()["id"].as_str().unwrap()).await, (false, false));
}

#[tokio::test]
async fn robots_and_claimed_users_cannot_open_answers() {
    let desk = desk("").await;
    let mut robot = full("One");
    robot["website"] = json!("x");
    let mut page = full("Two");
    page["contact"] = json!({"name": "", "email": ""});
    page["context"]["user"]["email"] = json!("ada@example.com");
    for (key, new) in [("1", robot), ("2", page)] {
        let answered = desk.post(key, &new).await;
        assert!(answered.status.is_success(), "{}", answered.text());
        let id = answered.json()["id"].as_str().unwrap().to_string();
        answer(&desk.gateway, &id, "The card 4242.").await;
        assert_eq!(desk.messages(&id).await.len(), 1);
    }
}

#[tokio::test]
async fn mailed_links_open_the_ticket_only_after_pressing_the_button() {
    let desk = desk("").await;
    let gateway = &desk.gateway;
    let id =
        desk.post("key", &full("Which cards <b>are</b> on file?")).await.json()["id"].as_str().unwrap().to_string();
    answer(gateway, &id, "The card **4242**.").await;
    let codes = Codes::new(&gateway.app.store.confirmations_key().await.unwrap());
    let link = |key: &str| format!("/help/desk/tickets/{id}?key={key}");
    let key = codes.link(&TicketId::new(&id), 1);
    // Link scanners that open links before people do.
    for method in [Method::GET, Method::HEAD] {
        let seen = gateway.send(request(method, &link(&key)).body(Body::empty()).unwrap()).await;
        assert_eq!(seen.status, 200);
        assert!(!seen.text().contains("4242") && !seen.text().contains("cards"), "{}", seen.text());
        assert_eq!(seen.header("referrer-policy"), "no-referrer");
        assert_eq!(seen.header("cache-control"), "no-store");
    }
    let press = async |key: &str| {
        let form = request(Method::POST, &format!("/help/desk/tickets/{id}"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(format!("key={key}")));
        gateway.send(form.unwrap()).await
    };
    let read = press(&key).await;
    assert_eq!(read.status, 200);
    assert!(
        read.text().contains("<strong>4242</strong>") && read.text().contains("cards &lt;b&gt;"),
        "{}",
        read.text()
    );
    assert!(read.header("content-security-policy").contains("default-src 'none'"));
    assert_eq!(desk.messages(&id).await.len(), 1, "the panel that sent the ticket reads nothing by it");
    for (key, path) in [
        (codes.link(&TicketId::new(&id), 2), id.as_str()),
        (String::new(), id.as_str()),
        (codes.link(&"1".into(), 1), id.as_str()),
    ] {
        let refused = press(&key).await;
        assert_eq!(refused.status, 404, "{path}");
        assert!(!refused.text().contains("4242"));
    }
    let unknown = gateway
        .send(request(Method::GET, &format!("/help/other/tickets/{id}?key={key}")).body(Body::empty()).unwrap())
        .await;
    assert_eq!(unknown.status, 404);
}

#[tokio::test]
async fn receipts_of_a_session_are_limited_and_its_tickets_accepted() {
    let lines = "[sites.desk]\norigins = [\"*\"]\n[sites.desk.mail]\nsmtp = \"smtp://127.0.0.1:9\"\nfrom = \"help@acme.example\"\n\
        limits = { session = 3, address = 5 }\n";
    let gateway = gateway_with(lines, Overrides::default()).await;
    let send = async |number: u32, session: &str| {
        let mut new = ticket("Buy at evil.example");
        new["contact"]["email"] = json!(format!("victim{number}@example.com"));
        gateway.send(post("desk", &number.to_string(), Some(session), &new)).await
    };
    for number in 0..5 {
        assert_eq!(send(number, SESSION).await.status, 201);
    }
    // Another session from the same address has no more than the address has.
    for number in 5..10 {
        assert_eq!(send(number, &format!("{number:032}")).await.status, 201);
    }
    let mut sent = Vec::new();
    let lease = Duration::from_secs(24 * 60 * 60);
    while let Some(mail) = gateway.app.store.claim_mail(&"desk".into(), lease).await.unwrap() {
        sent.push(mail.address);
    }
    sent.sort();
    // A part of each share is reserved for requested codes.
    assert_eq!(sent, [0, 1, 5].map(|number| format!("victim{number}@example.com")));
    assert_eq!(support::Gateway::count(&gateway).await, 10);
}

/// A gateway whose site delivers to a mailbox that does not exist.
pub async fn mailbox(more: &str) -> Gateway {
    mailbox_with(more, Overrides::default()).await
}

/// The same with options.
pub async fn mailbox_with(more: &str, overrides: Overrides) -> Gateway {
    let secret = BASE64_STANDARD.encode(KEY);
    let lines = format!(
        "[sites.desk]\norigins = [\"*\"]\n[sites.desk.destinations.there]\nto = \"email\"\nmailbox = \"desk@desk.example\"\n\
         from = \"help@acme.example\"\nsmtp = \"smtp://127.0.0.1:9\"\nreply_address = \"reply@in.acme.example\"\n\
         webhook_secret = \"whsec_{secret}\"\n{more}\n"
    );
    gateway_with(&lines, overrides).await
}

/// The reply address of a ticket.
pub fn reply_address(id: &str) -> String {
    let id: uuid::Uuid = id.parse().unwrap();
    let digits = |number: u128, length: u32| -> String {
        let digit = |index: u32| char::from(b"0123456789abcdefghjkmnpqrstvwxyz"[(number >> (5 * index) & 31) as usize]);
        (0..length).rev().map(digit).collect()
    };
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, KEY), format!("reply address of {id}").as_bytes());
    let tag = tag.as_ref()[..10].iter().fold(0_u128, |number, byte| number << 8 | u128::from(*byte));
    format!("reply+{}{}@in.acme.example", digits(id.as_u128(), 26), digits(tag, 16))
}

/// Posts a mail like the mail service; returns the status.
pub async fn mail(gateway: &Gateway, mail: Value) -> u16 {
    post_mail(gateway, mail).await.status.as_u16()
}

/// The same, with the whole response.
pub async fn post_mail(gateway: &Gateway, mail: Value) -> Answer {
    let (timestamp, body) = (clock::now().as_seconds(), mail.to_string());
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, KEY), format!("msg_1.{timestamp}.{body}").as_bytes());
    let request: Request<Body> = request(Method::POST, "/v1/sites/desk/hooks/there")
        .header("webhook-id", "msg_1")
        .header("webhook-timestamp", timestamp.to_string())
        .header("webhook-signature", format!("v1,{}", BASE64_STANDARD.encode(tag)))
        .body(Body::from(body))
        .unwrap();
    gateway.send(request).await
}

#[tokio::test]
async fn authors_of_mails_need_a_known_and_authenticated_address() {
    let gateway = mailbox("").await;
    let id = gateway.send(post("desk", "k", Some(SESSION), &ticket("It broke"))).await.json()["id"]
        .as_str()
        .unwrap()
        .to_string();
    let to = reply_address(&id);
    let from = |number: u32, from: &str, authenticated: Value| json!({"to": to, "from": from, "authenticated": authenticated, "text": format!("Text {number} *x*"), "message_id": format!("<{number}>")});
    for (number, sender, authenticated) in [
        (1, "Ana <ana@desk.example>", json!(true)),
        (2, "Ada <Ada+mail@example.com>", json!(true)),
        (3, "Support <eve@evil.example>", json!(true)),
        (4, "Ana <ana@desk.example>", json!(false)),
        (5, "Ana <ana@desk.example>", Value::Null),
        (6, "\"ana@desk.example\" <eve@evil.example>", json!(true)),
        (7, "Ada <ada@example.com>", json!(false)),
        (8, "\u{202e}Ana\u{200b} <eve@desk.example.evil.example>", json!(true)),
    ] {
        let mut body = from(number, sender, authenticated.clone());
        if authenticated.is_null() {
            body.as_object_mut().unwrap().remove("authenticated");
        }
        assert_eq!(mail(&gateway, body.clone()).await, 204, "{number}");
        assert_eq!(mail(&gateway, body).await, 204, "told again: {number}");
    }
    let messages = ask(&gateway, Method::GET, &format!("/{id}/messages"), Value::Null).await.json();
    let posted: Vec<(&str, &str)> = messages["messages"]
        .as_array()
        .unwrap()
        .iter()
        .skip(1)
        .map(|one| (one["author"].as_str().unwrap(), one["body"].as_str().unwrap()))
        .collect();
    assert_eq!(posted, [("support", "Text 1 \\*x\\*"), ("customer", "Text 2 *x*")]);
    let notes = gateway.app.store.activities(&TicketId::new(&id)).await.unwrap();
    assert_eq!(notes.len(), 6, "{notes:?}");
    assert_eq!(notes[0].actor, "Support, eve@evil.example");
    assert!(notes[0].text.contains("Text 3 *x*") && notes[0].text.contains("neither an agent nor the customer"));
    assert!(notes[1].text.contains("not authenticated"));
    assert_eq!(notes[3].actor, "eve@evil.example", "a name that is an address is none");
    assert_eq!(notes[5].actor, "Ana, eve@desk.example.evil.example");
    // A note is no reply.
    let other = gateway.send(post("desk", "k2", Some(SESSION), &ticket("Two"))).await.json()["id"]
        .as_str()
        .unwrap()
        .to_string();
    let note = json!({"to": reply_address(&other), "from": "eve@evil.example", "text": "x", "message_id": "<n>"});
    assert_eq!(mail(&gateway, note).await, 204);
    let handling = gateway.app.store.ticket(&TicketId::new(&other)).await.unwrap().unwrap().handling;
    assert_eq!((handling.answered_at, handling.unread), (None, 0));
}

#[tokio::test]
async fn the_configuration_lists_the_agents_of_support() {
    let gateway = mailbox("agents = [\"ana@other.example\"]").await;
    let id = gateway.send(post("desk", "k", Some(SESSION), &ticket("It broke"))).await.json()["id"]
        .as_str()
        .unwrap()
        .to_string();
    for (number, from) in [(1, "ana@other.example"), (2, "ben@other.example"), (3, "ana@desk.example")] {
        let body = json!({"to": reply_address(&id), "from": from, "authenticated": true, "text": from, "message_id": format!("<{number}>")});
        assert_eq!(mail(&gateway, body).await, 204);
    }
    let messages = gateway.app.store.messages(&TicketId::new(&id), 0).await.unwrap();
    assert_eq!(messages.iter().map(|one| one.body.as_str()).collect::<Vec<_>>(), ["ana@other.example"]);
}

#[tokio::test]
async fn mailed_files_are_cleaned_and_stored_or_listed() {
    let gateway = mailbox("[sites.desk.attachments]\nmax_bytes = 1000\nmax_count = 2").await;
    let id = gateway.send(post("desk", "k", Some(SESSION), &ticket("It broke"))).await.json()["id"]
        .as_str()
        .unwrap()
        .to_string();
    let file = |name: &str, bytes: &[u8]| json!({"name": name, "content_type": "text/plain", "content": BASE64_STANDARD.encode(bytes)});
    let files = json!([
        file("steps.txt", b"Press it twice.\n"),
        file("setup.exe", b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0"),
        file("large.txt", &[b'x'; 2000]),
        json!({"name": "torn.txt", "content": "%%%"}),
    ]);
    let body = json!({"to": reply_address(&id), "from": "ana@desk.example", "authenticated": true, "text": "See the file.", "message_id": "<1>", "attachments": files});
    for _ in 0..2 {
        assert_eq!(mail(&gateway, body.clone()).await, 204);
    }
    let messages = gateway.app.store.messages(&TicketId::new(&id), 0).await.unwrap();
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0].body, "See the file.\n\n(Files that were not stored: setup.exe, large.txt, torn.txt)");
    let files = gateway.app.store.attachments(&TicketId::new(&id)).await.unwrap();
    assert_eq!(files.iter().map(|one| (one.name.as_str(), one.number)).collect::<Vec<_>>(), [("steps.txt", Some(1))]);
    // More than the usual limit of a body, and more than the largest.
    let body = |size: usize| json!({"to": reply_address(&id), "from": "eve@evil.example", "text": "x", "message_id": format!("<{size}>"), "attachments": [file("a.txt", &vec![b'x'; size])]});
    assert_eq!(mail(&gateway, body(2_000_000)).await, 204);
    assert_eq!(mail(&gateway, body(12_000_000)).await, 413);
    let note = &gateway.app.store.activities(&TicketId::new(&id)).await.unwrap()[0];
    assert!(note.text.ends_with("(Files that were not stored: a.txt)"), "{}", note.text);
}

#[tokio::test]
async fn mails_to_the_desk_mark_unverified_senders() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let lines = format!(
        "[sites.desk]\norigins = [\"*\"]\n[sites.desk.destinations.there]\nto = \"email\"\nmailbox = \"desk@desk.example\"\n\
         from = \"help@acme.example\"\nsmtp = \"smtp://{}\"\nunverified = \"alias\"\n",
        listener.local_addr().unwrap()
    );
    let gateway = gateway_with(&lines, Overrides::default()).await;
    tokio::spawn(workers::deliver(gateway.app.workers.deliver.clone(), tokio_util::sync::CancellationToken::new()));
    let new = ticket("It broke");
    let (first, answer) =
        tokio::join!(crate::mail::take(&listener), gateway.send(post("desk", "k", Some(SESSION), &new)));
    let id = answer.json()["id"].as_str().unwrap().to_string();
    let request = request(Method::POST, &format!("/v1/sites/desk/tickets/{id}/messages"))
        .header("deskbell-session", SESSION)
        .header("idempotency-key", "r")
        .header("content-type", "application/json")
        .body(Body::from(json!({"message": "More"}).to_string()))
        .unwrap();
    let (second, _) = tokio::join!(
        tokio::time::timeout(Duration::from_secs(20), crate::mail::take(&listener)),
        gateway.send(request)
    );
    for mail in [&first, &second.unwrap()] {
        assert!(mail.iter().any(|line| line.starts_with("[Not verified] ")), "{mail:?}");
        assert!(!mail.iter().any(|line| line.starts_with("Reply-To")), "an alias is not written to: {mail:?}");
    }
}
