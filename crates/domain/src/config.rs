//! The configuration of a site, as the gateway publishes it and the page may refine it.

use serde::{Deserialize, Serialize};

#[cfg(not(target_arch = "wasm32"))]
use super::attachment::{self, Attachments};
use super::context::Group;
use super::contrast;
use super::engine::{self, Engine};
use super::fields::{self, Field};
use super::joined::joined;
use super::targets::{self, Target};
use super::ticket::{Kind, Priority};
use markdown::find::find;
use wire::{Pairs, Read, Source, words};

/// What a site can be told. Every field has a default, so an empty configuration is a working one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The kinds that a customer can choose, in this order. Default: all.
    pub kinds: Vec<Kind>,
    /// The parts of the product. Default: none, and the form asks for none.
    pub topics: Vec<Topic>,
    /// Which priority the customers of a plan have. Default: none, and no answer time is promised. Gateway only.
    pub plans: Pairs<Priority>,
    /// The response targets, one for each severity and priority that promises something. Default: those of
    /// [`targets::default_targets`]. Gateway only.
    #[serde(default = "targets::default_targets")]
    pub targets: Vec<Target>,
    /// Where answers are looked for. Default: the gateway alone. The form does not read it; the module does that asks them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<Engine>,
    /// Documentation and other places, shown on Home. Default: none.
    pub links: Vec<Link>,
    /// Where the customers of certain plans are answered beside tickets, shown on Home. Default: none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<Link>,
    /// What is collected.
    pub context: Collected,
    /// What is hidden beyond what is hidden anyway.
    pub redact: Redact,
    /// Whether the form asks if support may look into the customer's account. Default: false. The form does not read it; the
    /// module does that draws the fields.
    pub consent: bool,
    /// What else the form asks for. Default: nothing. Read by that module, too.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Field>,
    /// Which files go along with tickets and replies. Default: those of [`Attachments`]. Gateway only. No Rust of the widget reads it.
    #[cfg(not(target_arch = "wasm32"))]
    pub attachments: Attachments,
    /// How the panel looks.
    pub theme: Theme,
    /// Texts of the panel that say something else, by language tag and then by the name of the text. Default: none.
    pub texts: Pairs<Pairs<String>>,
    /// Whether the site says what is broken (`GET …/incidents`). Default: false. Gateway only.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub incidents: bool,
    /// Whether a plan that nobody signed may show a promise; for demos. Default: false. Gateway only.
    pub trust_page: bool,
}

wire::types! {
    /// A part of the product that a ticket can be about.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    #[serde(deny_unknown_fields)]
    pub struct Topic {
        /// Its id, as it stands on a ticket.
        pub id: String,
        /// What the customer reads.
        pub label: String,
        /// The team that owns it; empty where none does.
        pub team: String = default,
        /// Paths of pages that are about it; `*` stands for anything: `/billing*`.
        pub urls: Vec<String> = default,
    }

    /// A place outside of the panel.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    #[serde(deny_unknown_fields)]
    pub struct Link {
        /// What the customer reads.
        pub label: String,
        /// Where it leads; `https:`, `http:` or `mailto:`.
        pub url: String,
        /// `ask` where the community can be asked; such a link is offered where the community answers. Of a channel what it is:
        /// `slack`, `discord`, `phone`. Default: none.
        pub kind: String = sparse,
        /// The plans whose customers are shown it. Default: all.
        pub plans: Vec<String> = sparse,
    }

    /// How the panel looks.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    #[serde(deny_unknown_fields)]
    pub struct Theme {
        /// The accent, `#rgb` or `#rrggbb`; moved until it can be read. Default: the panel's own blue.
        pub accent: String = default,
        /// `auto` follows the page's `color-scheme`. Default: `auto`.
        pub scheme: Scheme = default,
    }
}

words! {
    /// Light or dark.
    #[derive(Default)]
    Scheme else Auto {
        /// As the page is.
        #[default]
        Auto = "auto",
        /// Always light.
        Light = "light",
        /// Always dark.
        Dark = "dark",
    }
}

impl Link {
    /// Whether the customers of a plan are shown it.
    pub fn is_for(&self, plan: &str) -> bool {
        self.plans.is_empty() || self.plans.iter().any(|known| known == plan)
    }
}

