//! The configuration of a site, as the gateway publishes it and the page may refine it.

use serde::{Deserialize, Serialize};

#[cfg(not(target_arch = "wasm32"))]
use super::attachment::{self, Attachments};
use super::engine::{self, Engine};
use super::fields::{self, Field};
use super::targets::{self, Target};
use super::vocabulary::{Kind, Priority};
use wire::{Pairs, Read, Source};

mod answer_mail;
mod collected;
mod link;
mod problem;
mod redact;
mod theme;
mod topics;

pub use answer_mail::AnswerMail;
pub use collected::Collected;
pub use link::{ASK, Link};
pub use redact::Redact;
pub use theme::{Scheme, Theme};
pub use topics::{Topic, topic_of};

/// The settings of a site. Every field has a default, so an empty configuration works.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The kinds that a customer can select, in this order. Default: all.
    pub kinds: Vec<Kind>,
    /// The parts of the product. Default: none; the form asks for none then.
    pub topics: Vec<Topic>,
    /// The priority of the customers of each plan. Default: none; there are no response targets then. Gateway only.
    pub plans: Pairs<Priority>,
    /// The response targets, at most one for each severity and priority. Default: from one business hour to two days. Gateway only.
    #[serde(default = "targets::default_targets")]
    pub targets: Vec<Target>,
    /// Search engines. Default: only the gateway. Read by the module that searches, not by the form.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<Engine>,
    /// Links to documentation and other places, shown on Home. Default: none.
    pub links: Vec<Link>,
    /// Other channels in which customers of certain plans get support, shown on Home. Default: none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<Link>,
    /// What is collected.
    pub context: Collected,
    /// What is redacted in addition to the defaults.
    pub redact: Redact,
    /// Whether the form asks if support may look into the customer's account. Default: false.
    pub consent: bool,
    /// Custom fields. Default: none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Field>,
    /// The attachments that are accepted. Default: the defaults of its fields. Gateway only; no Rust of the widget reads it.
    #[cfg(not(target_arch = "wasm32"))]
    pub attachments: Attachments,
    /// The look of the panel.
    pub theme: Theme,
    /// Texts of the panel to replace, by language tag and then by the name of the text. Default: none.
    pub texts: Pairs<Pairs<String>>,
    /// Whether the site publishes incidents (`GET …/incidents`). Default: false. Gateway only.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub incidents: bool,
    /// Whether answers are mailed to the customer who asks for the configuration. Default: `never`. Set by the gateway, which knows who mails them.
    #[serde(skip_serializing_if = "is_default")]
    pub answer_mail: AnswerMail,
    /// Whether customers can ask for a link by e-mail that shows tickets from another device (`POST …/tickets/link`). Default: false. Set by the
    /// gateway, which knows whether it can mail links.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub access_links: bool,
    /// Whether response targets are shown for a plan that is not signed; for demos. Default: false. Gateway only.
    pub trust_page: bool,
}

impl Default for Config {
    /// The configuration before one is loaded, without response targets.
    fn default() -> Config {
        Config {
            kinds: Kind::ALL.to_vec(),
            topics: Vec::new(),
            plans: Pairs::default(),
            targets: Vec::new(),
            sources: Vec::new(),
            links: Vec::new(),
            channels: Vec::new(),
            context: Collected::default(),
            redact: Redact::default(),
            consent: false,
            fields: Vec::new(),
            #[cfg(not(target_arch = "wasm32"))]
            attachments: Attachments::default(),
            theme: Theme::default(),
            texts: Pairs::default(),
            incidents: false,
            answer_mail: AnswerMail::default(),
            access_links: false,
            trust_page: false,
        }
    }
}

/// The fields that a page cannot set, because they decide response targets and routing.
pub const GATEWAY_ONLY: &[&str] =
    &["plans", "targets", "attachments", "incidents", "answer_mail", "access_links", "trust_page"];

/// Sets one field from the page's configuration. A bad value changes nothing and is an error that names the field and what is allowed.
pub fn set_field(config: &mut Config, field: &str, value: &impl Source) -> Result<(), String> {
    match field {
        "kinds" => {
            let words = value.items();
            let kinds: Option<Vec<Kind>> = words.iter().map(|word| Kind::from_word(&word.text())).collect();
            let kinds = kinds.ok_or("kinds: must be a list of question, bug, feedback")?;
            replace(&mut config.kinds, kinds, check_kinds)
        }
        "topics" => replace(&mut config.topics, Vec::read(value), topics::check),
        "channels" | "links" => {
            let slot = if field == "links" { &mut config.links } else { &mut config.channels };
            replace(slot, Vec::read(value), link::check)
        }
        "theme" => {
            config.theme = Theme::parse(value)?;
            Ok(())
        }
        "context" => config.context.set(value),
        "redact" => config.redact.set(value),
        "texts" => {
            config.texts = Pairs::read(value);
            Ok(())
        }
        "fields" => replace(&mut config.fields, Vec::read(value), fields::check),
        "consent" => {
            config.consent = value.is_true();
            Ok(())
        }
        "sources" => Ok(()),
        _ if GATEWAY_ONLY.contains(&field) => {
            Err(field.to_string() + ": can be set in the gateway's configuration only")
        }
        _ => Err(field.to_string()
            + ": unknown; known are kinds, topics, sources, links, channels, fields, context, redact, consent, theme, \
                texts"),
    }
}

