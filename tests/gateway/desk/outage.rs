//! What has gathered while Zendesk was away for an hour.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use deskbell::gateway::clock;
use futures_util::future::join_all;

use super::{desk, full, place, until, within};

/// How many tickets wait.
const WAITING: u32 = 10_000;
/// How many requests Zendesk lets in a minute; each ticket takes two. Without a pace there would be more.
const A_MINUTE: usize = 24_000;
/// How far something may get ahead of something older: as much as is brought at the same time, and a little.
const AHEAD: u64 = 24;
/// After this it is stuck.
const PATIENCE: Duration = Duration::from_secs(900);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_an_hour_everything_is_brought_oldest_first_once_and_within_the_limit() {
    let desk = desk("").await;
    desk.zendesk.quirks(|quirks| {
        quirks.down = true;
        quirks.rate_limit = A_MINUTE;
    });
    for some in 0..WAITING / 500 {
        let now = clock::now();
        let messages: Vec<String> = (0..500).map(|number| format!("Ticket {} of many", some * 500 + number)).collect();
        join_all(messages.iter().map(|message| place(&desk, message, &now))).await;
    }
    desk.gateway.app.lines.wake("desk");
    until(async || desk.gateway.app.lines.line("desk", "desk").unwrap().away().is_some()).await;
    assert_eq!(desk.post("key", &full("The last")).await.status, 202);

    desk.zendesk.quirks(|quirks| quirks.down = false);
    let began = Instant::now();
    within(PATIENCE, async || desk.zendesk.state().tickets.len() > WAITING as usize).await;
    desk.quiet().await;
    println!("brought in {:?}", began.elapsed());
    let state = desk.zendesk.state();
    assert_eq!(state.tickets.len() as u32, WAITING + 1);
    let externals: BTreeSet<_> = state.tickets.values().filter_map(|ticket| ticket.external_id.clone()).collect();
    assert_eq!(externals.len() as u32, WAITING + 1, "none is there twice");
    assert_eq!(state.limiter.refused, 0, "nobody was refused for the rate");
    assert!(state.limiter.most <= A_MINUTE * 9 / 10, "{}", state.limiter.most);
    // In the order in which they came, but for what was on its way at the same time.
    for (place, ticket) in state.tickets.values().enumerate() {
        let number = ticket.subject.split(' ').nth(1).and_then(|number| number.parse::<u64>().ok());
        let number = number.unwrap_or(u64::from(WAITING));
        assert!(number.abs_diff(place as u64) <= AHEAD, "ticket {number} came as number {place}");
    }
}
