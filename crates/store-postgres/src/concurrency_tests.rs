//! Several gateways on one database. Each test has two stores with connections of their own.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use sqlx::{Connection, PgConnection, Row, query, query_scalar};

use store_conformance::support::{LEASE, NOW, QUEUE, new_message, quota, submission_key, ticket};

use super::tests::stores;
use super::*;
use deskbell_core::ids::{IdempotencyKey, TicketId};
use deskbell_core::ports::{
    AccessLinks, Activity, ActivityKind, Change, ChangeOutcome, Conversations, CurrentTicket, DeliveryKind,
    DeliveryOutcome, DeliveryState, DueDelivery, ExternalTicketRef, ExternalTickets, LinkTerms, MailLimits, MessageKey,
    NewAccessLink, NewDelivery, Queue, SubmissionExtras, SubmissionOutcome, SubmissionQuota, Tickets, Usage,
};
use deskbell_core::rules::address::mailbox;
use deskbell_core::timestamp::Timestamp;
use domain::conversation::Author;
use domain::ticket::Status;

/// How often something is polled for at most, every [`PAUSE`].
const POLLS: u32 = 500;
const PAUSE: Duration = Duration::from_millis(20);

fn to_desk(kind: DeliveryKind) -> Vec<NewDelivery> {
    vec![NewDelivery { destination: "desk".into(), kind }]
}

fn queued() -> SubmissionExtras {
    SubmissionExtras { deliveries: to_desk(DeliveryKind::Ticket), ..SubmissionExtras::default() }
}

fn delivered() -> DeliveryOutcome {
    DeliveryOutcome::Delivered { external_id: "1".into(), external: None, reason: String::new() }
}

async fn submit(store: &PostgresStore, id: &str) {
    let outcome = store.submit(&ticket(id, &format!("DB-{id}"), NOW), &submission_key(id), queued()).await.unwrap();
    assert_eq!(outcome, SubmissionOutcome::Stored);
}

async fn write_message(store: &PostgresStore, id: &str, body: &str, deliveries: Vec<NewDelivery>) -> ChangeOutcome {
    let decide = |current: &CurrentTicket| {
        let message = Some(new_message(Author::Customer, body));
        Change { message, deliveries: deliveries.clone(), ..current.unchanged() }.into()
    };
    store.change(&TicketId::new(id), None, &decide).await.unwrap()
}

async fn claim(store: &PostgresStore, limit: u32) -> Vec<DueDelivery> {
    store.claim_deliveries(&QUEUE, LEASE, &[], limit).await.unwrap()
}

async fn record(store: &PostgresStore, due: &[DueDelivery]) {
    let outcome = delivered();
    let attempts: Vec<_> = due.iter().map(|due| (due, &outcome)).collect();
    assert!(store.record_attempts(&attempts).await.unwrap().is_empty());
}

