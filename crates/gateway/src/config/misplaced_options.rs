//! Reads files in which the options of the panel are in the table of the site. The next version rejects them there.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::document::{Document, table};
use super::error::SettingsError;
use super::panel::PANEL_OPTIONS;

const PANEL: &str = "panel";

/// The options of a site's panel that are outside of its table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MisplacedOptions {
    /// The site.
    pub site: String,
    /// The options.
    pub fields: Vec<&'static str>,
}

/// Moves the panel's options to their table. An option in both places is an error.
pub fn move_panel_options(document: &mut Document<'_>) -> Result<Vec<MisplacedOptions>, SettingsError> {
    let mut moved = Vec::new();
    let mut duplicate = None;
    for (site, span, options) in document.sites() {
        let mut fields = Vec::new();
        for field in PANEL_OPTIONS {
            let Some((key, value)) = options.remove_entry(*field) else { continue };
            let empty = || Spanned::new(span.clone(), DeValue::Table(DeTable::new()));
            let panel = options.entry(Spanned::new(span.clone(), PANEL.into())).or_insert_with(empty);
            // Other types are rejected when the document is deserialized.
            let Some(panel) = table(panel.get_mut()) else { continue };
            if panel.contains_key(*field) {
                duplicate = duplicate.or(Some((key.span(), format!("sites.{site}.{field}"), site.clone())));
                continue;
            }
            panel.insert(key, value);
            fields.push(*field);
        }
        if !fields.is_empty() {
            moved.push(MisplacedOptions { site, fields });
        }
    }
    match duplicate {
        Some((span, path, site)) => {
            Err(document.error(span, &path, format!("also set in [sites.{site}.panel]; keep that one")))
        }
        None => Ok(moved),
    }
}

/// One sentence about all options at the old place.
pub fn deprecation_warning(misplaced: &[MisplacedOptions]) -> Option<String> {
    let moves = misplaced.iter().map(|MisplacedOptions { site, fields }| {
        format!("move {} from [sites.{site}] to [sites.{site}.panel]", fields.join(", "))
    });
    let moves: Vec<String> = moves.collect();
    (!moves.is_empty()).then(|| {
        format!(
            "panel options outside of their table are deprecated and will be rejected by the next version: {}",
            moves.join("; ")
        )
    })
}
