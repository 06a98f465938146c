//! `deskbell import`.

use std::sync::Arc;

use crate::config::Settings;
use crate::wire_up;
use deskbell_core::ids::SiteKey;
use deskbell_core::ports::{Progress, QuestionSource, StoreError};
use deskbell_core::use_cases::search::import::{ImportError, Prune, Report};

/// Why an import failed.
#[derive(Debug, thiserror::Error)]
pub enum ImportCommandError {
    /// The site is not configured.
    #[error("--site: {site:?} is not a site of the configuration; it has {known}")]
    UnknownSite {
        /// The site.
        site: SiteKey,
        /// The configured sites.
        known: String,
    },
    /// The import failed.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Imports a source into the configured database.
pub async fn run(
    settings: &Settings,
    site: &SiteKey,
    source: &dyn QuestionSource,
    prune: Prune,
    progress: Arc<dyn Progress>,
) -> Result<Report, ImportCommandError> {
    let (store, import) = wire_up::import_questions(settings).await?;
    if !settings.sites.is_empty() && !settings.sites.contains_key(site.as_str()) {
        let stored = store.site_tables().await?;
        if !stored.iter().any(|table| table.site == *site) {
            store.close().await;
            let known = settings.sites.keys().map(String::as_str).chain(stored.iter().map(|table| table.site.as_str()));
            let known = known.collect::<Vec<_>>().join(", ");
            return Err(ImportCommandError::UnknownSite { site: site.clone(), known });
        }
    }
    let report = import.with_progress(progress).import(site, source, prune).await;
    store.close().await;
    Ok(report?)
}
