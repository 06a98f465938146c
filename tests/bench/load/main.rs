//! How long people wait where there are many tickets, and while somebody does their worst, for a person to look at: `make bench-load`.
//!
//! `TICKETS` (1000000) is how many there are in the second of two databases, the first has 50. `SECONDS_OF_ATTACK` (600) is how long one
//! anonymous client does what it may. `LOAD=tickets|import|attack` runs one part alone. Times are only good beside each other, in one run.

mod attack;
mod client;
mod fill;
mod gateway;
mod import;
#[path = "../ranking/made.rs"]
#[expect(dead_code, reason = "the other bench searches for what this one only stores")]
mod made;
mod tickets;

use std::env;
use std::error::Error;
use std::time::Duration;

/// The questions of the demo, for their words.
const DEMO: &str = include_str!("../../../src/gateway/demo/questions.jsonl");
const TICKETS: usize = 1_000_000;
const FEW: usize = 50;
const SECONDS: u64 = 600;

type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

#[tokio::main]
async fn main() -> Outcome {
    // A client wants one, though nothing here is encrypted; that there is one already is no error.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let part = env::var("LOAD").unwrap_or_default();
    let is_wanted = |name: &str| part.is_empty() || part == name;
    if is_wanted("tickets") {
        println!("{:>9}  {:<44} {:>8} {:>8} {:>8}", "tickets", "", "p50", "p95", "longest");
        tickets::print(FEW).await?;
        tickets::print(number("TICKETS", TICKETS)?).await?;
    }
    if is_wanted("import") {
        import::print().await?;
    }
    if is_wanted("attack") {
        attack::print(Duration::from_secs(number("SECONDS_OF_ATTACK", SECONDS)?)).await?;
    }
    Ok(())
}

fn number<T: std::str::FromStr>(name: &str, default: T) -> Outcome<T> {
    match env::var(name) {
        Ok(text) if !text.is_empty() => text.parse().map_err(|_| format!("{name} is no number: {text}").into()),
        _ => Ok(default),
    }
}

/// How long it took at a share of all times, which are in order.
fn share(times: &[Duration], share: f64) -> Duration {
    let place = ((times.len().saturating_sub(1)) as f64 * share).round() as usize;
    times.get(place).copied().unwrap_or_default()
}

/// A line with the median, the 95th of a hundred, and the longest.
fn row(count: usize, name: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let [p50, p95, longest] = [0.5, 0.95, 1.0].map(|part| millis(share(&times, part)));
    println!("{count:>9}  {name:<44} {p50:>8} {p95:>8} {longest:>8}");
}

fn millis(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}
