//! Pending deliveries, their age and their outcomes.

use std::time::{Duration, Instant};

use deskbell_core::clock;
use deskbell_core::ids::{ExternalId, QueueName, TicketId};
use deskbell_core::ports::destination::{ClaimHold, DeliveryContents, Failure};
use deskbell_core::ports::{ChangedTicket, DeadLetters, DeliveryKind, DeliveryState, ExternalTicketRef, SiteScope};
use domain::config::Config;

use super::conversing::begun;
use super::{desk, full, submit, until};
use crate::support::on_sqlite;
use crate::zendesk::Zendesk;
use crate::zendesk::quirks::{Answer, Fault, FaultKind as Wrong};

#[tokio::test]
async fn deliveries_fail_after_three_days_and_can_be_resent() {
    on_sqlite();
    let desk = desk("").await;
    desk.zendesk.quirks(|quirks| quirks.down = true);
    let id = submit(&desk, "Old").await;
    let age = "UPDATE deliveries SET created_at = '2026-01-20T09:00:00.000Z', due_at = '2026-01-20T09:00:00.000Z'";
    sqlx::query(age).execute(&mut desk.gateway.connection().await).await.unwrap();
    desk.gateway.app.states.wake_deliveries(&"desk".into());
    let store = &desk.gateway.app.store;
    until(async || store.dead_letters(&SiteScope::All, 10).await.unwrap().len() == 1).await;
    let (delivery, reference) = store.dead_letters(&SiteScope::All, 10).await.unwrap().remove(0);
    assert_eq!((reference.as_str(), delivery.reason.as_str()), ("Old", "Zendesk is unavailable (503)"));
    desk.zendesk.quirks(|quirks| quirks.down = false);
    store.send_again(&DeadLetters::All, &SiteScope::All).await.unwrap();
    desk.gateway.app.states.wake_deliveries(&"desk".into());
    until(async || store.deliveries(&TicketId::new(&id)).await.unwrap()[0].state == DeliveryState::Delivered).await;
    desk.only();
}

#[tokio::test]
async fn a_failing_delivery_blocks_only_later_ones_of_its_ticket() {
    let desk = desk("").await;
    let fails = Fault {
        method: "POST".into(),
        path_prefix: "/api/v2/tickets".into(),
        after: 0,
        times: 1,
        kind: Wrong::Status(Answer { status: 500, retry_after: Some(2), html: false }),
    };
    desk.zendesk.fault(fails);
    let first = desk.post("1", &full("First")).await;
    let id = first.json()["id"].as_str().unwrap().to_string();
    let (reply, second) =
        tokio::join!(desk.reply(&id, "r", "And this."), async { desk.post("2", &full("Second")).await });
    assert_eq!(second.status, 201, "it does not wait for the first");
    assert!([201, 202].contains(&reply.status.as_u16()));
    desk.quiet().await;
    let state = desk.zendesk.state();
    let comments: Vec<Vec<&str>> = state
        .tickets
        .values()
        .map(|ticket| ticket.comments.iter().map(|one| one.body.lines().nth(2).unwrap()).collect())
        .collect();
    assert!(comments.contains(&vec!["First", "And this."]) && comments.contains(&vec!["Second"]), "{comments:?}");
}

