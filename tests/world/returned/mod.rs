//! Bounces of the gateway's mail: in the formats of mail servers, late, forged, and mails that only look like them.

pub mod server;

use std::time::Duration;

use axum::body::Body;
use axum::http::Method;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use deskbell_core::ids::TicketId;
use deskbell_core::ports::{ActivityKind, DeadLetters, Delivery, DeliveryState, SiteScope};
use gateway::config::Overrides;
use gateway::{wire_up, workers};
use serde::Deserialize;
use serde_json::json;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::mail::hook::post_signed;
use crate::rows;
use crate::support::{Gateway, gateway_with, post, request, ticket};
use server::{Mail, Server};

const KEY: &[u8] = b"0123456789abcdef0123456789abcdef";
const SESSION: &str = "00112233445566778899aabbccddeeff";
const CUSTOMER: &str = "ada@example.com";
const DESK: &str = "desk@desk.example";

/// The address that a bounce is sent to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum CameTo {
    /// The envelope sender of the mail.
    #[default]
    ReturnPath,
    /// The From address of the mail.
    From,
    /// The Reply-To address.
    Reply,
}

/// The effect of the bounce.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Becomes {
    /// Agents see why, and no further mail is sent there.
    Undeliverable,
    /// Agents see why.
    Returned,
    /// None.
    Nothing,
}

#[derive(Debug, Deserialize)]
struct Case {
    /// The mail, in which {id} is the Message-ID of the returned one, {forged} another that looks like it, {ticket} the id of its ticket,
    /// {path} its envelope sender, and {address} its recipient.
    mail: String,
    #[serde(default)]
    came_to: CameTo,
    becomes: Becomes,
    /// What agents see after "was returned: ".
    #[serde(default)]
    reason: String,
    /// Only the mail to a customer, or to the destination as well.
    #[serde(default)]
    customer_only: bool,
}

struct World {
    gateway: Gateway,
    server: Server,
    _stop: tokio_util::sync::DropGuard,
}

impl World {
    /// A site with receipts and a mailbox destination, with additional configuration for each.
    async fn with(receipts: &str, desk: &str) -> World {
        let server = Server::start().await;
        let lines = format!(
            "limits = {{ address = 100000, session = 100000, site = 100000 }}\n\
             [sites.desk]\norigins = [\"*\"]\n[sites.desk.mail]\nfrom = \"help@acme.example\"\nsmtp = \"smtp://127.0.0.1:{port}\"\n\
             limits = {{ mailbox = 1000, session = 1000, address = 1000, site = 1000 }}\n{receipts}\n\
             [sites.desk.destinations.there]\nto = \"email\"\nmailbox = \"{DESK}\"\nfrom = \"help@acme.example\"\n\
             smtp = \"smtp://127.0.0.1:{port}\"\nreply_address = \"reply@in.acme.example\"\nwebhook_secret = \"whsec_{}\"\n{desk}\n",
            BASE64_STANDARD.encode(KEY),
            port = server.port,
        );
        let gateway = gateway_with(&lines, Overrides { demo: true, ..Overrides::default() }).await;
        let stop = CancellationToken::new();
        tokio::spawn(workers::send_mail(gateway.app.workers.mail.clone(), stop.clone()));
        tokio::spawn(workers::deliver(gateway.app.workers.deliver.clone(), stop.clone()));
        World { gateway, server, _stop: stop.drop_guard() }
    }

    async fn new() -> World {
        World::with("bounces = \"there\"", "bounces = true").await
    }

