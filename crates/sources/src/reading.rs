//! The questions read from a source, and the items that could not be read.

use std::collections::{BTreeSet, HashSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use domain::question::Question;
use outbound_http::{FetchError, Validators};

/// The most questions of one source; a longer list is considered endless.
const QUESTIONS_MAX: usize = 200_000;
/// How many pages of a list may be empty although it continues.
const EMPTY_PAGES_MAX: usize = 10;
/// How long a source is read incrementally before it is read in full again: removals, and changes that a source does not report, are found only
/// then.
const FULL_READ_INTERVAL: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How long before the last reading changes are requested from, because clocks differ and lists lag.
const OVERLAP: SignedDuration = SignedDuration::from_hours(1);

/// How far a source has been read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReadingProgress {
    /// When it was last read in full, RFC 3339; empty if never.
    whole_at: String,
    /// When it was last read.
    read_at: String,
    validators: Validators,
}

/// How much of a source to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All of it.
    Whole,
    /// Changes since a time and these validators.
    Changes {
        /// The time.
        since: Timestamp,
        /// The validators; empty if it sent none.
        validators: Validators,
    },
}

impl ReadingProgress {
    /// The progress after a reading that began at a time.
    pub fn after(&self, reading: &Reading, began: Timestamp) -> ReadingProgress {
        let read_at = began.to_string();
        let whole_at = if reading.is_changes { self.whole_at.clone() } else { read_at.clone() };
        ReadingProgress { whole_at, read_at, validators: reading.validators.clone() }
    }

    /// How much to read next.
    pub fn scope(&self, now: Timestamp) -> Scope {
        match (self.whole_at.parse::<Timestamp>(), self.read_at.parse::<Timestamp>()) {
            (Ok(full_at), Ok(read_at)) if full_at <= now && now.duration_since(full_at) < FULL_READ_INTERVAL => {
                Scope::Changes {
                    since: read_at.saturating_sub(OVERLAP).unwrap_or(read_at),
                    validators: self.validators.clone(),
                }
            }
            _ => Scope::Whole,
        }
    }
}

impl Scope {
    /// The time from which changes are read; none for everything.
    pub fn since(&self) -> Option<Timestamp> {
        match self {
            Scope::Whole => None,
            Scope::Changes { since, .. } => Some(*since),
        }
    }
}

/// The result of reading a source.
#[derive(Debug, Default)]
pub struct Reading {
    /// The questions, with unique ids.
    pub questions: Vec<Question>,
    /// Items that could not be read and may be questions.
    pub bad: Vec<Note>,
    /// Items that were read but need attention.
    pub warnings: Vec<Note>,
    /// The ids of existing questions that could not be read.
    pub unreadable: BTreeSet<String>,
    /// Whether something could not be read that may be any question.
    pub is_incomplete: bool,
    /// Whether only changes were read.
    pub is_changes: bool,
    /// Whether the source reported that nothing has changed.
    pub is_unchanged: bool,
    /// The validators for the next request.
    pub validators: Validators,
    /// The ids in the lists of the source.
    listed: HashSet<String>,
    empty_pages: usize,
}

/// A note about a place in a source.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{position}: {note}")]
pub struct Note {
    /// The line of a file, or the path of a page.
    pub position: String,
    /// The text.
    pub note: String,
}

impl Reading {
    /// An empty result; of changes or of the whole source.
    pub(crate) fn new(is_changes: bool) -> Reading {
        Reading { is_changes, ..Reading::default() }
    }

    /// Adds a question with a title; one without is bad.
    pub(crate) fn add(&mut self, position: &str, question: Question) {
        if question.title.is_empty() {
            self.unreadable.insert(question.id);
            return self.bad.push(Note { position: position.into(), note: "has no title".into() });
        }
        self.questions.push(question);
    }

    /// Notes an address that could not be read: of the question with an id, or possibly of any.
    pub(crate) fn failed(&mut self, url: &Url, error: &FetchError, id: Option<String>) {
        // If no more requests are made, everything after it is unknown.
        let id = id.filter(|_| !error.is_final());
        self.note_bad(path(url), error.to_string(), id);
    }

    /// Notes a part of a page that could not be read: the question with an id, or possibly any.
    pub(crate) fn misshapen(&mut self, position: &str, error: &serde_json::Error, id: Option<String>) {
        self.note_bad(position.into(), error.to_string(), id);
    }

    fn note_bad(&mut self, position: String, note: String, id: Option<String>) {
        match id {
            Some(id) => drop(self.unreadable.insert(id)),
            None => self.is_incomplete = true,
        }
        self.bad.push(Note { position, note });
    }

    /// The entries of a page whose ids no earlier page had. Lists move while they are read, so an entry may come twice. `None` if the list is
    /// endless: nothing on this page is new, or there is too much.
    pub(crate) fn fresh(&mut self, url: &Url, kind: &str, entries: Vec<Value>) -> Option<Vec<Value>> {
        let id = |entry: &Value| format!("{kind} {}", entry.get("id").unwrap_or(&Value::Null));
        let empty = entries.is_empty();
        let fresh: Vec<Value> = entries.into_iter().filter(|entry| self.listed.insert(id(entry))).collect();
        self.empty_pages += usize::from(empty);
        let note = if !empty && fresh.is_empty() {
            "repeats earlier items; the list never ends"
        } else if self.empty_pages > EMPTY_PAGES_MAX {
            "is one of too many empty pages; the list never ends"
        } else if self.listed.len() > QUESTIONS_MAX {
            "exceeds the number of questions allowed per source"
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

/// An address below that of a source, with an encoded query.
pub(crate) fn join_path(base: &Url, path: &str, query: &[(&str, &str)]) -> Url {
    let mut url = base.clone();
    url.set_query(None);
    url.set_path(&format!("{}/{path}", base.path().trim_end_matches('/')));
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query);
    }
    url
}

/// The numeric id of a list entry, if it has one.
pub(crate) fn entry_id(entry: &Value) -> Option<u64> {
    entry.get("id").and_then(Value::as_u64)
}

/// Whether a time from a source is before another; `false` if it is invalid.
pub(crate) fn is_before(time: &str, limit: Timestamp) -> bool {
    time.parse::<Timestamp>().is_ok_and(|time| time < limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_are_incremental_until_a_full_one_is_due() {
        let time = |text: &str| text.parse::<Timestamp>().unwrap();
        let mut progress = ReadingProgress::default();
        assert_eq!(progress.scope(time("2026-11-23T00:00:00Z")), Scope::Whole);
        progress = progress.after(&Reading::default(), time("2026-11-23T00:00:00Z"));
        assert_eq!(progress.scope(time("2026-11-24T00:00:00Z")).since(), Some(time("2026-11-22T23:00:00Z")));
        let changes = Reading { is_changes: true, ..Reading::default() };
        progress = progress.after(&changes, time("2026-11-24T00:00:00Z"));
        assert_eq!(progress.scope(time("2026-11-25T00:00:00Z")).since(), Some(time("2026-11-23T23:00:00Z")));
        for full_at in ["2026-11-30T00:00:00Z", "2026-11-22T00:00:00Z"] {
            assert_eq!(progress.scope(time(full_at)), Scope::Whole, "{full_at}");
        }
        let json = serde_json::to_string(&progress).unwrap();
        assert_eq!(serde_json::from_str::<ReadingProgress>(&json).unwrap(), progress);
    }
}
