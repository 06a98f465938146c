//! Every change in Zendesk is found once, however much changes at the same time.

use std::sync::LazyLock;
use std::time::Duration;

use deskbell_core::clock;
use deskbell_core::ids::{QueueName, TicketId};
use deskbell_core::ports::{DeadLetters, SiteScope};
use deskbell_core::timestamp::Timestamp;
use futures_util::future::join_all;
use serde_json::json;

use super::{Desk, desk, full, until, within};
use crate::support::on_sqlite;
use crate::zendesk::control::{Side, new_comment};
use crate::zendesk::quirks::{FaultKind, Quirks, next};

static QUEUE: LazyLock<QueueName> = LazyLock::new(|| QueueName { site: "desk".into(), destination: "desk".into() });

/// Ten pages of the export take a minute.
const PATIENCE: Duration = Duration::from_secs(300);

/// Posts a ticket; returns its id here and there.
async fn ticket(desk: &Desk, key: &str) -> (String, u64) {
    let answer = desk.post(key, &full(key)).await;
    assert!(answer.status.is_success(), "{}", answer.text());
    let id = answer.json()["id"].as_str().unwrap().to_string();
    // A slow machine delivers it only after the gateway has responded.
    until(async || {
        desk.gateway.app.store.external_ticket(&TicketId::new(&id), &QUEUE.destination).await.unwrap().is_some()
    })
    .await;
    let external_id = *desk.zendesk.state().tickets.keys().next_back().unwrap();
    (id, external_id)
}

/// Polls for changes now, as after a minute.
async fn ask_now(desk: &Desk) {
    desk.gateway.list_changes_again().await;
    desk.gateway.app.states.get(&QUEUE).unwrap().wake_polls();
}

fn count_requests(desk: &Desk, path: &str) -> usize {
    desk.zendesk.state().log.iter().filter(|entry| entry.path.starts_with(path)).count()
}

/// Waits until the first sync has finished.
async fn begun(desk: &Desk) {
    until(async || {
        let state = desk.gateway.app.store.sync_state(&QUEUE).await.unwrap();
        state.until.is_some() && state.since_export.is_some()
    })
    .await;
}

async fn answered(desk: &Desk, id: &str) -> bool {
    desk.messages(id).await.last().is_some_and(|(author, body)| author == "support" && body == "Yes.")
}

#[tokio::test]
async fn no_answer_is_missed_when_ten_thousand_tickets_change_at_once() {
    on_sqlite();
    let desk = desk("").await;
    let (first, second) = (ticket(&desk, "1").await, ticket(&desk, "2").await);
    begun(&desk).await;
    desk.zendesk.comment(first.1, &new_comment(Side::Agent, "Yes.")).unwrap();
    desk.zendesk.bulk_change(5_000);
    desk.zendesk.comment(second.1, &new_comment(Side::Agent, "Yes.")).unwrap();
    desk.zendesk.bulk_change(5_000);
    // The lag of the export has passed.
    desk.zendesk.advance(120);
    ask_now(&desk).await;
    within(PATIENCE, async || answered(&desk, &first.0).await && answered(&desk, &second.0).await).await;
    within(PATIENCE, async || !desk.gateway.app.store.sync_state(&QUEUE).await.unwrap().is_behind).await;
    assert_eq!(desk.zendesk.state().exports.refused, 0, "it keeps to ten a minute");
    assert!(count_requests(&desk, "/api/v2/tickets?page") <= 20, "the list is not read to its end");
}

