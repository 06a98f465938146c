//! The port for what is counted: answers, and searches that found nothing. Nothing in it says who anybody is.

use async_trait::async_trait;

use super::error::StoreError;
use domain::deflection::{Visits, Worth};
use domain::event::Event;
use domain::question::Question;
use domain::ticket::Kind;

/// Counters.
#[async_trait]
pub trait Counts: Send + Sync {
    /// The secret with which people and words are hashed before they come here.
    async fn salt(&self) -> Result<Vec<u8>, StoreError>;

    /// Counts all of these in one transaction, or none of them. What was counted already changes nothing.
    async fn record_counts(&self, counts: &[Count]) -> Result<(), StoreError>;

    /// What visits came to since a week, latest week first, then by the word of their kind.
    async fn visit_counts(&self, site: &str, since: &str) -> Result<Vec<WeekOfKind>, StoreError>;

    /// The questions that were opened since a week, those first that solve most; with the question, where it is still there.
    async fn question_counts(
        &self,
        site: &str,
        since: &str,
        limit: u32,
    ) -> Result<Vec<(Worth, Option<Question>)>, StoreError>;

    /// What enough people searched for without finding anything since a week, most searched for first.
    async fn search_misses(&self, site: &str, since: &str) -> Result<Vec<SearchMiss>, StoreError>;

    /// Forgets counters before one week, and before another one who has been counted. In short transactions.
    async fn forget_counts(&self, before: &str, who_before: &str) -> Result<(), StoreError>;
}

/// Something that is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Count {
    /// What has become of questions in a visit.
    Event {
        /// The site.
        site: String,
        /// The Monday of the week, `2026-11-23`.
        week: String,
        /// What happened.
        event: Event,
    },
    /// A search that found nothing.
    SearchMiss {
        /// The site.
        site: String,
        /// The Monday of the week.
        week: String,
        /// Who searched, as a salted hash.
        who: [u8; 32],
        /// What for, as a salted hash.
        search: [u8; 32],
        /// What for. Kept once enough people have searched for it.
        words: String,
        /// When, RFC 3339 in UTC.
        at: String,
    },
}

/// What the visits of a week came to that were of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeekOfKind {
    /// The Monday of the week.
    pub week: String,
    /// The kind of the drafts.
    pub kind: Kind,
    /// How many there were.
    pub visits: Visits,
}

/// A search that found nothing for several people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchMiss {
    /// What was searched for.
    pub words: String,
    /// How many networks or signed people did, week by week.
    pub people: u32,
    /// When it was searched for last.
    pub last_at: String,
}
