//! Measures speed and relevance of the ranker: `make bench-search`.
//!
//! Speed and memory are measured on questions generated from the demo's words. Relevance is measured on the folder in `CORPUS`, with
//! `questions.jsonl` (as for an import) and `queries.jsonl` (`query`, `question`: its id, or null if there is nothing to find); by default on
//! the demo's questions.

mod gateway;
mod made;
mod relevance;
mod speed;

use std::env;
use std::error::Error;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// The questions of the demo.
const DEMO: &str = include_str!("../../../crates/gateway/src/demo/questions.jsonl");
/// Our own queries for the demo's questions.
const OWN: &str = "tests/bench/meadow";
const SIZES: [usize; 2] = [10_000, 100_000];
/// The number of hits that the widget requests.
const SHOWN: usize = 5;

type Outcome = Result<(), Box<dyn Error>>;

fn main() -> Outcome {
    // Cargo itself adds `--bench`.
    if let Some(size) = env::args().skip(1).find_map(|argument| argument.parse().ok()) {
        return speed::print(size);
    }
    println!("Times are only good beside each other, on one machine in one run.\n");
    println!(
        "{:>9} {:>10} {:>8} {:>9} {:<10} {:>8} {:>8} {:>8}",
        "questions", "words", "build", "memory", "last word", "p50", "p95", "longest"
    );
    for size in SIZES {
        // A process for each, or the second would use the memory that the first has freed.
        let status = Command::new(env::current_exe()?).arg(size.to_string()).status()?;
        if !status.success() {
            return Err(format!("{size} questions: {status}").into());
        }
    }
    gateway::print(SIZES[0])?;
    let folder = env::var("CORPUS").ok().filter(|folder| !folder.is_empty());
    relevance::print(Path::new(folder.as_deref().unwrap_or(OWN)))
}

/// A percentile in microseconds.
fn micros(sorted: &[Duration], part: f64) -> String {
    let index = ((sorted.len() as f64 * part).ceil() as usize).saturating_sub(1);
    sorted.get(index).map_or_else(String::new, |time| format!("{} µs", time.as_micros()))
}
