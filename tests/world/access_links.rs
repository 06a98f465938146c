//! One-time links: an anonymous sender reads their tickets on another device, and nobody else learns anything.

use std::time::Duration;

use axum::body::Body;
use axum::http::Method;
use deskbell_core::ids::TicketId;
use deskbell_core::ports::TicketHead;
use deskbell_core::use_cases::tickets::{Action, ActionOutcome};
use gateway::config::Overrides;
use gateway::workers;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio_util::sync::{CancellationToken, DropGuard};
use tower::ServiceExt;

use crate::returned::server::Server;
use crate::support::{
    Answer, Gateway, SECRET, gateway_with, on_sqlite, post, request, request_from, signed_with, ticket,
};

const SESSION: &str = "00112233445566778899aabbccddeeff";
const OTHER_SESSION: &str = "ffeeddccbbaa99887766554433221100";
const ADA: &str = "ada@example.com";

struct World {
    gateway: Gateway,
    server: Server,
    _stop: DropGuard,
}

impl World {
    /// Two sites that send links, with limits of mails.
    async fn new(limits: &str) -> World {
        World::with_limits(limits, "limits = { address = 100000, session = 100000, site = 100000 }").await
    }

    async fn with_limits(mails: &str, requests: &str) -> World {
        let server = Server::start().await;
        let site = |name: &str| {
            format!(
                "[sites.{name}]\norigins = [\"*\"]\n[[sites.{name}.signers]]\nalgorithm = \"HS256\"\nsecret = \"{SECRET}\"\n\
                 [sites.{name}.mail]\nfrom = \"Acme <help@acme.example>\"\nsmtp = \"smtp://127.0.0.1:{}\"\n\
                 url = \"https://help.acme.example\"\nlimits = {{ {mails} }}\n",
                server.port
            )
        };
        let silent = "[sites.silent]\norigins = [\"*\"]\n";
        let lines = format!("{requests}\n{}{}{silent}", site("desk"), site("other"));
        let gateway = gateway_with(&lines, Overrides::default()).await;
        let stop = CancellationToken::new();
        tokio::spawn(workers::send_mail(gateway.app.workers.mail.clone(), stop.clone()));
        World { gateway, server, _stop: stop.drop_guard() }
    }

    /// A new ticket of a session.
    async fn ticket(&self, site: &str, key: &str, email: &str, text: &str) -> String {
        let mut new = ticket(text);
        new["contact"]["email"] = json!(email);
        let answer = self.gateway.send(post(site, key, Some(SESSION), &new)).await;
        assert!(answer.status.is_success(), "{}", answer.text());
        answer.json()["id"].as_str().unwrap().to_string()
    }

    /// A new ticket of a customer whom the host has signed, with the same address.
    async fn signed_ticket(&self, text: &str) {
        let now = deskbell_core::clock::now().as_seconds();
        let claims = json!({ "sub": "u-7", "aud": "desk", "exp": now + 300, "name": "Ada", "email": ADA });
        let token = signed_with(SECRET, json!({ "alg": "HS256" }), claims);
        let request = request(Method::POST, "/v1/sites/desk/tickets")
            .header("content-type", "application/json")
            .header("idempotency-key", "signed")
            .header("authorization", format!("Bearer {token}"));
        let answer = self.gateway.send(request.body(Body::from(ticket(text).to_string())).unwrap()).await;
        assert!(answer.status.is_success(), "{}", answer.text());
    }

    /// An agent answers.
    async fn answer(&self, id: &str, text: &str) {
        let ticket = self.gateway.app.store.ticket(&TicketId::new(id)).await.unwrap().unwrap();
        let action = Action::Answer { text: text.into(), key: text.into(), solved: false };
        let outcome = self.gateway.app.handle.act(&ticket, "Grace", action).await.unwrap();
        assert_eq!(outcome, ActionOutcome::Done);
    }

    async fn submit(&self, path: &str, field: &str, value: &str) -> Answer {
        let form = form_urlencoded::Serializer::new(String::new()).append_pair(field, value).finish();
        let request = request(Method::POST, path).header("content-type", "application/x-www-form-urlencoded");
        self.gateway.send(request.body(Body::from(form)).unwrap()).await
    }

    /// Asks for a link on the help page of a site.
    async fn ask(&self, site: &str, email: &str) -> Answer {
        self.submit(&format!("/help/{site}/access"), "email", email).await
    }

