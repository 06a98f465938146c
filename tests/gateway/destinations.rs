//! Deliveries to a webhook, a mailbox and Slack, and replies by mail. `tests/browser/plain/destinations.spec.js` checks what a real mail server
//! receives.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use deskbell_core::clock;
use deskbell_core::ids::{DestinationName, TicketId};
use deskbell_core::ports::{Confirmation, Delivery, DeliveryState, StoredTicket, View};
use gateway::config::Overrides;
use gateway::{wire_up, workers};
use http_body_util::BodyExt;
use ring::hmac;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::mail::{take, take_but_say};
use crate::snapshot;
use crate::support::{Answer, Gateway, gateway_with, mailed_code, post, request, ticket};

const MINE: &str = "000102030405060708090a0b0c0d0e0f";
const KEY: &[u8] = b"0123456789abcdef0123456789abcdef";
const PATIENCE: Duration = Duration::from_secs(20);

fn secret() -> String {
    format!("whsec_{}", BASE64_STANDARD.encode(KEY))
}

/// The site `desk` with a destination, whose worker runs as long as the test.
async fn bringing(table: &str) -> Gateway {
    let site = format!("[sites.desk]\norigins = [\"*\"]\n[sites.desk.destinations.there]\n{table}\n");
    let gateway = gateway_with(&site, Overrides::default()).await;
    tokio::spawn(workers::deliver(gateway.app.workers.deliver.clone(), CancellationToken::new()));
    gateway
}

async fn file(gateway: &Gateway, ticket: &Value) -> Answer {
    let answer = gateway.send(post("desk", "k", Some(MINE), ticket)).await;
    assert!(answer.status.is_success(), "{}", answer.text());
    answer
}

fn request_for(method: Method, id: &str, more: &str, body: &Value) -> Request<Body> {
    request(method, &format!("/v1/sites/desk/tickets/{id}{more}"))
        .header("content-type", "application/json")
        .header("idempotency-key", "r")
        .header("deskbell-session", MINE)
        .body(Body::from(body.to_string()))
        .unwrap()
}

async fn messages(gateway: &Gateway, id: &str) -> Vec<Value> {
    let answer = gateway.send(request_for(Method::GET, id, "/messages", &Value::Null)).await;
    answer.json()["messages"].as_array().unwrap().clone()
}