fn replace<T: std::ops::Deref>(slot: &mut T, value: T, check: fn(&T::Target) -> Option<String>) -> Result<(), String> {
    match check(&value) {
        Some(problem) => Err(problem),
        None => {
            *slot = value;
            Ok(())
        }
    }
}

/// What is wrong with a configuration beyond its types; empty for a valid one.
pub fn check(config: &Config) -> Vec<String> {
    let Config { kinds, topics, sources, links, channels, fields, context, theme, .. } = config;
    let problems = [
        check_kinds(kinds),
        topics::check(topics),
        engine::check(sources),
        link::check(links),
        link::check(channels),
        fields::check(fields),
        collected::check(context),
        #[cfg(not(target_arch = "wasm32"))]
        attachment::check(&config.attachments),
        theme::check(theme),
    ];
    problems.into_iter().flatten().collect()
}

fn check_kinds(kinds: &[Kind]) -> Option<String> {
    kinds.is_empty().then(|| "kinds: must not be empty; use at least one of question, bug, feedback".into())
}

impl Read for Config {
    fn read(source: &impl Source) -> Config {
        let mut config = Config::default();
        for (field, value) in source.entries() {
            match field.as_str() {
                "plans" => {
                    for (plan, priority) in value.entries() {
                        if let Some(priority) = Priority::from_word(&priority.text()) {
                            config.plans.0.push((plan, priority));
                        }
                    }
                }
                "targets" => config.targets = Vec::read(&value),
                "trust_page" => config.trust_page = value.is_true(),
                "incidents" => config.incidents = value.is_true(),
                "answer_mail" => config.answer_mail = AnswerMail::read(&value),
                "access_links" => config.access_links = value.is_true(),
                // The gateway has validated what it publishes. Errors are ignored, because a newer gateway may publish fields that are unknown
                // here.
                _ => drop(set_field(&mut config, &field, &value)),
            }
        }
        config
    }
}

fn is_default(answer_mail: &AnswerMail) -> bool {
    *answer_mail == AnswerMail::default()
}

/// The priority of a plan, if the site configures one.
pub fn priority_of(config: &Config, plan: &str) -> Option<Priority> {
    config.plans.get(plan).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(config: &mut Config, field: &str, json: &str) -> Result<(), String> {
        set_field(config, field, &serde_json::from_str::<serde_json::Value>(json).unwrap())
    }

    #[test]
    fn pages_cannot_set_response_targets() {
        let mut config = Config::default();
        for field in GATEWAY_ONLY {
            assert!(set(&mut config, field, "{}").unwrap_err().contains("gateway's configuration only"));
        }
        assert_eq!(config, Config::default());
    }

    #[test]
    fn invalid_values_are_reported_and_change_nothing() {
        let mut config = Config::default();
        for (field, json, expected) in [
            ("kinds", r#"["complaint"]"#, "question, bug, feedback"),
            ("kinds", "[]", "at least one"),
            ("theme", r#"{"accent":"blue"}"#, "#rgb"),
            ("theme", r#"{"colour":"blue"}"#, "known are accent, scheme"),
            ("theme", r#"{"scheme":"sepia"}"#, "auto, light or dark"),
            ("links", r#"[{"label":"x","url":"javascript:alert(1)"}]"#, "https:"),
            ("topics", r#"[{"id":"a b","label":"x"}]"#, "not an id"),
            ("topics", r#"[7]"#, "not an id"),
            ("fields", r#"[{"id":"a b","label":"x"}]"#, "not an id"),
            ("context", r#"{"off":["cookies"]}"#, "page, user, application"),
            ("context", r#"{"tools":["matomo"]}"#, "posthog, sentry"),
            ("context", r#"{"links":[{"label":"x","url":"javascript:{id}"}]}"#, "https:"),
            ("context", r#"{"application":{"relase":"1"}}"#, "release, environment"),
            ("context", r#"{"of":[]}"#, "off, ask"),
            ("redact", r#"{"name":[]}"#, "names, ip_addresses"),
            ("tpoics", "[]", "known are"),
        ] {
            let error = set(&mut config, field, json).unwrap_err();
            assert!(error.starts_with(field) && error.contains(expected), "{field}: {error}");
        }
        assert_eq!(config, Config::default());
    }

    #[test]
    fn configurations_round_trip_over_the_wire() {
        let config = Config::default();
        let json = serde_json::to_string(&config).unwrap();
        assert_eq!(serde_json::from_str::<Config>(&json).unwrap(), config);
        let unset = Config { targets: targets::default_targets(), ..config };
        assert_eq!(serde_json::from_str::<Config>("{}").unwrap(), unset);
    }
}
