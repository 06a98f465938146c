//! Measures speed and memory of the ranker.

use std::fs;
use std::time::{Duration, Instant};

use domain::question::Question;
use ranking::{Index, Snowball};

use super::made::{Random, SEED, Words, split};
use super::{Outcome, SHOWN, micros};

const QUERIES: usize = 500;

/// Prints the cost of an index with this many questions.
pub fn print(size: usize) -> Outcome {
    let words = Words::of_the_demo()?;
    let mut random = Random(SEED);
    let questions: Vec<Question> = (0..size).map(|number| words.question(number, &mut random)).collect();

    let before = resident();
    let start = Instant::now();
    let index = Index::build(&questions, Snowball);
    let build = start.elapsed();
    let memory = match (before, resident()) {
        (Some(before), Some(after)) => format!("{:.0} MB", after.saturating_sub(before) as f64 / 1e3),
        _ => "unknown".into(),
    };
    let vocabulary = vocabulary(&questions);
    drop(questions);

    for (name, typing) in [("whole", false), ("unfinished", true)] {
        let queries: Vec<String> = (0..QUERIES / 2).map(|number| words.query(number, typing, &mut random)).collect();
        // The first queries meet cold caches, unlike in a running gateway.
        for query in queries.iter().take(20) {
            index.search(query, SHOWN);
        }
        let mut times: Vec<Duration> = queries
            .iter()
            .map(|query| {
                let start = Instant::now();
                std::hint::black_box(index.search(query, SHOWN));
                start.elapsed()
            })
            .collect();
        times.sort_unstable();
        println!(
            "{:>9} {:>10} {:>6.2} s {:>9} {:<10} {:>8} {:>8} {:>8}",
            index.len(),
            vocabulary,
            build.as_secs_f64(),
            memory,
            name,
            micros(&times, 0.5),
            micros(&times, 0.95),
            micros(&times, 1.0)
        );
    }
    Ok(())
}

fn vocabulary(questions: &[Question]) -> usize {
    let mut words: Vec<String> = Vec::new();
    for question in questions {
        let answers = question.answers.iter().map(|answer| &answer.body);
        for text in [&question.title, &question.body].into_iter().chain(answers) {
            words.extend(split(&text.to_lowercase()));
        }
        if words.len() > 4_000_000 {
            words.sort_unstable();
            words.dedup();
        }
    }
    words.sort_unstable();
    words.dedup();
    words.len()
}

/// The resident memory of this process in kB; none if the system does not report it.
fn resident() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
}
