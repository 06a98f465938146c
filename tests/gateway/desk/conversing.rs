//! Messages in Zendesk arrive here, and the other way round.

use axum::http::Method;
use deskbell_core::ids::{QueueName, TicketId};
use deskbell_core::ports::read_file;
use deskbell_core::use_cases::tickets::Action;
use serde_json::{Value, json};

use super::{Desk, HOOK_SECRET, desk, full, until};
use crate::support::on_sqlite;
use crate::zendesk::control::{Arriving, Channel, CommentDraft, File, Person, Side, new_comment};

/// A desk with webhooks, and a delivered ticket: its id here and there.
pub async fn begun(more: &str) -> (Desk, String, u64) {
    let desk = desk(&format!("webhook_secret = \"{HOOK_SECRET}\"\n{more}")).await;
    let answer = desk.post("key", &full("One")).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let external_id = *desk.zendesk.state().tickets.keys().next().unwrap();
    (desk, answer.json()["id"].as_str().unwrap().into(), external_id)
}

/// The address of the gateway for webhooks.
pub async fn listening(desk: &Desk) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1/sites/desk/hooks/desk", listener.local_addr().unwrap());
    let router = desk.gateway.router.clone();
    let service = router.into_make_service_with_connect_info::<std::net::SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    url
}

pub fn customer(text: &str) -> (String, String) {
    ("customer".into(), text.into())
}

pub fn support(text: &str) -> (String, String) {
    ("support".into(), text.into())
}

#[tokio::test]
async fn answers_arrive_once_in_any_webhook_order_and_private_notes_never() {
    for (doubled, reversed) in [(false, false), (true, false), (false, true), (true, true)] {
        let (desk, id, external_id) = begun("").await;
        desk.zendesk.webhook(&listening(&desk).await, HOOK_SECRET);
        desk.zendesk.quirks(|quirks| {
            quirks.webhooks_late = true;
            quirks.webhooks_doubled = doubled;
            quirks.webhooks_out_of_order = reversed;
        });
        let note = CommentDraft { public: false, ..new_comment(Side::Agent, "He is on the old plan.") };
        desk.zendesk.comment(external_id, &note).unwrap();
        let html = CommentDraft {
            html_body: Some("<p>Try <b>again</b>.</p>".into()),
            ..new_comment(Side::Agent, "Try again.")
        };
        desk.zendesk.comment(external_id, &html).unwrap();
        desk.zendesk.comment(external_id, &new_comment(Side::Agent, "Did it help?")).unwrap();
        desk.zendesk.release_webhooks();
        until(async || desk.messages(&id).await.len() == 3).await;
        let read = [customer("One"), support("Try **again**."), support("Did it help?")];
        assert_eq!(desk.messages(&id).await, read);
        let attempts = desk.zendesk.state().attempts.len();
        assert!(attempts > 0);
        // The next change includes it again, but nothing arrives twice.
        desk.zendesk.comment(external_id, &new_comment(Side::Agent, "Hello?")).unwrap();
        desk.zendesk.release_webhooks();
        until(async || desk.messages(&id).await.len() == 4).await;
        assert_eq!(desk.zendesk.state().tickets[&external_id].comments.len(), 5, "nothing of it came back there");
    }
}

#[tokio::test]
async fn files_of_agents_are_served_and_rejected_ones_listed() {
    for leads in [false, true] {
        let (desk, id, external_id) = begun("").await;
        desk.zendesk.webhook(&listening(&desk).await, HOOK_SECRET);
        desk.zendesk.quirks(|quirks| quirks.attachments_redirect = leads);
        let file = |name: &str, text: &str| File { name: name.into(), text: text.into(), ..File::default() };
        let files = vec![
            file("steps.txt", "Press it twice.\n"),
            file("setup.exe", "MZ\u{1}\u{0}\u{3}\u{0}\u{0}\u{0}\u{4}\u{0}\u{0}\u{0}\u{2}\u{2}\u{0}\u{0}"),
        ];
        desk.zendesk
            .comment(external_id, &CommentDraft { attachments: files, ..new_comment(Side::Agent, "See the file.") })
            .unwrap();
        until(async || desk.messages(&id).await.len() == 2).await;
        assert_eq!(desk.messages(&id).await, [customer("One"), support("See the file.\n\n(setup.exe)")]);
        let files = desk.gateway.app.store.attachments(&TicketId::new(&id)).await.unwrap();
        assert_eq!(
            files.iter().map(|files| (files.name.as_str(), files.number)).collect::<Vec<_>>(),
            [("steps.txt", Some(1))]
        );
        assert_eq!(read_file(desk.gateway.app.files.as_ref(), &files[0].file, 16).await.unwrap(), b"Press it twice.\n");
    }
}

