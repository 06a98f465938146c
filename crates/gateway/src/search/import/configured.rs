//! An import that is made again and again, made from its table in the configuration.

use std::time::Duration;

use jiff::SignedDuration;

use super::timer::{EVERY_DEFAULT, EVERY_MAX, EVERY_MIN, Plan};
use super::{Format, Source};
use crate::config::ImportTable;
use outbound_http::AddressError;

impl Plan {
    /// The plan of a table, or the field that is wrong and why.
    pub fn configured(import: &ImportTable) -> Result<Plan, (&'static str, String)> {
        if import.pages.is_some() && import.from != Format::Strapi {
            return Err((
                "pages",
                "is for strapi only; the other sources know where their questions can be read".into(),
            ));
        }
        let pages = import.pages.as_deref();
        let source = Source::new(import.from, &import.url, pages).map_err(|error| match &error {
            AddressError(text) if Some(text.as_str()) == pages => ("pages", error.to_string()),
            _ => ("url", error.to_string()),
        })?;
        if !import.columns.is_empty() && import.from != Format::Csv {
            return Err(("columns", "is for csv only; the other sources know what their fields are".into()));
        }
        import.columns.check().map_err(|message| ("columns", message))?;
        let source = Source { private: import.private, columns: import.columns.clone(), ..source };
        let every = import.every.as_deref().map_or(Some(EVERY_DEFAULT), |text| {
            let every: Duration = text.parse::<SignedDuration>().ok()?.try_into().ok()?;
            (EVERY_MIN..=EVERY_MAX).contains(&every).then_some(every)
        });
        let every = every.ok_or_else(|| {
            let text = import.every.clone().unwrap_or_default();
            (
                "every",
                format!("{text:?} is no time from 10 minutes to 1000 hours, such as \"30 minutes\" or \"6 hours\""),
            )
        })?;
        Ok(Plan { source, every, prune: import.prune })
    }
}
