//! Tickets, lists and searches on both stores, with one gateway and with several.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use reqwest::Method;
use test_postgres::Server;
use tokio::task::JoinSet;

use super::client::{Caller, INBOX_TOKEN, ticket};
use super::fill::{self, Filled};
use super::gateway::{Database, Gateway, NO_LIMITS, deskbell, peak_memory};
use super::{Outcome, millis, share};

/// How many connections send tickets, and how many agents read.
const SENDERS: usize = 64;
const READERS: usize = 16;
/// How long each is measured, after a time for caches and connections.
const MEASURED: Duration = Duration::from_secs(20);
const WARM_UP: Duration = Duration::from_secs(3);
/// A server with the guarantees and the memory of a small production server.
const SETTINGS: &str = "fsync = on\nshared_buffers = 1GB\nmax_wal_size = 4GB\nwork_mem = 16MB\n";

/// What is measured.
#[derive(Clone, Copy)]
enum Work {
    Tickets,
    List,
    Search,
}

/// Prints the figures of a store that is filled first, for each number of gateways.
pub async fn print(store: &str, count: usize, gateways: &[usize], filled_folder: Option<&Path>) -> Outcome {
    let temporary = tempfile::tempdir()?;
    let folder = filled_folder.unwrap_or(temporary.path());
    let server = match store {
        "sqlite" => None,
        "postgres" => Some(tokio::task::spawn_blocking(|| Server::start_with(SETTINGS)).await?),
        other => return Err(format!("STORE is sqlite, postgres or both, and not {other}").into()),
    };
    let database = server.as_ref().map_or(Database::Sqlite, |server| Database::Postgres(server.create_database()));
    fill(&database, server.as_ref(), folder, count).await?;
    for gateways in gateways {
        // A file has one writer: further gateways add nothing.
        if server.is_none() && *gateways > 1 {
            continue;
        }
        measure(store, &database, server.as_ref(), folder, *gateways).await?;
    }
    Ok(())
}

/// The line above the figures.
pub fn head(count: usize) {
    println!(
        "\nBoth stores with {count} tickets; {SENDERS} connections send, {READERS} read. Clients, gateways and PostgreSQL share this computer.\n\
         {:<9} {:>8}  {:<8} {:>9} {:>9} {:>9} {:>9}  memory in MB",
        "store", "gateways", "", "a second", "p50", "p95", "p99"
    );
}

/// Fills the file of SQLite, unless the folder has one, and moves it to PostgreSQL, as a team does that outgrows it.
async fn fill(database: &Database, server: Option<&Server>, folder: &Path, count: usize) -> Outcome {
    let file = fill::fill(folder, count).await?;
    if let (Database::Postgres(url), Some(server)) = (database, server) {
        move_to(url, folder, size(&file)?)?;
        server.run("VACUUM ANALYZE");
    }
    Ok(())
}

/// Runs the command that moves the file, and then allows that the file is used again.
fn move_to(url: &str, folder: &Path, size: u64) -> Outcome {
    std::fs::write(folder.join("move.toml"), format!("database = \"{url}\"\n[sites.acme]\norigins = [\"*\"]\n"))?;
    let arguments = ["move", "--config", "move.toml", "--from", "sqlite:load.db"];
    let (start, mut memory) = (Instant::now(), 0);
    let mut child = deskbell(folder, &arguments).stdout(Stdio::null()).stderr(Stdio::inherit()).spawn()?;
    let status = loop {
        memory = peak_memory(child.id()).unwrap_or(memory);
        if let Some(status) = child.try_wait()? {
            break status;
        }
        std::thread::sleep(Duration::from_millis(100));
    };
    if !status.success() {
        return Err(format!("the move failed: {status}").into());
    }
    let time = start.elapsed().as_secs_f64();
    println!("postgres  {size} MB moved and compared in {time:.0} s with {memory} MB of memory");
    let cancelled = deskbell(folder, &[&arguments[..], &["--cancel", "--yes"]].concat()).status()?;
    if cancelled.success() { Ok(()) } else { Err(format!("the move was not cancelled: {cancelled}").into()) }
}

