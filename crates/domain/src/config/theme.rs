//! The look of the panel.

use super::super::contrast;
use wire::{Read, Source, words};

wire::types! {
    /// The look of the panel.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    #[serde(deny_unknown_fields)]
    pub struct Theme {
        /// The accent, `#rgb` or `#rrggbb`; adjusted until it is readable. Default: the panel's own blue.
        pub accent: String = default,
        /// `auto` follows the page's `color-scheme`. Default: `auto`.
        pub scheme: Scheme = default,
    }
}

words! {
    /// Light or dark.
    #[derive(Default)]
    Scheme else Auto {
        /// Like the page.
        #[default]
        Auto = "auto",
        /// Always light.
        Light = "light",
        /// Always dark.
        Dark = "dark",
    }
}

impl Theme {
    /// Reads a theme from a page's configuration. An error names what is wrong and what is allowed.
    pub fn parse(value: &impl Source) -> Result<Theme, String> {
        check_words(value)?;
        let theme = Theme::read(value);
        match check(&theme) {
            Some(problem) => Err(problem),
            None => Ok(theme),
        }
    }
}

fn check_words(theme: &impl Source) -> Result<(), String> {
    for (name, value) in theme.entries() {
        match (name.as_str(), value.text().as_str()) {
            ("accent", _) | ("scheme", "auto" | "light" | "dark") => {}
            ("scheme", _) => return Err("theme.scheme: must be auto, light or dark".into()),
            _ => return Err("theme.".to_string() + &name + ": unknown; known are accent, scheme"),
        }
    }
    Ok(())
}

/// What is wrong with a theme, and what is allowed.
pub fn check(theme: &Theme) -> Option<String> {
    let is_invalid = !theme.accent.is_empty() && contrast::parse_color(&theme.accent).is_none();
    is_invalid.then(|| "theme.accent: \"".to_string() + &theme.accent + "\" is not a color; use #rgb or #rrggbb")
}
