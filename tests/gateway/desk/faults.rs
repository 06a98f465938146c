//! Everything that can go wrong at Zendesk, alone and in pairs: every delivery arrives once and complete, and everybody sees the true state.

use std::sync::Arc;

use deskbell_core::ids::TicketId;
use deskbell_core::ports::{DeadLetters, DeliveryState, SiteScope};
use serde_json::json;
use tokio::sync::Semaphore;
use tokio::task::{JoinSet, LocalSet};

use super::conversing::listening;
use super::{Desk, HOOK_SECRET, desk, full, mapping, until, words};
use crate::zendesk::Zendesk;
use crate::zendesk::control::{Side, new_comment};
use crate::zendesk::quirks::{Answer, Fault, FaultKind, Refused, UnknownChoices, UnknownFields};

/// How many desks run at once.
const AT_ONCE: usize = 16;
const FILE: &str = "0a1b2c3d-4e5f-4071-8293-a4b5c6d7e8f9";

type Trouble = (&'static str, fn(&Zendesk));

const TROUBLES: &[Trouble] = &[
    ("creating is torn", |zendesk| next(zendesk, "POST", "/api/v2/tickets", FaultKind::Torn)),
    ("creating is lost, and two hours go by", |zendesk| {
        next(zendesk, "POST", "/api/v2/tickets", FaultKind::Lost);
        zendesk.quirks(|quirks| quirks.key_hours = 0);
    }),
    ("creating is dropped", |zendesk| next(zendesk, "POST", "/api/v2/tickets", FaultKind::Dropped)),
    ("creating fails with a page", |zendesk| next(zendesk, "POST", "/api/v2/tickets", status(502, None, true))),
    ("creating is asked too often", |zendesk| next(zendesk, "POST", "/api/v2/tickets", status(429, Some(1), false))),
    ("updating is torn", |zendesk| next(zendesk, "PUT", "/api/v2/tickets", FaultKind::Torn)),
    ("updating is lost", |zendesk| next(zendesk, "PUT", "/api/v2/tickets", FaultKind::Lost)),
    ("updating is away for a second, told as a date", |zendesk| {
        zendesk.quirks(|quirks| quirks.retry_after_as_date = true);
        next(zendesk, "PUT", "/api/v2/tickets", status(503, Some(1), false));
    }),
    ("updating is in conflict", |zendesk| next(zendesk, "PUT", "/api/v2/tickets", status(409, None, false))),
    ("uploading is lost", |zendesk| next(zendesk, "POST", "/api/v2/uploads", FaultKind::Lost)),
    ("uploading fails", |zendesk| next(zendesk, "POST", "/api/v2/uploads", status(500, None, false))),
    ("looking up is torn", |zendesk| next(zendesk, "GET", "/api/v2/tickets", FaultKind::Torn)),
    ("the token is torn", |zendesk| next(zendesk, "POST", "/oauth/tokens", FaultKind::Torn)),
    ("comments do not say whose they are", |zendesk| zendesk.quirks(|quirks| quirks.no_custom_metadata = true)),
    ("webhooks come late, twice, and the last first", |zendesk| {
        zendesk.quirks(|quirks| {
            quirks.webhooks_late = true;
            quirks.webhooks_doubled = true;
            quirks.webhooks_out_of_order = true;
        });
    }),
    ("it is slow", |zendesk| {
        zendesk.quirks(|quirks| {
            quirks.slow = 150;
            quirks.slow_after = 150;
        });
    }),
    ("unknown things are refused", |zendesk| {
        zendesk.quirks(|quirks| {
            quirks.unknown_choices = UnknownChoices::Refuse;
            quirks.unknown_fields = UnknownFields::Refuse;
        });
        zendesk.state().account.fields.clear();
    }),
    ("refusals are in plain text, and nobody is let in unknown", |zendesk| {
        zendesk.quirks(|quirks| {
            quirks.plain_text_429 = true;
            quirks.require_auth = true;
            quirks.form_substitution = true;
            quirks.foreign_ids_403 = true;
        });
    }),
];

fn next(zendesk: &Zendesk, method: &str, path: &str, kind: FaultKind) {
    let fault = Fault { method: method.into(), path_prefix: path.into(), after: 0, times: 1, kind };
    zendesk.fault(fault);
}

fn status(status: u16, retry_after: Option<u64>, html: bool) -> FaultKind {
    FaultKind::Status(Answer { status, retry_after, html })
}

#[tokio::test]
async fn every_fault_and_pair_of_faults_still_delivers_once_and_completely() {
    LocalSet::new().run_until(all()).await;
}

async fn all() {
    let gate = Arc::new(Semaphore::new(AT_ONCE));
    let mut stories = JoinSet::new();
    for (index, first) in TROUBLES.iter().enumerate() {
        for second in &TROUBLES[index..] {
            let gate = gate.clone();
            stories.spawn_local(async move {
                let _place = gate.acquire_owned().await.unwrap();
                let name = format!("{} / {}", first.0, second.0);
                let alone = std::ptr::eq(first, second);
                let troubles = if alone { vec![first] } else { vec![first, second] };
                println!("{name}");
                let outcome = tokio::task::spawn_local(async move { story(&troubles).await }).await;
                (name, outcome.is_ok())
            });
        }
    }
    let broken: Vec<String> =
        stories.join_all().await.into_iter().filter(|(_, good)| !good).map(|(name, _)| name).collect();
    assert!(broken.is_empty(), "{broken:#?}");
}

/// A ticket with a file, a reply and an answer, with these faults.
async fn story(troubles: &[&Trouble]) {
    let desk = desk(&format!("webhook_secret = \"{HOOK_SECRET}\"\n{}", mapping())).await;
    desk.zendesk.webhook(&listening(&desk).await, HOOK_SECRET);
    troubles.iter().for_each(|(_, make)| make(&desk.zendesk));
    desk.file(FILE, "log.txt", b"one line\n").await;
    let mut ticket = full("One");
    ticket["attachments"] = json!([FILE]);
    let answer = desk.post("key", &ticket).await;
    assert!([201, 202].contains(&answer.status.as_u16()), "{}", answer.text());
    desk.quiet().await;
    let again = desk.post("key", &ticket).await;
    assert_eq!((again.status.as_u16(), again.json()), (201, answer.json()), "asked again it is there");
    let id = answer.json()["id"].as_str().unwrap().to_string();

    let reply = desk.reply(&id, "r1", "It did not help.").await;
    assert!([201, 202].contains(&reply.status.as_u16()), "{}", reply.text());
    desk.quiet().await;
    let external_id = *desk.zendesk.state().tickets.keys().next().unwrap();
    desk.zendesk.comment(external_id, &new_comment(Side::Agent, "Try again.")).unwrap();
    let read = ["One", "It did not help.", "Try again."];
    until(async || {
        desk.zendesk.release_webhooks();
        desk.messages(&id).await.len() >= read.len()
    })
    .await;
    let says: Vec<String> = desk.messages(&id).await.into_iter().map(|(_, body)| body).collect();
    assert_eq!(says, read);
    arrived(&desk, &id).await;
}

/// One ticket with both files and the reply, once each; and agents see that it was delivered.
async fn arrived(desk: &Desk, id: &str) {
    let external = desk.only();
    let comments = external["comments"].as_array().unwrap();
    let bodies = comments.iter().map(|one| words(one["body"].as_str().unwrap()));
    // Refused parts are noted for agents.
    let bodies: Vec<&str> =
        bodies.filter(|words| !words.starts_with("Zendesk rejected parts of this ticket")).collect();
    assert_eq!(bodies, ["One", "It did not help.", "Try again."]);
    let files: Vec<&str> =
        comments[0]["attachments"].as_array().unwrap().iter().map(|file| file["file_name"].as_str().unwrap()).collect();
    assert_eq!(files, ["log.txt", "deskbell-context.json"]);
    let deliveries = desk.gateway.app.store.deliveries(&TicketId::new(id)).await.unwrap();
    assert!(
        deliveries.iter().all(|one| one.state == DeliveryState::Delivered && !one.reason.contains("torn")),
        "{deliveries:#?}"
    );
}

#[tokio::test]
async fn files_with_expired_tokens_are_uploaded_again() {
    let desk = desk("").await;
    let slow = Fault {
        method: "POST".into(),
        path_prefix: "/api/v2/tickets".into(),
        after: 0,
        times: 1,
        kind: FaultKind::Slow(300),
    };
    desk.zendesk.fault(slow);
    let ticket = full("One");
    let (answer, ()) = tokio::join!(desk.post("key", &ticket), async {
        until(async || desk.zendesk.state().faults.is_empty()).await;
        desk.zendesk.advance(61 * 60);
    });
    assert!([201, 202].contains(&answer.status.as_u16()));
    desk.quiet().await;
    assert_eq!(desk.only()["comments"][0]["attachments"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_lost_response_creates_no_duplicate_without_an_external_id() {
    for key_hours in [2, 0] {
        let desk = desk("").await;
        desk.zendesk.quirks(|quirks| {
            quirks.key_hours = key_hours;
            quirks.refusals = vec![Refused {
                method: "POST".into(),
                at: "/external_id".into(),
                longer_than: None,
                containing: None,
                status: 422,
                json: json!({"error": "RecordInvalid", "description": "Record validation errors",
                    "details": {"external_id": [{"description": "External: is too long"}]}}),
                text: String::new(),
            }];
        });
        // The second request creates the ticket, and its response is lost.
        let fault = Fault {
            method: "POST".into(),
            path_prefix: "/api/v2/tickets".into(),
            after: 1,
            times: 1,
            kind: FaultKind::Lost,
        };
        desk.zendesk.fault(fault);
        let answer = desk.post("key", &full("One")).await;
        assert!([201, 202].contains(&answer.status.as_u16()), "{}", answer.text());
        desk.quiet().await;
        let id = answer.json()["id"].as_str().unwrap().to_string();
        let external = desk.only();
        assert_eq!(external["external_id"], json!(null));
        let delivery = desk.gateway.app.store.deliveries(&TicketId::new(&id)).await.unwrap().remove(0);
        assert_eq!((delivery.state, delivery.external_id), (DeliveryState::Delivered, external["id"].to_string()));
        assert!(delivery.attempts > 1, "the first answer was lost");
    }
}

#[tokio::test]
async fn notes_about_refused_statuses_are_written_once() {
    let desk = desk("").await;
    let id = desk.post("key", &full("One")).await.json()["id"].as_str().unwrap().to_string();
    next(&desk.zendesk, "PUT", "/api/v2/tickets", status(422, None, false));
    next(&desk.zendesk, "PUT", "/api/v2/tickets", FaultKind::Lost);
    next(&desk.zendesk, "PUT", "/api/v2/tickets", status(422, None, false));
    assert_eq!(desk.mark(&id, "solved").await.status, 200);
    desk.quiet().await;
    let comments = desk.only()["comments"].as_array().unwrap().clone();
    let notes = comments.iter().filter(|one| one["body"].as_str().unwrap().contains("Set to solved")).count();
    assert_eq!(notes, 1, "{comments:#?}");
}

#[tokio::test]
async fn dead_letters_are_listed_block_nothing_and_can_be_resent() {
    let desk = desk("").await;
    // It is refused whatever is left out.
    let refuses = |times| Fault {
        method: "POST".into(),
        path_prefix: "/api/v2/tickets".into(),
        after: 0,
        times,
        kind: FaultKind::Status(crate::zendesk::quirks::Answer { status: 422, retry_after: None, html: false }),
    };
    desk.zendesk.fault(refuses(1_000));
    let refused = desk.post("odd", &full("Odd")).await;
    assert_eq!(refused.status, 202, "{}", refused.text());
    let store = &desk.gateway.app.store;
    until(async || store.dead_letters(&SiteScope::All, 10).await.unwrap().len() == 1).await;
    desk.zendesk.state().faults.clear();
    assert_eq!(desk.post("key", &full("One")).await.status, 201);
    let dead_letters = store.dead_letters(&SiteScope::All, 10).await.unwrap();
    assert_eq!(dead_letters.len(), 1);
    assert!(dead_letters[0].0.reason.contains("rejected the ticket (422)"), "{}", dead_letters[0].0.reason);
    desk.zendesk.fault(refuses(1_000));
    assert_eq!(store.send_again(&DeadLetters::One(dead_letters[0].0.id), &SiteScope::All).await.unwrap(), 1);
    desk.gateway.app.states.wake_deliveries(&"desk".into());
    until(async || store.dead_letters(&SiteScope::All, 10).await.unwrap().len() == 1).await;
}
