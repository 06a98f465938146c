//! A source as the port that imports read from.

use async_trait::async_trait;

use crate::reading::{Note, Reading, ReadingProgress, Scope};
use crate::source::Source;
use deskbell_core::ports::{QuestionSource, SourceError, SourceNote, SourceReading};
use deskbell_core::timestamp::Timestamp;
use outbound_http::Limits;

#[async_trait]
impl QuestionSource for Source {
    fn name(&self) -> String {
        Source::name(self)
    }

    fn location(&self) -> String {
        self.location.to_string()
    }

    async fn read(&self, progress: Option<&str>, now: Timestamp) -> Result<SourceReading, SourceError> {
        let known: ReadingProgress = progress.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
        let now = now.to_jiff();
        let scope = if progress.is_some() { known.scope(now) } else { Scope::Whole };
        let reading = crate::read(self, Limits::default(), &scope).await;
        let reading = reading.map_err(|error| SourceError(error.to_string()))?;
        // Items that could not be read may have changed.
        let next = if reading.bad.is_empty() { known.after(&reading, now) } else { ReadingProgress::default() };
        let Reading { questions, bad, warnings, unreadable, is_incomplete, is_changes, is_unchanged, .. } = reading;
        let notes =
            |notes: Vec<Note>| notes.into_iter().map(|Note { position, note }| SourceNote { position, note }).collect();
        Ok(SourceReading {
            questions,
            bad: notes(bad),
            warnings: notes(warnings),
            unreadable,
            is_incomplete,
            is_changes,
            is_unchanged,
            progress: serde_json::to_string(&next).unwrap_or_default(),
        })
    }
}