#[tokio::test]
async fn agents_appear_under_their_public_alias() {
    let (desk, id, external_id) = begun("").await;
    desk.zendesk.webhook(&listening(&desk).await, HOOK_SECRET);
    for name in ["Grace", "Linus"] {
        desk.zendesk
            .comment(external_id, &CommentDraft { name: Some(name.into()), ..new_comment(Side::Agent, name) })
            .unwrap();
    }
    until(async || desk.messages(&id).await.len() == 3).await;
    let messages = desk.gateway.app.store.messages(&TicketId::new(&id), 0).await.unwrap();
    assert_eq!(messages.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["Grace", "Lin"]);
}

#[tokio::test]
async fn unsigned_webhooks_are_ignored() {
    let (desk, ..) = begun("").await;
    let body = br#"{"ticket_id": "1"}"#;
    assert_eq!(desk.hook(&[], body).await.problem(), (401, "unsigned".into()));
    let headers = [
        ("x-zendesk-webhook-signature", "AAAA".to_string()),
        ("x-zendesk-webhook-signature-timestamp", deskbell_core::clock::now().to_string()),
    ];
    assert_eq!(desk.hook(&headers, body).await.problem(), (401, "unsigned".into()));
}

#[tokio::test]
async fn without_webhooks_changes_are_polled() {
    on_sqlite();
    let desk = desk("").await;
    let id = desk.post("key", &full("One")).await.json()["id"].as_str().unwrap().to_string();
    let external_id = *desk.zendesk.state().tickets.keys().next().unwrap();
    let store = &desk.gateway.app.store;
    until(async || store.sync_state(&QueueName::new(&"desk".into(), &"desk".into())).await.unwrap().until.is_some())
        .await;
    desk.zendesk.comment(external_id, &new_comment(Side::Agent, "Try again.")).unwrap();
    // A minute has passed.
    desk.gateway.list_changes_again().await;
    desk.gateway.app.states.get(&QueueName::new(&"desk".into(), &"desk".into())).unwrap().wake_polls();
    until(async || desk.messages(&id).await == [customer("One"), support("Try again.")]).await;
}

#[tokio::test]
async fn replies_solving_and_reopening_reach_zendesk() {
    let (desk, id, external_id) = begun("").await;
    desk.zendesk.webhook(&listening(&desk).await, HOOK_SECRET);
    desk.zendesk.comment(external_id, &new_comment(Side::Agent, "Try again.")).unwrap();
    until(async || desk.messages(&id).await.len() == 2).await;
    assert_eq!(desk.reply(&id, "r1", "It did not help.").await.status, 201);
    let last = desk.only()["comments"].as_array().unwrap().last().unwrap().clone();
    assert!(last["body"].as_str().unwrap().ends_with("\n\nIt did not help."), "{last}");
    assert_eq!(last["public"], false, "nobody has signed who says it");
    desk.zendesk.set_status(external_id, "solved").unwrap();
    until(async || desk.status(&id).await == "solved").await;
    // A reply reopens it on both sides.
    assert_eq!(desk.reply(&id, "r2", "Still not.").await.status, 201);
    until(async || desk.only()["status"] == "open" && desk.status(&id).await == "open").await;
    desk.mark(&id, "solved").await;
    until(async || desk.only()["status"] == "solved").await;
    desk.mark(&id, "open").await;
    until(async || desk.only()["status"] == "open").await;
    desk.quiet().await;
    let read = [customer("One"), support("Try again."), customer("It did not help."), customer("Still not.")];
    assert_eq!(desk.messages(&id).await, read);
}

#[tokio::test]
async fn replies_to_closed_tickets_become_follow_ups() {
    let (desk, id, external_id) = begun("").await;
    desk.zendesk.webhook(&listening(&desk).await, HOOK_SECRET);
    desk.zendesk.set_status(external_id, "solved").unwrap();
    desk.zendesk.set_status(external_id, "closed").unwrap();
    until(async || desk.status(&id).await == "solved").await;
    assert_eq!(desk.reply(&id, "r1", "It is back.").await.status, 201);
    let next = {
        let state = desk.zendesk.state();
        assert_eq!(state.tickets.len(), 2);
        let next = state.tickets.values().next_back().unwrap();
        assert_eq!(next.follows, Some(external_id));
        assert!(next.comments[0].body.ends_with("\n\nIt is back.") && !next.comments[0].public);
        assert_eq!(next.requester, state.tickets[&external_id].requester);
        next.id
    };
    // The conversation continues there.
    desk.zendesk.comment(next, &new_comment(Side::Agent, "Again?")).unwrap();
    until(async || desk.messages(&id).await == [customer("One"), customer("It is back."), support("Again?")]).await;
    assert_eq!(desk.status(&id).await, "open");
    assert_eq!(desk.reply(&id, "r2", "Yes.").await.status, 201);
    assert_eq!(desk.zendesk.state().tickets[&next].comments.len(), 3);
}

