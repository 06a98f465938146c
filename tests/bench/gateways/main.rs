//! Three gateways on one PostgreSQL behind a proxy, while everything fails: `make bench-gateways`.
//!
//! `TICKETS` (5000) is how many customers send, with replies and answers. `SEED` (1) decides what fails and when. Gateways are killed and paused, their
//! clocks are wrong, and the database is paused and crashes. When everything is delivered, each message has to be where it belongs, once and in order;
//! mails and webhooks may be repeated once for each crash meanwhile. The process exits with 1 and says what is wrong.

mod book;
mod check;
mod client;
mod database;
mod failures;
mod gateways;
mod hasty;
mod mails;
mod people;
mod plan;
mod proxy;
mod random;
mod streams;
mod webhooks;
mod zendesk;

use std::env;
use std::error::Error;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::try_join_all;
use gateway::config::new_personal_token;
use test_postgres::Server;
use tokio::time::{Instant, sleep};

use book::Book;
use client::{SECRET, Sender};
use failures::{Failures, System, fail};
use gateways::Gateway;
use people::People;
use plan::{Failure, Step, plan};
use proxy::Targets;
use random::Random;
use zendesk::Zendesk;

const TICKETS: usize = 5_000;
const GATEWAYS: usize = 3;
/// How many tickets a customer sends.
const OF_A_PERSON: usize = 10;
/// How many customers watch a stream.
const WATCHERS: usize = 12;
/// For how many tickets the plan has one more round.
const TICKETS_OF_A_ROUND: usize = 2_500;
/// How long deliveries and mails may take after everybody has got an answer.
const SETTLE_MAX: Duration = Duration::from_secs(1_800);
/// How many faults of each kind are printed.
const PRINTED: usize = 10;

type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

#[tokio::main]
async fn main() -> Outcome {
    // The HTTP client needs a provider, though nothing here is encrypted. It is no error if one is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (tickets, seed) = (number("TICKETS", TICKETS)?, number("SEED", 1)?);
    let folder = tempfile::Builder::new().prefix("gateways").tempdir()?;
    let faults = run(tickets, seed as u64, folder.path()).await?;
    for fault in &faults {
        println!("WRONG: {fault}");
    }
    if faults.is_empty() {
        println!("Everything is where it belongs.");
        return Ok(());
    }
    println!("The logs of the gateways are in {}.", folder.keep().display());
    Err(format!("{} things are wrong", faults.len()).into())
}

