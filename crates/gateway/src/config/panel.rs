//! The panel of a site, as configured.

use serde::Deserialize;

use domain::config::{Collected, Config, Link, Redact, Theme, Topic};
use domain::engine::Engine;
use domain::fields::Field;
use domain::ticket::Kind;
use wire::Pairs;

/// The options of the panel, which a page may refine with `configure`.
pub const PANEL_OPTIONS: &[&str] =
    &["kinds", "topics", "sources", "links", "channels", "context", "redact", "consent", "fields", "theme", "texts"];

/// The table `panel` of a site; [`Config`] documents its fields.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PanelTable {
    kinds: Vec<Kind>,
    pub(super) topics: Vec<Topic>,
    sources: Vec<Engine>,
    links: Vec<Link>,
    channels: Vec<Link>,
    context: Collected,
    redact: Redact,
    consent: bool,
    fields: Vec<Field>,
    theme: Theme,
    texts: Pairs<Pairs<String>>,
}

impl Default for PanelTable {
    fn default() -> PanelTable {
        let Config { kinds, topics, sources, links, channels, context, redact, consent, fields, theme, texts, .. } =
            Config::default();
        PanelTable { kinds, topics, sources, links, channels, context, redact, consent, fields, theme, texts }
    }
}

impl PanelTable {
    /// The configuration with these options; the others are those of `site_config`.
    pub fn into_config(self, site_config: Config) -> Config {
        let PanelTable { kinds, topics, sources, links, channels, context, redact, consent, fields, theme, texts } =
            self;
        Config {
            kinds,
            topics,
            sources,
            links,
            channels,
            context,
            redact,
            consent,
            fields,
            theme,
            texts,
            ..site_config
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::config::GATEWAY_ONLY;

    #[test]
    fn the_panel_table_has_every_option_of_a_page() {
        let error = toml::from_str::<PanelTable>("nothing = 1").unwrap_err();
        let fields: Vec<&str> = error.message().split('`').skip(3).step_by(2).collect();
        assert_eq!(fields, PANEL_OPTIONS);
        let schema = schemars::schema_for!(Config);
        let options = schema.get("properties").and_then(|options| options.as_object()).unwrap();
        let mut options: Vec<&str> = options.keys().map(String::as_str).collect();
        options.retain(|option| !GATEWAY_ONLY.contains(option));
        options.sort();
        let mut fields = fields;
        fields.sort();
        assert_eq!(fields, options);
    }
}