    /// Asks for a link in the panel of a site.
    async fn ask_in_panel(&self, site: &str, email: &str) -> Answer {
        let request = request(Method::POST, &format!("/v1/sites/{site}/tickets/link"))
            .header("content-type", "application/json")
            .body(Body::from(json!({ "email": email, "locale": "de-AT" }).to_string()));
        self.gateway.send(request.unwrap()).await
    }

    /// Waits until nothing is left to be sent, and returns the keys of the links that an address has got, in order.
    async fn keys(&self, email: &str) -> Vec<String> {
        let settled = async {
            for site in ["desk", "other"] {
                while self.gateway.app.store.next_access_link(&site.into()).await.unwrap().is_some() {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(120), settled).await.expect("everything is sent or dropped");
        let mails = self.server.all(email).into_iter();
        let links = mails.filter(|mail| mail.header("Message-ID").starts_with("<link."));
        let key = |body: &str| {
            let (start, rest) = body.split_once("/access/open?key=").expect("a link");
            assert!(start.contains("https://help.acme.example/help/"), "{body}");
            rest.lines().next().unwrap_or_default().trim().to_string()
        };
        links.map(|mail| key(&mail.body().replace("=3D", "="))).collect()
    }

    /// Presses the button of a link's page.
    async fn press(&self, site: &str, key: &str) -> Answer {
        self.submit(&format!("/help/{site}/access/open"), "key", key).await
    }

    /// The same in a browser that has a session.
    async fn press_with(&self, key: &str, session: &str) -> Answer {
        let form = form_urlencoded::Serializer::new(String::new());
        let form = { form }.append_pair("key", key).append_pair("session", session).finish();
        let request =
            request(Method::POST, "/help/desk/access/open").header("content-type", "application/x-www-form-urlencoded");
        self.gateway.send(request.body(Body::from(form)).unwrap()).await
    }

    /// A request of a panel.
    async fn as_session(&self, session: &str, method: Method, path: &str, body: &str) -> Answer {
        let request = request(method, &format!("/v1/sites/desk/{path}"))
            .header("content-type", "application/json")
            .header("idempotency-key", body.len().to_string())
            .header("deskbell-session", session);
        self.gateway.send(request.body(Body::from(body.to_string())).unwrap()).await
    }

    /// The page of a link.
    async fn page(&self, site: &str, key: &str) -> Answer {
        self.gateway.get(&format!("/help/{site}/access/open?key={key}")).await
    }
}

/// The events of a panel's stream.
struct Stream(Body, String);

impl Stream {
    async fn open(world: &World, session: &str) -> Stream {
        let request = request(Method::GET, "/v1/sites/desk/tickets/stream").header("deskbell-session", session);
        let response = world.gateway.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status(), 200);
        Stream(response.into_body(), String::new())
    }

    /// The data of the next event; none at the end.
    async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some((event, rest)) = self.1.split_once("\n\n") {
                let data = event.lines().find_map(|line| line.strip_prefix("data:"));
                let data = data.map(|data| serde_json::from_str(data).unwrap());
                self.1 = rest.to_string();
                if data.is_some() {
                    return data;
                }
                continue;
            }
            let frame =
                tokio::time::timeout(Duration::from_secs(60), self.0.frame()).await.expect("an event")?.unwrap();
            self.1.push_str(std::str::from_utf8(frame.data_ref()?).unwrap());
        }
    }
}

const MANY: &str = "mailbox = 1000, session = 1000, address = 1000, site = 1000";

