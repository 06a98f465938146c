//! What has gathered while Zendesk was away for an hour.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use deskbell::domain::conversation::Author;
use deskbell::domain::ticket::{NewTicket, Status};
use deskbell::gateway::delivery::orders;
use deskbell::gateway::store::{Along, Handling, Placed, Seal, StoredTicket, What};
use futures_util::future::join_all;

use super::{Desk, desk, full};

/// How many tickets wait.
const WAITING: u32 = 10_000;
/// How many requests Zendesk lets in a minute; each ticket takes two. Without a pace there would be more.
const A_MINUTE: usize = 24_000;
/// How far something may get ahead of something older: as much as is brought at the same time, and a little.
const AHEAD: u64 = 24;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_an_hour_everything_is_brought_oldest_first_once_and_within_the_limit() {
    let desk = desk("").await;
    desk.zendesk.quirks(|quirks| {
        quirks.down = true;
        quirks.rate_limit = A_MINUTE;
    });
    for some in 0..WAITING / 500 {
        let places = (0..500).map(|number| place(&desk, some * 500 + number));
        assert!(join_all(places).await.into_iter().all(|placed| placed == Placed::New));
    }
    // Who comes while it is away is not kept waiting.
    desk.gateway.app.lines.wake("desk");
    while desk.gateway.app.lines.line("desk", "desk").unwrap().away().is_none() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let began = Instant::now();
    assert_eq!(desk.post("key", &full("The last")).await.status, 202);
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());

    desk.zendesk.quirks(|quirks| quirks.down = false);
    let began = Instant::now();
    while desk.zendesk.state().tickets.len() <= WAITING as usize {
        assert!(began.elapsed() < Duration::from_secs(900), "{}", desk.zendesk.state().tickets.len());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
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

/// Keeps a ticket that came during the hour.
async fn place(desk: &Desk, number: u32) -> Placed {
    let mut new: NewTicket = serde_json::from_value(full(&format!("Ticket {number} of many"))).unwrap();
    new.contact.email = format!("person-{number}@example.com");
    let received_at = format!("2026-11-26T09:{:02}:{:02}.{:03}Z", number / 600 % 60, number / 10 % 60, number % 10);
    let ticket = StoredTicket {
        id: format!("00000000-0000-7000-8000-{number:012}"),
        site: "desk".into(),
        reference: format!("DB-T{number}"),
        status: Status::Open,
        priority: None,
        target: None,
        due_at: None,
        person: None,
        session: None,
        handling: Handling::of(&new, &received_at),
        received_at,
        ticket: new,
    };
    let seal = Seal { key: format!("many-{number}"), body: [0; 32], session: None };
    let deliveries = orders(desk.gateway.app.site("desk"), What::Ticket, Author::Customer, None);
    desk.gateway.app.store.place(&ticket, &seal, Along { deliveries, ..Along::default() }).await.unwrap()
}
