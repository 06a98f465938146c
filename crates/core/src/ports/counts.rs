//! The port for statistics: deflections, and searches that found nothing. Nobody can be identified from it.

use async_trait::async_trait;

use super::error::StoreError;
use crate::ids::SiteKey;
use crate::timestamp::Timestamp;
use domain::deflection::{QuestionCounts, Visits};
use domain::event::Event;
use domain::question::Question;
use domain::ticket::Kind;

/// Counters.
#[async_trait]
pub trait Counts: Send + Sync {
    /// The salt with which customers and search texts are hashed before they are counted.
    async fn salt(&self) -> Result<Vec<u8>, StoreError>;

    /// Writes all counts in one transaction, or none. Counting the same event again changes nothing.
    async fn record_counts(&self, counts: &[Count]) -> Result<(), StoreError>;

    /// The visits of each week and kind since a week, latest week first, then by the name of the kind.
    async fn visit_counts(&self, site: &SiteKey, since: &str) -> Result<Vec<WeekOfKind>, StoreError>;

    /// The questions opened since a week, the ones that solve most first; with the question if it still exists.
    async fn question_counts(
        &self,
        site: &SiteKey,
        since: &str,
        limit: u32,
    ) -> Result<Vec<(QuestionCounts, Option<Question>)>, StoreError>;

    /// Searches without results since a week, made by enough people to be shown; most frequent first.
    async fn search_misses(&self, site: &SiteKey, since: &str) -> Result<Vec<SearchMiss>, StoreError>;

    /// Deletes counters of weeks before that of one time, and the hashes of who was counted of weeks before that of another. In short transactions.
    async fn forget_counts(&self, before: Timestamp, who_before: Timestamp) -> Result<(), StoreError>;
}

/// Something to count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Count {
    /// An event of a visit that concerns questions.
    Event {
        /// The site.
        site: SiteKey,
        /// The Monday of the week, `2026-11-23`.
        week: String,
        /// The event.
        event: Event,
    },
    /// A search that found nothing.
    SearchMiss {
        /// The site.
        site: SiteKey,
        /// The Monday of the week.
        week: String,
        /// The salted hash of who searched.
        pseudonym: [u8; 32],
        /// The salted hash of the search text.
        search: [u8; 32],
        /// The search text. Stored only once enough people have searched for it.
        words: String,
        /// When.
        at: Timestamp,
    },
}

/// The visits of one kind in one week.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeekOfKind {
    /// The Monday of the week.
    pub week: String,
    /// The kind of the drafts.
    pub kind: Kind,
    /// The counters.
    pub visits: Visits,
}

/// A search that found nothing for several people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchMiss {
    /// The search text.
    pub words: String,
    /// The sum over the weeks of how many networks or verified customers searched for it.
    pub people: u32,
    /// When it was last searched for.
    pub last_at: Timestamp,
}
