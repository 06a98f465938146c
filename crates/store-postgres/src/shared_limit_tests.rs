//! What all gateways on one database share: limits, unreachable destinations, incidents.

use std::time::Duration;

use store_conformance::support::{ACME, QUEUE, TestClock};

use deskbell_core::clock::Clock;

use super::gateway_tests::{at_once, gateways_with};
use super::*;
use deskbell_core::ports::{
    BucketKind, Draw, Gateways, Outages, PaceChange, ReportedOutage, RequestPaces, RetryAfter, SharedBuckets,
    StatusPolls,
};
use domain::incident::{Incident, IncidentKind};

const ACCOUNT: &str = "https://acme.zendesk.example/";
const SECOND: Duration = Duration::from_secs(1);

async fn change(store: &PostgresStore, account: &str, change: PaceChange) -> Result<(), Duration> {
    store.change_pace(account, change).await.unwrap()
}

/// How many of a hundred requests at the same moment are admitted.
async fn admitted(gateways: &[PostgresStore; 2]) -> usize {
    let take = |store: PostgresStore, _| async move { change(&store, ACCOUNT, PaceChange::Take).await };
    let admitted = at_once(gateways, 100, take).await.iter().filter(|decision| decision.is_ok()).count();
    // The others do not wait for their turns.
    sqlx::query("UPDATE request_paces SET free = 0").execute(&gateways[0].pool).await.unwrap();
    admitted
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gateways_share_the_pace_of_an_account() {
    let clock = TestClock::new();
    let gateways = gateways_with(clock.clone()).await;
    assert_eq!(admitted(&gateways).await, 20, "the burst of an account without an answer");
    assert_eq!(change(&gateways[0], "https://other.zendesk.example/", PaceChange::Take).await, Ok(()));
    clock.advance(SECOND * 3);
    assert_eq!(admitted(&gateways).await, 7, "in three seconds at 140 per minute");
    clock.advance(SECOND * 3_600);
    change(&gateways[1], ACCOUNT, PaceChange::SetLimit(600)).await.unwrap();
    assert_eq!(admitted(&gateways).await, 60);
}

#[tokio::test]
async fn gateways_count_each_other_until_they_close() {
    let [one, two] = gateways_with(TestClock::new()).await;
    // Others connect only when they need it.
    two.outages().await.unwrap();
    assert_eq!(one.count_gateways().await.unwrap(), 2);
    two.close().await;
    // The server ends a session shortly after its connection.
    let alone = async { while one.count_gateways().await.unwrap() > 1 {} };
    tokio::time::timeout(SECOND * 30, alone).await.unwrap();
}

#[tokio::test]
async fn a_pause_that_one_gateway_reports_stops_all() {
    let clock = TestClock::new();
    let [one, two] = gateways_with(clock.clone()).await;
    change(&one, ACCOUNT, PaceChange::Pause(SECOND * 30)).await.unwrap();
    assert_eq!(change(&two, ACCOUNT, PaceChange::Take).await, Err(SECOND * 30));
    clock.advance(SECOND * 30);
    assert_eq!(change(&two, ACCOUNT, PaceChange::Take).await, Ok(()));
}

#[tokio::test]
async fn requests_that_are_given_back_are_free_for_all() {
    let [one, two] = gateways_with(TestClock::new()).await;
    while change(&one, ACCOUNT, PaceChange::TakeSpare(2)).await.is_ok() {}
    assert!(change(&two, ACCOUNT, PaceChange::TakeSpare(2)).await.is_err());
    change(&one, ACCOUNT, PaceChange::GiveBack(2)).await.unwrap();
    assert_eq!(change(&two, ACCOUNT, PaceChange::TakeSpare(2)).await, Ok(()));
}

/// A withdrawal from a bucket that holds six.
fn draw(bucket: u64) -> Draw {
    // What a hash would do.
    let bucket = bucket.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    Draw { kind: BucketKind::Client, bucket, cost: 10_000_000_000, is_probe: false }
}

async fn charge(store: &PostgresStore, draws: Vec<Draw>) -> Result<(), RetryAfter> {
    store.charge(&[draws]).await.unwrap().remove(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rate_limits_hold_exactly_for_all_gateways_together() {
    let clock = TestClock::new();
    let gateways = gateways_with(clock.clone()).await;
    // Batches with the same buckets in different orders, which nobody has used yet.
    let charge_both = |store: PostgresStore, number: usize| async move {
        let mut requests = vec![vec![draw(1)], vec![draw(2)], vec![draw(3 + number as u64)]];
        if number.is_multiple_of(2) {
            requests.reverse();
        }
        let mut results = store.charge(&requests).await.unwrap();
        if number.is_multiple_of(2) {
            results.reverse();
        }
        results
    };
    let results = at_once(&gateways, 30, charge_both).await;
    for (bucket, expected) in [(0, 6), (1, 6), (2, 30)] {
        assert_eq!(results.iter().filter(|results| results[bucket].is_ok()).count(), expected, "bucket {bucket}");
    }
    assert_eq!(charge(&gateways[0], vec![draw(1)]).await, Err(RetryAfter(SECOND * 10)));
    clock.advance(SECOND * 10);
    assert_eq!(charge(&gateways[1], vec![draw(1)]).await, Ok(()));
    assert!(charge(&gateways[0], vec![draw(1)]).await.is_err());
}

#[tokio::test]
async fn shared_buckets_are_charged_together_or_not_at_all() {
    let [one, two] = gateways_with(TestClock::new()).await;
    while charge(&one, vec![draw(1)]).await.is_ok() {}
    assert!(charge(&two, vec![draw(1), draw(2)]).await.is_err());
    assert!(charge(&two, vec![draw(1).probe()]).await.is_err());
    let mut taken = 0;
    while charge(&two, vec![draw(2)]).await.is_ok() {
        assert_eq!(charge(&one, vec![draw(3).probe()]).await, Ok(()));
        taken += 1;
    }
    assert_eq!(taken, 6, "a refused request has taken nothing");
    let keys = [one.bucket_key().await.unwrap(), two.bucket_key().await.unwrap()];
    assert!(keys[0] == keys[1] && keys[0].len() == 32);
}

#[tokio::test]
async fn cells_of_buckets_that_have_been_full_for_an_hour_are_deleted() {
    let clock = TestClock::new();
    let [one, two] = gateways_with(clock.clone()).await;
    // In the ranges of several statements.
    let clients: Vec<_> = (0..1_000).map(|client| vec![draw(client)]).collect();
    one.charge(&clients).await.unwrap();
    clock.advance(SECOND * 3_600);
    charge(&two, vec![draw(1)]).await.unwrap();
    clock.advance(SECOND * 11);
    two.delete_full_cells().await.unwrap();
    let cells: i64 = sqlx::query_scalar("SELECT count(*) FROM bucket_cells").fetch_one(&one.pool).await.unwrap();
    assert_eq!(cells, 2, "of the bucket that was used");
    for _ in 0..5 {
        charge(&one, vec![draw(1)]).await.unwrap();
    }
    assert_eq!(charge(&one, vec![draw(2)]).await, Ok(()));
    // A clock that was set back leaves times that would never pass.
    clock.set("2026-01-01T00:00:00.000Z");
    two.delete_full_cells().await.unwrap();
    let cells: i64 = sqlx::query_scalar("SELECT count(*) FROM bucket_cells").fetch_one(&one.pool).await.unwrap();
    assert_eq!(cells, 0);
}

/// Waits until so many connections wait for a lock.
async fn wait_for_lock_waits(store: &PostgresStore, count: i64) {
    let waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
    for _ in 0..1_000 {
        if sqlx::query_scalar::<_, i64>(waits).fetch_one(&store.pool).await.unwrap() >= count {
            return;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    panic!("nobody waits");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn limits_that_nobody_can_read_use_no_connection_of_requests() {
    let gateways = gateways_with(TestClock::new()).await;
    let [one, two] = &gateways;
    let mut held = two.begin().await.unwrap();
    sqlx::query("LOCK TABLE bucket_cells, request_paces").execute(&mut *held).await.unwrap();
    let mut waiting = tokio::task::JoinSet::new();
    for number in 0..20 {
        let store = one.clone();
        waiting.spawn(async move {
            match number % 2 {
                0 => store.charge(&[vec![draw(number)]]).await.map(drop),
                _ => store.change_pace(ACCOUNT, PaceChange::Take).await.map(drop),
            }
        });
    }
    wait_for_lock_waits(two, i64::from(SHARED_CONNECTIONS)).await;
    assert_eq!(one.pool.size() as usize, one.pool.num_idle());
    while let Some(charged) = waiting.join_next().await {
        assert!(matches!(charged.unwrap(), Err(StoreError::Busy)), "it gives up");
    }
    drop(held);
    assert_eq!(change(one, ACCOUNT, PaceChange::Take).await, Ok(()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_leave_connections_for_charges() {
    let [one, _] = gateways_with(TestClock::new()).await;
    let worker = one.acquire_for_worker().await.unwrap();
    let mut polls = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let store = one.clone();
        polls.spawn(async move { store.claim_status_poll(&ACME, "https://status.example", SECOND).await.unwrap() });
    }
    for _ in 0..20 {
        charge(&one, vec![draw(1).probe()]).await.unwrap();
    }
    assert!(polls.try_join_next().is_none(), "they wait for the worker");
    drop(worker);
    assert_eq!(polls.join_all().await.into_iter().filter(|is_claimed| *is_claimed).count(), 1);
}

#[tokio::test]
async fn every_gateway_gets_its_turn_in_the_pace_however_often_another_asks() {
    let clock = TestClock::new();
    let gateways = gateways_with(clock.clone()).await;
    assert_eq!(admitted(&gateways).await, 20);
    let (mut sent, mut turns) = ([0, 0], [None, None]);
    for _ in 0..600 {
        // The first always comes first.
        for (number, gateway) in gateways.iter().enumerate() {
            let is_due = turns[number].is_none_or(|turn| turn <= clock.now());
            if is_due {
                let take = if turns[number].is_some() { PaceChange::TakeReserved } else { PaceChange::Take };
                let decision = change(gateway, ACCOUNT, take).await;
                sent[number] += usize::from(decision.is_ok());
                turns[number] = decision.err().map(|wait| clock.now() + wait);
            }
        }
        clock.advance(SECOND / 10);
    }
    let [first, second] = sent;
    assert!(first.abs_diff(second) <= 1 && (130..=142).contains(&(first + second)), "{sent:?}");
}

#[tokio::test]
async fn unreachable_destinations_are_known_to_all_gateways_until_one_reaches_them() {
    let clock = TestClock::new();
    let [one, two] = gateways_with(clock.clone()).await;
    let retry_at = clock.now() + SECOND * 60;
    one.report_outage(&QUEUE, Some(("closed", SECOND * 60))).await.unwrap();
    clock.advance(SECOND * 20);
    for (store, is_own) in [(&one, true), (&two, false)] {
        let outage = ReportedOutage { reason: "closed".into(), retry_at, is_own };
        assert_eq!(store.outages().await.unwrap(), [(QUEUE.clone(), outage)].into());
    }
    two.report_outage(&QUEUE, Some(("still closed", SECOND))).await.unwrap();
    assert!(!one.outages().await.unwrap()[&*QUEUE].is_own);
    two.report_outage(&QUEUE, None).await.unwrap();
    assert_eq!(one.outages().await.unwrap(), [].into());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_status_page_is_polled_by_one_gateway_and_shown_by_all() {
    let clock = TestClock::new();
    let gateways = gateways_with(clock.clone()).await;
    let claim = |store: PostgresStore, _| async move {
        store.claim_status_poll(&ACME, "https://status.example", SECOND * 60).await.unwrap()
    };
    let claims = async || at_once(&gateways, 10, claim).await.into_iter().filter(|is_claimed| *is_claimed).count();
    assert_eq!((claims().await, claims().await), (1, 0));
    assert_eq!(gateways[1].recorded_incidents(&ACME, "https://status.example").await.unwrap(), None);
    let incident = Incident {
        id: "1".into(),
        kind: IncidentKind::Incident,
        title: "Slow \0".into(),
        url: String::new(),
        started_at: None,
        affected: 0,
    };
    gateways[0].record_incidents(&ACME, "https://status.example", std::slice::from_ref(&incident)).await.unwrap();
    clock.advance(SECOND * 60);
    let recorded = gateways[1].recorded_incidents(&ACME, "https://status.example").await.unwrap();
    assert_eq!(recorded, Some((vec![incident], SECOND * 60)));
    assert_eq!(gateways[1].recorded_incidents(&ACME, "https://other.example").await.unwrap(), None);
    assert_eq!(claims().await, 1);
}

#[tokio::test]
async fn a_clock_that_was_set_back_stops_no_requests() {
    let clock = TestClock::new();
    let [one, two] = gateways_with(clock.clone()).await;
    clock.advance(SECOND * 7_200);
    change(&one, ACCOUNT, PaceChange::Pause(SECOND * 30)).await.unwrap();
    clock.advance(SECOND * 30);
    while change(&one, ACCOUNT, PaceChange::Take).await.is_ok() {}
    assert!(one.claim_status_poll(&ACME, "https://status.example", SECOND * 60).await.unwrap());
    clock.set(store_conformance::support::NOW);
    assert!(change(&two, ACCOUNT, PaceChange::Take).await.is_err());
    clock.advance(SECOND * 2);
    assert_eq!(change(&two, ACCOUNT, PaceChange::Take).await, Ok(()));
    assert!(two.claim_status_poll(&ACME, "https://status.example", SECOND * 60).await.unwrap());
}