#[tokio::test]
async fn a_link_shows_the_tickets_of_its_mailbox_once_and_only_after_pressing_the_button() {
    let world = World::new(MANY).await;
    let one = world.ticket("desk", "1", ADA, "The export <b>stops</b>.").await;
    world.ticket("desk", "2", "ADA@example.com", "Second thing").await;
    world.ticket("desk", "3", "eve@example.com", "From Eve").await;
    world.answer(&one, "Please **reload**.").await;
    let answer = world.ask("desk", ADA).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let keys = world.keys(ADA).await;
    let [key] = keys.as_slice() else { panic!("{keys:?}") };
    assert_eq!(key.len(), 43, "256 bits");
    // Programs that open links before people do.
    for method in [Method::GET, Method::HEAD, Method::GET] {
        let path = format!("/help/desk/access/open?key={key}");
        let preview = world.gateway.send(request(method, &path).body(Body::empty()).unwrap()).await;
        assert_eq!(preview.status, 200);
        assert!(!preview.text().contains("export") && !preview.text().contains("reload"), "{}", preview.text());
        for (header, value) in [("referrer-policy", "no-referrer"), ("cache-control", "no-store")] {
            assert_eq!(preview.header(header), value);
        }
    }
    assert!(world.page("desk", key).await.text().contains("noindex"));
    let opened = world.press("desk", key).await;
    let text = opened.text();
    assert_eq!((opened.status.as_u16(), opened.header("cache-control")), (200, "no-store"));
    for shown in ["The export &lt;b&gt;stops&lt;/b&gt;.", "<strong>reload</strong>", "Second thing"] {
        assert!(text.contains(shown), "{shown} is not in {text}");
    }
    assert!(!text.contains("From Eve") && !text.contains(key.as_str()), "{text}");
    assert!(opened.header("content-security-policy").contains("default-src 'none'"));
    // It confirms nothing: whoever sent the ticket may be somebody else.
    let path = format!("/v1/sites/desk/tickets/{one}/messages");
    let panel = request(Method::GET, &path).header("deskbell-session", SESSION).body(Body::empty()).unwrap();
    let panel = world.gateway.send(panel).await;
    assert_eq!((panel.status.as_u16(), panel.text().contains("reload")), (200, false));
    // Once is once; the page offers another link.
    for again in [world.press("desk", key).await, world.page("desk", key).await] {
        assert_eq!(again.status, 404);
        assert!(again.text().contains("action=\"/help/desk/access\"") && !again.text().contains("export"));
    }
}

#[tokio::test]
async fn the_form_answers_the_same_whether_or_not_there_are_tickets() {
    let world = World::new("mailbox = 1, session = 1000, address = 1000, site = 1000").await;
    world.ticket("desk", "1", ADA, "It broke").await;
    world.ticket("other", "2", "other@example.com", "It broke").await;
    world.signed_ticket("Signed").await;
    let mut answers = Vec::new();
    for email in [ADA, "nobody@example.com", "other@example.com", ADA, " ada@EXAMPLE.com ", ADA] {
        let answer = world.ask("desk", email).await;
        let headers: Vec<_> =
            answer.headers.iter().filter(|(name, _)| !["x-request-id", "date"].contains(&name.as_str())).collect();
        answers.push(format!("{} {headers:?} {}", answer.status, answer.text()));
        world.keys(email).await;
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:#?}");
    assert_eq!(world.keys(ADA).await.len(), 1, "the limit of a mailbox");
    for email in ["nobody@example.com", "other@example.com"] {
        assert_eq!(world.keys(email).await.len(), 0, "{email}");
    }
    let wrong = world.ask("desk", "no address").await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.text().contains("role=\"alert\""));
}

