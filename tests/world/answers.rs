//! Answers by mail: what customers receive, how they reply, and when they receive nothing.

use std::time::Duration;

use axum::body::Body;
use axum::http::Method;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use deskbell_core::ids::TicketId;
use deskbell_core::ports::{ActivityKind, StoredTicket};
use deskbell_core::use_cases::tickets::{Action, ActionOutcome};
use domain::conversation::Author;
use gateway::config::Overrides;
use gateway::workers;
use serde_json::{Value, json};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::mail::hook::{post_signed, reply_address};
use crate::returned::server::{Mail, Server};
use crate::support::{
    Answer, Gateway, SECRET, gateway_with, gateways_on_postgres, mailed_code, on_sqlite, post, request, signed_with,
    ticket,
};
use crate::zendesk::Zendesk;

const KEY: &[u8] = b"0123456789abcdef0123456789abcdef";
const SESSION: &str = "00112233445566778899aabbccddeeff";
const CUSTOMER: &str = "ada@example.com";
const MAILBOX: &str = "[sites.desk.destinations.there]\nto = \"email\"\nmailbox = \"desk@desk.example\"\n\
    from = \"help@acme.example\"\nreply_address = \"reply@in.acme.example\"";

struct World {
    gateway: Gateway,
    server: Server,
    stop: Option<DropGuard>,
}

impl World {
    /// A site that mails, with additional configuration of its mail and destinations. No mail is sent yet.
    async fn new(mail: &str, destinations: &str) -> World {
        let server = Server::start().await;
        let lines = configuration(server.port, mail, destinations);
        let gateway = gateway_with(&lines, Overrides { demo: true, ..Overrides::default() }).await;
        World { gateway, server, stop: None }
    }

    /// The same world after a restart with another configuration. No mail is sent yet.
    async fn reconfigured(self, mail: &str, destinations: &str) -> World {
        let lines = configuration(self.server.port, mail, destinations);
        World { gateway: self.gateway.restarted_with(&lines).await, server: self.server, stop: None }
    }

    /// Starts the worker that sends mail.
    fn send_mail(&mut self) {
        let stop = CancellationToken::new();
        tokio::spawn(workers::send_mail(self.gateway.app.workers.mail.clone(), stop.clone()));
        self.stop = Some(stop.drop_guard());
    }

    /// A new ticket of a session, whose address is confirmed.
    async fn confirmed(&self, key: &str, email: &str) -> String {
        let id = self.unconfirmed(key, email).await;
        self.confirm(&id).await;
        id
    }

    async fn confirm(&self, id: &str) {
        let code = mailed_code(&self.gateway, id).await;
        let path = format!("/v1/sites/desk/tickets/{id}/confirmation");
        let answer = self.as_session(Method::POST, &path, &json!({ "code": code })).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }

    async fn unconfirmed(&self, key: &str, email: &str) -> String {
        let mut new = ticket("The export stops.");
        new["contact"]["email"] = json!(email);
        let answer = self.gateway.send(post("desk", key, Some(SESSION), &new)).await;
        assert!(answer.status.is_success(), "{}", answer.text());
        answer.json()["id"].as_str().unwrap().to_string()
    }

    /// A new ticket of a customer whose address the host has signed.
    async fn signed(&self, key: &str) -> String {
        let path = "/v1/sites/desk/tickets";
        let request =
            request(Method::POST, path).header("content-type", "application/json").header("idempotency-key", key);
        let request = request.header("authorization", format!("Bearer {}", token()));
        let answer =
            self.gateway.send(request.body(Body::from(ticket("The export stops.").to_string())).unwrap()).await;
        assert!(answer.status.is_success(), "{}", answer.text());
        answer.json()["id"].as_str().unwrap().to_string()
    }

    async fn as_session(&self, method: Method, path: &str, body: &Value) -> Answer {
        let request =
            request(method, path).header("content-type", "application/json").header("deskbell-session", SESSION);
        self.gateway.send(request.body(Body::from(body.to_string())).unwrap()).await
    }

