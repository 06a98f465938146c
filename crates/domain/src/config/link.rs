//! Links to places outside of the panel.

wire::types! {
    /// A link to a place outside of the panel.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    #[serde(deny_unknown_fields)]
    pub struct Link {
        /// The label that customers see.
        pub label: String,
        /// The target; `https:`, `http:` or `mailto:`.
        pub url: String,
        /// `ask` for a link to ask the community, offered with search results. For a channel its type: `slack`, `discord`, `phone`. Default:
        /// none.
        pub kind: String = sparse,
        /// The plans whose customers see it. Default: all.
        pub plans: Vec<String> = sparse,
    }
}

impl Link {
    /// Whether customers of a plan see it.
    pub fn is_for(&self, plan: &str) -> bool {
        self.plans.is_empty() || self.plans.iter().any(|candidate| candidate == plan)
    }
}

/// The [`Link::kind`] for asking the community.
pub const ASK: &str = "ask";

/// What is wrong with the links of a configuration, and what is allowed.
pub fn check(links: &[Link]) -> Option<String> {
    let link = links.iter().find(|link| markdown::safe_url(&link.url).is_none())?;
    Some("links: \"".to_string() + &link.url + "\" is not an https:, http: or mailto: address")
}
