//! Measures the relevance of the ranker.

use std::fs;
use std::path::Path;

use domain::question::{Answer, Question};
use ranking::{Index, LIMIT_MAX, Snowball};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{DEMO, Outcome, SHOWN};

/// The share of a query that counts as typed in unfinished queries.
const TYPED: f64 = 0.6;

/// Prints how often the ranker finds the intended question, and how often it shows something when there is nothing. Queries alternate between
/// two halves, so that one can be held out during work on the ranker.
pub fn print(folder: &Path) -> Outcome {
    let own = folder.join("questions.jsonl");
    let text = if own.exists() { fs::read_to_string(own)? } else { DEMO.into() };
    let questions: Vec<Question> = lines::<Entry>(&text)?.into_iter().map(Question::from).collect();
    let queries = folder.join("queries.jsonl");
    let text = fs::read_to_string(&queries).map_err(|error| format!("{}: {error}", queries.display()))?;
    let asked: Vec<Asked> = lines(&text)?;
    let index = Index::build(&questions, Snowball);
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
    if !junk.is_empty() {
        let shown =
            |part| junk.iter().filter(|asked| !index.search(&typed(&asked.query, part), SHOWN).is_empty()).count();
        let (whole, unfinished) = (shown(1.0), shown(TYPED));
        println!(
            "junk: {whole} of {} queries about nothing show something, {unfinished} when 60 % is typed",
            junk.len()
        );
    }
    Ok(())
}

fn found(index: &Index, name: &str, queries: &[&Asked], part: f64) {
    let (mut first, mut in_three, mut reciprocal) = (0, 0, 0.0);
    for Asked { query, question, .. } in queries {
        if let Some(place) =
            index.search(&typed(query, part), LIMIT_MAX).iter().position(|hit| Some(&hit.id) == question.as_ref())
        {
            first += usize::from(place == 0);
            in_three += usize::from(place < 3);
            reciprocal += 1.0 / (place + 1) as f64;
        }
    }
    let all = queries.len().max(1) as f64;
    let (first, in_three) = (first as f64 / all, in_three as f64 / all);
    println!("{name:<28} {:>7} {first:>8.3} {in_three:>8.3} {:>8.3}", queries.len(), reciprocal / all);
}

/// The first part of a query.
fn typed(query: &str, part: f64) -> String {
    let letters = (query.chars().count() as f64 * part).round() as usize;
    query.chars().take(letters).collect()
}

/// A question in a corpus.
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

/// An answer, with or without its author.
#[derive(Deserialize)]
#[serde(untagged)]
enum Said {
    Text(String),
    By(Answer),
}

/// A query for a question; for none if there is nothing to find.
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