    /// Reads the tickets of the session as a customer with an address that the host has verified.
    async fn sign_in(&self, email: &str) {
        let token = token_of(&json!({ "email": email, "email_verified": true }));
        let request = request(Method::GET, "/v1/sites/desk/tickets")
            .header("authorization", format!("Bearer {token}"))
            .header("deskbell-session", SESSION);
        let answer = self.gateway.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }

    /// What agents read about mails of a ticket that bounced.
    async fn bounces(&self, id: &str) -> Vec<String> {
        let activities = self.gateway.app.store.activities(&TicketId::new(id)).await.unwrap();
        let bounces = activities.into_iter().filter(|activity| activity.kind == ActivityKind::Bounced);
        bounces.map(|activity| activity.text).collect()
    }

    async fn stored(&self, id: &str) -> StoredTicket {
        self.gateway.app.store.ticket(&TicketId::new(id)).await.unwrap().unwrap()
    }

    /// An agent answers in the inbox.
    async fn answer(&self, id: &str, text: &str) {
        let key = text.into();
        let action = Action::Answer { text: text.into(), key, solved: false };
        let outcome = self.gateway.app.handle.act(&self.stored(id).await, "Grace", action).await.unwrap();
        assert_eq!(outcome, ActionOutcome::Done);
    }

