//! The imports of a site, created from their tables in the configuration.

use std::time::Duration;

use jiff::SignedDuration;

use crate::config::{ImportTable, SourceKind};
use deskbell_core::use_cases::search::import::{EVERY_DEFAULT, EVERY_MAX, EVERY_MIN};
use outbound_http::AddressError;
use sources::{Columns, Format, Source};

/// A configured import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportConfig {
    /// The source of the questions.
    pub source: Source,
    /// The time from one import to the next.
    pub period: Duration,
    /// Whether questions that the source no longer has are removed.
    pub prune: bool,
}

/// The import of a table, or the invalid field and the reason.
pub fn import(import: &ImportTable) -> Result<ImportConfig, (&'static str, String)> {
    if import.pages.is_some() && import.from != SourceKind::Strapi {
        return Err((
            "pages",
            "can be used with strapi only; other sources know the addresses of their questions".into(),
        ));
    }
    let pages = import.pages.as_deref();
    let source = Source::new(source_format(import.from), &import.url, pages).map_err(|error| match &error {
        AddressError(text) if Some(text.as_str()) == pages => ("pages", error.to_string()),
        _ => ("url", error.to_string()),
    })?;
    if !import.columns.is_empty() && import.from != SourceKind::Csv {
        return Err(("columns", "can be used with csv only; other sources know their fields".into()));
    }
    let columns = Columns::new(import.columns.clone()).map_err(|message| ("columns", message))?;
    let source = Source { private: import.private, columns, ..source };
    let period = import.every.as_deref().map_or(Some(EVERY_DEFAULT), |text| {
        let period: Duration = text.parse::<SignedDuration>().ok()?.try_into().ok()?;
        (EVERY_MIN..=EVERY_MAX).contains(&period).then_some(period)
    });
    let period = period.ok_or_else(|| {
        let text = import.every.clone().unwrap_or_default();
        (
            "every",
            format!("{text:?} is not a duration from 10 minutes to 1000 hours, such as \"30 minutes\" or \"6 hours\""),
        )
    })?;
    Ok(ImportConfig { source, period, prune: import.prune })
}

/// The format of a source kind in the configuration or on the command line.
pub fn source_format(kind: SourceKind) -> Format {
    match kind {
        SourceKind::Jsonl => Format::Jsonl,
        SourceKind::Csv => Format::Csv,
        SourceKind::Discourse => Format::Discourse,
        SourceKind::Zendesk => Format::Zendesk,
        SourceKind::Strapi => Format::Strapi,
    }
}
