//! What was read from a source, and what could not be.

use std::collections::HashSet;

use reqwest::Url;
use serde_json::Value;

use crate::domain::question::Question;
use crate::gateway::fetch::FetchError;

/// How many questions are read from one source; a list that goes on behind that is taken for one without end.
const QUESTIONS_MAX: usize = 200_000;
/// How many pages of a list may be empty although it is said to go on.
const EMPTY_PAGES_MAX: usize = 10;

/// What was read from a source.
#[derive(Debug, Default)]
pub struct Reading {
    /// The questions, each id once.
    pub questions: Vec<Question>,
    /// What could not be read, and may be a question.
    pub bad: Vec<Note>,
    /// What was read but is worth a look.
    pub warnings: Vec<Note>,
    /// The ids that the lists of the source have had.
    listed: HashSet<String>,
    empty_pages: usize,
}

/// Something about a place in a source.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {note}")]
pub struct Note {
    /// The line of a file, or the path of a page.
    pub place: String,
    /// What is to be said about it.
    pub note: String,
}

impl Reading {
    /// Adds a question that has a title; one without is bad.
    pub(super) fn add(&mut self, place: &str, question: Question) {
        if question.title.is_empty() {
            return self.bad.push(Note { place: place.into(), note: "has no title".into() });
        }
        self.questions.push(question);
    }

    /// Notes an address that could not be read.
    pub(super) fn failed(&mut self, url: &Url, error: &FetchError) {
        self.bad.push(Note { place: path(url), note: error.to_string() });
    }

    /// Notes a part of a page that could not be read.
    pub(super) fn misshapen(&mut self, place: &str, error: &serde_json::Error) {
        self.bad.push(Note { place: place.into(), note: error.to_string() });
    }

    /// The entries of a page that no page before it had, by their ids. Lists move while they are read, so that an entry may
    /// come twice. `None` where the list has no end: nothing on this page is new, or there is too much.
    pub(super) fn fresh(&mut self, url: &Url, kind: &str, entries: Vec<Value>) -> Option<Vec<Value>> {
        let id = |entry: &Value| format!("{kind} {}", entry.get("id").unwrap_or(&Value::Null));
        let empty = entries.is_empty();
        let fresh: Vec<Value> = entries.into_iter().filter(|entry| self.listed.insert(id(entry))).collect();
        self.empty_pages += usize::from(empty);
        let note = if !empty && fresh.is_empty() {
            "gives again what came before; the list has no end"
        } else if self.empty_pages > EMPTY_PAGES_MAX {
            "is one empty page too many; the list has no end"
        } else if self.listed.len() > QUESTIONS_MAX {
            "goes on behind what is read of one source"
        } else {
            return Some(fresh);
        };
        self.bad.push(Note { place: path(url), note: note.into() });
        None
    }
}

/// An address without its origin, which is that of the source.
pub(super) fn path(url: &Url) -> String {
    match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().into(),
    }
}

/// A text for people on one line.
pub(super) fn one_line(text: &str) -> String {
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

/// An address below that of a source, with a query; values are encoded.
pub(super) fn below(base: &Url, path: &str, query: &[(&str, &str)]) -> Url {
    let mut url = base.clone();
    url.set_query(None);
    url.set_path(&format!("{}/{path}", base.path().trim_end_matches('/')));
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query);
    }
    url
}