/// How the export fails.
type Failure = (&'static str, fn(&mut Quirks));

#[tokio::test]
async fn without_the_export_the_list_is_read_completely() {
    on_sqlite();
    let failures: [Failure; 6] = [
        ("not allowed", |quirks| quirks.export_refused = true),
        ("fails", |quirks| quirks.export_status = Some(500)),
        ("is not there", |quirks| quirks.export_status = Some(404)),
        ("knows no time", |quirks| quirks.export_status = Some(422)),
        ("rate limit of Zendesk reached", |quirks| quirks.export_limit = 0),
        ("leads to itself", |quirks| quirks.export_stuck = true),
    ];
    let stories = failures.map(|(name, fail)| async move {
        // From the beginning, or after it has worked.
        for has_worked in [false, true] {
            let desk = desk("").await;
            if !has_worked {
                desk.zendesk.quirks(fail);
            }
            let (id, external_id) = ticket(&desk, "1").await;
            until(async || count_requests(&desk, "/api/v2/incremental") > 0).await;
            if has_worked {
                begun(&desk).await;
                desk.zendesk.quirks(fail);
            }
            desk.zendesk.comment(external_id, &new_comment(Side::Agent, "Yes.")).unwrap();
            desk.zendesk.bulk_change(600);
            ask_now(&desk).await;
            println!("{name}, {has_worked}");
            within(PATIENCE, async || answered(&desk, &id).await).await;
        }
    });
    join_all(stories).await;
}

#[tokio::test]
async fn oversized_pages_are_requested_in_smaller_sizes() {
    on_sqlite();
    let desk = desk("").await;
    let (id, external_id) = ticket(&desk, "1").await;
    begun(&desk).await;
    desk.zendesk.quirks(|quirks| quirks.padding = 90_000);
    desk.zendesk.comment(external_id, &new_comment(Side::Agent, "Yes.")).unwrap();
    desk.zendesk.bulk_change(320);
    desk.zendesk.advance(120);
    ask_now(&desk).await;
    within(PATIENCE, async || answered(&desk, &id).await).await;
    within(PATIENCE, async || !desk.gateway.app.store.sync_state(&QUEUE).await.unwrap().is_behind).await;
    let is_asked =
        |part: &str| desk.zendesk.state().log.iter().any(|entry| entry.path.contains(part) && entry.status == 200);
    assert!(is_asked("per_page=62&") && is_asked("page[size]=50&"));
}

#[tokio::test]
async fn clock_differences_miss_no_changes() {
    on_sqlite();
    for seconds in [-3_600, 3_600] {
        let desk = desk("").await;
        desk.zendesk.advance(seconds);
        let (id, external_id) = ticket(&desk, "1").await;
        begun(&desk).await;
        desk.zendesk.comment(external_id, &new_comment(Side::Agent, "Yes.")).unwrap();
        ask_now(&desk).await;
        within(PATIENCE, async || answered(&desk, &id).await).await;
        let known = desk.gateway.app.store.sync_state(&QUEUE).await.unwrap().until.unwrap();
        let zendesk_now = desk.zendesk.state().now() / 1000;
        let known = known.as_seconds();
        assert!((0..600).contains(&(zendesk_now - known)), "known until {known} at {zendesk_now} in Zendesk");
    }
}

#[tokio::test]
async fn a_failing_list_does_not_block_export_and_webhooks() {
    on_sqlite();
    let desk = desk(&format!("webhook_secret = \"{}\"", super::HOOK_SECRET)).await;
    let (first, second) = (ticket(&desk, "1").await, ticket(&desk, "2").await);
    begun(&desk).await;
    desk.zendesk.quirks(|quirks| quirks.list_fails = true);
    desk.zendesk.comment(first.1, &new_comment(Side::Agent, "Yes.")).unwrap();
    desk.zendesk.advance(120);
    // Both at once: the list is asked for before the export.
    desk.gateway.read_changes_again().await;
    desk.gateway.app.states.get(&QUEUE).unwrap().wake_polls();
    within(PATIENCE, async || answered(&desk, &first.0).await).await;
    desk.zendesk.webhook(&super::conversing::listening(&desk).await, super::HOOK_SECRET);
    desk.zendesk.comment(second.1, &new_comment(Side::Agent, "Yes.")).unwrap();
    within(PATIENCE, async || answered(&desk, &second.0).await).await;
    assert!(desk.zendesk.state().log.iter().any(|entry| entry.status == 500), "the list was asked for");
}

#[tokio::test]
async fn bulk_changes_do_not_delay_new_answers() {
    on_sqlite();
    const OWN: u64 = 50;
    let desk = desk("").await;
    desk.zendesk.quirks(|quirks| quirks.rate_limit = 2_000);
    for number in 0..OWN {
        super::submit(&desk, &format!("Ticket {number}")).await;
    }
    desk.gateway.app.states.wake_deliveries(&"desk".into());
    within(PATIENCE, async || desk.gateway.app.store.queues().await.unwrap().is_empty()).await;
    let (id, external_id) = ticket(&desk, "last").await;
    begun(&desk).await;
    // From here on polling is slow.
    desk.zendesk.quirks(|quirks| quirks.rate_limit = 60);
    let polled = |desk: &Desk| {
        (1..=OWN).filter(|number| count_requests(desk, &format!("/api/v2/tickets/{number}/comments")) > 0).count()
    };
    let before = polled(&desk);
    desk.zendesk.advance(10);
    {
        let mut state = desk.zendesk.state();
        let now = state.now();
        state.tickets.values_mut().for_each(|ticket| ticket.updated_at = now);
    }
    desk.zendesk.advance(10);
    desk.zendesk.comment(external_id, &new_comment(Side::Agent, "Yes.")).unwrap();
    ask_now(&desk).await;
    within(PATIENCE, async || answered(&desk, &id).await).await;
    let polled = polled(&desk) - before;
    assert!(polled <= 10, "{polled} of the bulk change were polled before the answer");
}

#[tokio::test]
async fn tickets_behind_a_dead_letter_are_not_polled_repeatedly() {
    on_sqlite();
    let desk = desk("").await;
    let (id, external_id) = ticket(&desk, "1").await;
    begun(&desk).await;
    let refused = crate::zendesk::quirks::Answer { status: 415, retry_after: None, html: false };
    desk.zendesk.fault(next("PUT", "/api/v2/tickets", FaultKind::Status(refused)));
    assert_eq!(desk.reply(&id, "r1", "One").await.status, 202);
    assert_eq!(desk.reply(&id, "r2", "Two").await.status, 202);
    let store = &desk.gateway.app.store;
    desk.zendesk.comment(external_id, &new_comment(Side::Agent, "Yes.")).unwrap();
    ask_now(&desk).await;
    until(async || answered(&desk, &id).await).await;
    until(async || store.next_poll(&QUEUE).await.unwrap().is_none()).await;
    // Queued again, all of it arrives.
    let dead = store.dead_letters(&SiteScope::All, 10).await.unwrap();
    store.send_again(&DeadLetters::One(dead[0].0.id), &SiteScope::All).await.unwrap();
    desk.gateway.app.states.wake_deliveries(&"desk".into());
    desk.quiet().await;
    assert_eq!(desk.only()["comments"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn an_unreadable_first_comment_loses_no_answers() {
    on_sqlite();
    let desk = desk("").await;
    let (id, external_id) = ticket(&desk, "1").await;
    begun(&desk).await;
    desk.zendesk.quirks(|quirks| quirks.first_comment_unreadable = true);
    desk.zendesk.comment(external_id, &new_comment(Side::Agent, "Yes.")).unwrap();
    ask_now(&desk).await;
    until(async || answered(&desk, &id).await).await;
}

#[tokio::test]
async fn changes_are_read_once_even_if_listed_repeatedly() {
    on_sqlite();
    let desk = desk("").await;
    let (id, external_id) = ticket(&desk, "1").await;
    begun(&desk).await;
    desk.zendesk.comment(external_id, &new_comment(Side::Agent, "Yes.")).unwrap();
    let changed = clock::now().as_seconds();
    // Within the same second it might change again.
    until(async || clock::now().as_seconds() > changed + 2).await;
    ask_now(&desk).await;
    until(async || answered(&desk, &id).await).await;
    let store = &desk.gateway.app.store;
    until(async || store.next_poll(&QUEUE).await.unwrap().is_none()).await;
    let polls = count_requests(&desk, &format!("/api/v2/tickets/{external_id}"));
    for _ in 0..3 {
        let lists = count_requests(&desk, "/api/v2/tickets?page");
        ask_now(&desk).await;
        until(async || count_requests(&desk, "/api/v2/tickets?page") > lists).await;
        until(async || store.sync_state(&QUEUE).await.unwrap().since_list.is_some()).await;
        until(async || store.next_poll(&QUEUE).await.unwrap().is_none()).await;
    }
    assert_eq!(count_requests(&desk, &format!("/api/v2/tickets/{external_id}")), polls);
}

#[tokio::test]
async fn more_than_two_thousand_comments_are_read() {
    on_sqlite();
    let desk = desk("").await;
    let (id, external_id) = ticket(&desk, "1").await;
    begun(&desk).await;
    // Notes, which never come here, and a reply after them.
    let note = crate::zendesk::control::CommentDraft { public: false, ..new_comment(Side::Agent, "Note.") };
    for _ in 0..2_050 {
        desk.zendesk.comment(external_id, &note).unwrap();
    }
    desk.zendesk.comment(external_id, &new_comment(Side::Agent, "Yes.")).unwrap();
    ask_now(&desk).await;
    within(PATIENCE, async || answered(&desk, &id).await).await;
}

#[tokio::test]
async fn repeated_webhooks_are_handled_once_and_old_ones_never() {
    on_sqlite();
    let desk = desk(&format!("webhook_secret = \"{}\"", super::HOOK_SECRET)).await;
    let (_, external_id) = ticket(&desk, "1").await;
    let body = json!({"ticket_id": external_id}).to_string();
    let now = clock::now();
    let post = async |signed_at: Timestamp, invocation: &str| {
        let signature = crate::zendesk::webhooks::signature(super::HOOK_SECRET, &signed_at.to_string(), &body);
        let headers = [
            ("x-zendesk-webhook-signature", signature),
            ("x-zendesk-webhook-signature-timestamp", signed_at.to_string()),
            ("x-zendesk-webhook-invocation-id", invocation.to_string()),
        ];
        desk.hook(&headers, body.as_bytes()).await.status.as_u16()
    };
    assert_eq!(post(now, "a").await, 204);
    let store = &desk.gateway.app.store;
    until(async || count_requests(&desk, &format!("/api/v2/tickets/{external_id}")) > 0).await;
    until(async || store.next_poll(&QUEUE).await.unwrap().is_none()).await;
    assert_eq!(post(now, "b").await, 204, "it is taken, and nothing comes of it");
    assert_eq!(store.next_poll(&QUEUE).await.unwrap(), None);
    let six_minutes = Duration::from_secs(6 * 60);
    for signed_at in [now - six_minutes, now + six_minutes] {
        assert_eq!(post(signed_at, "c").await, 401, "{signed_at}");
    }
}
