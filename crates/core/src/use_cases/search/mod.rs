//! Searches among the questions of a site.

mod build;
pub mod counting;
pub mod import;
mod indexes;

use crate::ids::SiteKey;
use crate::ports::{Questions, StoreError};
use build::{PAGE, question_of};
use domain::question::Question;

pub use indexes::{IndexLimits, Indexes, NotReady, follow};

/// All questions of a site, ordered by id. Unreadable ones are logged and skipped.
pub async fn all_questions(store: &dyn Questions, site: &SiteKey) -> Result<Vec<Question>, StoreError> {
    let (mut questions, mut cursor) = (Vec::new(), String::new());
    loop {
        let rows = store.question_page(site, &cursor, PAGE).await?;
        let Some(last) = rows.last() else { return Ok(questions) };
        cursor = last.id.clone();
        questions.extend(rows.iter().filter_map(|row| question_of(site, row)));
    }
}