async fn run(tickets: usize, seed: u64, folder: &Path) -> Outcome<Vec<String>> {
    let mut random = Random(seed);
    let steps = plan(&mut random, tickets.div_ceil(TICKETS_OF_A_ROUND).max(1));
    let database = Arc::new(tokio::task::spawn_blocking(Server::start).await?);
    let url = database.create_database();
    let zendesk = Zendesk::start().await?;
    let (mails, smtp) = mails::start().await?;
    let (webhooks, receiver) = webhooks::start().await?;
    let targets = Arc::new(Targets::default());
    let (agent_token, digest) = new_personal_token()?;
    let configuration = configuration(&url, folder, &digest, &zendesk.url, &smtp, &receiver);
    let gateways = (0..GATEWAYS).map(|number| Gateway::new(number, folder, &configuration, targets.clone()));
    let gateways = gateways.collect::<Outcome<Vec<_>>>()?;
    // The first creates the tables, and the others wait for it.
    try_join_all(gateways.iter().map(Gateway::start)).await?;
    if !gateways.iter().all(Gateway::has_shiftable_clock) {
        println!("SKIPPED: wrong clocks; libfaketime is not installed (sudo apt-get install faketime)");
    }
    let proxy = proxy::start(targets).await?;
    let people = People {
        sender: Sender::new(&proxy, &agent_token)?,
        book: Book::default(),
        times: Arc::default(),
        faults: Arc::default(),
    };
    let persons = (tickets / OF_A_PERSON).max(WATCHERS);
    let watched: Vec<_> = (0..WATCHERS).map(|person| streams::watch(people.sender.clone(), person)).collect();

    let lasts: Duration = steps.iter().map(Step::lasts).sum();
    println!(
        "{tickets} tickets of {persons} customers to {GATEWAYS} gateways, {} failures in {} s, seed {seed}",
        steps.iter().map(|step| step.failures.len()).sum::<usize>(),
        lasts.as_secs()
    );
    let system = System { gateways, database, begin: Instant::now() };
    let (failures, is_over) = (Failures::default(), Arc::new(AtomicBool::new(false)));
    let hasty = tokio::spawn(hasty::reply(people.clone(), tickets, persons, is_over.clone()));
    let (failed, ()) =
        tokio::join!(fail(&system, &steps, &failures), people.work(tickets, persons, lasts.mul_f64(0.9), &mut random));
    failed?;
    is_over.store(true, Ordering::Relaxed);
    let accepted = hasty.await??;
    let worked = system.begin.elapsed();
    let mut faults = take(&people.faults);
    settle(&url, &mut faults).await?;
    println!(
        "{} s until the last answer, {} s until everything was delivered",
        worked.as_secs(),
        system.begin.elapsed().as_secs()
    );
    // The last events of streams, and what should not be sent once more.
    sleep(Duration::from_secs(5)).await;

    let tickets = people.book.tickets().clone();
    let all = failures.all();
    let state = zendesk.state().await?;
    add(&mut faults, check::stored(&database::messages(&url).await?, &tickets));
    add(&mut faults, check::at_zendesk(&state, &tickets));
    let (repeated_mails, wrong) = check::mails(&mails.lock().unwrap_or_else(PoisonError::into_inner), &tickets, &all);
    add(&mut faults, wrong);
    let (events, refused) = {
        let received = webhooks.lock().unwrap_or_else(PoisonError::into_inner);
        (received.events.clone(), received.refused)
    };
    let (repeated_webhooks, wrong) = check::webhooks(&events, &tickets, &all);
    add(&mut faults, wrong);
    if refused > 0 {
        faults.push(format!("webhook: {refused} had an invalid signature or a wrong time"));
    }
    let (mut delays, mut opened) = (check::Delays::default(), 0);
    for (person, seen) in watched.iter().enumerate() {
        let seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        opened += seen.opened;
        add(&mut faults, check::stream(person, &seen, &tickets, &all, &mut delays));
    }
    limits(accepted, &state, &mut faults);
    summary(&all, &people, [repeated_mails, repeated_webhooks], delays, opened);
    Ok(faults)
}

/// Waits until nothing is pending.
async fn settle(url: &str, faults: &mut Vec<String>) -> Outcome {
    let begin = Instant::now();
    loop {
        let pending = database::pending(url).await?;
        if pending.dead_letters > 0 {
            faults.push(format!("{} deliveries became dead letters", pending.dead_letters));
            return Ok(());
        }
        if pending == database::Pending::default() {
            return Ok(());
        }
        if begin.elapsed() > SETTLE_MAX {
            faults.push(format!("still pending after {} s: {pending:?}", begin.elapsed().as_secs()));
            return Ok(());
        }
        sleep(Duration::from_secs(1)).await;
    }
}

/// Checks and prints what all gateways together have accepted and requested.
fn limits(accepted: hasty::Accepted, state: &serde_json::Value, faults: &mut Vec<String>) {
    println!(
        "one hasty customer: {} accepted in {} s, allowed are {}",
        accepted.count,
        accepted.time.as_secs(),
        accepted.allowed()
    );
    if accepted.count > accepted.allowed() {
        faults.push(format!("limits: {} messages of one customer were accepted", accepted.count));
    }
    let count =
        |name: &str| state.pointer(&format!("/counts/{name}")).and_then(serde_json::Value::as_u64).unwrap_or_default();
    let (refused, most) = (count("refused_for_rate"), count("most_in_a_window"));
    println!(
        "Zendesk: {} requests, at most {most} in a minute of {} allowed, {refused} refused",
        count("requests"),
        zendesk::RATE
    );
    if refused > 0 {
        faults.push(format!("limits: Zendesk refused {refused} requests that were too many"));
    }
}