#[tokio::test]
async fn mailed_replies_appear_as_the_customers() {
    let (desk, id, external_id) = begun("").await;
    desk.zendesk.webhook(&listening(&desk).await, HOOK_SECRET);
    desk.zendesk.comment(external_id, &new_comment(Side::Customer, "I forgot to say …")).unwrap();
    until(async || desk.messages(&id).await == [customer("One"), customer("I forgot to say …")]).await;
}

#[tokio::test]
async fn inbox_answers_reach_zendesk_and_do_not_return_as_new() {
    let (desk, id, external_id) = begun("").await;
    desk.zendesk.webhook(&listening(&desk).await, HOOK_SECRET);
    let ticket = desk.gateway.app.store.ticket(&TicketId::new(&id)).await.unwrap().unwrap();
    let answer = Action::Answer { text: "From here.".into(), key: "k".into(), solved: true };
    desk.gateway.app.handle.act(&ticket, "Ben", answer).await.unwrap();
    desk.quiet().await;
    until(async || desk.only()["status"] == "solved").await;
    desk.zendesk.comment(external_id, &new_comment(Side::Agent, "And from there.")).unwrap();
    until(async || desk.messages(&id).await.len() == 3).await;
    let read = [customer("One"), support("From here."), support("And from there.")];
    assert_eq!(desk.messages(&id).await, read);
}

#[tokio::test]
async fn external_tickets_belong_to_customers_with_a_verified_address_only() {
    let desk = desk("").await;
    let arriving = Arriving {
        via: Channel::Email,
        requester: Person { name: "Ada".into(), email: "ada@example.com".into() },
        subject: "Export".into(),
        body: "The export of my dashboard stops after a few minutes.".into(),
    };
    let external_id = desk.zendesk.ticket_arrives(&arriving).unwrap();
    let list = async |claims: Value| {
        let answer = desk.ask_as(claims, Method::GET, "/v1/sites/desk/tickets", Value::Null).await;
        answer.json()["tickets"].as_array().unwrap().clone()
    };
    assert!(list(json!({"email": "ada@example.com"})).await.is_empty(), "nobody has verified the address");
    assert!(list(json!({"sub": "u-8", "email": "eve@example.com", "email_verified": true})).await.is_empty());
    let verified = json!({"sub": "u-9", "email": "Ada@example.com", "email_verified": true});
    until(async || !list(verified.clone()).await.is_empty()).await;
    let tickets = list(verified.clone()).await;
    assert_eq!((tickets.len(), &tickets[0]["title"]), (1, &json!("Export")));
    // It is found as a similar ticket, and answered where it is.
    let draft = json!({"message": "My dashboard export stops after minutes"});
    let alike = desk.ask_as(verified.clone(), Method::POST, "/v1/sites/desk/tickets/alike", draft).await.json();
    assert_eq!(alike["tickets"][0]["id"], tickets[0]["id"]);
    let id = tickets[0]["id"].as_str().unwrap();
    let path = format!("/v1/sites/desk/tickets/{id}/messages");
    let message = json!({"message": "It still does."});
    let token = super::token(verified);
    let request = crate::support::request(Method::POST, &path)
        .header("authorization", format!("Bearer {token}"))
        .header("idempotency-key", "r1")
        .header("content-type", "application/json")
        .body(message.to_string().into());
    assert_eq!(desk.gateway.send(request.unwrap()).await.status, 201);
    let comments = desk.zendesk.state().tickets[&external_id].comments.clone();
    assert_eq!(comments.last().map(|one| one.body.as_str()), Some("It still does."));
}

#[tokio::test]
async fn erased_external_tickets_are_not_imported_again() {
    let desk = desk("").await;
    let arriving = Arriving {
        via: Channel::Email,
        requester: Person { name: "Ada".into(), email: "ada@example.com".into() },
        subject: "Export".into(),
        body: "The export stops.".into(),
    };
    desk.zendesk.ticket_arrives(&arriving).unwrap();
    // A customer who was looked up is not looked up again for a minute; another account of the same person is.
    let count = async |sub: &str| {
        let claims = json!({"sub": sub, "email": "ada@example.com", "email_verified": true});
        let looked_up = |desk: &Desk| {
            let log = &desk.zendesk.state().log;
            log.iter().filter(|entry| entry.path.contains("/tickets/requested")).count()
        };
        let before = looked_up(&desk);
        let list = async || {
            let answer = desk.ask_as(claims.clone(), Method::GET, "/v1/sites/desk/tickets", Value::Null).await;
            answer.json()["tickets"].as_array().unwrap().clone()
        };
        until(async || {
            list().await;
            looked_up(&desk) > before
        })
        .await;
        list().await
    };
    let tickets = count("u-1").await;
    assert_eq!(tickets.len(), 1);
    let id = tickets[0]["id"].as_str().unwrap().to_string();
    desk.gateway.app.store.erase_tickets(&[TicketId::new(id)], &|_| true).await.unwrap();
    for sub in ["u-2", "u-3"] {
        assert_eq!(count(sub).await.len(), 0);
    }
}
