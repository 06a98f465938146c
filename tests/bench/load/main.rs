//! Measures response times with many tickets and under attack: `make bench-load`.
//!
//! `SITES` (1000) sites share `QUESTIONS` (1000000) questions at a start. `TICKETS` (1000000) is the size of the second of two databases; the first has 50. `SECONDS_OF_ATTACK` (600) is the duration of the attack by
//! one anonymous client. `FILLED` is a folder in which the second database is kept for the next run. `STORE=sqlite|postgres|both` (both) and
//! `GATEWAYS=1,2,4` decide what is compared on `TICKETS` tickets. `LOAD=sites|tickets|stores|import|attack` runs one part alone. Times are only comparable within one run.

mod attack;
mod client;
mod fill;
mod gateway;
mod import;
#[path = "../ranking/made.rs"]
#[expect(dead_code, reason = "the other bench searches for what this one only stores")]
mod made;
mod sites;
mod stores;
mod tickets;

use std::env;
use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

/// The questions of the demo, for their words.
const DEMO: &str = include_str!("../../../crates/gateway/src/demo/questions.jsonl");
const TICKETS: usize = 1_000_000;
const SITES: usize = 1_000;
const QUESTIONS: usize = 1_000_000;
const FEW: usize = 50;
const SECONDS: u64 = 600;
/// The longest allowed 95th percentile of a list or a search, and the largest factor over the time with few tickets.
const LIST_MAX: Duration = Duration::from_millis(50);
const RATIO_MAX: f64 = 3.0;
/// The longest allowed 99th percentile of a ticket under any load.
pub const TICKET_MAX: Duration = Duration::from_secs(1);

type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

#[tokio::main]
async fn main() -> Outcome {
    // The HTTP client needs a provider, though nothing here is encrypted. It is no error if one is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let part = env::var("LOAD").unwrap_or_default();
    let mut faults = Vec::new();
    let is_wanted = |name: &str| part.is_empty() || part == name;
    if is_wanted("sites") {
        sites::print(number("SITES", SITES)?, number("QUESTIONS", QUESTIONS)?, &mut faults).await?;
    }
    if is_wanted("tickets") {
        println!("{:>9}  {:<44} {:>8} {:>8} {:>8}", "tickets", "", "p50", "p95", "longest");
        let filled_folder = env::var_os("FILLED").filter(|folder| !folder.is_empty()).map(PathBuf::from);
        let few = tickets::print(FEW, None, &mut faults).await?;
        let many = tickets::print(number("TICKETS", TICKETS)?, filled_folder.as_deref(), &mut faults).await?;
        compare(few, many, &mut faults);
    }
    if is_wanted("stores") {
        let count = number("TICKETS", TICKETS)?;
        let gateways = text("GATEWAYS", "1,2,4").split(',').map(str::parse).collect::<Result<Vec<usize>, _>>()?;
        let filled_folder = env::var_os("FILLED").filter(|folder| !folder.is_empty()).map(PathBuf::from);
        let stores = text("STORE", "both");
        stores::head(count);
        for store in if stores == "both" { vec!["postgres", "sqlite"] } else { vec![stores.as_str()] } {
            stores::print(store, count, &gateways, filled_folder.as_deref()).await?;
        }
    }
    if is_wanted("import") {
        import::print(&mut faults).await?;
    }
    if is_wanted("attack") {
        attack::print(Duration::from_secs(number("SECONDS_OF_ATTACK", SECONDS)?), &mut faults).await?;
    }
    for fault in &faults {
        println!("missed: {fault}");
    }
    if faults.is_empty() { Ok(()) } else { Err(format!("{} figures are missed", faults.len()).into()) }
}

/// Reports lists and searches that are too slow with many tickets.
fn compare(few: tickets::Times, many: tickets::Times, faults: &mut Vec<String>) {
    for ((name, few), (_, many)) in few.into_iter().zip(many) {
        let [few, many] = [few, many].map(p95);
        if many > LIST_MAX {
            faults.push(format!("{name}: {} at the 95th of 100, allowed are {}", millis(many), millis(LIST_MAX)));
        }
        let ratio = many.as_secs_f64() / few.as_secs_f64().max(f64::MIN_POSITIVE);
        if ratio > RATIO_MAX {
            faults.push(format!(
                "{name}: {ratio:.1} times the {} of {FEW} tickets, allowed are {RATIO_MAX}",
                millis(few)
            ));
        }
    }
}

fn p95(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    share(&times, 0.95)
}

fn number<T: std::str::FromStr>(name: &str, default: T) -> Outcome<T> {
    match env::var(name) {
        Ok(text) if !text.is_empty() => text.parse().map_err(|_| format!("{name} is no number: {text}").into()),
        _ => Ok(default),
    }
}

fn text(name: &str, default: &str) -> String {
    env::var(name).ok().filter(|text| !text.is_empty()).unwrap_or_else(|| default.into())
}

/// A percentile of sorted times.
fn share(times: &[Duration], share: f64) -> Duration {
    let index = ((times.len().saturating_sub(1)) as f64 * share).round() as usize;
    times.get(index).copied().unwrap_or_default()
}

/// A line with the median, the 95th percentile, and the maximum.
fn row(count: usize, name: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let [p50, p95, longest] = [0.5, 0.95, 1.0].map(|part| millis(share(&times, part)));
    println!("{count:>9}  {name:<44} {p50:>8} {p95:>8} {longest:>8}");
}

fn millis(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}
