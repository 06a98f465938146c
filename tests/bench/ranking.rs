//! How fast and how well the ranker finds, for a person to look at: `make bench-search`.
//!
//! Speed and memory are measured on questions made of the demo's words. Relevance is measured on the folder that `CORPUS`
//! names, with `questions.jsonl` (as for an import) and `queries.jsonl` (`query`, `question`: its id, or null where there is
//! nothing to find); by default on the demo's questions.

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

/// The queries of our own, over the demo's questions.
const OWN: &str = "tests/bench/meadow";
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
    let folder = env::var("CORPUS").ok().filter(|folder| !folder.is_empty());
    relevance(Path::new(folder.as_deref().unwrap_or(OWN)))
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

/// Prints how often the ranker finds the question that people meant, and how often it shows something where there is
/// nothing. Queries alternate between two halves, so that one can be left alone while somebody works on the ranker.
fn relevance(folder: &Path) -> Outcome {
    let own = folder.join("questions.jsonl");
    let text = if own.exists() { fs::read_to_string(own)? } else { DEMO.into() };
    let questions: Vec<Question> = lines::<Entry>(&text)?.into_iter().map(Question::from).collect();
    let queries = folder.join("queries.jsonl");
    let text = fs::read_to_string(&queries).map_err(|error| format!("{}: {error}", queries.display()))?;
    let asked: Vec<Asked> = lines(&text)?;
    let index = Index::build(&questions);
    println!("\n{} queries over {} questions of {}", asked.len(), index.len(), folder.display());
    println!("{:<28} {:>7} {:>8} {:>8} {:>8}", "", "queries", "first", "in three", "MRR");
    let meant: Vec<&Asked> = asked.iter().filter(|asked| asked.question.is_some()).collect();
    let half = |which: usize| meant.iter().copied().skip(which).step_by(2).collect::<Vec<&Asked>>();
    let typos: Vec<&Asked> = meant.iter().copied().filter(|asked| asked.typos).collect();
    for (name, queries) in [("one half", half(0)), ("the other half", half(1)), ("typing mistakes", typos)] {
        for (letters, part) in [("", 1.0), (", 60 % typed", TYPED)] {
            found(&index, &format!("{name}{letters}"), &queries, part);
        }
    }
    let junk: Vec<&Asked> = asked.iter().filter(|asked| asked.question.is_none()).collect();
    let shown = junk.iter().filter(|asked| !index.search(&asked.query, SHOWN).is_empty()).count();
    if !junk.is_empty() {
        println!("junk: {shown} of {} queries about nothing show something", junk.len());
    }
    Ok(())
}

fn found(index: &Index, name: &str, queries: &[&Asked], part: f64) {
    let (mut first, mut in_three, mut reciprocal) = (0, 0, 0.0);
    for Asked { query, question, .. } in queries {
        let letters = (query.chars().count() as f64 * part).round() as usize;
        let typed: String = query.chars().take(letters).collect();
        if let Some(place) = index.search(&typed, LIMIT_MAX).iter().position(|hit| Some(&hit.id) == question.as_ref()) {
            first += usize::from(place == 0);
            in_three += usize::from(place < 3);
            reciprocal += 1.0 / (place + 1) as f64;
        }
    }
    let all = queries.len().max(1) as f64;
    let (first, in_three) = (first as f64 / all, in_three as f64 / all);
    println!("{name:<28} {:>7} {first:>8.3} {in_three:>8.3} {:>8.3}", queries.len(), reciprocal / all);
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
    #[serde(default)]
    kind: String,
    #[serde(default)]
    body: String,
    #[serde(default)]
    solved: bool,
    #[serde(default)]
    created_at: String,
    #[serde(default)]
    answers: Vec<Said>,
}

/// An answer, with or without who gave it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Said {
    Text(String),
    By(Answer),
}

/// A way of asking for a question; for none where there is nothing to find.
#[derive(Deserialize)]
struct Asked {
    query: String,
    question: Option<String>,
    #[serde(default)]
    typos: bool,
}

impl From<Entry> for Question {
    fn from(entry: Entry) -> Question {
        let answer = |said| match said {
            Said::Text(body) => Answer { body, ..Answer::default() },
            Said::By(answer) => answer,
        };
        let Entry { id, title, kind, body, solved, created_at, answers } = entry;
        let answers = answers.into_iter().map(answer).collect();
        Question { id, title, kind, body, solved, created_at, answers, ..Question::default() }
    }
}

fn lines<T: DeserializeOwned>(text: &str) -> Result<Vec<T>, serde_json::Error> {
    text.lines().map(serde_json::from_str).collect()
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
