//! Lists, searches, tickets and deliveries with many tickets.

use std::path::Path;
use std::time::Duration;

use reqwest::Method;

use super::client::{Caller, INBOX_TOKEN, new_words, ticket};
use super::fill::{Filled, RARE, TOGETHER};
use super::gateway::{Gateway, NO_LIMITS};
use super::{Outcome, fill, row};

/// How often each request is made.
const TIMES: usize = 200;
/// The largest allowed peak memory of the gateway, in MB.
const MEMORY_MAX: u64 = 300;

/// The times of each request, always in the same order.
pub type Times = Vec<(String, Vec<Duration>)>;

/// Prints the time of each request with this many tickets, which are created first unless a folder has them already.
pub async fn print(count: usize, filled_folder: Option<&Path>, faults: &mut Vec<String>) -> Outcome<Times> {
    let temporary = tempfile::tempdir()?;
    let folder = filled_folder.unwrap_or(temporary.path());
    let (database, filled) = (fill::fill(folder, count).await?, Filled::default());
    println!("{count:>9}  database {} MB", std::fs::metadata(&database)?.len() / 1_000_000);
    let gateway = Gateway::start(folder, NO_LIMITS, "")?;
    let person = Caller::new(&gateway.address, "192.0.2.1").signed(&filled.person);
    // The inbox limits the requests of an address per minute.
    let agent = |number: usize| {
        let caller = Caller::new(&gateway.address, &format!("192.0.2.{}", number + 2));
        caller.with("authorization", format!("Bearer {INBOX_TOKEN}"))
    };
    let mut all = Vec::new();
    for (number, (name, path)) in pages(&agent(0), &filled).await?.into_iter().enumerate() {
        let list_times = times(&agent(number), &path).await?;
        row(count, &name, list_times.clone());
        all.push((name, list_times));
    }
    let list_times = times(&person, "/v1/sites/acme/tickets").await?;
    row(count, "a customer's tickets", list_times.clone());
    all.push(("a customer's tickets".into(), list_times));
    row(count, "taking a ticket", take(&person, "taken", &|number| format!("The export stops at row {number}")).await?);
    row(count, "taking a ticket of 700 new words", take(&person, "long", &new_words).await?);
    let memory = gateway.memory()?;
    println!("{count:>9}  memory {memory} MB");
    if memory > MEMORY_MAX {
        faults.push(format!("memory with {count} tickets: {memory} MB, allowed are {MEMORY_MAX}"));
    }
    drop(gateway);
    row(count, "claiming deliveries, six at a time", fill::claim(&database, TIMES).await?);
    Ok(all)
}

/// The pages that agents request, with their names.
async fn pages(agent: &Caller, filled: &Filled) -> Outcome<Vec<(String, String)>> {
    let (common, reference) = (filled.common.as_str(), filled.reference.as_str());
    let [one, other] = TOGETHER;
    let search = |words: &str| format!("/inbox?q={}", words.replace(' ', "+"));
    let mut pages: Vec<(String, String)> = [
        ("inbox, first page", "/inbox".to_string()),
        ("inbox, all, first page", "/inbox?status=all".into()),
        ("inbox, a site and a person", "/inbox?site=acme&assignee=Ana".into()),
        ("inbox, a site and an owner", "/inbox?site=acme&owner=cs".into()),
        ("inbox, a ticket", format!("/inbox/tickets/{reference}")),
        ("inbox, search: a word of few", search(RARE)),
        ("inbox, search: a word of most", search(common)),
        ("inbox, search: both", search(&format!("{common} {RARE}"))),
        ("inbox, search: half a word", search(RARE.get(..5).unwrap_or(RARE))),
        ("inbox, search: two letters", search("da")),
        ("inbox, search: one letter and a word", search(&format!("{common} d"))),
        ("inbox, search: words seldom together", search(&format!("{one} {other} customer"))),
        ("inbox, search: words never together", search(&format!("{one} {other} {RARE}"))),
        ("inbox, search: eight common words", search("export stops where page error customer dashboards example")),
        ("inbox, search: a site's, open", format!("/inbox?q={common}&site=other&status=open")),
        ("inbox, search: a word of one in forty", search(one)),
        ("inbox, search: a reference", search(reference)),
    ]
    .map(|(name, path)| (name.to_string(), path))
    .into();
    for (name, first) in
        [("inbox, tenth page", "/inbox?status=all".to_string()), ("inbox, search: tenth page", search(common))]
    {
        pages.push((name.into(), tenth(agent, first).await?));
    }
    Ok(pages)
}

/// The address of the tenth page, or of the last one, after a first one.
async fn tenth(agent: &Caller, first: String) -> Outcome<String> {
    let mut path = first;
    for _ in 0..9 {
        let (_, text, _) = agent.ask(Method::GET, &path, None).await?;
        let next = text
            .split("href=\"")
            .filter_map(|rest| rest.split_once('"'))
            .find(|(_, rest)| rest.starts_with(">Next page"));
        let Some((next, _)) = next else { break };
        path = next.replace("&amp;", "&");
    }
    Ok(path)
}

async fn times(caller: &Caller, path: &str) -> Outcome<Vec<Duration>> {
    let mut times = Vec::new();
    for _ in 0..TIMES {
        let (status, text, time) = caller.ask(Method::GET, path, None).await?;
        if !status.is_success() && !status.is_redirection() {
            return Err(format!("{path}: {status}: {text}").into());
        }
        times.push(time);
    }
    Ok(times)
}

async fn take(caller: &Caller, name: &str, message: &dyn Fn(usize) -> String) -> Outcome<Vec<Duration>> {
    let mut times = Vec::new();
    let run = jiff::Timestamp::now().as_millisecond();
    for number in 0..TIMES {
        let caller = caller.with("idempotency-key", format!("{name}-{run}-{number}"));
        let body = ticket(&message(number));
        let (status, text, time) = caller.ask(Method::POST, "/v1/sites/acme/tickets", Some(body)).await?;
        if !status.is_success() {
            return Err(format!("a ticket: {status}: {text}").into());
        }
        times.push(time);
    }
    Ok(times)
}