/// The deliveries of a ticket, once all of them satisfy a condition.
async fn deliveries(gateway: &Gateway, id: &str, done: fn(&Delivery) -> bool) -> Vec<Delivery> {
    let looking = async {
        loop {
            let deliveries = gateway.app.store.deliveries(&TicketId::new(id)).await.unwrap();
            if deliveries.iter().all(done) {
                return deliveries;
            }
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, looking).await.unwrap()
}

/// The same, once none of them is pending.
async fn settled(gateway: &Gateway, id: &str) -> Vec<Delivery> {
    deliveries(gateway, id, |one| one.state != DeliveryState::Waiting).await
}

/// A webhook receiver: it responds with the given statuses, then with 204.
struct Service {
    url: String,
    got: mpsc::UnboundedReceiver<(HeaderMap, String)>,
}

impl Service {
    async fn new(statuses: &[u16]) -> Service {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook/secret", listener.local_addr().unwrap());
        let (tell, got) = mpsc::unbounded_channel();
        let statuses = Arc::new(Mutex::new(statuses.iter().copied().collect::<VecDeque<u16>>()));
        let router = Router::new().fallback(async move |request: Request<Body>| {
            let (parts, body) = request.into_parts();
            let body = body.collect().await.unwrap().to_bytes().to_vec();
            let status = statuses.lock().unwrap().pop_front().unwrap_or(204);
            tell.send((parts.headers, String::from_utf8(body).unwrap())).unwrap();
            StatusCode::from_u16(status).unwrap()
        });
        tokio::spawn(async move { axum::serve(listener, router).await });
        Service { url, got }
    }

    async fn next(&mut self) -> (HeaderMap, String) {
        timeout(PATIENCE, self.got.recv()).await.expect("it is told").unwrap()
    }

    /// The next event and its id, after checking its signature.
    async fn event(&mut self) -> (String, Value) {
        let (headers, body) = self.next().await;
        let text = |name: &str| headers[name].to_str().unwrap();
        let (id, timestamp) = (text("webhook-id"), text("webhook-timestamp"));
        assert!(clock::now().as_seconds().abs_diff(timestamp.parse().unwrap()) < 60, "{timestamp}");
        let tag = BASE64_STANDARD.decode(text("webhook-signature").strip_prefix("v1,").unwrap()).unwrap();
        let key = hmac::Key::new(hmac::HMAC_SHA256, KEY);
        hmac::verify(&key, format!("{id}.{timestamp}.{body}").as_bytes(), &tag).expect("it is signed");
        (id.to_string(), serde_json::from_str(&body).unwrap())
    }
}

fn webhook(url: &str) -> String {
    format!("to = \"webhook\"\nurl = \"{url}\"\nsecret = \"{}\"\nprivate = true", secret())
}

#[tokio::test]
async fn services_get_every_event_once_and_in_order() {
    let mut service = Service::new(&[]).await;
    let mail = "[sites.desk.mail]\nsmtp = \"smtp://127.0.0.1:9\"\nfrom = \"help@acme.example\"";
    let gateway = bringing(&format!("{}\n{mail}", webhook(&service.url))).await;
    let answer = file(&gateway, &ticket("The export stops")).await;
    assert_eq!(answer.status, 201);
    let id = answer.json()["id"].as_str().unwrap().to_string();
    // A repetition is the same ticket.
    file(&gateway, &ticket("The export stops")).await;
    let reply = gateway.send(request_for(Method::POST, &id, "/messages", &json!({"message": "It still does"}))).await;
    assert_eq!(reply.status, 201, "{}", reply.text());
    let created = service.event().await;
    assert_eq!((created.0.as_str(), &created.1["type"]), (id.as_str(), &json!("ticket.created")));
    assert_eq!(created.1["data"]["ticket"]["reference"], answer.json()["reference"]);
    snapshot::check_json("webhook-ticket-created", &created.1);
    let message = service.event().await;
    assert_eq!((message.0, &message.1["type"]), (format!("{id}/1"), &json!("message.created")));
    snapshot::check_json("webhook-message-created", &message.1);
    // Each waits for the one before it: if the change was reverted before its delivery, neither would be delivered.
    for (status, kind) in [("solved", "ticket.solved"), ("open", "ticket.reopened")] {
        assert_eq!(gateway.send(request_for(Method::PATCH, &id, "", &json!({"status": status}))).await.status, 200);
        let (_, event) = service.event().await;
        assert_eq!((&event["type"], &event["data"]["ticket"]["id"]), (&json!(kind), &json!(id)));
        snapshot::check_json(&format!("webhook-{}", kind.replace('.', "-")), &event);
    }
    let code = mailed_code(&gateway, &id).await;
    let confirmed = gateway.send(request_for(Method::POST, &id, "/confirmation", &json!({"code": code}))).await;
    assert_eq!(confirmed.status, 200, "{}", confirmed.text());
    snapshot::check_json("webhook-ticket-confirmed", &service.event().await.1);
    assert!(settled(&gateway, &id).await.iter().all(|one| one.attempts == 1 && one.state == DeliveryState::Delivered));
    assert!(service.got.try_recv().is_err());
}

#[tokio::test]
async fn repeated_events_have_the_same_id() {
    let mut service = Service::new(&[500]).await;
    let gateway = bringing(&webhook(&service.url)).await;
    let id = file(&gateway, &ticket("It broke")).await.json()["id"].as_str().unwrap().to_string();
    let (first, again) = (service.event().await, service.event().await);
    assert_eq!(first, again);
    assert_eq!(first.0, id);
    let deliveries = settled(&gateway, &id).await;
    assert_eq!((deliveries[0].state, deliveries[0].attempts), (DeliveryState::Delivered, 2));
    assert!(service.got.try_recv().is_err());
}

#[tokio::test]
async fn receivers_that_are_gone_get_nothing_more_and_agents_see_why() {
    let mut service = Service::new(&[410]).await;
    let gateway = bringing(&webhook(&service.url)).await;
    let answer = file(&gateway, &ticket("It broke")).await;
    assert_eq!(answer.status, 202);
    service.event().await;
    let deliveries = settled(&gateway, answer.json()["id"].as_str().unwrap()).await;
    assert_eq!(deliveries[0].state, DeliveryState::DeadLetter);
    assert_eq!(deliveries[0].reason, "127.0.0.1 is gone (410)");
}

#[tokio::test]
async fn webhooks_do_not_reach_private_networks_unless_configured() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let secret = secret();
    // An address is refused at the start, a name when it is resolved for the connection.
    for url in [format!("http://127.0.0.1:{port}/"), format!("https://127.0.0.1:{port}/")] {
        let text = format!(
            "[sites.desk]\norigins = [\"*\"]\n[sites.desk.destinations.there]\nto = \"webhook\"\nurl = \"{url}\"\nsecret = \"{secret}\""
        );
        let error = wire_up::parse(&text, "test").unwrap_err().to_string();
        assert!(
            error.starts_with("test:5: sites.desk.destinations.there.url: ") && error.contains("private"),
            "{error}"
        );
    }
    let table = format!("to = \"webhook\"\nurl = \"https://localhost:{port}/\"\nsecret = \"{secret}\"");
    let gateway = bringing(&table).await;
    let answer = file(&gateway, &ticket("It broke")).await;
    assert_eq!(answer.status, 202);
    let deliveries = deliveries(&gateway, answer.json()["id"].as_str().unwrap(), |one| !one.reason.is_empty()).await;
    let message = "localhost is unreachable: localhost is this computer or in a private network";
    assert_eq!((deliveries[0].state, deliveries[0].reason.as_str()), (DeliveryState::Waiting, message));
    let connection = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    assert_eq!(listener.accept().await.unwrap().1, connection.local_addr().unwrap(), "nobody else has connected");
}