fn summary(all: &[failures::Happened], people: &People, repeated: [usize; 2], delays: check::Delays, opened: usize) {
    let count = |is_one: fn(&Failure) -> bool| all.iter().filter(|one| is_one(&one.failure)).count();
    println!(
        "failures: {} kills, {} pauses, {} wrong clocks, {} pauses and {} crashes of the database",
        count(|one| matches!(one, Failure::Killed(_))),
        count(|one| matches!(one, Failure::Paused(_))),
        count(|one| matches!(one, Failure::ClockShifted(..))),
        count(|one| matches!(one, Failure::DatabasePaused)),
        count(|one| matches!(one, Failure::DatabaseStopped)),
    );
    println!("repeated: {} mails, {} webhooks", repeated[0], repeated[1]);
    println!("{:<34} {:>7} {:>9} {:>9} {:>9} {:>9}", "", "count", "p50", "p95", "p99", "longest");
    let times = std::mem::take(&mut *people.times.lock().unwrap_or_else(PoisonError::into_inner));
    row("acknowledged tickets", times.tickets);
    row("acknowledged replies", times.replies);
    row("acknowledged answers", times.answers);
    row("answers in a stream", delays.whole);
    row("answers in a stream, calm time", delays.calm);
    println!("{opened} streams were opened by {WATCHERS} customers");
    let repeats = people.sender.repeated.lock().unwrap_or_else(PoisonError::into_inner);
    for (reason, count) in repeats.iter() {
        println!("repeated by clients: {count} x {reason}");
    }
}

/// A line with percentiles.
fn row(name: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let share = |share: f64| {
        let index = (times.len().saturating_sub(1) as f64 * share).round() as usize;
        format!("{:.2} s", times.get(index).copied().unwrap_or_default().as_secs_f64())
    };
    let [p50, p95, p99, longest] = [0.5, 0.95, 0.99, 1.0].map(share);
    println!("{name:<34} {:>7} {p50:>9} {p95:>9} {p99:>9} {longest:>9}", times.len());
}

/// Adds the first faults of a kind, and how many more there are.
fn add(faults: &mut Vec<String>, wrong: Vec<String>) {
    let more = wrong.len().saturating_sub(PRINTED);
    faults.extend(wrong.into_iter().take(PRINTED));
    if more > 0 {
        faults.push(format!("and {more} more like the last"));
    }
}

fn take(faults: &Mutex<Vec<String>>) -> Vec<String> {
    let mut all = Vec::new();
    add(&mut all, std::mem::take(&mut *faults.lock().unwrap_or_else(PoisonError::into_inner)));
    all
}

fn number(name: &str, default: usize) -> Outcome<usize> {
    match env::var(name) {
        Ok(text) if !text.is_empty() => text.parse().map_err(|_| format!("{name} is no number: {text}").into()),
        _ => Ok(default),
    }
}

/// The configuration of every gateway. What one customer may send has its default limit; what all may send has none.
fn configuration(url: &str, folder: &Path, digest: &str, zendesk: &str, smtp: &str, receiver: &str) -> String {
    format!(
        "database = \"{url}\"\nattachments = \"{}\"\n\
         [[inbox.agents]]\nid = \"ana\"\nname = \"Ana Lima\"\nrole = \"agent\"\ntoken_sha256 = \"{digest}\"\n\
         [limits]\nsite = 10000000\n\
         [sites.acme]\norigins = [\"*\"]\nplans = {{ enterprise = \"high\" }}\n\
         [[sites.acme.signers]]\nalgorithm = \"HS256\"\nsecret = \"{SECRET}\"\n\
         [sites.acme.mail]\nsmtp = \"smtp://{smtp}\"\nfrom = \"Acme <help@acme.example>\"\n\
         [sites.acme.destinations.desk]\nto = \"zendesk\"\nurl = \"{zendesk}\"\nclient_id = \"deskbell\"\nclient_secret = \"secret\"\n\
         [sites.acme.destinations.own]\nto = \"webhook\"\nurl = \"{receiver}\"\nsecret = \"{}\"\nprivate = true\n",
        folder.join("attachments").display(),
        webhooks::secret()
    )
}
