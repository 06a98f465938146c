//! What mails make the gateway store, and what is stored about their recipients.

use deskbell_core::ids::TicketId;
use deskbell_core::ports::{Reader, View};
use deskbell_core::rules::customer_limits::{CUSTOMER_MESSAGES_MAX, MAILED_NOTES_MAX};
use domain::conversation::Turn;
use domain::ticket::MESSAGE_MAX;
use gateway::config::Overrides;
use serde_json::{Value, json};
use sqlx::query;

use super::identity::{mailbox, mailbox_with, post_mail, reply_address};
use crate::support::{Gateway, gateway_with, on_sqlite, post, ticket};

const SESSION: &str = "00112233445566778899aabbccddeeff";

async fn file(gateway: &Gateway, key: &str, new: &Value) -> String {
    let answer = gateway.send(post("desk", key, Some(SESSION), new)).await;
    assert!(answer.status.is_success(), "{}", answer.text());
    answer.json()["id"].as_str().unwrap().to_string()
}

fn mail(id: &str, number: u32, from: &str, authenticated: Option<bool>, text: &str) -> Value {
    let mut mail = json!({"to": reply_address(id), "from": from, "text": text, "message_id": format!("<{number}>")});
    if let Some(authenticated) = authenticated {
        mail["authenticated"] = json!(authenticated);
    }
    mail
}

#[tokio::test]
async fn mailed_notes_are_searchable_await_support_and_reach_other_tabs() {
    on_sqlite();
    let gateway = mailbox("").await;
    let id = file(&gateway, "k", &ticket("It broke")).await;
    let store = &gateway.app.store;
    query("UPDATE tickets SET turn = 'customer', updated_at = received_at")
        .execute(&mut gateway.connection().await)
        .await
        .unwrap();
    let session = store.ticket(&TicketId::new(&id)).await.unwrap().unwrap().session.unwrap();
    let mut watch = gateway.app.live.watch(&"desk".into(), Reader::Session(&session), &[]);
    let note = mail(&id, 1, "eve@evil.example", None, "About the Zanzibar account");
    assert_eq!(post_mail(&gateway, note.clone()).await.status, 204);
    assert_eq!(watch.changes.recv().await.unwrap().ticket.id, id);
    let changed = store.ticket(&TicketId::new(&id)).await.unwrap().unwrap();
    assert_eq!(changed.handling.turn, Turn::Support);
    assert!(changed.handling.updated_at > changed.received_at);
    let view = View { words: "zanzibar".into(), ..View::default() };
    assert_eq!(store.list_tickets(&view, None, 10).await.unwrap().tickets.len(), 1);
    // The same mail again changes nothing.
    assert_eq!(post_mail(&gateway, note).await.status, 204);
    assert_eq!(store.ticket(&TicketId::new(&id)).await.unwrap().unwrap(), changed);
    assert!(watch.changes.try_recv().is_err());
}

#[tokio::test]
async fn mails_per_ticket_are_bounded() {
    on_sqlite();
    let gateway = mailbox("").await;
    let id = file(&gateway, "k", &ticket("It broke")).await;
    let long = "x".repeat(2_000_000);
    for number in 0..MAILED_NOTES_MAX {
        let text = if number == 0 { &long } else { "note" };
        assert_eq!(post_mail(&gateway, mail(&id, number, "eve@evil.example", Some(true), text)).await.status, 204);
    }
    let refused = post_mail(&gateway, mail(&id, 1_000, "eve@evil.example", Some(true), "One more")).await;
    assert_eq!(refused.problem(), (422, "too_many_notes".into()));
    // Mail from strangers to a ticket does not keep the mail service from delivering to others.
    for number in 2_000..2_150 {
        let refused = post_mail(&gateway, mail(&id, number, "eve@evil.example", Some(true), "Again")).await;
        assert_eq!(refused.status, 422, "{number}");
    }
    let notes = gateway.app.store.activities(&TicketId::new(&id)).await.unwrap();
    assert_eq!(notes.len(), MAILED_NOTES_MAX as usize);
    assert!(
        notes[0].text.ends_with("(shortened)") && notes[0].text.len() < MESSAGE_MAX + 200,
        "{}",
        notes[0].text.len()
    );
    // A customer can write no more by mail than in the panel, and agents are not limited.
    let full = "UPDATE tickets SET customer_messages = ?";
    query(full).bind(CUSTOMER_MESSAGES_MAX).execute(&mut gateway.connection().await).await.unwrap();
    let refused = post_mail(&gateway, mail(&id, 1_001, "ada@example.com", Some(true), "One more")).await;
    assert_eq!(refused.problem(), (422, "too_many_messages".into()));
    assert_eq!(post_mail(&gateway, mail(&id, 1_002, "ana@desk.example", Some(true), &long)).await.status, 204);
    let messages = gateway.app.store.messages(&TicketId::new(&id), 0).await.unwrap();
    assert_eq!(messages.len(), 1);
    assert!(messages[0].body.ends_with("(shortened)") && messages[0].body.chars().count() <= MESSAGE_MAX);
}

#[tokio::test]
async fn agents_are_warned_if_mails_have_no_authentication_results() {
    let gateway = mailbox_with("", Overrides { demo: true, ..Overrides::default() }).await;
    let id = file(&gateway, "k", &ticket("It broke")).await;
    let warns =
        async || gateway.get("/inbox").await.text().contains("every reply by mail is stored as an internal note");
    assert!(!warns().await);
    post_mail(&gateway, mail(&id, 1, "ana@desk.example", None, "Fixed.")).await;
    assert!(warns().await);
    post_mail(&gateway, mail(&id, 2, "ana@desk.example", Some(false), "Fixed.")).await;
    assert!(!warns().await);
}

#[tokio::test]
async fn erasing_a_ticket_removes_its_address() {
    on_sqlite();
    let lines = "[sites.desk]\norigins = [\"*\"]\n[sites.desk.mail]\nsmtp = \"smtp://127.0.0.1:9\"\nfrom = \"help@acme.example\"\n";
    let gateway = gateway_with(lines, Overrides::default()).await;
    let mut new = ticket("It broke");
    new["contact"]["email"] = json!("zoe.unmistakable@example.com");
    let id = file(&gateway, "k", &new).await;
    let bytes = || {
        let files = ["test.db", "test.db-wal"].map(|name| std::fs::read(gateway.folder.path().join(name)));
        files.into_iter().flatten().flatten().collect::<Vec<u8>>()
    };
    let is_there = |bytes: &[u8]| bytes.windows(16).any(|part| part == b"zoe.unmistakable");
    assert!(is_there(&bytes()));
    gateway.app.store.erase_tickets(&[TicketId::new(id)], &|_| true).await.unwrap();
    assert!(gateway.app.store.truncate_log().await.unwrap());
    assert!(!is_there(&bytes()));
}
