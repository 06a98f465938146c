//! How fast and how well the ranker finds, for a person to look at: `make bench`, or `cargo bench --bench ranking`.
//!
//! Speed and memory are measured on questions made of the demo's words. Relevance is measured where `CORPUS` names a folder
//! with `questions.jsonl` (`id`, `title`, `answers`, which are texts) and `queries.jsonl` (`query`, `question`).

use std::env;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use deskbell::domain::question::{Answer, Question};
use deskbell::domain::ranking::{Index, LIMIT_MAX};
use serde::Deserialize;
use serde::de::DeserializeOwned;

const DEMO: &str = include_str!("../../src/gateway/demo/questions.jsonl");
const SIZES: [usize; 2] = [10_000, 100_000];
const QUERIES: usize = 500;
/// What the widget asks for.
const SHOWN: usize = 5;
/// How much of a query has been typed when it counts as unfinished.
const TYPED: f64 = 0.6;
const SEED: u64 = 20_261_123;

type Outcome = Result<(), Box<dyn Error>>;

fn main() -> Outcome {
    // Cargo itself adds `--bench`.
    if let Some(size) = env::args().skip(1).find_map(|argument| argument.parse().ok()) {
        return speed(size);
    }
    println!("Times are only good beside each other, on one machine in one run.\n");
    println!(
        "{:>9} {:>10} {:>8} {:>9} {:<10} {:>8} {:>8} {:>8}",
        "questions", "words", "build", "memory", "last word", "p50", "p95", "longest"
    );
    for size in SIZES {
        // A process for each, or the second would live in the memory that the first has given up.
        let status = Command::new(env::current_exe()?).arg(size.to_string()).status()?;
        if !status.success() {
            return Err(format!("{size} questions: {status}").into());
        }
    }
    match env::var_os("CORPUS") {
        Some(folder) => relevance(Path::new(&folder)),
        None => {
            println!("\nNo relevance: CORPUS names no folder with questions.jsonl and queries.jsonl.");
            Ok(())
        }
    }
}

