//! Fills a database with tickets through the store.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use deskbell_core::clock;
use deskbell_core::ids::{QueueName, Reference};
use deskbell_core::ports::{
    DeliveryKind, DeliveryOutcome, NewDelivery, NewMessage, Queue, Store, StoredTicket, SubmissionExtras,
    SubmissionKey, SubmissionOutcome,
};
use domain::conversation::{Author, Turn};
use domain::reference;
use domain::ticket::{NewTicket, Status};
use serde_json::json;
use sqlx::{Connection, SqliteConnection};
use store_sqlite::{CommitLimits, SqliteStore, StoreOptions};
use tokio::task::JoinSet;

use super::Outcome;
use super::made::{Random, SEED, Words};

/// How many tickets are submitted at once, so that they share commits. A commit writes most pages of the index of tokens, however many tickets it has.
const AT_ONCE: usize = 4096;
/// One in this many tickets is open.
const OPEN: usize = 20;
/// How many tickets a customer has.
const OF_A_PERSON: usize = 20;
/// How many deliveries are pending at the end; the others are delivered.
const WAITING: usize = 1_000;
/// A word in one of ten thousand tickets.
pub const RARE: &str = "zanzibar0x";
/// Two words in one of forty tickets each, but never in the same one.
pub const TOGETHER: [&str; 2] = ["ruthenium", "osmium"];
/// One in this many tickets belongs to the second site.
const OTHER_SITE: usize = 25;
static QUEUE: LazyLock<QueueName> = LazyLock::new(|| QueueName { site: "acme".into(), destination: "desk".into() });

const LEASE: Duration = Duration::from_secs(60);

/// What can be requested in a filled database.
pub struct Filled {
    /// A customer with tickets.
    pub person: String,
    /// The reference of a ticket.
    pub reference: String,
    /// A word in nine of ten tickets.
    pub common: String,
}

impl Default for Filled {
    fn default() -> Filled {
        Filled { person: "u-0".into(), reference: name(0), common: "dashboards".into() }
    }
}

/// Fills the file of a folder, unless that has been done, and returns its path. If it was interrupted, it continues.
pub async fn fill(folder: &Path, count: usize) -> Outcome<PathBuf> {
    let (file, is_filled) = (folder.join("load.db"), folder.join("load.db-filled"));
    if is_filled.exists() {
        return Ok(file);
    }
    let start = Instant::now();
    let commit_limits = CommitLimits { tickets: AT_ONCE, tokens: usize::MAX };
    let options = StoreOptions { commit_limits, ..StoreOptions::default() };
    let store = Arc::new(SqliteStore::open_with(&file, options).await?);
    let url = format!("sqlite:{}?mode=ro", file.display());
    let mut connection = SqliteConnection::connect(&url).await?;
    let stored: i64 = sqlx::query_scalar("SELECT count(*) FROM tickets").fetch_one(&mut connection).await?;
    connection.close().await?;
    // Of those that were submitted at once when it was interrupted, any may be missing.
    submit_all(store.clone(), (stored as usize).saturating_sub(2 * AT_ONCE), count).await?;
    deliver(store.as_ref(), (count - count / OTHER_SITE).saturating_sub(WAITING)).await?;
    store.close().await;
    File::create(is_filled)?;
    let size = std::fs::metadata(&file)?.len() / 1_000_000;
    println!("{count:>9}  filled from ticket {stored} in {:.0} s, {size} MB", start.elapsed().as_secs_f64());
    Ok(file)
}

async fn submit_all(store: Arc<SqliteStore>, first: usize, count: usize) -> Outcome {
    let words = Words::of_the_demo()?;
    let mut random = Random(SEED);
    let mut placing = JoinSet::new();
    for number in first..count {
        if placing.len() >= AT_ONCE
            && let Some(placed) = placing.join_next().await
        {
            placed??;
        }
        let (store, ticket) = (store.clone(), made(number, &words, &mut random)?);
        placing.spawn(async move { submit(store.as_ref(), number, &ticket).await });
    }
    while let Some(placed) = placing.join_next().await {
        placed??;
    }
    Ok(())
}

