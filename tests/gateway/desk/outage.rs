//! The queue after an outage of Zendesk, at an account of the smallest plan, while customers view their tickets.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use axum::http::Method;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{desk, full, submit, until, within};
use deskbell_core::ids::{QueueName, TicketId};

/// How many tickets are queued.
const WAITING: u32 = 120;
/// How many requests the smallest plan allows per minute; each ticket takes two.
const A_MINUTE: usize = 200;
/// How many customers view their tickets meanwhile; each may take two requests.
const CUSTOMERS: u32 = 300;
/// How far a delivery may get ahead of an older one: the number of concurrent ones, and a little.
const AHEAD: u64 = 24;
/// After this it is stuck.
const PATIENCE: Duration = Duration::from_secs(900);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_an_outage_the_queue_is_delivered_in_order_once_and_within_the_rate_limit() {
    let desk = desk("").await;
    desk.zendesk.quirks(|quirks| {
        quirks.down = true;
        quirks.rate_limit = A_MINUTE;
    });
    let messages: Vec<String> = (0..WAITING).map(|number| format!("Ticket {number} of many")).collect();
    let ids = join_all(messages.iter().map(|message| submit(&desk, message))).await;
    desk.gateway.app.states.wake_deliveries(&"desk".into());
    until(async || {
        desk.gateway.app.states.get(&QueueName::new(&"desk".into(), &"desk".into())).unwrap().unreachable().is_some()
    })
    .await;
    assert_eq!(desk.post("key", &full("The last")).await.status, 202);

    desk.zendesk.quirks(|quirks| quirks.down = false);
    let began = Instant::now();
    let looking = async {
        for round in 0..3 {
            let polls = (0..CUSTOMERS / 3).map(|number| {
                let name = format!("u-{round}-{number}");
                let claims = json!({"sub": name, "email": format!("{name}@example.com"), "email_verified": true});
                desk.ask_as(claims, Method::GET, "/v1/sites/desk/tickets", Value::Null)
            });
            assert!(join_all(polls).await.iter().all(|answer| answer.status == 200));
            // The next come when a third of the tickets has been delivered.
            let delivered = (WAITING / 3 * (round + 1)) as usize;
            within(PATIENCE, async || desk.zendesk.state().tickets.len() >= delivered).await;
        }
    };
    let arriving = within(PATIENCE, async || desk.zendesk.state().tickets.len() > WAITING as usize);
    tokio::join!(looking, arriving);
    within(PATIENCE, async || desk.gateway.app.store.queues().await.unwrap().is_empty()).await;
    println!("brought in {:?}", began.elapsed());
    for id in &ids {
        for delivery in desk.gateway.app.store.deliveries(&TicketId::new(id)).await.unwrap() {
            assert_eq!(delivery.failures, 0, "it was never to blame: {}", delivery.reason);
        }
    }
    let state = desk.zendesk.state();
    assert_eq!(state.tickets.len() as u32, WAITING + 1);
    let externals: BTreeSet<_> = state.tickets.values().filter_map(|ticket| ticket.external_id.clone()).collect();
    assert_eq!(externals.len() as u32, WAITING + 1, "none is there twice");
    assert_eq!(state.limiter.refused, 0, "nobody was refused for the rate");
    assert!(state.limiter.most <= A_MINUTE * 9 / 10, "{}", state.limiter.most);
    // In the order in which they came, except for concurrent ones.
    for (index, ticket) in state.tickets.values().enumerate() {
        let number = ticket.subject.split(' ').nth(1).and_then(|number| number.parse::<u64>().ok());
        let number = number.unwrap_or(u64::from(WAITING));
        assert!(number.abs_diff(index as u64) <= AHEAD, "ticket {number} came as number {index}");
    }
}
