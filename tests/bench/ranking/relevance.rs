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
    let questions_file = folder.join("questions.jsonl");
    let text = if questions_file.exists() { fs::read_to_string(questions_file)? } else { DEMO.into() };
    let questions: Vec<Question> = lines::<Entry>(&text)?.into_iter().map(Question::from).collect();
    let queries = folder.join("queries.jsonl");
    let text = fs::read_to_string(&queries).map_err(|error| format!("{}: {error}", queries.display()))?;
    let queries: Vec<LabelledQuery> = lines(&text)?;
    let index = Index::build(&questions, Snowball);
    println!("\n{} queries over {} questions of {}", queries.len(), index.len(), folder.display());
    println!("{:<28} {:>7} {:>8} {:>8} {:>8}", "", "queries", "first", "in three", "MRR");
    let with_answer: Vec<&LabelledQuery> = queries.iter().filter(|queries| queries.question.is_some()).collect();
    let half = |start: usize| with_answer.iter().copied().skip(start).step_by(2).collect::<Vec<&LabelledQuery>>();
    let typos: Vec<&LabelledQuery> = with_answer.iter().copied().filter(|queries| queries.typos).collect();
    for (name, queries) in [("one half", half(0)), ("the other half", half(1)), ("typing mistakes", typos)] {
        for (letters, part) in [("", 1.0), (", 60 % typed", TYPED)] {
            found(&index, &format!("{name}{letters}"), &queries, part);
        }
    }
    let junk: Vec<&LabelledQuery> = queries.iter().filter(|queries| queries.question.is_none()).collect();
    if !junk.is_empty() {
        let shown =
            |part| junk.iter().filter(|queries| !index.search(&typed(&queries.query, part), SHOWN).is_empty()).count();
        let (whole, unfinished) = (shown(1.0), shown(TYPED));
        println!(
            "junk: {whole} of {} queries about nothing show something, {unfinished} when 60 % is typed",
            junk.len()
        );
    }
    Ok(())
}

fn found(index: &Index, name: &str, queries: &[&LabelledQuery], part: f64) {
    let (mut first, mut in_three, mut reciprocal) = (0, 0, 0.0);
    for LabelledQuery { query, question, .. } in queries {
        if let Some(index) =
            index.search(&typed(query, part), LIMIT_MAX).iter().position(|hit| Some(&hit.id) == question.as_ref())
        {
            first += usize::from(index == 0);
            in_three += usize::from(index < 3);
            reciprocal += 1.0 / (index + 1) as f64;
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
    answers: Vec<AnswerEntry>,
}

/// An answer, with or without its author.
#[derive(Deserialize)]
#[serde(untagged)]
enum AnswerEntry {
    Text(String),
    By(Answer),
}

/// A query for a question; for none if there is nothing to find.
#[derive(Deserialize)]
struct LabelledQuery {
    query: String,
    question: Option<String>,
    #[serde(default)]
    typos: bool,
}

impl From<Entry> for Question {
    fn from(entry: Entry) -> Question {
        let answer = |entry| match entry {
            AnswerEntry::Text(body) => Answer { body, ..Answer::default() },
            AnswerEntry::By(answer) => answer,
        };
        let Entry { id, title, kind, body, solved, created_at, answers } = entry;
        let answers = answers.into_iter().map(answer).collect();
        Question { id, title, kind, body, solved, created_at, answers, ..Question::default() }
    }
}

fn lines<T: DeserializeOwned>(text: &str) -> Result<Vec<T>, serde_json::Error> {
    text.lines().map(serde_json::from_str).collect()
}