#[tokio::test]
async fn channels_get_one_line_per_new_ticket() {
    let mut service = Service::new(&[]).await;
    let gateway = bringing(&format!("to = \"slack\"\nurl = \"{}\"\nprivate = true", service.url)).await;
    let answer = file(&gateway, &ticket("<!channel> It broke\nfor ada@example.com")).await.json();
    let (id, reference) = (answer["id"].as_str().unwrap(), answer["reference"].as_str().unwrap());
    gateway.send(request_for(Method::POST, id, "/messages", &json!({"message": "More"}))).await;
    let (_, event) = service.next().await;
    let event: Value = serde_json::from_str(&event).unwrap();
    assert_eq!(event["text"], format!("{reference} (bug, high severity): &lt;!channel&gt; It broke"));
    assert_eq!(settled(&gateway, id).await.len(), 1);
    assert!(service.got.try_recv().is_err());
}

#[tokio::test]
async fn notices_delay_no_response() {
    // It accepts the connection, and never responds.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let gateway = bringing(&format!("to = \"slack\"\nurl = \"{url}\"\nprivate = true")).await;
    let answer = file(&gateway, &ticket("It broke")).await;
    assert_eq!(answer.status, 201);
    let deliveries = gateway.app.store.deliveries(&TicketId::new(answer.json()["id"].as_str().unwrap())).await.unwrap();
    assert_eq!(deliveries[0].state, DeliveryState::Waiting);
}

/// A mailbox at a server, with a reply address.
fn mailbox(listener: &TcpListener) -> String {
    format!(
        "to = \"email\"\nmailbox = \"desk@desk.example\"\nfrom = \"Acme <help@acme.example>\"\nsmtp = \"smtp://{}\"\n\
         reply_address = \"reply@in.acme.example\"\nwebhook_secret = \"{}\"",
        listener.local_addr().unwrap(),
        secret()
    )
}

