//! The port for questions: read one by one and in pages, written in short transactions.
//!
//! A site has a revision, which counts up when an import is done, and every question has the revision at which it was written or
//! removed. What an import that is under way has written has a revision that the site has not reached, so that an index takes in
//! all of an import at once, and only what has changed.

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;

use super::error::StoreError;
use domain::question::Question;

/// Questions.
#[async_trait]
pub trait Questions: Send + Sync {
    /// One question.
    async fn question(&self, site: &str, id: &str) -> Result<Option<Question>, StoreError>;

    /// The questions of a site behind an id, in the order of their ids.
    async fn question_page(&self, site: &str, after: &str, limit: u32) -> Result<Vec<QuestionRow>, StoreError>;

    /// The questions of a site behind a revision and an id and up to a revision, in the order of revisions and ids.
    async fn changed_questions(
        &self,
        site: &str,
        after: &(i64, String),
        until: i64,
        limit: u32,
    ) -> Result<Vec<QuestionRow>, StoreError>;

    /// The ids of the questions of a site that were removed in a range of revisions.
    async fn removed_questions(&self, site: &str, revisions: RevisionRange) -> Result<Vec<String>, StoreError>;

    /// Counts up when the questions of any site have changed. One row is read.
    async fn question_changes(&self) -> Result<i64, StoreError>;

    /// The revision of every site that has had questions.
    async fn revisions(&self) -> Result<BTreeMap<String, Revision>, StoreError>;

    /// The questions of a site as an import compares them, by their ids.
    async fn known_questions(&self, site: &str) -> Result<HashMap<String, KnownQuestion>, StoreError>;

    /// Adds and changes questions of a source in one transaction; gives those that it may not change, because another source has
    /// their ids.
    async fn write_questions(
        &self,
        site: &str,
        source: &str,
        questions: &[NewQuestion],
    ) -> Result<Vec<TakenId>, StoreError>;

    /// Removes questions of a source in one transaction; gives how many there were.
    async fn remove_questions(&self, site: &str, source: &str, ids: &[String]) -> Result<usize, StoreError>;

    /// Ends an import: what was written and removed counts from now on, and so does that it took place.
    async fn finish_import(&self, site: &str, source: &str, now: &str) -> Result<(), StoreError>;

    /// Forgets what was removed before a time; an index that does not know it yet is built anew.
    async fn forget_removed_questions(&self, before: &str) -> Result<(), StoreError>;
}

/// The revision of a site's questions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Revision {
    /// The latest.
    pub current: i64,
    /// What is older than this cannot be brought up to date by changes.
    pub oldest: i64,
}

/// Revisions after one and up to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RevisionRange {
    /// The last one that is not in it.
    pub after: i64,
    /// The last one that is.
    pub until: i64,
}

/// A question as it is kept. It may be one that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuestionRow {
    /// Its id.
    pub id: String,
    /// When it was written last.
    pub revision: i64,
    /// Its JSON.
    pub json: String,
}

/// A question that is to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewQuestion {
    /// Its id.
    pub id: String,
    /// The SHA-256 of its JSON.
    pub hash: [u8; 32],
    /// Its JSON.
    pub json: String,
}

/// A question that is kept, as an import compares it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownQuestion {
    /// The SHA-256 of its JSON.
    pub hash: Vec<u8>,
    /// Where it came from; empty where that was not kept yet, and then it belongs to who brings it next.
    pub source: String,
}

/// An id that another source has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenId {
    /// The id.
    pub id: String,
    /// The source that has it.
    pub source: String,
}