#[tokio::test]
async fn every_destination_has_its_own_queue() {
    let other = Zendesk::start().await;
    other.quirks(|quirks| quirks.down = true);
    let more = format!(
        "[sites.desk.destinations.other]\nto = \"zendesk\"\nurl = \"{}\"\nclient_id = \"deskbell\"\nclient_secret = \"secret\"",
        other.url()
    );
    let desk = desk(&more).await;
    let answer = desk.post("key", &full("One")).await;
    assert_eq!(answer.status, 202, "one of them does not have it");
    until(async || desk.zendesk.state().tickets.len() == 1).await;
    let queues = desk.gateway.app.store.queues().await.unwrap();
    assert_eq!(
        queues.iter().map(|queue| (queue.name.destination.as_str(), queue.waiting)).collect::<Vec<_>>(),
        [("other", 1)]
    );
    other.quirks(|quirks| quirks.down = false);
    desk.quiet().await;
    assert_eq!(other.state().tickets.len(), 1);
    // A reply in one is delivered to the other, and does not come back.
    let external_id = *desk.zendesk.state().tickets.keys().next().unwrap();
    desk.zendesk
        .comment(external_id, &crate::zendesk::control::new_comment(crate::zendesk::control::Side::Agent, "Yes."))
        .unwrap();
    let changed = ChangedTicket { external_id: ExternalId::new(external_id.to_string()), updated_at: clock::now() };
    desk.gateway.app.store.mark_changed(&QueueName::new(&"desk".into(), &"desk".into()), &[changed]).await.unwrap();
    desk.gateway.app.states.get(&QueueName::new(&"desk".into(), &"desk".into())).unwrap().wake_polls();
    until(async || other.state().tickets.values().next().unwrap().comments.len() == 2).await;
    desk.quiet().await;
    let id = answer.json()["id"].as_str().unwrap().to_string();
    assert_eq!(desk.messages(&id).await.len(), 2);
    assert_eq!(desk.zendesk.state().tickets[&external_id].comments.len(), 2);
}

#[tokio::test]
async fn api_tokens_still_work() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    std::fs::write(&path, "legacy\n").unwrap();
    let zendesk = Zendesk::start().await;
    zendesk.state().account.legacy_token = Some("legacy".into());
    let lines = super::site(&zendesk, "").replace(
        "client_id = \"deskbell\"\n        client_secret = \"secret\"",
        &format!("email = \"grace@acme.example\"\n        api_token_file = {:?}", path.display().to_string()),
    );
    assert!(lines.contains("api_token_file"));
    let desk = super::open(zendesk, &lines).await;
    let answer = desk.post("key", &full("One")).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    desk.only();
    assert_eq!(desk.zendesk.state().grants, 0, "no token of OAuth was asked for");
}

/// A gateway that was paused for longer than a lease goes on where it was, while another has made the delivery.
#[tokio::test]
async fn a_comment_is_not_sent_once_the_claim_to_its_delivery_has_expired() {
    let (desk, id, _) = begun("").await;
    desk.reply(&id, "reply", "It did not help.").await;
    desk.quiet().await;
    let (id, store) = (TicketId::new(&id), &desk.gateway.app.store);
    let ticket = store.ticket(&id).await.unwrap().unwrap();
    let message = store.message_page(&id, 0, 1).await.unwrap().messages.remove(0);
    let delivery =
        store.deliveries(&id).await.unwrap().into_iter().find(|one| one.kind == DeliveryKind::Message).unwrap();
    let external = ExternalTicketRef {
        external_id: ExternalId::new(desk.only()["id"].to_string()),
        requester: desk.only()["requester_id"].to_string(),
        merged_after: None,
    };
    let config = Config::default();
    let contents = |hold| DeliveryContents {
        config: &config,
        delivery: &delivery,
        ticket: &ticket,
        message: Some(&message),
        files: &[],
        external: Some(&external),
        now: clock::now(),
        hold,
    };
    let destinations = &desk.gateway.app.routers.inbox.destinations.destinations;
    let to = destinations.get(&"desk".into(), &"desk".into()).unwrap();
    let expired = ClaimHold::until(Instant::now());
    let refused = to.deliver(&contents(&expired)).await;
    assert!(matches!(refused, Err(Failure::Later { .. })), "{refused:?}");
    assert_eq!(desk.only()["comments"].as_array().unwrap().len(), 2);
    expired.extend(Instant::now() + Duration::from_secs(60));
    to.deliver(&contents(&expired)).await.unwrap();
    assert_eq!(desk.only()["comments"].as_array().unwrap().len(), 3, "the first attempt looks for no earlier one");
}
