//! The port for a source of questions, such as a file, a forum or a help center.

use std::collections::BTreeSet;
use std::fmt;

use async_trait::async_trait;

use crate::timestamp::Timestamp;
use domain::question::Question;

/// A source of questions.
#[async_trait]
pub trait QuestionSource: fmt::Debug + Send + Sync {
    /// The name under which its questions are stored; the same for the same location.
    fn name(&self) -> String;

    /// Its location, for the log.
    fn location(&self) -> String;

    /// Reads it, at a time: what has changed since the `progress` of an earlier reading, or all of it. Items that cannot be read are noted and
    /// skipped.
    async fn read(&self, progress: Option<&str>, now: Timestamp) -> Result<SourceReading, SourceError>;
}

/// The result of reading a source.
#[derive(Debug, Default)]
pub struct SourceReading {
    /// The questions, with unique ids.
    pub questions: Vec<Question>,
    /// Items that could not be read and may be questions.
    pub bad: Vec<SourceNote>,
    /// Items that were read but need attention.
    pub warnings: Vec<SourceNote>,
    /// The ids of existing questions that could not be read.
    pub unreadable: BTreeSet<String>,
    /// Whether something could not be read that may be any question.
    pub is_incomplete: bool,
    /// Whether only changes were read.
    pub is_changes: bool,
    /// Whether the source reported that nothing has changed.
    pub is_unchanged: bool,
    /// How far it was read, in the format of the source; empty if it has to be read in full again.
    pub progress: String,
}

/// A note about a place in a source.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{position}: {note}")]
pub struct SourceNote {
    /// The line of a file, or the path of a page.
    pub position: String,
    /// The text.
    pub note: String,
}

/// A source cannot be read at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SourceError(pub String);