/// The kind of a link under which the community can be asked.
pub const ASK: &str = "ask";

/// What is collected for a ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Collected {
    /// Groups that are collected from nobody. Default: none.
    pub off: Vec<Group>,
    /// Groups that go along only if the customer switches them on. Default: none.
    pub ask: Vec<Group>,
    /// Headers of requests and answers that are kept beside `x-request-id` and `traceparent`, because they name a request or
    /// its trace. They are recorded from the moment on that the page's own `configure` names them. Default: none.
    pub headers: Vec<String>,
    /// Addresses in the site's other tools, in which `{organization.id}` stands for that value of the context. Default: none.
    pub links: Vec<Link>,
    /// The tools on the page that may be asked for links: `posthog`, `sentry`. Default: both.
    pub tools: Vec<String>,
    /// What the page does not declare itself: release, environment, build, tenant, region. Default: none.
    pub application: Pairs<String>,
}

/// What is hidden beyond what is hidden anyway.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Redact {
    /// Names whose values are hidden, wherever they stand: `national_id`. Default: none.
    pub names: Vec<String>,
    /// Whether IP addresses are hidden. Default: false.
    pub ip_addresses: bool,
    /// Whether numbers are hidden that look like those of the social security of the USA. Default: false.
    pub social_security: bool,
}

impl Default for Config {
    /// The configuration before any was read: it promises nothing yet.
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
            trust_page: false,
        }
    }
}

/// What a site can say of the build in the page's place.
const APPLICATION: [&str; 5] = ["release", "environment", "build", "tenant", "region"];
/// The tools that links can come from.
const TOOLS: [&str; 2] = ["posthog", "sentry"];

impl Default for Collected {
    fn default() -> Collected {
        Collected {
            off: Vec::new(),
            ask: Vec::new(),
            headers: Vec::new(),
            links: Vec::new(),
            tools: TOOLS.map(str::to_string).to_vec(),
            application: Pairs::default(),
        }
    }
}

/// The fields that the page cannot set, because they decide promises and routing.
pub const GATEWAY_ONLY: &[&str] = &["plans", "targets", "attachments", "incidents", "trust_page"];

/// Sets one field from the page's configuration. A bad value changes nothing and is an error that names the field and what
/// is allowed.
pub fn set_field(config: &mut Config, field: &str, value: &impl Source) -> Result<(), String> {
    match field {
        "kinds" => {
            let words = value.items();
            let kinds: Option<Vec<Kind>> = words.iter().map(|word| Kind::from_word(&word.text())).collect();
            let kinds = kinds.ok_or("kinds: must be a list of question, bug, feedback")?;
            set(&mut config.kinds, kinds, check_kinds)
        }
        "topics" => set(&mut config.topics, Vec::read(value), check_topics),
        "channels" | "links" => {
            let slot = if field == "links" { &mut config.links } else { &mut config.channels };
            set(slot, Vec::read(value), check_links)
        }
        "theme" => {
            check_theme_words(value)?;
            let theme = Theme::read(value);
            if let Some(problem) = check_theme(&theme) {
                return Err(problem);
            }
            config.theme = theme;
            Ok(())
        }
        "context" => config.context.set(value),
        "redact" => config.redact.set(value),
        "texts" => {
            config.texts = Pairs::read(value);
            Ok(())
        }
        "sources" | "fields" | "consent" => Ok(()),
        _ if GATEWAY_ONLY.contains(&field) => Err(field.to_string() + ": only the gateway sets it"),
        _ => Err(field.to_string()
            + ": unknown; known are kinds, topics, sources, links, channels, fields, context, redact, consent, theme, texts"),
    }
}

impl Collected {
    fn set(&mut self, value: &impl Source) -> Result<(), String> {
        let mut collected = self.clone();
        for (field, value) in value.entries() {
            match field.as_str() {
                "off" => collected.off = groups("context.off", &value)?,
                "ask" => collected.ask = groups("context.ask", &value)?,
                "headers" => collected.headers = Vec::read(&value),
                "links" => collected.links = Vec::read(&value),
                "tools" => collected.tools = Vec::read(&value),
                "application" => collected.application = Pairs::read(&value),
                _ => return Err(unknown("context.", &field, "off, ask, headers, links, tools, application")),
            }
        }
        match check_collected(&collected) {
            Some(problem) => Err(problem),
            None => {
                *self = collected;
                Ok(())
            }
        }
    }
}