/// The value of a header.
fn header<'a>(mail: &'a [String], name: &str) -> &'a str {
    let lines = mail.iter().take_while(|line| !line.is_empty());
    lines.filter_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).next().unwrap_or_default()
}

/// Whether a Message-ID is that of a delivery to the mailbox, with its signature.
fn is_named(name: &str, contents: &str) -> bool {
    let tag = name.strip_prefix(&format!("<{contents}.there.")).and_then(|rest| rest.strip_suffix("@acme.example>"));
    tag.is_some_and(|tag| tag.len() == 16 && tag.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

#[tokio::test]
async fn mailboxes_get_each_message_once_in_one_thread() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gateway = bringing(&mailbox(&listener)).await;
    let new = ticket("The export stops\nEvery time");
    let (refused, answer) = tokio::join!(take_but_say(&listener, "450 not now"), file(&gateway, &new));
    let (id, reference) = (answer.json()["id"].as_str().unwrap().to_string(), answer.json()["reference"].clone());
    let mail = timeout(PATIENCE, take(&listener)).await.unwrap();
    let name = header(&refused, "Message-ID").to_string();
    assert!(is_named(&name, &id), "{name}");
    for mail in [&refused, &mail] {
        assert_eq!(header(mail, "Message-ID"), name);
        assert_eq!(header(mail, "To"), "desk@desk.example");
    }
    assert_eq!(header(&mail, "Subject"), format!("[{}] The export stops", reference.as_str().unwrap()));
    assert!(mail.contains(&"Every time".to_string()) && mail.contains(&"Severity: high".to_string()), "{mail:?}");
    assert_eq!(settled(&gateway, &id).await[0].attempts, 2);

    let replying = gateway.send(request_for(Method::POST, &id, "/messages", &json!({"message": "It still does"})));
    let (mail, reply) = tokio::join!(take(&listener), replying);
    assert_eq!(reply.status, 201, "{}", reply.text());
    assert!(is_named(header(&mail, "Message-ID"), &format!("{id}/1")), "{mail:?}");
    assert_eq!((header(&mail, "In-Reply-To"), header(&mail, "References")), (name.as_str(), name.as_str()));
    let solving = gateway.send(request_for(Method::PATCH, &id, "", &json!({"status": "solved"})));
    let (mail, _) = tokio::join!(take(&listener), solving);
    assert_eq!(header(&mail, "In-Reply-To"), name);
    assert!(mail.iter().any(|line| line.starts_with("The customer has marked")), "{mail:?}");
    assert!(settled(&gateway, &id).await.iter().all(|one| one.state == DeliveryState::Delivered));
}

/// A mail as posted by the mail service.
fn mail_request(mail: &Value, time: i64) -> Request<Body> {
    let body = mail.to_string();
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, KEY), format!("msg_1.{time}.{body}").as_bytes());
    request(Method::POST, "/v1/sites/desk/hooks/there")
        .header("webhook-id", "msg_1")
        .header("webhook-timestamp", time.to_string())
        .header("webhook-signature", format!("v1,{}", BASE64_STANDARD.encode(tag)))
        .body(Body::from(body))
        .unwrap()
}