    /// Waits until no mail is due any more, and returns how many mails a recipient has.
    async fn settled(&self, recipient: &str) -> usize {
        let store = &self.gateway.app.store;
        let settled = async {
            while store.next_answer_mail(&"desk".into()).await.unwrap().is_some()
                || store.next_mail(&"desk".into()).await.unwrap().is_some()
            {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(120), settled).await.expect("everything is sent or given up");
        self.server.count(recipient)
    }

    async fn is_queued(&self) -> bool {
        self.gateway.app.store.next_answer_mail(&"desk".into()).await.unwrap().is_some()
    }

    /// The mail with the answer that has a number.
    async fn mail(&self, id: &str, number: u32) -> Mail {
        self.server.mail(CUSTOMER, &format!("{id}.{}.", 1_000 + number)).await
    }

    /// What a customer's panel says about answers.
    async fn config(&self, token: Option<String>) -> Value {
        let request = request(Method::GET, "/v1/sites/desk/config");
        let request = match token {
            Some(token) => request.header("authorization", format!("Bearer {token}")),
            None => request,
        };
        self.gateway.send(request.body(Body::empty()).unwrap()).await.json()["answer_mail"].clone()
    }
}

/// The configuration of a site that mails to a server, with more of its mail and its destinations.
fn configuration(port: u16, mail: &str, destinations: &str) -> String {
    let more = if destinations == MAILBOX {
        let secret = BASE64_STANDARD.encode(KEY);
        format!("smtp = \"smtp://127.0.0.1:{port}\"\nwebhook_secret = \"whsec_{secret}\"")
    } else {
        String::new()
    };
    format!(
        "limits = {{ address = 100000, session = 100000, site = 100000 }}\n\
         [sites.desk]\norigins = [\"*\"]\n[[sites.desk.signers]]\nalgorithm = \"HS256\"\nsecret = \"{SECRET}\"\n\
         [sites.desk.mail]\nfrom = \"Acme <help@acme.example>\"\nsmtp = \"smtp://127.0.0.1:{port}\"\nanswer_delay = \"0 seconds\"\n\
         limits = {{ mailbox = 1000, session = 1000, address = 1000, site = 1000 }}\n{mail}\n{destinations}\n{more}\n"
    )
}

/// A token of a customer, with a signed address.
fn token() -> String {
    token_of(&json!({ "email": CUSTOMER }))
}

/// A token of a customer with more claims.
fn token_of(more: &Value) -> String {
    let now = deskbell_core::clock::now().as_seconds();
    let mut claims = json!({ "sub": "u-7", "aud": "desk", "exp": now + 300, "name": "Ada" });
    claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    signed_with(SECRET, json!({ "alg": "HS256" }), claims)
}

const URL: &str = "url = \"https://help.acme.example\"";

#[tokio::test]
async fn an_answer_is_mailed_in_the_thread_of_the_receipt_and_a_reply_comes_back() {
    let mut world = World::new(URL, MAILBOX).await;
    world.send_mail();
    let id = world.unconfirmed("k", CUSTOMER).await;
    let receipt = world.server.mail(CUSTOMER, &id).await;
    world.confirm(&id).await;
    world.answer(&id, "Please **reload** [here](https://acme.example/?a&b).\n\n<img src=x>").await;
    let mail = world.mail(&id, 1).await;
    let receipt_id = receipt.header("Message-ID");
    assert_eq!((mail.header("In-Reply-To"), mail.whole_header("References").as_str()), (receipt_id, receipt_id));
    assert_eq!(mail.header("Subject"), format!("Re: {}", receipt.header("Subject")));
    assert_eq!((mail.header("Auto-Submitted"), mail.header("X-Auto-Response-Suppress")), ("", "OOF, AutoReply"));
    assert_eq!(mail.whole_header("List-Unsubscribe-Post"), "List-Unsubscribe=One-Click");
    let body = mail.body();
    for expected in
        ["Grace, ", "Please reload here <https://acme.example/?a&b>.", "<strong>reload</strong>", "&lt;img src"]
    {
        assert!(body.replace("=3D", "=").contains(expected), "{expected} is not in {body}");
    }

    // The mail program quotes what it answers.
    let reply = json!({
        "to": mail.whole_header("Reply-To"), "from": CUSTOMER, "authenticated": true, "message_id": "<r@example.com>",
        "text": "It works.\n\nOn Monday Acme wrote:\n> Please reload here <https://acme.example/?a&b>.",
    });
    assert_eq!(post_signed(&world.gateway, &reply).await.status, 204);
    let messages = world.gateway.app.store.messages(&TicketId::new(&id), 1).await.unwrap();
    assert_eq!((messages[0].author, messages[0].body.as_str()), (Author::Customer, "It works."));

    // What support writes from its mailbox is mailed as well, as the next mail of the thread.
    let answer = json!({
        "to": mail.whole_header("Reply-To"), "from": "ana@desk.example", "authenticated": true, "message_id": "<a@desk.example>",
        "text": "Good.",
    });
    assert_eq!(post_signed(&world.gateway, &answer).await.status, 204);
    let second = world.mail(&id, 3).await;
    assert_eq!(second.header("In-Reply-To"), mail.header("Message-ID"));
    assert_eq!(second.whole_header("References"), format!("{receipt_id} {}", mail.header("Message-ID")));
    assert_eq!(world.settled(CUSTOMER).await, 3);
}

#[tokio::test]
async fn answers_that_wait_together_are_one_mail_and_those_read_in_the_panel_are_none() {
    let mut world = World::new(URL, "").await;
    let (id, read, partly) =
        (world.signed("a").await, world.confirmed("b", CUSTOMER).await, world.confirmed("c", CUSTOMER).await);
    for text in ["One.", "Two."] {
        for id in [&id, &read, &partly] {
            world.answer(id, text).await;
        }
    }
    for (id, number) in [(&read, 2), (&partly, 1)] {
        let path = format!("/v1/sites/desk/tickets/{id}");
        assert_eq!(world.as_session(Method::PATCH, &path, &json!({ "read_until": number })).await.status, 200);
    }
    world.send_mail();
    let mail = world.mail(&id, 2).await.body();
    assert!(mail.contains("One.") && mail.contains("Two."), "{mail}");
    let mail = world.mail(&partly, 2).await.body();
    assert!(!mail.contains("One.") && mail.contains("Two."), "{mail}");
    assert_eq!(world.settled(CUSTOMER).await, 3 + 2, "the receipts and these two");
}

#[tokio::test]
async fn nothing_is_mailed_to_unconfirmed_addresses() {
    let mut world = World::new(URL, "").await;
    let id = world.unconfirmed("k", CUSTOMER).await;
    world.answer(&id, "Reload.").await;
    assert!(!world.is_queued().await);
    // What the customer has not read when they confirm the address is mailed then.
    world.confirm(&id).await;
    world.send_mail();
    assert!(world.mail(&id, 1).await.body().contains("Reload."));
}

#[tokio::test]
async fn one_request_ends_the_mails_about_a_ticket() {
    let mut world = World::new(URL, "").await;
    let (id, other) = (world.confirmed("a", CUSTOMER).await, world.confirmed("b", CUSTOMER).await);
    world.send_mail();
    world.answer(&id, "One.").await;
    let link = world.mail(&id, 1).await.whole_header("List-Unsubscribe");
    let path = link.trim_matches(['<', '>']).strip_prefix("https://help.acme.example").unwrap().to_string();
    let page = world.gateway.get(&path).await;
    assert!(page.status == 200 && page.text().contains("<form method=\"post\">"), "{}", page.text());
    world.answer(&id, "Two.").await;
    world.mail(&id, 2).await;
    for wrong in [path.replace("key=", "key=x"), path.replace(&id, &other)] {
        let refused = request(Method::POST, &wrong).body(Body::from("List-Unsubscribe=One-Click")).unwrap();
        assert_eq!(world.gateway.send(refused).await.status, 404);
    }
    for _ in 0..2 {
        let end = request(Method::POST, &path).body(Body::from("List-Unsubscribe=One-Click")).unwrap();
        let answer = world.gateway.send(end).await;
        assert!(answer.status == 200 && answer.text().contains("any more e-mails"), "{}", answer.text());
    }
    let before = world.settled(CUSTOMER).await;
    world.answer(&id, "Three.").await;
    assert!(!world.is_queued().await);
    world.answer(&other, "One.").await;
    world.mail(&other, 1).await;
    assert_eq!(world.settled(CUSTOMER).await, before + 1);
}

#[tokio::test]
async fn what_waits_for_a_confirmation_is_mailed_when_the_customer_signs_in() {
    let mut world = World::new(URL, "").await;
    let id = world.unconfirmed("k", CUSTOMER).await;
    world.answer(&id, "Reload.").await;
    world.sign_in("ada+x@example.com").await;
    assert!(!world.is_queued().await, "another address proves nothing");
    world.sign_in("Ada@Example.com").await;
    world.send_mail();
    assert!(world.mail(&id, 1).await.body().contains("Reload."));
}

#[tokio::test]
async fn a_mailbox_that_does_not_exist_gets_no_further_mail_and_agents_see_why() {
    let gone = "gone@example.com";
    let mut world = World::new(URL, MAILBOX).await;
    let (id, other) = (world.confirmed("a", gone).await, world.confirmed("b", gone).await);
    world.answer(&id, "One.").await;
    world.send_mail();
    world.settled(gone).await;
    let blocked = format!("The answer was not mailed to {gone}: the mailbox does not exist");
    let bounces = [world.bounces(&id).await, world.bounces(&other).await].concat();
    assert_eq!(bounces.iter().filter(|text| text.contains("550 5.1.1")).count(), 1, "asked once: {bounces:?}");
    assert!(world.bounces(&id).await.contains(&blocked), "{bounces:?}");
    world.answer(&other, "One.").await;
    world.settled(gone).await;
    assert!(world.bounces(&other).await.contains(&blocked));
    // The panel promises no mail to it.
    let announced = async |email: &str| world.config(Some(token_of(&json!({ "email": email })))).await;
    assert_eq!((announced("Gone@example.com").await, announced(CUSTOMER).await), (Value::Null, json!("unread")));
    // Its owner writes, so it exists again.
    let to = reply_address(&other);
    let reply = json!({
        "to": to, "from": gone, "authenticated": true, "message_id": "<r@example.com>", "text": "Hello?",
    });
    assert_eq!(post_signed(&world.gateway, &reply).await.status, 204);
    assert_eq!(announced(gone).await, json!("unread"));
    world.answer(&other, "Two.").await;
    world.settled(gone).await;
    let bounces = world.bounces(&other).await;
    assert!(bounces.last().unwrap().contains("550 5.1.1"), "the server is asked again: {bounces:?}");
}

#[tokio::test]
async fn a_mailbox_that_does_not_exist_says_nothing_about_other_spellings_of_it() {
    let (other, mut world) = ("ada+gone@example.com", World::new(URL, "").await);
    world.send_mail();
    // Anybody can type that address into a form.
    let attack = world.unconfirmed("a", other).await;
    world.settled(other).await;
    assert!(world.bounces(&attack).await[0].contains("550 5.1.1"));
    let id = world.signed("b").await;
    world.answer(&id, "Reload.").await;
    assert!(world.mail(&id, 1).await.body().contains("Reload."));
}

#[tokio::test]
async fn proving_an_address_ends_the_block_of_its_mailbox() {
    let gone = "gone@example.com";
    let mut world = World::new(URL, "").await;
    let id = world.unconfirmed("a", gone).await;
    world.answer(&id, "Reload.").await;
    world.send_mail();
    world.settled(gone).await;
    world.sign_in(gone).await;
    world.settled(gone).await;
    let bounces = world.bounces(&id).await;
    assert_eq!(bounces.len(), 2);
    assert!(bounces.iter().all(|text| text.contains("550 5.1.1")), "the server is asked again: {bounces:?}");
}

#[tokio::test]
async fn answers_that_have_waited_for_weeks_without_mail_are_not_mailed() {
    on_sqlite();
    let mut world = World::new(URL, "").await;
    let (old, id) = (world.signed("a").await, world.signed("b").await);
    for id in [&old, &id] {
        world.answer(id, "One.").await;
    }
    for weeks_ago in ["UPDATE answer_mails SET queued_at = ?", "UPDATE messages SET at = ?"] {
        let weeks_ago = sqlx::query(weeks_ago).bind("2026-01-01T00:00:00.000Z");
        weeks_ago.execute(&mut world.gateway.connection().await).await.unwrap();
    }
    // What is answered now is not held back.
    world.answer(&id, "Two.").await;
    world.send_mail();
    let mail = world.mail(&id, 2).await.body();
    assert!(mail.contains("Two.") && !mail.contains("One."), "{mail}");
    assert_eq!(world.settled(CUSTOMER).await, 2 + 1, "the receipts and this one");
    assert!(world.bounces(&old).await.is_empty());
}

#[tokio::test]
async fn who_mails_an_answer_is_decided_when_it_is_sent() {
    let webhook = "[sites.desk.destinations.own]\nto = \"webhook\"\nurl = \"http://127.0.0.1:9/\"\nprivate = true\n\
        secret = \"whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\"";
    let mailing = format!("{webhook}\nmails_requester = true");
    let (never, always) = (format!("{URL}\nanswers = \"never\""), format!("{URL}\nanswers = \"always\""));
    for (mail, destinations, expected) in [
        (URL, webhook, 1),
        (URL, mailing.as_str(), 0),
        (never.as_str(), webhook, 0),
        (always.as_str(), mailing.as_str(), 1),
        ("", webhook, 0),
    ] {
        let world = World::new(URL, webhook).await;
        let id = world.signed("k").await;
        world.answer(&id, "Reload.").await;
        assert!(world.is_queued().await);
        let mut world = world.reconfigured(mail, destinations).await;
        world.send_mail();
        assert_eq!(world.settled(CUSTOMER).await, 1 + expected, "the receipt and the answer: {mail} {destinations}");
        assert!(world.bounces(&id).await.is_empty());
    }
}

#[tokio::test]
async fn two_gateways_on_one_database_mail_each_answer_once() {
    const TICKETS: usize = 20;
    let server = Server::start().await;
    let (lines, demo) = (configuration(server.port, URL, ""), Overrides { demo: true, ..Overrides::default() });
    let mut gateways = gateways_on_postgres(2, &lines, demo).await;
    let (other, gateway) = (gateways.pop().unwrap(), gateways.pop().unwrap());
    let world = World { gateway, server, stop: None };
    let mut ids = Vec::new();
    for number in 0..TICKETS {
        let id = world.signed(&format!("k{number}")).await;
        world.answer(&id, "Reload.").await;
        ids.push(id);
    }
    let stop = CancellationToken::new();
    for gateway in [&world.gateway, &other] {
        tokio::spawn(workers::send_mail(gateway.app.workers.mail.clone(), stop.clone()));
    }
    let _stop = stop.drop_guard();
    for id in &ids {
        world.mail(id, 1).await;
    }
    assert_eq!(world.settled(CUSTOMER).await, 2 * TICKETS, "a receipt and an answer each");
}

#[tokio::test]
async fn no_customer_gets_an_answer_twice() {
    let zendesk = Zendesk::start().await;
    let account = format!(
        "[sites.desk.destinations.account]\nto = \"zendesk\"\nurl = \"{}\"\nclient_id = \"deskbell\"\nclient_secret = \"secret\"",
        zendesk.url()
    );
    let webhook = "[sites.desk.destinations.own]\nto = \"webhook\"\nurl = \"http://127.0.0.1:9/\"\nprivate = true\n\
        secret = \"whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\"";
    let with = |destination: &str, line: &str| format!("{destination}\n{line}");
    let (auto, always, never) = (URL, format!("{URL}\nanswers = \"always\""), format!("{URL}\nanswers = \"never\""));
    let alias = |line: &str| format!("unverified = \"alias\"\n{line}");
    let (yes, no) = ("mails_requester = true", "mails_requester = false");
    for (mail, destinations, is_mailed, signed, anonymous) in [
        (auto, String::new(), true, "unread", "confirmed"),
        (auto, with(&account, ""), false, "null", "null"),
        (auto, with(&account, yes), false, "always", "null"),
        (auto, with(&account, no), true, "unread", "confirmed"),
        // It does not know the addresses of others.
        (auto, with(&account, &alias(yes)), false, "always", "confirmed"),
        (auto, with(&account, &alias("")), false, "null", "confirmed"),
        (auto, with(webhook, ""), true, "unread", "confirmed"),
        (auto, with(webhook, yes), false, "always", "null"),
        (always.as_str(), with(&account, ""), true, "unread", "confirmed"),
        (never.as_str(), String::new(), false, "null", "null"),
        (never.as_str(), with(&account, yes), false, "always", "null"),
        // Nobody could unsubscribe.
        ("", String::new(), false, "null", "null"),
    ] {
        let world = World::new(mail, &destinations).await;
        let id = world.signed("k").await;
        world.answer(&id, "Reload.").await;
        assert_eq!(world.is_queued().await, is_mailed, "{mail}\n{destinations}");
        let announced = [world.config(Some(token())).await, world.config(None).await];
        let announced = announced.map(|word| word.as_str().unwrap_or("null").to_string());
        assert_eq!(announced, [signed, anonymous], "{mail}\n{destinations}");
        // What is announced is done.
        if !is_mailed {
            let id = world.confirmed("c", CUSTOMER).await;
            world.answer(&id, "Reload.").await;
            assert_eq!(world.is_queued().await, anonymous == "confirmed", "{mail}\n{destinations}");
        }
    }
}