impl Redact {
    fn set(&mut self, value: &impl Source) -> Result<(), String> {
        for (field, value) in value.entries() {
            match field.as_str() {
                "names" => self.names = Vec::read(&value),
                "ip_addresses" => self.ip_addresses = value.yes(),
                "social_security" => self.social_security = value.yes(),
                _ => return Err(unknown("redact.", &field, "names, ip_addresses, social_security")),
            }
        }
        Ok(())
    }
}

fn unknown(place: &str, field: &str, known: &str) -> String {
    [place, field, ": unknown; known are ", known].concat()
}

fn groups(place: &str, value: &impl Source) -> Result<Vec<Group>, String> {
    let groups: Option<Vec<Group>> = value.items().iter().map(|word| Group::from_word(&word.text())).collect();
    groups.ok_or_else(|| {
        let words: Vec<&str> = Group::ALL.iter().map(|group| group.word()).collect();
        [place, ": must be a list of ", &joined(&words, ", ")].concat()
    })
}

fn check_collected(collected: &Collected) -> Option<String> {
    let Collected { links, tools, application, .. } = collected;
    if let Some(tool) = tools.iter().find(|tool| !TOOLS.contains(&tool.as_str())) {
        return Some(unknown("context.tools: ", tool, &joined(&TOOLS, ", ")));
    }
    if let Some((name, _)) = application.0.iter().find(|(name, _)| !APPLICATION.contains(&name.as_str())) {
        return Some(unknown("context.application.", name, &joined(&APPLICATION, ", ")));
    }
    check_links(links).map(|problem| ["context.", &problem].concat())
}

fn set<T: std::ops::Deref>(slot: &mut T, value: T, check: fn(&T::Target) -> Option<String>) -> Result<(), String> {
    match check(&value) {
        Some(problem) => Err(problem),
        None => {
            *slot = value;
            Ok(())
        }
    }
}

/// What is wrong with a configuration beyond its types; empty for a good one.
pub fn check(config: &Config) -> Vec<String> {
    let Config { kinds, topics, sources, links, channels, fields, context, theme, .. } = config;
    let problems = [
        check_kinds(kinds),
        check_topics(topics),
        engine::check(sources),
        check_links(links),
        check_links(channels),
        fields::check(fields),
        check_collected(context),
        #[cfg(not(target_arch = "wasm32"))]
        attachment::check(&config.attachments),
        check_theme(theme),
    ];
    problems.into_iter().flatten().collect()
}

fn check_kinds(kinds: &[Kind]) -> Option<String> {
    kinds.is_empty().then(|| "kinds: is empty; name at least one of question, bug, feedback".into())
}

fn check_topics(topics: &[Topic]) -> Option<String> {
    let topic = topics.iter().find(|topic| super::link::word(&topic.id).is_none())?;
    Some("topics: \"".to_string() + &topic.id + "\" is no id; 1 to 64 letters, digits or -_.:/")
}

fn check_links(links: &[Link]) -> Option<String> {
    let link = links.iter().find(|link| markdown::safe_url(&link.url).is_none())?;
    Some("links: \"".to_string() + &link.url + "\" is no https:, http: or mailto: address")
}

fn check_theme_words(theme: &impl Source) -> Result<(), String> {
    for (name, value) in theme.entries() {
        match (name.as_str(), value.text().as_str()) {
            ("accent", _) | ("scheme", "auto" | "light" | "dark") => {}
            ("scheme", _) => return Err("theme.scheme: must be auto, light or dark".into()),
            _ => return Err("theme.".to_string() + &name + ": unknown; known are accent, scheme"),
        }
    }
    Ok(())
}

fn check_theme(theme: &Theme) -> Option<String> {
    let bad = !theme.accent.is_empty() && contrast::parse(&theme.accent).is_none();
    bad.then(|| "theme.accent: \"".to_string() + &theme.accent + "\" is no colour; #rgb or #rrggbb")
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
                "trust_page" => config.trust_page = value.yes(),
                // The gateway has checked what it publishes; a newer one may publish what is not known here.
                _ => drop(set_field(&mut config, &field, &value)),
            }
        }
        config
    }
}

