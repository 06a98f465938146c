//! The port for questions: read one by one or in pages, written in short transactions.
//!
//! Each site has a revision, which increases when an import finishes. Each question has the revision at which it was written or removed. What a
//! running import writes gets a revision that the site has not reached yet, so an index sees an import as a whole, and reads only what has
//! changed.

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;

use super::error::StoreError;
use crate::ids::SiteKey;
use crate::timestamp::Timestamp;
use domain::question::Question;

/// Questions and their imports.
#[async_trait]
pub trait Questions: Send + Sync {
    /// The question with an id.
    async fn question(&self, site: &SiteKey, id: &str) -> Result<Option<Question>, StoreError>;

    /// The questions of a site with ids above `after`, ordered by id.
    async fn question_page(&self, site: &SiteKey, after: &str, limit: u32) -> Result<Vec<QuestionRow>, StoreError>;

    /// The questions of a site after a revision and an id and up to a revision, ordered by revision and id.
    async fn changed_questions(
        &self,
        site: &SiteKey,
        after: &(i64, String),
        until: i64,
        limit: u32,
    ) -> Result<Vec<QuestionRow>, StoreError>;

    /// The ids of the questions of a site that were removed in a range of revisions.
    async fn removed_questions(&self, site: &SiteKey, revisions: RevisionRange) -> Result<Vec<String>, StoreError>;

    /// A counter that increases when the questions of any site change. Reads one row.
    async fn question_changes(&self) -> Result<i64, StoreError>;

    /// The revision of each site that has had questions.
    async fn revisions(&self) -> Result<BTreeMap<SiteKey, Revision>, StoreError>;

    /// The questions of a site by id, as an import compares them.
    async fn known_questions(&self, site: &SiteKey) -> Result<HashMap<String, KnownQuestion>, StoreError>;

    /// Inserts and updates questions of a source in one transaction. Returns those that were skipped because another source has their ids.
    async fn write_questions(
        &self,
        site: &SiteKey,
        source: &str,
        questions: &[NewQuestion],
    ) -> Result<Vec<IdConflict>, StoreError>;

    /// Removes questions of a source in one transaction. Returns how many existed.
    async fn remove_questions(&self, site: &SiteKey, source: &str, ids: &[String]) -> Result<usize, StoreError>;

    /// Finishes an import: what it wrote and removed takes effect, and its time is recorded.
    async fn finish_import(&self, site: &SiteKey, source: &str) -> Result<(), StoreError>;

    /// Deletes the records of removals from before a time. An index that has not seen them yet has to be rebuilt.
    async fn forget_removed_questions(&self, before: Timestamp) -> Result<(), StoreError>;
}

/// The revision of a site's questions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Revision {
    /// The current revision.
    pub current: i64,
    /// The oldest revision from which an index can be updated incrementally.
    pub oldest: i64,
}

/// A range of revisions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RevisionRange {
    /// The last revision before the range.
    pub after: i64,
    /// The last revision in the range.
    pub until: i64,
}

/// A question as stored. Its JSON may be unreadable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuestionRow {
    /// Its id.
    pub id: String,
    /// The revision at which it was last written.
    pub revision: i64,
    /// Its JSON.
    pub json: String,
}

/// A question to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewQuestion {
    /// Its id.
    pub id: String,
    /// The SHA-256 of its JSON.
    pub hash: [u8; 32],
    /// Its JSON.
    pub json: String,
}

/// A stored question, as an import compares it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownQuestion {
    /// The SHA-256 of its JSON.
    pub hash: Vec<u8>,
    /// The source that it came from; empty if it was stored before sources were recorded, and then it belongs to the next source that has it.
    pub source: String,
}

/// An id that another source has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdConflict {
    /// The id.
    pub id: String,
    /// The source that has it.
    pub source: String,
}
