//! How soon a gateway with many sites and questions is ready, and how long the first search of a site takes.

use std::fmt::Write;
use std::time::{Duration, Instant};

use deskbell_core::ids::SiteKey;
use deskbell_core::ports::{NewQuestion, Questions, Store};
use reqwest::Method;
use sha2::{Digest, Sha256};
use store_sqlite::SqliteStore;
use tokio::task::JoinSet;

use super::client::{Caller, SECRET};
use super::gateway::{Gateway, NO_LIMITS};
use super::made::{Random, SEED, Words};
use super::{Outcome, millis, share};

/// The longest time until the gateway is ready.
const READY_MAX: Duration = Duration::from_secs(5);
/// How many questions one transaction writes.
const BATCH: usize = 5_000;
/// How many sites are searched at once.
const SEARCHED: usize = 20;

/// Prints the times with this many sites, which share the questions evenly.
pub async fn print(sites: usize, questions: usize, faults: &mut Vec<String>) -> Outcome {
    let folder = tempfile::tempdir()?;
    let store = SqliteStore::open(&folder.path().join("load.db")).await?;
    let (words, mut random) = (Words::of_the_demo()?, Random(SEED));
    let filling = Instant::now();
    for site in 0..sites {
        let key = SiteKey::new(format!("site-{site}"));
        let mut left = questions / sites;
        while left > 0 {
            let batch = (0..left.min(BATCH)).map(|number| {
                let question = words.question(left - number, &mut random);
                let json = serde_json::to_string(&question)?;
                Ok(NewQuestion { id: question.id, hash: Sha256::digest(&json).into(), json })
            });
            let batch = batch.collect::<Result<Vec<_>, serde_json::Error>>()?;
            left -= batch.len();
            store.write_questions(&key, "made", &batch).await?;
        }
        store.finish_import(&key, "made").await?;
    }
    store.close().await;
    println!("\n{sites} sites with {questions} questions, written in {:.0} s", filling.elapsed().as_secs_f64());

    let mut tables = String::new();
    for site in 0..sites {
        write!(
            tables,
            "\n[sites.site-{site}]\norigins = [\"https://site-{site}.example\"]\n\
             [[sites.site-{site}.signers]]\nalgorithm = \"HS256\"\nsecret = \"{SECRET}\"\n\
             [sites.site-{site}.mail]\nfrom = \"help@site-{site}.example\"\nsmtp = \"smtps://user:secret@mail.example.com\"\n\
             [sites.site-{site}.destinations.own]\nto = \"webhook\"\nurl = \"https://tickets.site-{site}.example\"\n\
             secret = \"whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\"\n\
             [sites.site-{site}.destinations.desk]\nto = \"webhook\"\nurl = \"https://desk.site-{site}.example\"\n\
             secret = \"whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\"\n"
        )?;
    }
    let start = Instant::now();
    let gateway = Gateway::start(folder.path(), NO_LIMITS, &tables)?;
    let ready = start.elapsed();
    println!("ready after {}, with at most {} MB", millis(ready), gateway.memory()?);
    if ready > READY_MAX {
        faults.push(format!("ready after {}, allowed are {}", millis(ready), millis(READY_MAX)));
    }
    let first = first_search(&gateway.address, 0).await?;
    let mut searches = JoinSet::new();
    for site in 1..=SEARCHED.min(sites - 1) {
        let address = gateway.address.clone();
        searches.spawn(async move { first_search(&address, site).await });
    }
    let mut times = searches.join_all().await.into_iter().collect::<Outcome<Vec<Duration>>>()?;
    times.sort_unstable();
    println!(
        "first search of a site: {}; of {SEARCHED} sites at once: {} to {}; at most {} MB",
        millis(first),
        millis(share(&times, 0.0)),
        millis(share(&times, 1.0)),
        gateway.memory()?
    );
    Ok(())
}

/// How long a site is searched until it answers with hits.
async fn first_search(address: &str, site: usize) -> Outcome<Duration> {
    let (caller, start) = (Caller::new(address, "192.0.2.1"), Instant::now());
    loop {
        let (status, text, _) =
            caller.ask(Method::GET, &format!("/v1/sites/site-{site}/search?q=dashboard"), None).await?;
        if status.is_success() {
            return Ok(start.elapsed());
        }
        if status != 503 {
            return Err(format!("{status}: {text}").into());
        }
    }
}