#[tokio::test]
async fn the_panel_asks_for_links_by_the_rules_of_the_form() {
    let world = World::new("mailbox = 1, session = 1000, address = 1000, site = 1000").await;
    world.ticket("desk", "1", ADA, "The export stops.").await;
    let offers_links =
        async |site: &str| world.gateway.get(&format!("/v1/sites/{site}/config")).await.json()["access_links"].clone();
    assert_eq!((offers_links("desk").await, offers_links("silent").await), (json!(true), Value::Null));
    let mut answers = Vec::new();
    for email in [ADA, "nobody@example.com", ADA] {
        let answer = world.ask_in_panel("desk", email).await;
        let headers: Vec<_> =
            answer.headers.iter().filter(|(name, _)| !["x-request-id", "date"].contains(&name.as_str())).collect();
        answers.push(format!("{} {headers:?} {}", answer.status, answer.text()));
        world.keys(email).await;
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:#?}");
    assert!(answers[0].starts_with("202 ") && answers[0].contains("no-store"), "{answers:?}");
    world.ask("desk", ADA).await;
    let keys = world.keys(ADA).await;
    assert_eq!(keys.len(), 1, "form and panel share the limit of a mailbox");
    let mails = world.server.all(ADA);
    let mail = mails.iter().find(|mail| mail.header("Message-ID").starts_with("<link.")).unwrap();
    assert_eq!(mail.header("Subject"), "Der Link zu Ihren Tickets");
    assert!(world.press("desk", &keys[0]).await.text().contains("The export stops."));
    assert!(world.keys("nobody@example.com").await.is_empty());

    let wrong = world.ask_in_panel("desk", "no address").await;
    assert_eq!((wrong.status.as_u16(), &wrong.json()["errors"][0]["pointer"]), (422, &json!("/email")));
    let silent = world.ask_in_panel("silent", ADA).await;
    assert_eq!((silent.status.as_u16(), &silent.json()["code"]), (404, &json!("not_found")));
    let unknown = world.ask_in_panel("nowhere", ADA).await;
    assert_eq!((unknown.status.as_u16(), &unknown.json()["code"]), (404, &json!("unknown_site")));
}

#[tokio::test]
async fn the_page_of_an_opened_link_and_no_other_has_the_files_of_its_tickets() {
    let world = World::new(MANY).await;
    let file = "5b1bb1a4-0f5e-4b7e-8b39-0a7d7c0f0a02";
    let upload = request(Method::PUT, &format!("/v1/sites/desk/attachments/{file}?name=log.txt"))
        .header("deskbell-session", SESSION)
        .header("content-type", "text/plain");
    let upload = world.gateway.send(upload.body(Body::from("the log")).unwrap()).await;
    assert!(upload.status.is_success(), "{}", upload.text());
    let mut new = ticket("The export stops.");
    (new["contact"]["email"], new["attachments"]) = (json!(ADA), json!([file]));
    let sent = world.gateway.send(post("desk", "1", Some(SESSION), &new)).await;
    assert!(sent.status.is_success(), "{}", sent.text());
    world.ask("desk", ADA).await;
    let keys = world.keys(ADA).await;
    let has_file = |text: &str| text.contains("log.txt") || text.contains(file);
    assert!(!has_file(&world.page("desk", &keys[0]).await.text()), "nobody has pressed the button");
    let opened = world.press("desk", &keys[0]).await.text();
    let (_, rest) = opened.split_once("<a href=\"/v1/sites/desk/attachments/").expect("a link to the file");
    let (address, rest) = rest.split_once('"').unwrap();
    assert!(rest.starts_with(" download><bdi>log.txt</bdi>"), "{opened}");
    let address = format!("/v1/sites/desk/attachments/{}", address.replace("&amp;", "&"));
    let download = world.gateway.get(&address).await;
    assert_eq!((download.status.as_u16(), download.text().as_str()), (200, "the log"));
    assert!(download.header("content-disposition").starts_with("attachment;"));
    let (unsigned, _) = address.split_once('?').unwrap();
    assert_eq!(world.gateway.get(unsigned).await.status, 403);
    assert!(!has_file(&world.press("desk", &keys[0]).await.text()), "the link is used up");
}

#[tokio::test]
async fn links_open_nothing_of_signed_customers_other_sites_and_erased_tickets() {
    let world = World::new(MANY).await;
    let own = world.ticket("desk", "1", ADA, "Anonymous").await;
    world.signed_ticket("Of a customer").await;
    world.ticket("other", "2", ADA, "Elsewhere").await;
    world.ask("desk", ADA).await;
    let keys = world.keys(ADA).await;
    for answer in [world.press("other", &keys[0]).await, world.page("other", &keys[0]).await] {
        assert_eq!(answer.status, 404, "it belongs to another site");
    }
    for wrong in ["", "x", &keys[0][1..], &"A".repeat(43)] {
        assert_eq!(world.press("desk", wrong).await.status, 404, "{wrong}");
    }
    world.ask("desk", ADA).await;
    let keys = world.keys(ADA).await;
    assert_eq!(world.page("desk", &keys[0]).await.status, 200, "another request takes none away");
    let text = world.press("desk", &keys[1]).await.text();
    assert!(text.contains("Anonymous") && !text.contains("Of a customer") && !text.contains("Elsewhere"), "{text}");
    assert_eq!(world.press("desk", &keys[0]).await.status, 404, "the one that was opened ended it");

    world.ask("desk", ADA).await;
    let keys = world.keys(ADA).await;
    world.gateway.app.store.erase_tickets(&[TicketId::new(&own)], &|_: &TicketHead| true).await.unwrap();
    let erased = world.press("desk", &keys[2]).await;
    assert_eq!(erased.status, 404);
    assert!(!erased.text().contains("Anonymous"), "{}", erased.text());
    world.ask("desk", ADA).await;
    assert_eq!(world.keys(ADA).await.len(), 3, "there is nothing left to open");
}

#[tokio::test]
async fn the_session_of_another_device_reads_and_answers_what_the_link_has_opened() {
    let world = World::new(MANY).await;
    let id = world.ticket("desk", "1", ADA, "The export stops.").await;
    let eves_ticket = world.ticket("desk", "2", "eve@example.com", "Eve's").await;
    world.answer(&id, "Please **reload**.").await;
    world.ask("desk", ADA).await;
    let keys = world.keys(ADA).await;
    let list = async |session: &str| world.as_session(session, Method::GET, "tickets", "").await.json();
    assert_eq!(list(OTHER_SESSION).await["total"], 0);
    let opened = world.press_with(&keys[0], OTHER_SESSION).await;
    assert!(opened.text().contains("href=\"/help/desk?deskbell=tickets\""), "{}", opened.text());
    assert!(opened.text().contains("for 30 days") && opened.text().contains("action=\"/help/desk/access/forget\""));
    let granted = list(OTHER_SESSION).await;
    assert_eq!(
        (&granted["total"], &granted["tickets"][0]["id"], &granted["unread"]),
        (&json!(1), &json!(id), &json!(1))
    );
    assert_ne!(granted["tickets"][0]["unconfirmed"], json!(true));
    let messages = async |session: &str| {
        world.as_session(session, Method::GET, &format!("tickets/{id}/messages"), "").await.text()
    };
    assert!(messages(OTHER_SESSION).await.contains("reload"));
    assert!(!messages(SESSION).await.contains("reload"), "the sender has confirmed nothing");
    assert_eq!(list(SESSION).await["total"], 2, "the first device keeps what it has");
    let read = world.as_session(OTHER_SESSION, Method::PATCH, &format!("tickets/{id}"), "{\"read_until\":1}").await;
    assert_eq!((read.status.as_u16(), &read.json()["unread"]), (200, &json!(0)), "{}", read.text());
    // It also answers, with a file of its own.
    let upload = request(Method::PUT, "/v1/sites/desk/attachments/5b1bb1a4-0f5e-4b7e-8b39-0a7d7c0f0a01?name=log.txt")
        .header("deskbell-session", OTHER_SESSION)
        .header("content-type", "text/plain");
    let upload = world.gateway.send(upload.body(Body::from("the log")).unwrap()).await;
    assert!(upload.status.is_success(), "{}", upload.text());
    let reply =
        json!({ "message": "Now it works.", "attachments": ["5b1bb1a4-0f5e-4b7e-8b39-0a7d7c0f0a01"] }).to_string();
    let path = format!("tickets/{id}/messages");
    let replied = world.as_session(OTHER_SESSION, Method::POST, &path, &reply).await;
    assert!(replied.status.is_success(), "{}", replied.text());
    let repeated = world.as_session(OTHER_SESSION, Method::POST, &path, &reply).await;
    assert_eq!(repeated.json()["number"], replied.json()["number"], "it is stored once");
    for shown in ["Now it works.", "log.txt"] {
        assert!(messages(OTHER_SESSION).await.contains(shown), "{shown}");
        assert!(!messages(SESSION).await.contains(shown), "{shown}: the sender may be anybody");
    }
    let withheld = list(SESSION).await["tickets"].as_array().unwrap().iter().find(|ticket| ticket["id"] == id).cloned();
    assert_eq!(withheld.unwrap()["withheld"], 2);
    // Under the same key, the sender writes a message of their own.
    let own = json!({ "message": "y".repeat(reply.len() - r#"{"message":""}"#.len()) }).to_string();
    let own = world.as_session(SESSION, Method::POST, &path, &own).await;
    assert!(own.status.is_success(), "{}", own.text());
    assert!(messages(SESSION).await.contains("yyy") && messages(OTHER_SESSION).await.contains("yyy"));
    let other = world.as_session(OTHER_SESSION, Method::GET, &format!("tickets/{eves_ticket}/messages"), "").await;
    assert_eq!(other.status, 404);
    // What is no session opens the tickets for this page only.
    world.ask("desk", ADA).await;
    let keys = world.keys(ADA).await;
    let opened = world.press_with(&keys[1], "no session").await;
    assert!(opened.text().contains("The export stops.") && !opened.text().contains("?deskbell=tickets"));
}

#[tokio::test]
async fn a_browser_keeps_the_tickets_only_if_its_customer_chooses_so_and_until_they_are_forgotten() {
    let world = World::new(MANY).await;
    let id = world.ticket("desk", "1", ADA, "The export stops.").await;
    let total =
        async |session: &str| world.as_session(session, Method::GET, "tickets", "").await.json()["total"].clone();
    world.ask("desk", ADA).await;
    let keys = world.keys(ADA).await;
    let page = world.page("desk", &keys[0]).await.text();
    let (start, _) = page.split_once("type=\"checkbox\" name=\"session\"").expect("a choice");
    assert!(start.ends_with("<input ") && !page.contains("checked") && page.contains("For 30 days."), "{page}");
    // What a browser sends that is not asked to keep anything, and one without scripts that is.
    assert!(world.press("desk", &keys[0]).await.text().contains("Once you close this page"));
    world.ask("desk", ADA).await;
    let keys = world.keys(ADA).await;
    assert!(world.press_with(&keys[1], "on").await.text().contains("Once you close this page"));
    world.ask("desk", ADA).await;
    let keys = world.keys(ADA).await;
    world.press_with(&keys[2], OTHER_SESSION).await;
    assert_eq!(total(OTHER_SESSION).await, 1);
    let mut stream = Stream::open(&world, OTHER_SESSION).await;
    assert_eq!(stream.next().await.unwrap()["total"], 1);
    let forgotten = world.submit("/help/desk/access/forget", "session", OTHER_SESSION).await;
    assert_eq!(forgotten.status, 200);
    assert!(forgotten.text().contains("aren't shown here any more"), "{}", forgotten.text());
    assert_eq!((total(OTHER_SESSION).await, total(SESSION).await), (json!(0), json!(1)));
    assert_eq!(stream.next().await, None, "its client opens another one");
    let read = world.as_session(OTHER_SESSION, Method::GET, &format!("tickets/{id}/messages"), "").await;
    assert_eq!(read.status, 404);
    let nothing = world.submit("/help/desk/access/forget", "session", "").await;
    assert!(nothing.text().contains("E-mail me a link"), "{}", nothing.text());
}

#[tokio::test]
async fn open_streams_show_what_a_link_has_granted_and_nothing_that_has_ended() {
    on_sqlite();
    let world = World::new(MANY).await;
    let id = world.ticket("desk", "1", ADA, "The export stops.").await;
    let mut first = Stream::open(&world, OTHER_SESSION).await;
    assert_eq!(first.next().await.unwrap()["total"], 0);
    world.ask("desk", ADA).await;
    let keys = world.keys(ADA).await;
    world.press_with(&keys[0], OTHER_SESSION).await;
    assert_eq!(first.next().await, None, "its client opens another one");
    let mut second = Stream::open(&world, OTHER_SESSION).await;
    let mut sender = Stream::open(&world, SESSION).await;
    assert_eq!(
        (second.next().await.unwrap()["total"].clone(), sender.next().await.unwrap()["total"].clone()),
        (json!(1), json!(1))
    );
    let path = format!("tickets/{id}/messages");
    world.as_session(OTHER_SESSION, Method::POST, &path, &json!({ "message": "A secret of Ada." }).to_string()).await;
    assert_ne!(second.next().await.unwrap()["ticket"]["withheld"], json!(1));
    let change = sender.next().await.unwrap();
    assert_eq!(change["ticket"]["unconfirmed"], true);
    assert!(!change.to_string().contains("secret"), "{change}");
    // What has ended without this gateway: in time, or at another gateway.
    let past = "UPDATE session_tickets SET opened_at = '2026-01-01T00:00:00.000Z'";
    sqlx::query(past).execute(&mut world.gateway.connection().await).await.unwrap();
    world.answer(&id, "Please reload.").await;
    assert_eq!(second.next().await, None);
    assert_eq!(world.as_session(OTHER_SESSION, Method::GET, &path, "").await.status, 404);
}

#[tokio::test]
async fn a_link_whose_tickets_cannot_be_read_is_still_valid() {
    on_sqlite();
    let world = World::new(MANY).await;
    world.ticket("desk", "1", ADA, "The export stops.").await;
    world.ask("desk", ADA).await;
    let keys = world.keys(ADA).await;
    let rename = async |from: &str, to: &str| {
        let rename = sqlx::AssertSqlSafe(format!("ALTER TABLE {from} RENAME TO {to}"));
        sqlx::query(rename).execute(&mut world.gateway.connection().await).await.unwrap();
    };
    rename("messages", "lost_messages").await;
    let form = form_urlencoded::Serializer::new(String::new()).append_pair("key", &keys[0]).finish();
    let request = request(Method::POST, "/help/desk/access/open")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("accept-language", "de");
    let failed = world.gateway.send(request.body(Body::from(form)).unwrap()).await;
    assert_eq!(failed.status, 500);
    assert!(failed.header("content-type").starts_with("text/html"), "{}", failed.text());
    assert!(failed.text().contains("<html lang=\"de\"") && failed.text().contains("Das hat nicht geklappt"));
    rename("lost_messages", "messages").await;
    assert!(world.press("desk", &keys[0]).await.text().contains("The export stops."));
}

#[tokio::test]
async fn links_are_mailed_while_receipts_cannot_be_read() {
    on_sqlite();
    let world = World::new(MANY).await;
    world.ticket("desk", "1", ADA, "It broke").await;
    let is_sent = async {
        while world.gateway.app.store.next_mail(&"desk".into()).await.unwrap().is_some() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(120), is_sent).await.expect("the receipt is sent");
    let lose = "ALTER TABLE mails RENAME TO lost_mails";
    sqlx::query(lose).execute(&mut world.gateway.connection().await).await.unwrap();
    world.ask("desk", ADA).await;
    assert_eq!(world.keys(ADA).await.len(), 1);
}

#[tokio::test]
async fn links_expire() {
    on_sqlite();
    let world = World::new(MANY).await;
    world.ticket("desk", "1", ADA, "It broke").await;
    world.ask("desk", ADA).await;
    let keys = world.keys(ADA).await;
    let past = "UPDATE access_links SET expires_at = '2026-01-01T00:00:00.000Z'";
    sqlx::query(past).execute(&mut world.gateway.connection().await).await.unwrap();
    for answer in [world.page("desk", &keys[0]).await, world.press("desk", &keys[0]).await] {
        assert_eq!(answer.status, 404);
        assert!(answer.text().contains("within 30 minutes"), "{}", answer.text());
    }
}

#[tokio::test]
async fn sites_that_cannot_mail_links_offer_none() {
    let world = World::new(MANY).await;
    for (site, status) in [("desk", 200), ("silent", 404), ("nobody", 404)] {
        let path = format!("/help/{site}/access");
        assert_eq!(world.gateway.get(&path).await.status, status, "{site}");
        assert_eq!(world.ask(site, ADA).await.status, status, "{site}");
        let is_offered = world.gateway.get(&format!("/help/{site}")).await.text().contains(&format!("href=\"{path}\""));
        assert_eq!(is_offered, status == 200, "{site}");
    }
    let german = request(Method::GET, "/help/desk/access").header("accept-language", "de").body(Body::empty()).unwrap();
    let german = world.gateway.send(german).await.text();
    assert!(german.contains("<html lang=\"de\"") && german.contains("Link per E-Mail senden"), "{german}");
}

#[tokio::test]
async fn requests_for_links_are_limited_by_client_before_anything_is_stored() {
    let world = World::with_limits(MANY, "limits = { address = 30 }").await;
    let ask = async |peer: &str| {
        let request = request_from(peer, Method::POST, "/help/desk/access")
            .header("content-type", "application/x-www-form-urlencoded");
        world.gateway.send(request.body(Body::from("email=nobody%40example.com")).unwrap()).await
    };
    for _ in 0..3 {
        assert_eq!(ask("192.0.2.1:50000").await.status, 200);
    }
    let refused = ask("192.0.2.1:50000").await;
    assert_eq!((refused.status.as_u16(), refused.header("content-type")), (429, "text/html; charset=utf-8"));
    assert!(!refused.header("retry-after").is_empty() && refused.text().contains("try again in a few minutes"));
    assert_eq!(ask("192.0.2.77:50000").await.status, 200, "others are not affected");
}
