//! The demo: a site of a fictional product, with its questions and pages.

use deskbell_core::ports::{Questions, StoreError};
use deskbell_core::use_cases::search::import::{Prune, write};

/// The key of the demo's site.
pub const SITE: &str = "demo";
/// The paths of the demo's pages, which all serve the same document; its content depends on the path.
pub const PAGES: &[&str] = &["/", "/alerts", "/billing"];
/// The content security policy of the demo's pages: that of a strict host, with the minimum that the panel needs.
pub const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; connect-src 'self'; \
    img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'; trusted-types 'none'";

/// Imports the demo's questions.
pub async fn import(store: &dyn Questions) -> Result<(), StoreError> {
    let reading = sources::json_lines(include_str!("questions.jsonl"));
    for note in &reading.bad {
        tracing::error!("the demo's questions: {note}");
    }
    write(store, &SITE.into(), SITE, reading.questions, Prune::Forced).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_settings_and_questions_are_valid() {
        let sites = crate::wire_up::parse(include_str!("deskbell.toml"), "demo").unwrap().sites;
        assert_eq!(sites.keys().collect::<Vec<_>>(), [SITE]);
        let reading = sources::json_lines(include_str!("questions.jsonl"));
        assert_eq!((reading.bad, reading.warnings, reading.questions.len()), (vec![], vec![], 135));
    }
}