/// The topic that a page is about: the one whose pattern says most about the path.
pub fn topic_of<'a>(topics: &'a [Topic], path: &str) -> Option<&'a Topic> {
    let length = |topic: &Topic| topic.urls.iter().filter(|pattern| matches(pattern, path)).map(String::len).max();
    topics
        .iter()
        .filter_map(|topic| Some((length(topic)?, topic)))
        .max_by_key(|(length, _)| *length)
        .map(|(_, topic)| topic)
}

/// The priority of a plan, where the site knows it.
pub fn priority_of(config: &Config, plan: &str) -> Option<Priority> {
    config.plans.get(plan).copied()
}

/// Whether a path fits a pattern in which `*` stands for anything.
fn matches(pattern: &str, path: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| path.strip_prefix(first)) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = find(rest, part) else { return false };
        rest = rest.get(at + part.len()..).unwrap_or_default();
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn topic(id: &str, urls: &[&str]) -> Topic {
        Topic { id: id.into(), urls: urls.iter().map(|url| url.to_string()).collect(), ..Topic::default() }
    }

    #[test]
    fn the_topic_is_the_one_that_says_most_about_the_path() {
        let topics = [topic("all", &["/*"]), topic("billing", &["/billing*"]), topic("invoices", &["*/invoices/*"])];
        let of = |path| topic_of(&topics, path).map(|topic| topic.id.as_str());
        assert_eq!(of("/billing/plan"), Some("billing"));
        assert_eq!(of("/org/invoices/7"), Some("invoices"));
        assert_eq!(of("/elsewhere"), Some("all"));
        assert_eq!(topic_of(&topics[1..], "/x"), None);
    }

    fn set(config: &mut Config, field: &str, json: &str) -> Result<(), String> {
        set_field(config, field, &serde_json::from_str::<serde_json::Value>(json).unwrap())
    }

    #[test]
    fn the_page_cannot_set_promises() {
        let mut config = Config::default();
        for field in GATEWAY_ONLY {
            assert!(set(&mut config, field, "{}").unwrap_err().contains("only the gateway"));
        }
        assert_eq!(config, Config::default());
    }

    #[test]
    fn a_bad_value_is_named_with_what_is_allowed_and_changes_nothing() {
        let mut config = Config::default();
        for (field, json, said) in [
            ("kinds", r#"["complaint"]"#, "question, bug, feedback"),
            ("kinds", "[]", "at least one"),
            ("theme", r#"{"accent":"blue"}"#, "#rgb"),
            ("theme", r#"{"colour":"blue"}"#, "known are accent, scheme"),
            ("theme", r#"{"scheme":"sepia"}"#, "auto, light or dark"),
            ("links", r#"[{"label":"x","url":"javascript:alert(1)"}]"#, "https:"),
            ("topics", r#"[{"id":"a b","label":"x"}]"#, "no id"),
            ("topics", r#"[7]"#, "no id"),
            ("context", r#"{"off":["cookies"]}"#, "page, user, application"),
            ("context", r#"{"tools":["matomo"]}"#, "posthog, sentry"),
            ("context", r#"{"links":[{"label":"x","url":"javascript:{id}"}]}"#, "https:"),
            ("context", r#"{"application":{"relase":"1"}}"#, "release, environment"),
            ("context", r#"{"of":[]}"#, "off, ask"),
            ("redact", r#"{"name":[]}"#, "names, ip_addresses"),
            ("tpoics", "[]", "known are"),
        ] {
            let error = set(&mut config, field, json).unwrap_err();
            assert!(error.starts_with(field) && error.contains(said), "{field}: {error}");
        }
        assert_eq!(config, Config::default());
    }

    #[test]
    fn a_configuration_comes_back_from_the_wire_as_it_was() {
        let config = Config::default();
        let json = serde_json::to_string(&config).unwrap();
        assert_eq!(serde_json::from_str::<Config>(&json).unwrap(), config);
        let unset = Config { targets: targets::default_targets(), ..config };
        assert_eq!(serde_json::from_str::<Config>("{}").unwrap(), unset);
    }

    proptest! {
        #[test]
        fn a_pattern_without_a_star_fits_only_itself(pattern in "[a-z/]{0,8}", path in "[a-z/]{0,8}") {
            prop_assert_eq!(matches(&pattern, &path), pattern == path);
        }
    }
}