/// Prints what an index of so many questions costs.
fn speed(size: usize) -> Outcome {
    let words = Words::of_the_demo()?;
    let mut random = Random(SEED);
    let questions: Vec<Question> = (0..size).map(|number| words.question(number, &mut random)).collect();

    let before = resident();
    let start = Instant::now();
    let index = Index::build(&questions);
    let build = start.elapsed();
    let memory = match (before, resident()) {
        (Some(before), Some(after)) => format!("{:.0} MB", after.saturating_sub(before) as f64 / 1e3),
        _ => "unknown".into(),
    };
    let vocabulary = vocabulary(&questions);
    drop(questions);

    for (name, typing) in [("whole", false), ("unfinished", true)] {
        let queries: Vec<String> = (0..QUERIES / 2).map(|number| words.query(number, typing, &mut random)).collect();
        // The first ones meet cold caches, which a running gateway does not.
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

/// Prints how often the ranker finds the question that people meant.
fn relevance(folder: &Path) -> Outcome {
    let entries: Vec<Entry> = lines(&folder.join("questions.jsonl"))?;
    let asked: Vec<Asked> = lines(&folder.join("queries.jsonl"))?;
    let questions: Vec<Question> = entries.into_iter().map(Question::from).collect();
    let index = Index::build(&questions);
    println!("\n{} queries over {} questions of {}", asked.len(), index.len(), folder.display());
    println!("{:<24} {:>8} {:>8} {:>8}", "", "first", "in three", "MRR");
    for (name, part) in [("whole queries", 1.0), ("60 % of the letters", TYPED)] {
        let (mut first, mut in_three, mut reciprocal) = (0, 0, 0.0);
        for Asked { query, question } in &asked {
            let letters = (query.chars().count() as f64 * part).round() as usize;
            let typed: String = query.chars().take(letters).collect();
            if let Some(place) = index.search(&typed, LIMIT_MAX).iter().position(|hit| hit.id == *question) {
                first += usize::from(place == 0);
                in_three += usize::from(place < 3);
                reciprocal += 1.0 / (place + 1) as f64;
            }
        }
        let all = asked.len() as f64;
        println!("{name:<24} {:>8.3} {:>8.3} {:>8.3}", first as f64 / all, in_three as f64 / all, reciprocal / all);
    }
    Ok(())
}

/// The demo's words, each as often as it occurs there.
struct Words {
    titles: Vec<String>,
    texts: Vec<String>,
}

impl Words {
    fn of_the_demo() -> Result<Words, serde_json::Error> {
        let mut words = Words { titles: Vec::new(), texts: Vec::new() };
        for line in DEMO.lines() {
            let question: Question = serde_json::from_str(line)?;
            words.titles.extend(split(&question.title));
            words.texts.extend(split(&question.body));
            for answer in &question.answers {
                words.texts.extend(split(&answer.body));
            }
        }
        Ok(words)
    }

    fn question(&self, number: usize, random: &mut Random) -> Question {
        let answers = (0..random.between(0, 3))
            .map(|_| Answer { body: self.text(&self.texts, random.between(15, 60), random), ..Answer::default() })
            .collect();
        Question {
            id: format!("made-{number}"),
            kind: "question".into(),
            title: self.text(&self.titles, random.between(5, 11), random),
            body: self.text(&self.texts, random.between(20, 80), random),
            url: format!("https://community.example/q/{number}"),
            solved: random.between(0, 1) == 1,
            created_at: "2026-11-12T08:14:00Z".into(),
            answers,
            ..Question::default()
        }
    }

    fn text(&self, pool: &[String], length: usize, random: &mut Random) -> String {
        let words: Vec<String> = (0..length).map(|_| self.word(pool, random)).collect();
        words.join(" ")
    }

    /// A word; one in twenty is joined from two, because a real community has names, codes and slips without end, and the
    /// demo's words alone would leave out what a large vocabulary costs.
    fn word(&self, pool: &[String], random: &mut Random) -> String {
        match random.between(1, 20) {
            1 => format!("{}{}", random.pick(&self.texts), random.pick(&self.texts)),
            _ => random.pick(pool).to_string(),
        }
    }

    /// Of 1 to 8 words, the last one whole or cut off somewhere.
    fn query(&self, number: usize, typing: bool, random: &mut Random) -> String {
        let mut query = self.text(&self.titles, number % 8, random);
        if !query.is_empty() {
            query.push(' ');
        }
        let last = self.word(&self.titles, random);
        if typing {
            let letters = last.chars().count();
            query.extend(last.chars().take(random.between(1, letters.saturating_sub(1).max(1))));
        } else {
            query.push_str(&last);
            query.push(' ');
        }
        query
    }
}

/// A question as it stands in a corpus.
#[derive(Deserialize)]
struct Entry {
    id: String,
    title: String,
    answers: Vec<String>,
}

/// A way of asking for a question.
#[derive(Deserialize)]
struct Asked {
    query: String,
    question: String,
}

impl From<Entry> for Question {
    fn from(entry: Entry) -> Question {
        let answers = entry.answers.into_iter().map(|body| Answer { body, ..Answer::default() }).collect();
        Question { id: entry.id, kind: "question".into(), title: entry.title, answers, ..Question::default() }
    }
}

fn lines<T: DeserializeOwned>(file: &Path) -> Result<Vec<T>, Box<dyn Error>> {
    let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    text.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
}

fn split(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_string)
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

/// The memory of this process that is in use, in kB; nothing where the system does not say.
fn resident() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
}

fn micros(sorted: &[Duration], part: f64) -> String {
    let place = ((sorted.len() as f64 * part).ceil() as usize).saturating_sub(1);
    sorted.get(place).map_or_else(String::new, |time| format!("{} µs", time.as_micros()))
}

/// SplitMix64: the same questions and queries on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from the first to the last, both included.
    fn between(&mut self, first: usize, last: usize) -> usize {
        first + (self.next() % (last - first + 1) as u64) as usize
    }

    fn pick<'a>(&mut self, from: &'a [String]) -> &'a str {
        let place = self.between(0, from.len().saturating_sub(1));
        from.get(place).map_or("", String::as_str)
    }
}