/// Waits until a number of connections to the database wait for locks.
async fn until_waiting(store: &PostgresStore, count: i64) {
    for _ in 0..POLLS {
        let waiting = query_scalar::<_, i64>(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
        );
        if waiting.fetch_one(&store.pool).await.unwrap() == count {
            return;
        }
        tokio::time::sleep(PAUSE).await;
    }
    panic!("nothing waits for a lock");
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_of_several_gateways_claim_every_delivery_once_and_in_order() {
    let stores = stores().await;
    let tickets: Vec<String> = (0..40).map(|number| format!("{number:02}")).collect();
    for id in &tickets {
        submit(&stores[0], id).await;
        write_message(&stores[1], id, "And this", to_desk(DeliveryKind::Message)).await;
    }
    let workers = (0..16).map(|number| {
        let store = stores[number % 2].clone();
        tokio::spawn(async move {
            let mut claimed = Vec::new();
            for _ in 0..POLLS {
                let due = claim(&store, 3).await;
                record(&store, &due).await;
                claimed.extend(due.into_iter().map(|due| (due.delivery.id, due.delivery.attempts)));
                if store.queues().await.unwrap().is_empty() {
                    return claimed;
                }
            }
            panic!("the queue stands still");
        })
    });
    let mut claimed = Vec::new();
    for worker in workers.collect::<Vec<_>>() {
        claimed.extend(worker.await.unwrap());
    }
    assert_eq!(claimed.len(), 80);
    assert_eq!(claimed.iter().map(|(id, _)| id).collect::<BTreeSet<_>>().len(), 80, "each was claimed once");
    assert!(claimed.iter().all(|(_, attempts)| *attempts == 1));
    for id in &tickets {
        let deliveries = stores[0].deliveries(&TicketId::new(id)).await.unwrap();
        assert!(deliveries.iter().all(|one| one.state == DeliveryState::Delivered));
        assert!(deliveries[0].settled_at <= deliveries[1].settled_at, "in the order of the conversation");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_queued_while_its_predecessor_is_recorded_is_claimed() {
    let [one, other] = stores().await;
    submit(&one, "1").await;
    for round in 0..60 {
        let due = claim(&one, 1).await;
        assert_eq!(due.len(), 1, "round {round}");
        let body = format!("Message {round}");
        tokio::join!(record(&one, &due), write_message(&other, "1", &body, to_desk(DeliveryKind::Message)));
        let heads: Vec<String> =
            query_scalar("SELECT state FROM deliveries WHERE is_head").fetch_all(&one.pool).await.unwrap();
        assert_eq!(heads, ["waiting"], "round {round}");
    }
}

/// The head of a queue is right whatever statements change it, in whichever order they commit.
#[tokio::test(flavor = "multi_thread")]
async fn the_head_of_a_queue_does_not_depend_on_who_commits_first() {
    let deliver = "UPDATE deliveries SET state = 'delivered' WHERE number = 0";
    let remove = "DELETE FROM deliveries WHERE number = 0";
    let insert = "INSERT INTO deliveries (site, destination, ticket, kind, number, created_at, due_at)
        VALUES ('acme', 'desk', '1', 'message', 1, now(), now())";
    for (first, second) in [(deliver, insert), (insert, deliver), (remove, insert), (insert, remove)] {
        let [one, other] = stores().await;
        submit(&one, "1").await;
        let mut transaction = one.begin().await.unwrap();
        query(first).execute(&mut *transaction).await.unwrap();
        let second_store = other.clone();
        let waiting = tokio::spawn(async move { query(second).execute(&second_store.pool).await.unwrap() });
        until_waiting(&other, 1).await;
        transaction.commit().await.unwrap();
        waiting.await.unwrap();
        let heads: Vec<i64> =
            query_scalar("SELECT number FROM deliveries WHERE is_head").fetch_all(&one.pool).await.unwrap();
        assert_eq!(heads, [1], "{first}; {second}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_for_a_link_whose_ticket_is_erased_meanwhile_is_dropped() {
    let [one, other] = stores().await;
    let address = "ada@example.com";
    let extras = SubmissionExtras { unconfirmed: Some(address.into()), ..SubmissionExtras::default() };
    one.submit(&ticket("1", "DB-1", NOW), &submission_key("1"), extras).await.unwrap();
    let request = NewAccessLink {
        site: "acme".into(),
        address: address.into(),
        mailbox: mailbox(address),
        language: "en".into(),
        quota: quota(address),
        life: LEASE,
        queue_max: 10,
    };
    one.request_access_link(&request).await.unwrap();
    let mut erasure = one.begin().await.unwrap();
    query("DELETE FROM tickets WHERE id = '1'").execute(&mut *erasure).await.unwrap();
    let claim = tokio::spawn(async move {
        let terms = LinkTerms { token_hash: [1; 32], life: LEASE, limits: MailLimits::default() };
        let claimed = other.claim_access_link(&"acme".into(), LEASE, &terms).await.unwrap();
        (claimed, other.next_access_link(&"acme".into()).await.unwrap())
    });
    until_waiting(&one, 1).await;
    erasure.commit().await.unwrap();
    assert_eq!(claim.await.unwrap(), (None, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_many_submit_at_once_is_stored_once() {
    let stores = stores().await;
    let submissions = (0..20).map(|number| {
        let store = stores[number % 2].clone();
        tokio::spawn(async move {
            let new = ticket(&format!("{number}"), &format!("DB-{number}"), NOW);
            store.submit(&new, &submission_key("k"), queued()).await.unwrap()
        })
    });
    let mut outcomes = Vec::new();
    for submission in submissions.collect::<Vec<_>>() {
        outcomes.push(submission.await.unwrap());
    }
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == SubmissionOutcome::Stored).count(), 1);
    let stored = stores[0].submission(&"acme".into(), &"k".into()).await.unwrap().unwrap();
    let repeated = SubmissionOutcome::KeyTaken(Box::new(stored));
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == repeated).count(), 19);
    for table in ["tickets", "ticket_bodies", "submission_keys", "deliveries"] {
        assert_eq!(rows_in(&stores[0], table).await, 1, "{table}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reference_that_many_submit_at_once_is_stored_once() {
    let stores = stores().await;
    let submissions = (0..20).map(|number| {
        let store = stores[number % 2].clone();
        tokio::spawn(async move {
            let id = number.to_string();
            store.submit(&ticket(&id, "DB-1", NOW), &submission_key(&id), queued()).await.unwrap()
        })
    });
    let mut outcomes = Vec::new();
    for submission in submissions.collect::<Vec<_>>() {
        outcomes.push(submission.await.unwrap());
    }
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == SubmissionOutcome::Stored).count(), 1);
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == SubmissionOutcome::ReferenceTaken).count(), 19);
    assert_eq!(rows_in(&stores[0], "submission_keys").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daily_quota_holds_for_tickets_that_arrive_at_once() {
    let stores = stores().await;
    let quota = SubmissionQuota {
        day: "2026-01-02".into(),
        networks: vec![([2; 32], Usage { bytes: 1000, files: 20 }), ([1; 32], Usage { bytes: 1000, files: 5 })],
        bytes: 10,
        per_site: Usage { bytes: 1000, files: 20 },
    };
    let submissions = (0..20).map(|number| {
        let (store, quota) = (stores[number % 2].clone(), Some(quota.clone()));
        tokio::spawn(async move {
            let id = number.to_string();
            let new = ticket(&id, &format!("DB-{id}"), NOW);
            store.submit(&new, &submission_key(&id), SubmissionExtras { quota, ..queued() }).await.unwrap()
        })
    });
    let mut stored = 0;
    for submission in submissions.collect::<Vec<_>>() {
        match submission.await.unwrap() {
            SubmissionOutcome::Stored => stored += 1,
            SubmissionOutcome::OverQuota(exceeded) => assert_eq!(exceeded.limit.files, 5),
            outcome => panic!("{outcome:?}"),
        }
    }
    assert_eq!((stored, rows_in(&stores[0], "tickets").await), (5, 5));
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_of_a_ticket_take_turns() {
    let stores = stores().await;
    submit(&stores[0], "1").await;
    let writers = (0..10).map(|number| {
        let store = stores[number % 2].clone();
        tokio::spawn(async move {
            for round in 0..5 {
                let decide = |current: &CurrentTicket| {
                    let activity = Activity {
                        actor: format!("{number}"),
                        kind: ActivityKind::Noted,
                        text: current.last_message.to_string(),
                        at: current.now,
                    };
                    let message = Some(new_message(Author::Customer, &format!("{number} {round}")));
                    Change { message, activity: Some(activity), ..current.unchanged() }.into()
                };
                let outcome = store.change(&"1".into(), None, &decide).await.unwrap();
                assert!(matches!(outcome, ChangeOutcome::Written(..)), "{outcome:?}");
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    let numbers: Vec<u32> =
        stores[0].messages(&"1".into(), 0).await.unwrap().iter().map(|message| message.number).collect();
    assert_eq!(numbers, Vec::from_iter(1..=50));
    let noted: Vec<String> =
        stores[1].activities(&"1".into()).await.unwrap().into_iter().map(|activity| activity.text).collect();
    assert_eq!(noted, (0..50).map(|number| number.to_string()).collect::<Vec<_>>(), "each saw the one before");
    let count = query_scalar::<_, i64>("SELECT customer_messages FROM tickets").fetch_one(&stores[0].pool).await;
    assert_eq!(count.unwrap(), 50);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_many_send_at_once_under_one_key_is_stored_once() {
    let stores = stores().await;
    submit(&stores[0], "1").await;
    let writers = (0..12).map(|number| {
        let store = stores[number % 2].clone();
        tokio::spawn(async move {
            let key = IdempotencyKey::new("m");
            let key = MessageKey { key: &key, body_hash: [1; 32] };
            let decide = |current: &CurrentTicket| {
                Change { message: Some(new_message(Author::Customer, "Once")), ..current.unchanged() }.into()
            };
            store.change(&"1".into(), Some(key), &decide).await.unwrap()
        })
    });
    let mut written = 0;
    for writer in writers.collect::<Vec<_>>() {
        match writer.await.unwrap() {
            ChangeOutcome::Written(..) => written += 1,
            ChangeOutcome::Repeated(message) => assert_eq!(message.number, 1),
            outcome => panic!("{outcome:?}"),
        }
    }
    assert_eq!((written, stores[0].messages(&"1".into(), 0).await.unwrap().len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_external_ticket_that_several_gateways_find_is_adopted_once() {
    let stores = stores().await;
    let external = ExternalTicketRef { external_id: "35".into(), requester: "7".into(), merged_after: None };
    let adoptions = (0..12).map(|number| {
        let (store, external) = (stores[number % 2].clone(), external.clone());
        tokio::spawn(async move {
            let new = ticket(&format!("{number}"), &format!("DB-{number}"), NOW);
            store.adopt(&new, &"desk".into(), &external).await.unwrap()
        })
    });
    let mut adopted = 0;
    for adoption in adoptions.collect::<Vec<_>>() {
        adopted += u32::from(adoption.await.unwrap());
    }
    assert_eq!((adopted, rows_in(&stores[0], "tickets").await), (1, 1));
    assert!(stores[1].knows_external_ticket(&"acme".into(), &"desk".into(), &"35".into()).await.unwrap());
}

/// A change that cancels a delivery, and a transaction that has locked the delivery and then wants the ticket.
#[tokio::test(flavor = "multi_thread")]
async fn a_deadlock_is_resolved_by_repeating_the_change() {
    let [one, other] = stores().await;
    submit(&one, "1").await;
    let set = async |store: PostgresStore, status: Status, kind: DeliveryKind| {
        let calls = AtomicU32::new(0);
        let decide = |current: &CurrentTicket| {
            calls.fetch_add(1, Ordering::SeqCst);
            let mut change = Change { deliveries: to_desk(kind), ..current.unchanged() };
            change.ticket.status = status;
            change.into()
        };
        let outcome = store.change(&"1".into(), None, &decide).await.unwrap();
        assert!(matches!(outcome, ChangeOutcome::Written(..)));
        calls.into_inner()
    };
    assert_eq!(set(one.clone(), Status::Solved, DeliveryKind::Solved).await, 1);
    // A connection that leaves it to the other side to find the deadlock.
    let mut blocker = PgConnection::connect_with(&one.pool.connect_options()).await.unwrap();
    query("SET deadlock_timeout = '60s'").execute(&mut blocker).await.unwrap();
    let mut transaction = blocker.begin().await.unwrap();
    query("SELECT 1 FROM deliveries WHERE kind = 'solved' FOR UPDATE").execute(&mut *transaction).await.unwrap();
    let change = tokio::spawn(set(other.clone(), Status::Open, DeliveryKind::Reopened));
    until_waiting(&one, 1).await;
    query("SELECT 1 FROM tickets FOR UPDATE").execute(&mut *transaction).await.unwrap();
    transaction.rollback().await.unwrap();
    assert_eq!(change.await.unwrap(), 2, "it was decided again");
    let kinds: Vec<DeliveryKind> =
        one.deliveries(&"1".into()).await.unwrap().into_iter().map(|delivery| delivery.kind).collect();
    assert_eq!(kinds, [DeliveryKind::Ticket], "solved and reopened have cancelled each other");
}

/// A delivery that is claimed while a change is about to cancel it may have arrived.
#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_is_being_claimed_is_not_cancelled() {
    let [one, other] = stores().await;
    submit(&one, "1").await;
    record(&one, &claim(&one, 1).await).await;
    let set = async |store: PostgresStore, status: Status, kind: DeliveryKind| {
        let decide = |current: &CurrentTicket| {
            let mut change = Change { deliveries: to_desk(kind), ..current.unchanged() };
            change.ticket.status = status;
            change.into()
        };
        store.change(&"1".into(), None, &decide).await.unwrap()
    };
    set(one.clone(), Status::Solved, DeliveryKind::Solved).await;
    // As a claim does it, up to its commit.
    let mut claiming = one.begin().await.unwrap();
    query("UPDATE deliveries SET attempts = 1, claim = 't' WHERE kind = 'solved'")
        .execute(&mut *claiming)
        .await
        .unwrap();
    let change = tokio::spawn(set(other.clone(), Status::Open, DeliveryKind::Reopened));
    until_waiting(&one, 1).await;
    claiming.commit().await.unwrap();
    change.await.unwrap();
    let kinds: Vec<DeliveryKind> =
        one.deliveries(&"1".into()).await.unwrap().into_iter().map(|delivery| delivery.kind).collect();
    assert_eq!(kinds, [DeliveryKind::Ticket, DeliveryKind::Solved, DeliveryKind::Reopened]);
}

#[tokio::test(flavor = "multi_thread")]
async fn claims_do_not_wait_for_changes_of_a_ticket() {
    let [one, other] = stores().await;
    submit(&one, "1").await;
    submit(&one, "2").await;
    let mut changing = one.begin().await.unwrap();
    query("SELECT 1 FROM tickets WHERE id = '1' FOR NO KEY UPDATE").execute(&mut *changing).await.unwrap();
    let mut claiming = one.begin().await.unwrap();
    query("SELECT 1 FROM deliveries WHERE ticket = '2' FOR UPDATE").execute(&mut *claiming).await.unwrap();
    let due = claim(&other, 6).await;
    assert_eq!(due.iter().map(|due| due.ticket.id.as_str()).collect::<Vec<_>>(), ["1"]);
}

async fn rows_in(store: &PostgresStore, table: &str) -> i64 {
    let count = format!("SELECT count(*) FROM {table}");
    query(sqlx::AssertSqlSafe(count)).fetch_one(&store.pool).await.unwrap().get(0)
}

#[tokio::test]
async fn leases_begin_by_the_clock_of_the_database() {
    let [one, _] = stores().await;
    submit(&one, "1").await;
    let before: Timestamp = one.clock.now(&mut one.acquire().await.unwrap()).await.unwrap();
    assert_eq!(claim(&one, 1).await.len(), 1);
    let left = one.next_delivery(&QUEUE, &[]).await.unwrap().unwrap();
    let after = one.clock.now(&mut one.acquire().await.unwrap()).await.unwrap();
    assert!(left <= LEASE && left + after.since(before) >= LEASE, "{left:?}");
}
