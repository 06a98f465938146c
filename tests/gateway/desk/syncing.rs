//! What changes in Zendesk is found, all of it and once, however much changes at the same time.

use std::time::Duration;

use deskbell::gateway::clock;
use serde_json::json;

use super::{Desk, desk, full, until, within};
use crate::zendesk::control::{Side, said};

const QUEUE: (&str, &str) = ("desk", "desk");
/// Ten pages of the export take a minute.
const PATIENCE: Duration = Duration::from_secs(300);
const LONG_AGO: &str = "2026-01-01T00:00:00.000Z";

/// Posts a ticket; its id here and there.
async fn ticket(desk: &Desk, key: &str) -> (String, u64) {
    let answer = desk.post(key, &full(key)).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let there = *desk.zendesk.state().tickets.keys().next_back().unwrap();
    (answer.json()["id"].as_str().unwrap().into(), there)
}

/// Asks for changes now, as after a minute.
async fn ask_now(desk: &Desk) {
    desk.gateway.app.store.set_listed(QUEUE, LONG_AGO).await.unwrap();
    desk.gateway.app.lines.line(QUEUE.0, QUEUE.1).unwrap().look();
}

fn asked(desk: &Desk, path: &str) -> usize {
    desk.zendesk.state().log.iter().filter(|entry| entry.path.starts_with(path)).count()
}

/// Waits until it has been asked for changes once.
async fn begun(desk: &Desk) {
    until(async || asked(desk, "/api/v2/tickets?page") > 0 && asked(desk, "/api/v2/incremental") > 0).await;
    until(async || {
        desk.gateway.app.store.sync_state(QUEUE).await.unwrap().exported_at.is_some()
            || asked(desk, "/api/v2/incremental") > 0
    })
    .await;
}

async fn answered(desk: &Desk, id: &str) -> bool {
    desk.messages(id).await.last().is_some_and(|(author, body)| author == "support" && body == "Yes.")
}

#[tokio::test]
async fn no_answer_is_missed_when_ten_thousand_tickets_change_at_once() {
    let desk = desk("").await;
    let (first, second) = (ticket(&desk, "1").await, ticket(&desk, "2").await);
    begun(&desk).await;
    desk.zendesk.comment(first.1, &said(Side::Agent, "Yes.")).unwrap();
    desk.zendesk.bulk_change(5_000);
    desk.zendesk.comment(second.1, &said(Side::Agent, "Yes.")).unwrap();
    desk.zendesk.bulk_change(5_000);
    // What the export holds back is over.
    desk.zendesk.advance(120);
    ask_now(&desk).await;
    within(PATIENCE, async || answered(&desk, &first.0).await && answered(&desk, &second.0).await).await;
    within(PATIENCE, async || !desk.gateway.app.store.sync_state(QUEUE).await.unwrap().is_behind).await;
    assert_eq!(desk.zendesk.state().exports.refused, 0, "it keeps to ten a minute");
    assert!(asked(&desk, "/api/v2/tickets?page") <= 20, "the list is not read to its end");
}

#[tokio::test]
async fn where_the_export_is_not_allowed_the_list_is_read_to_its_end() {
    let desk = desk("").await;
    desk.zendesk.quirks(|quirks| quirks.export_refused = true);
    let (id, there) = ticket(&desk, "1").await;
    until(async || asked(&desk, "/api/v2/incremental") > 0).await;
    desk.zendesk.comment(there, &said(Side::Agent, "Yes.")).unwrap();
    desk.zendesk.bulk_change(1_500);
    ask_now(&desk).await;
    within(PATIENCE, async || answered(&desk, &id).await).await;
}

#[tokio::test]
async fn a_change_is_read_once_however_often_it_is_listed() {
    let desk = desk("").await;
    let (id, there) = ticket(&desk, "1").await;
    begun(&desk).await;
    desk.zendesk.comment(there, &said(Side::Agent, "Yes.")).unwrap();
    let changed = clock::seconds();
    // Within the second in which it changed it might change again.
    until(async || clock::seconds() > changed + 2).await;
    ask_now(&desk).await;
    until(async || answered(&desk, &id).await).await;
    let store = &desk.gateway.app.store;
    until(async || store.next_look(QUEUE).await.unwrap().is_none()).await;
    let looks = asked(&desk, &format!("/api/v2/tickets/{there}"));
    for _ in 0..3 {
        let lists = asked(&desk, "/api/v2/tickets?page");
        ask_now(&desk).await;
        until(async || asked(&desk, "/api/v2/tickets?page") > lists).await;
        until(async || store.sync_state(QUEUE).await.unwrap().listed_at.is_some_and(|at| at.as_str() > LONG_AGO)).await;
        until(async || store.next_look(QUEUE).await.unwrap().is_none()).await;
    }
    assert_eq!(asked(&desk, &format!("/api/v2/tickets/{there}")), looks);
}

#[tokio::test]
async fn more_than_two_thousand_comments_are_read() {
    let desk = desk("").await;
    let (id, there) = ticket(&desk, "1").await;
    begun(&desk).await;
    // Notes, which never come here, and an answer behind them.
    let note = crate::zendesk::control::Said { public: false, ..said(Side::Agent, "Note.") };
    for _ in 0..2_050 {
        desk.zendesk.comment(there, &note).unwrap();
    }
    desk.zendesk.comment(there, &said(Side::Agent, "Yes.")).unwrap();
    ask_now(&desk).await;
    within(PATIENCE, async || answered(&desk, &id).await).await;
}

#[tokio::test]
async fn a_webhook_that_is_told_again_under_another_name_is_heard_once_and_an_old_one_never() {
    let desk = desk(&format!("webhook_secret = \"{}\"", super::HOOK_SECRET)).await;
    let (_, there) = ticket(&desk, "1").await;
    let body = json!({"ticket_id": there}).to_string();
    let now = clock::timestamp();
    let told = async |at: jiff::Timestamp, invocation: &str| {
        let signature = crate::zendesk::webhooks::signature(super::HOOK_SECRET, &at.to_string(), &body);
        let headers = [
            ("x-zendesk-webhook-signature", signature),
            ("x-zendesk-webhook-signature-timestamp", at.to_string()),
            ("x-zendesk-webhook-invocation-id", invocation.to_string()),
        ];
        desk.hook(&headers, body.as_bytes()).await.status.as_u16()
    };
    assert_eq!(told(now, "a").await, 204);
    let store = &desk.gateway.app.store;
    until(async || asked(&desk, &format!("/api/v2/tickets/{there}")) > 0).await;
    until(async || store.next_look(QUEUE).await.unwrap().is_none()).await;
    assert_eq!(told(now, "b").await, 204, "it is taken, and nothing comes of it");
    assert_eq!(store.next_look(QUEUE).await.unwrap(), None);
    for minutes in [-6, 6] {
        let at = now.checked_add(jiff::Span::new().minutes(minutes)).unwrap();
        assert_eq!(told(at, "c").await, 401, "{minutes}");
    }
}