#[tokio::test]
async fn mailed_answers_are_stored_once_and_not_delivered_back() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gateway = bringing(&mailbox(&listener)).await;
    let broken = ticket("It broke");
    let (mail, answer) = tokio::join!(take(&listener), file(&gateway, &broken));
    let id = answer.json()["id"].as_str().unwrap().to_string();
    let answer = json!({
        "to": header(&mail, "Reply-To"),
        "from": "Ana Ruiz <ana@desk.example>",
        "authenticated": true,
        "text": "Fixed.\nTry again.\n\nOn Thu, 26 Nov 2026 at 10:00, Acme <help@acme.example> wrote:\n> It broke\n",
        "message_id": "<m1@desk.example>",
    });
    for _ in 0..2 {
        let answer_of_hook = gateway.send(mail_request(&answer, clock::now().as_seconds())).await;
        assert_eq!(answer_of_hook.status, 204, "{}", answer_of_hook.text());
    }
    let conversation = messages(&gateway, &id).await;
    assert_eq!(conversation.len(), 2, "{conversation:?}");
    let message = &conversation[1];
    assert_eq!((&message["author"], &message["name"]), (&json!("support"), &json!("Ana Ruiz")));
    assert_eq!(message["body"], "Fixed.  \nTry again.");
    assert_eq!(settled(&gateway, &id).await.len(), 1);

    let old = gateway.send(mail_request(&answer, clock::now().as_seconds() - 301)).await;
    assert_eq!(old.problem(), (401, "unsigned".into()));
    let unsigned = request(Method::POST, "/v1/sites/desk/hooks/there").body(Body::from(answer.to_string())).unwrap();
    assert_eq!(gateway.send(unsigned).await.problem(), (401, "unsigned".into()));
    let mut forged = answer.clone();
    forged["to"] = json!("reply+0123@in.acme.example");
    forged["message_id"] = json!("<m2@desk.example>");
    assert_eq!(gateway.send(mail_request(&forged, clock::now().as_seconds())).await.status, 204);
    assert_eq!(messages(&gateway, &id).await.len(), 2);
}

/// The tickets of all sites, newest first.
async fn stored_tickets(gateway: &Gateway) -> Vec<StoredTicket> {
    let view = View { is_newest_first: true, ..View::default() };
    let listed = gateway.app.store.list_tickets(&view, None, 100).await.unwrap().tickets;
    let mut tickets = Vec::new();
    for ticket in listed {
        tickets.extend(gateway.app.store.ticket(&ticket.id).await.unwrap());
    }
    tickets
}

/// Posts a mail to the support address, unchanged, with more headers.
async fn post_support_mail(gateway: &Gateway, name: &str, headers: &str, authenticated: bool) -> Answer {
    let raw = format!(
        "From: Ada <ada@example.com>\r\nTo: support@acme.example\r\nSubject: Export\r\nMessage-ID: <{name}@example.com>\r\n{headers}\
         MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nIt stops ({name}).\r\n--x\r\n\
         Content-Type: text/plain\r\nContent-Disposition: attachment; filename=log.txt\r\n\r\none line\r\n--x--\r\n"
    );
    let mail = json!({"to": "support@acme.example", "authenticated": authenticated, "raw": raw});
    gateway.send(mail_request(&mail, clock::now().as_seconds())).await
}

#[tokio::test]
async fn mails_to_a_support_address_become_tickets_once() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let table = format!("{}\nsupport_addresses = [\"support@acme.example\"]", mailbox(&listener));
    let gateway = bringing(&table).await;
    for _ in 0..2 {
        assert_eq!(post_support_mail(&gateway, "m1", "", true).await.status, 204);
    }
    let tickets = stored_tickets(&gateway).await;
    assert_eq!(tickets.len(), 1, "{tickets:?}");
    let first = &tickets[0];
    assert_eq!(first.ticket.message, "Export\n\nIt stops (m1).");
    assert_eq!((first.ticket.contact.email.as_str(), &first.person), ("ada@example.com", &None));
    assert_eq!(first.handling.confirmation, Confirmation::Confirmed);
    let files = gateway.app.store.attachments(&first.id).await.unwrap();
    assert_eq!(files.iter().map(|file| file.name.as_str()).collect::<Vec<_>>(), ["log.txt"]);
    let mail = timeout(PATIENCE, take(&listener)).await.unwrap();
    assert!(mail.iter().any(|line| line == "It stops (m1)."), "{mail:?}");

    // An answer to the own mail belongs to its ticket, if its sender is certain.
    let answers_first = "In-Reply-To: <m1@example.com>\r\n";
    assert_eq!(post_support_mail(&gateway, "m2", answers_first, true).await.status, 204);
    let replies = gateway.app.store.messages(&first.id, 0).await.unwrap();
    assert_eq!(replies.iter().map(|reply| reply.body.as_str()).collect::<Vec<_>>(), ["It stops (m2)."]);
    assert_eq!(post_support_mail(&gateway, "m3", answers_first, false).await.status, 204);
    let tickets = stored_tickets(&gateway).await;
    assert_eq!(tickets.len(), 2, "a forged sender sees and changes nothing");
    assert_eq!(tickets[0].handling.confirmation, Confirmation::NotNeeded, "the site sends no mail to confirm with");

    assert_eq!(post_support_mail(&gateway, "m4", "Auto-Submitted: auto-replied\r\n", true).await.status, 204);
    assert_eq!(stored_tickets(&gateway).await.len(), 2);
}