    /// A new ticket, with the mails to the customer and to the destination.
    async fn ticket(&self, key: &str) -> (String, Mail, Mail) {
        let answer = self.gateway.send(post("desk", key, Some(SESSION), &ticket("The export stops."))).await;
        assert!(answer.status.is_success(), "{}", answer.text());
        let id = answer.json()["id"].as_str().unwrap().to_string();
        let receipt = self.server.mail(CUSTOMER, &id).await;
        let letter = self.server.mail(DESK, &id).await;
        // The server has a mail before the gateway has recorded that.
        let recorded = async {
            while self.delivery(&id).await.state != DeliveryState::Delivered
                || self.gateway.app.store.next_mail(&"desk".into()).await.unwrap().is_some()
            {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(120), recorded).await.expect("the mails are recorded");
        (id, receipt, letter)
    }

    async fn delivery(&self, id: &str) -> Delivery {
        self.gateway.app.store.deliveries(&TicketId::new(id)).await.unwrap().remove(0)
    }

    /// Posts a bounce of a mail.
    async fn bounce(&self, template: &str, of: &Mail, reply: &str, came_to: CameTo) {
        let to = match came_to {
            CameTo::ReturnPath => of.sender.as_str(),
            CameTo::From => "help@acme.example",
            CameTo::Reply => reply,
        };
        let id = of.header("Message-ID");
        let ticket = id.trim_start_matches('<').split(['.', '/']).next().unwrap_or_default();
        let raw = template
            .replace("{forged}", &id.replace('@', "x@"))
            .replace("{ticket}", ticket)
            .replace("{id}", id)
            .replace("{path}", &of.sender)
            .replace("{address}", &of.recipient)
            .replace('\n', "\r\n");
        let answer =
            post_signed(&self.gateway, &json!({"to": to, "authenticated": false, "raw": BASE64_STANDARD.encode(raw)}))
                .await;
        assert_eq!(answer.status, 204, "{}", answer.text());
    }

    /// What agents see about returned mail.
    async fn read(&self, id: &str) -> Vec<String> {
        let activities = self.gateway.app.store.activities(&TicketId::new(id)).await.unwrap();
        assert!(activities.iter().all(|activity| activity.kind == ActivityKind::Bounced), "{activities:?}");
        activities.into_iter().map(|activity| activity.text).collect()
    }

    async fn is_undeliverable(&self, id: &str) -> bool {
        self.gateway.app.store.claimed_address(&TicketId::new(id)).await.unwrap().unwrap().bounced_at.is_some()
    }

    /// The status and code of the response to a request for another code.
    async fn asks_for_code(&self, id: &str) -> (u16, String) {
        let path = format!("/v1/sites/desk/tickets/{id}/confirmation/code");
        let asks = request(Method::POST, &path).header("deskbell-session", SESSION).body(Body::empty()).unwrap();
        let answer = self.gateway.send(asks).await;
        if answer.status.is_success() { (answer.status.as_u16(), String::new()) } else { answer.problem() }
    }
}

#[tokio::test]
async fn bounces_are_reported_and_forged_ones_ignored() {
    let world = World::new().await;
    let rows = rows::read::<Case>(include_str!("table.toml"));
    let mut failures = Vec::new();
    for (number, row) in rows.iter().enumerate() {
        let case = &row.case;
        let (id, receipt, letter) = world.ticket(&format!("key-{number}")).await;
        let reply = letter.header("Reply-To").to_string();
        assert!(receipt.sender.starts_with("reply+") && letter.sender.starts_with("reply+"));
        assert!(![&receipt.sender, &letter.sender].contains(&&reply) && receipt.sender != letter.sender);
        // The second one has no further effect.
        for _ in 0..2 {
            world.bounce(&case.mail, &receipt, &reply, case.came_to).await;
        }
        let is_returned = case.becomes != Becomes::Nothing;
        let texts = world.read(&id).await;
        let expected = if is_returned {
            vec![format!("Mail to {CUSTOMER} was returned: {}", case.reason.replace("{address}", CUSTOMER))]
        } else {
            Vec::new()
        };
        let is_undeliverable = world.is_undeliverable(&id).await;
        if (&texts, is_undeliverable) != (&expected, case.becomes == Becomes::Undeliverable) {
            failures.push(format!("{}: {texts:?}, undeliverable {is_undeliverable}", row.name));
        }
        let before = world.delivery(&id).await;
        if before.state != DeliveryState::Delivered {
            failures.push(format!("{}: a bounce of the receipt changes the delivery: {before:?}", row.name));
        }
        if case.customer_only {
            continue;
        }
        world.bounce(&case.mail, &letter, &reply, case.came_to).await;
        let delivery = world.delivery(&id).await;
        let reason = case.reason.replace("{address}", DESK);
        let is_right = match is_returned {
            true => {
                delivery.state == DeliveryState::DeadLetter
                    && delivery.reason.starts_with(&format!("mail to {DESK} was returned: {reason}"))
            }
            false => delivery == before,
        };
        if !is_right || world.read(&id).await != expected {
            failures.push(format!("{}, to the desk: {delivery:?}", row.name));
        }
    }
    assert!(rows.len() >= 40, "{}", rows.len());
    assert!(failures.is_empty(), "{} fail:\n{}", failures.len(), failures.join("\n"));
}

const UNKNOWN_USER: &str = "From: MAILER-DAEMON@mx.example\nTo: {path}\nSubject: Undelivered Mail Returned to Sender\nMIME-Version: 1.0\n\
    Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\n\
    Reporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; {address}\nAction: failed\nStatus: 5.1.1\n\n--b\n\
    Content-Type: text/rfc822-headers\n\nMessage-ID: {id}\n\n--b--\n";

#[tokio::test]
async fn undeliverable_addresses_get_no_code_until_their_owner_writes() {
    let world = World::new().await;
    let (id, receipt, letter) = world.ticket("key").await;
    let reply = letter.header("Reply-To");
    world.bounce(UNKNOWN_USER, &receipt, reply, CameTo::ReturnPath).await;
    assert_eq!(world.asks_for_code(&id).await, (409, "address_bounced".into()));
    let reference = world.gateway.app.store.ticket(&TicketId::new(&id)).await.unwrap().unwrap().reference;
    let page = world.gateway.get(&format!("/inbox/tickets/{reference}")).await.text();
    assert!(page.contains("Mail to ada@example.com was returned: 5.1.1 user unknown"), "{page}");
    let mail = |from: &str, authenticated: bool| json!({"to": reply, "from": from, "authenticated": authenticated, "text": "It is me.", "message_id": format!("<{from}{authenticated}@x>")});
    for (from, authenticated) in [("ada@example.com", false), ("eve@example.com", true)] {
        assert_eq!(post_signed(&world.gateway, &mail(from, authenticated)).await.status, 204);
        assert_eq!(world.asks_for_code(&id).await, (409, "address_bounced".into()), "{from}");
    }
    assert_eq!(post_signed(&world.gateway, &mail("ada@example.com", true)).await.status, 204);
    assert_eq!(world.asks_for_code(&id).await.0, 202);
}

#[tokio::test]
async fn bounces_of_an_older_code_do_not_affect_the_newer_one() {
    let world = World::new().await;
    let (id, receipt, letter) = world.ticket("key").await;
    let full = UNKNOWN_USER.replace("5.1.1", "5.2.2");
    world.bounce(&full, &receipt, letter.header("Reply-To"), CameTo::From).await;
    assert!(world.gateway.app.store.claimed_address(&TicketId::new(&id)).await.unwrap().unwrap().sent_at.is_none());
    assert_eq!(world.asks_for_code(&id).await.0, 202);
    let second = world.server.mail(CUSTOMER, &format!("{id}.2.")).await;
    let claimed = || async { world.gateway.app.store.claimed_address(&TicketId::new(&id)).await.unwrap().unwrap() };
    world.bounce(&full, &receipt, letter.header("Reply-To"), CameTo::From).await;
    assert!(claimed().await.sent_at.is_some());
    world.bounce(&full, &second, letter.header("Reply-To"), CameTo::From).await;
    assert!(claimed().await.sent_at.is_none() && claimed().await.bounced_at.is_none());
    assert_eq!(world.read(&id).await.len(), 2);
}

#[tokio::test]
async fn returned_deliveries_become_dead_letters_with_advice_and_can_be_resent() {
    let world = World::new().await;
    let (id, _, letter) = world.ticket("key").await;
    world.bounce(UNKNOWN_USER, &letter, "", CameTo::ReturnPath).await;
    let page = world.gateway.get("/inbox/deliveries").await.text();
    assert!(page.contains("mail to desk@desk.example was returned: 5.1.1 user unknown"), "{page}");
    assert!(
        page.contains("the recipient&#39;s mailbox does not exist")
            || page.contains("the recipient's mailbox does not exist")
    );
    let delivery = world.delivery(&id).await;
    world.gateway.app.store.send_again(&DeadLetters::One(delivery.id), &SiteScope::All).await.unwrap();
    assert_eq!(world.delivery(&id).await.state, DeliveryState::Waiting);
}

#[tokio::test]
async fn bounces_parsed_by_a_service_are_read() {
    let world = World::new().await;
    let (id, receipt, _) = world.ticket("key").await;
    let status = "Reporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; ada@example.com\r\nAction: failed\r\nStatus: 5.1.1\r\n";
    let mail = json!({
        "to": receipt.sender, "from": "MAILER-DAEMON@mx.example", "envelope_from": "", "subject": "Undelivered Mail Returned to Sender",
        "message_id": "<b@mx.example>", "text": "Sorry.",
        "headers": {"Content-Type": "multipart/report; report-type=delivery-status; boundary=b"},
        "attachments": [{"name": "details.txt", "content_type": "message/delivery-status", "content": BASE64_STANDARD.encode(status)}],
    });
    assert_eq!(post_signed(&world.gateway, &mail).await.status, 204);
    assert_eq!(world.read(&id).await, ["Mail to ada@example.com was returned: 5.1.1 user unknown"]);
}

#[tokio::test]
async fn envelope_senders_are_set_only_if_configured() {
    let world = World::with("", "").await;
    let (id, receipt, letter) = world.ticket("key").await;
    assert_eq!((receipt.sender.as_str(), letter.sender.as_str()), ("help@acme.example", "help@acme.example"));
    // A forwarding server's bounce is recognised by the Message-ID.
    world.bounce(UNKNOWN_USER, &receipt, "", CameTo::From).await;
    world.bounce(UNKNOWN_USER, &letter, "", CameTo::From).await;
    assert!(world.is_undeliverable(&id).await && world.delivery(&id).await.state == DeliveryState::DeadLetter);
}

#[test]
fn bounces_need_a_destination_that_receives_mail() {
    for (receipts, desk, expected) in [
        ("bounces = \"there\"", "", "mail.bounces: \"there\" is not a destination of this site"),
        ("bounces = \"elsewhere\"", "", "mail.bounces: \"elsewhere\" is not a destination of this site"),
        ("", "bounces = true", "destinations.there.bounces: requires reply_address"),
    ] {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("deskbell.toml");
        let text = format!(
            "[sites.acme]\norigins = [\"*\"]\n[sites.acme.mail]\nfrom = \"a@b.example\"\nsmtp = \"smtp://localhost\"\n{receipts}\n\
             [sites.acme.destinations.there]\nto = \"email\"\nmailbox = \"d@b.example\"\nfrom = \"a@b.example\"\nsmtp = \"smtp://localhost\"\n{desk}\n"
        );
        std::fs::write(&file, text).unwrap();
        let error = wire_up::load(&Overrides { config: Some(file), ..Overrides::default() }).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}