/// The size of a file in MB.
fn size(file: &Path) -> Outcome<u64> {
    Ok(std::fs::metadata(file)?.len() / 1_000_000)
}

async fn measure(store: &str, database: &Database, server: Option<&Server>, folder: &Path, gateways: usize) -> Outcome {
    let folders = (0..gateways).map(|number| folder.join(format!("gateway-{number}")));
    let mut running = Vec::new();
    for own in folders {
        let folder = if server.is_some() { own.as_path() } else { folder };
        std::fs::create_dir_all(folder)?;
        running.push(Gateway::start_on(database, folder, NO_LIMITS, "")?);
    }
    let addresses: Vec<String> = running.iter().map(|gateway| gateway.address.clone()).collect();
    for (what, work, connections) in
        [("tickets", Work::Tickets, SENDERS), ("list", Work::List, READERS), ("search", Work::Search, READERS)]
    {
        let mut times = work_on(&addresses, work, connections).await?;
        times.sort_unstable();
        let rate = times.len() as f64 / MEASURED.as_secs_f64();
        let [p50, p95, p99] = [0.5, 0.95, 0.99].map(|part| millis(share(&times, part)));
        let memory = running.iter().map(Gateway::memory).collect::<Outcome<Vec<u64>>>()?;
        let memory: Vec<String> = memory.iter().map(u64::to_string).collect();
        let of_server = server.map(|server| format!(", PostgreSQL {}", server.memory())).unwrap_or_default();
        println!(
            "{store:<9} {gateways:>8}  {what:<8} {rate:>9.0} {p50:>9} {p95:>9} {p99:>9}  {}{of_server}",
            memory.join(" + ")
        );
    }
    Ok(())
}

/// Does the same with all connections, and returns how long each request took after the warm-up.
async fn work_on(addresses: &[String], work: Work, connections: usize) -> Outcome<Vec<Duration>> {
    let run = jiff::Timestamp::now().as_millisecond();
    let (begin, numbers) = (Instant::now(), Arc::new(AtomicUsize::new(0)));
    let mut tasks = JoinSet::new();
    for connection in 0..connections {
        let address = addresses.get(connection % addresses.len()).ok_or("no gateway")?;
        let (caller, numbers) = (Caller::new(address, &format!("192.0.2.{}", connection + 1)), numbers.clone());
        tasks.spawn(async move {
            let mut times = Vec::new();
            while begin.elapsed() < WARM_UP + MEASURED {
                let number = numbers.fetch_add(1, Ordering::Relaxed);
                let time = request(&caller, work, run, number).await?;
                if begin.elapsed() > WARM_UP {
                    times.push(time);
                }
            }
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(times)
        });
    }
    let mut all = Vec::new();
    while let Some(times) = tasks.join_next().await {
        all.extend(times??);
    }
    Ok(all)
}

async fn request(caller: &Caller, work: Work, run: i64, number: usize) -> Outcome<Duration> {
    let agent = || caller.with("authorization", format!("Bearer {INBOX_TOKEN}"));
    let (status, text, time) = match work {
        Work::Tickets => {
            let caller = caller.with("idempotency-key", format!("store-{run}-{number}"));
            let body = ticket(&format!("The export stops at row {number}"));
            caller.ask(Method::POST, "/v1/sites/acme/tickets", Some(body)).await?
        }
        Work::List => {
            let pages = ["/inbox", "/inbox?status=all", "/inbox?site=acme&assignee=Ana", "/inbox?site=acme&owner=cs"];
            agent().ask(Method::GET, pages.get(number % pages.len()).ok_or("no page")?, None).await?
        }
        Work::Search => {
            let common = Filled::default().common;
            let [one, other] = fill::TOGETHER;
            let words =
                [fill::RARE.to_string(), common.clone(), format!("{common}+d"), format!("{one}+{other}+customer")];
            let words = words.get(number % words.len()).ok_or("no word")?;
            agent().ask(Method::GET, &format!("/inbox?q={words}"), None).await?
        }
    };
    match status.is_success() {
        true => Ok(time),
        false => Err(format!("{status}: {text}").into()),
    }
}