#[tokio::test]
async fn one_mailbox_creates_a_limited_number_of_tickets_a_day() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let lines = format!(
        "[quotas]\naddress_tickets_per_day = 2\n[sites.desk]\norigins = [\"*\"]\n[sites.desk.destinations.there]\n{}\n\
         support_addresses = [\"support@acme.example\"]\n",
        mailbox(&listener)
    );
    let gateway = gateway_with(&lines, Overrides::default()).await;
    let mail = |from: &str, name: &str| {
        let mail = json!({"to": "support@acme.example", "from": from, "text": "It broke", "message_id": format!("<{name}@x>")});
        gateway.send(mail_request(&mail, clock::now().as_seconds()))
    };
    for (from, name, status) in [
        ("ada@example.com", "m1", 204),
        ("Ada+x@example.com", "m2", 204),
        ("ada@example.com", "m3", 429),
        ("ada@example.com", "m1", 204),
        ("eve@example.com", "m4", 204),
    ] {
        let answer = mail(from, name).await;
        assert_eq!(answer.status, status, "{from} {name}: {}", answer.text());
    }
    assert_eq!(stored_tickets(&gateway).await.len(), 3);
}

#[tokio::test]
async fn test_tickets_notify_nobody_and_are_marked() {
    let (mut channel, mut service) = (Service::new(&[]).await, Service::new(&[]).await);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let tables = format!(
        "to = \"slack\"\nurl = \"{}\"\nprivate = true\n[sites.desk.destinations.service]\n{}\n[sites.desk.destinations.mailbox]\n{}",
        channel.url,
        webhook(&service.url),
        mailbox(&listener)
    );
    let gateway = bringing(&tables).await;
    let mut new = ticket("I try it out");
    (new["test"], new["severity"]) = (json!(true), json!("critical"));
    let (mail, answer) = tokio::join!(take(&listener), file(&gateway, &new));
    let (id, reference) = (answer.json()["id"].as_str().unwrap().to_string(), answer.json()["reference"].clone());
    let subject = format!("[{}] [Test] I try it out", reference.as_str().unwrap());
    assert_eq!(header(&mail, "Subject"), subject);
    assert!(mail.contains(&"Test: yes, no answer needed".to_string()), "{mail:?}");
    let (_, event) = service.event().await;
    assert_eq!((&event["type"], &event["data"]["ticket"]["test"]), (&json!("ticket.created"), &json!(true)));

    let replying = gateway.send(request_for(Method::POST, &id, "/messages", &json!({"message": "And once more"})));
    let (mail, _) = tokio::join!(take(&listener), replying);
    assert_eq!(header(&mail, "Subject"), format!("Re: {subject}"));
    let (_, event) = service.event().await;
    assert_eq!((&event["type"], &event["data"]["ticket"]["test"]), (&json!("message.created"), &json!(true)));
    let destinations: Vec<DestinationName> =
        settled(&gateway, &id).await.into_iter().map(|one| one.destination).collect();
    assert!(destinations.len() == 4 && !destinations.contains(&"there".into()), "{destinations:?}");

    // The first delivery of the channel is of the ticket that is no test.
    new["test"] = json!(false);
    let (_, answer) = tokio::join!(take(&listener), gateway.send(post("desk", "another", Some(MINE), &new)));
    let reference = answer.json()["reference"].as_str().unwrap().to_string();
    let (_, notification) = channel.next().await;
    assert!(notification.contains(&reference), "{notification}");
    let (_, event) = service.event().await;
    assert_eq!(event["data"]["ticket"]["test"], json!(false));
}