/// Measures how long repeated claims of due deliveries take.
pub async fn claim(path: &Path, times: usize) -> Outcome<Vec<Duration>> {
    let store = SqliteStore::open(path).await?;
    let mut samples = Vec::new();
    for _ in 0..times {
        let start = Instant::now();
        store.claim_deliveries(&QUEUE, LEASE, &[], 6).await?;
        samples.push(start.elapsed());
    }
    store.close().await;
    Ok(samples)
}

async fn submit(store: &dyn Store, number: usize, ticket: &StoredTicket) -> Outcome {
    let answer = (ticket.status == Status::Solved).then(|| NewMessage {
        author: Author::Support,
        name: "Ana".into(),
        body: "Please reload the page; the export goes on from where it stopped.".into(),
        at: ticket.received_at,
        attachments: Vec::new(),
    });
    let deliveries = vec![NewDelivery { destination: QUEUE.destination.clone(), kind: DeliveryKind::Ticket }];
    let submission_key = SubmissionKey { key: format!("filled-{number}").into(), body: [0; 32], session: None };
    match store
        .submit(ticket, &submission_key, SubmissionExtras { answer, deliveries, ..SubmissionExtras::default() })
        .await?
    {
        SubmissionOutcome::Stored | SubmissionOutcome::KeyTaken(_) => Ok(()),
        other => Err(format!("ticket {number} was not kept: {other:?}").into()),
    }
}

/// Marks the oldest deliveries as delivered, in the queue with all but a few.
async fn deliver(store: &dyn Store, count: usize) -> Outcome {
    let mut left = count;
    while left > 0 {
        let due = store.claim_deliveries(&QUEUE, LEASE, &[], left.min(1_000) as u32).await?;
        if due.is_empty() {
            break;
        }
        let done = DeliveryOutcome::Delivered { external_id: "1".into(), external: None, reason: String::new() };
        let attempts: Vec<_> = due.iter().map(|due| (due, &done)).collect();
        store.record_attempts(&attempts).await?;
        left -= due.len();
    }
    Ok(())
}

fn made(number: usize, words: &Words, random: &mut Random) -> Outcome<StoredTicket> {
    let question = words.question(number, random);
    let mut message = format!("{}\n\n{}", question.title, question.body);
    if !number.is_multiple_of(10) {
        message.push_str(" dashboards");
    }
    if number.is_multiple_of(10_000) {
        message.push(' ');
        message.push_str(RARE);
    }
    if number.is_multiple_of(20)
        && let Some(word) = TOGETHER.get(number / 20 % 2)
    {
        message.push(' ');
        message.push_str(word);
    }
    let errors: Vec<_> =
        question.answers.iter().map(|answer| json!({"name": "Error", "message": answer.body})).collect();
    let person = number / OF_A_PERSON;
    let new: NewTicket = serde_json::from_value(json!({
        "kind": "bug", "severity": "high", "topic": "exports", "message": message,
        "contact": {"name": format!("Customer {person}"), "email": format!("customer{person}@example.com")},
        "context": {
            "version": 1,
            "page": {"url": "https://app.acme.example/exports/7"},
            "user": {"id": format!("u-{person}"), "name": format!("Customer {person}"), "plan": "enterprise"},
            "errors": errors,
        },
        "client": {"name": "bench", "version": "1"},
    }))?;
    let received = clock::now() - Duration::from_secs((number % 500_000) as u64 + 60);
    let site = if number % OTHER_SITE == OTHER_SITE - 1 { "other" } else { "acme" };
    let mut ticket = StoredTicket::new(site.into(), Reference::new(name(number)), new, received);
    ticket.person = Some(format!("u-{person}").into());
    ticket.handling.assignee = if number.is_multiple_of(100) { "Ana".into() } else { String::new() };
    if !number.is_multiple_of(OPEN) {
        (ticket.status, ticket.handling.turn, ticket.handling.answered_at) =
            (Status::Solved, Turn::Customer, Some(received));
    } else if number.is_multiple_of(2 * OPEN) {
        ticket.due_at = Some(clock::now() + Duration::from_secs(60 * (number % 1_000) as u64));
    }
    Ok(ticket)
}

fn name(number: usize) -> String {
    reference::from_random(number as u64, 5)
}
