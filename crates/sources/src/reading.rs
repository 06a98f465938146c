//! The questions read from a source, and the items that could not be read.

use std::collections::{BTreeSet, HashSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use domain::question::Question;
use outbound_http::{FetchError, Validators};

/// How many questions are read from one source; a list that goes on behind that is taken for one without end.
const QUESTIONS_MAX: usize = 200_000;
/// How many pages of a list may be empty although it is said to go on.
const EMPTY_PAGES_MAX: usize = 10;
/// How long a source is asked for changes only, until it is read whole again: what is gone, and what a source does not count as a
/// change, is found only then.
const WHOLE_EVERY: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How much before the last reading changes are asked for, because clocks differ and lists lag behind.
const OVERLAP: SignedDuration = SignedDuration::from_hours(1);

/// How far a source has been read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Progress {
    /// When it was last read whole, RFC 3339; empty where it was not.
    whole_at: String,
    /// When it was last read.
    read_at: String,
    validators: Validators,
}

/// How much of a source is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All of it.
    Whole,
    /// What has changed since a time, or since it said these validators.
    Changes {
        /// The time.
        since: Timestamp,
        /// The validators; empty where it said none.
        validators: Validators,
    },
}

impl Progress {
    /// How far it is after a reading that began at a time.
    pub fn after(&self, reading: &Reading, began: Timestamp) -> Progress {
        let read_at = began.to_string();
        let whole_at = if reading.is_changes { self.whole_at.clone() } else { read_at.clone() };
        Progress { whole_at, read_at, validators: reading.validators.clone() }
    }

    /// How much is read next.
    pub fn scope(&self, now: Timestamp) -> Scope {
        match (self.whole_at.parse::<Timestamp>(), self.read_at.parse::<Timestamp>()) {
            (Ok(whole), Ok(read)) if whole <= now && now.duration_since(whole) < WHOLE_EVERY => Scope::Changes {
                since: read.saturating_sub(OVERLAP).unwrap_or(read),
                validators: self.validators.clone(),
            },
            _ => Scope::Whole,
        }
    }
}

impl Scope {
    /// Since when changes are read; none where all is.
    pub fn since(&self) -> Option<Timestamp> {
        match self {
            Scope::Whole => None,
            Scope::Changes { since, .. } => Some(*since),
        }
    }
}

/// What was read from a source.
#[derive(Debug, Default)]
pub struct Reading {
    /// The questions, each id once.
    pub questions: Vec<Question>,
    /// What could not be read, and may be a question.
    pub bad: Vec<Note>,
    /// What was read but is worth a look.
    pub warnings: Vec<Note>,
    /// The ids of questions that the source has although they could not be read.
    pub unreadable: BTreeSet<String>,
    /// Whether something could not be read of which nobody knows which questions it is.
    pub is_incomplete: bool,
    /// Whether only what has changed was read.
    pub is_changes: bool,
    /// Whether the source has said that nothing has changed.
    pub is_unchanged: bool,
    /// By what the source can be asked whether anything has changed.
    pub validators: Validators,
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
    /// Nothing yet; of the changes or of all of a source.
    pub(crate) fn new(is_changes: bool) -> Reading {
        Reading { is_changes, ..Reading::default() }
    }

    /// Adds a question that has a title; one without is bad.
    pub(crate) fn add(&mut self, place: &str, question: Question) {
        if question.title.is_empty() {
            self.unreadable.insert(question.id);
            return self.bad.push(Note { place: place.into(), note: "has no title".into() });
        }
        self.questions.push(question);
    }

    /// Notes an address that could not be read: that of the question with an id, or one that may be of any.
    pub(crate) fn failed(&mut self, url: &Url, error: &FetchError, id: Option<String>) {
        // Where the source is asked no more, what comes behind it is not known.
        let id = id.filter(|_| !error.is_final());
        self.note_bad(path(url), error.to_string(), id);
    }

    /// Notes a part of a page that could not be read: the question with an id, or one that may be any.
    pub(crate) fn misshapen(&mut self, place: &str, error: &serde_json::Error, id: Option<String>) {
        self.note_bad(place.into(), error.to_string(), id);
    }

    fn note_bad(&mut self, place: String, note: String, id: Option<String>) {
        match id {
            Some(id) => drop(self.unreadable.insert(id)),
            None => self.is_incomplete = true,
        }
        self.bad.push(Note { place, note });
    }

    /// The entries of a page that no page before it had, by their ids. Lists move while they are read, so that an entry may
    /// come twice. `None` where the list has no end: nothing on this page is new, or there is too much.
    pub(crate) fn fresh(&mut self, url: &Url, kind: &str, entries: Vec<Value>) -> Option<Vec<Value>> {
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
        self.note_bad(path(url), note.into(), None);
        None
    }
}

/// An address without its origin, which is that of the source.
pub(crate) fn path(url: &Url) -> String {
    match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().into(),
    }
}

/// A text for people on one line.
pub(crate) fn one_line(text: &str) -> String {
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

/// An address below that of a source, with a query; values are encoded.
pub(crate) fn below(base: &Url, path: &str, query: &[(&str, &str)]) -> Url {
    let mut url = base.clone();
    url.set_query(None);
    url.set_path(&format!("{}/{path}", base.path().trim_end_matches('/')));
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query);
    }
    url
}

/// The id of an entry of a list, where it has one: a number.
pub(crate) fn entry_id(entry: &Value) -> Option<u64> {
    entry.get("id").and_then(Value::as_u64)
}

/// Whether a time that a source says is before another; `false` where it is none.
pub(crate) fn is_before(time: &str, other: Timestamp) -> bool {
    time.parse::<Timestamp>().is_ok_and(|time| time < other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_asked_for_changes_until_it_is_time_to_read_it_whole_again() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let mut progress = Progress::default();
        assert_eq!(progress.scope(at("2026-11-23T00:00:00Z")), Scope::Whole);
        progress = progress.after(&Reading::default(), at("2026-11-23T00:00:00Z"));
        assert_eq!(progress.scope(at("2026-11-24T00:00:00Z")).since(), Some(at("2026-11-22T23:00:00Z")));
        let changes = Reading { is_changes: true, ..Reading::default() };
        progress = progress.after(&changes, at("2026-11-24T00:00:00Z"));
        assert_eq!(progress.scope(at("2026-11-25T00:00:00Z")).since(), Some(at("2026-11-23T23:00:00Z")));
        for whole in ["2026-11-30T00:00:00Z", "2026-11-22T00:00:00Z"] {
            assert_eq!(progress.scope(at(whole)), Scope::Whole, "{whole}");
        }
        let json = serde_json::to_string(&progress).unwrap();
        assert_eq!(serde_json::from_str::<Progress>(&json).unwrap(), progress);
    }
}
