//! Places outside of the panel.

wire::types! {
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
}

impl Link {
    /// Whether the customers of a plan are shown it.
    pub fn is_for(&self, plan: &str) -> bool {
        self.plans.is_empty() || self.plans.iter().any(|known| known == plan)
    }
}

/// The kind of a link under which the community can be asked.
pub const ASK: &str = "ask";

/// What is wrong with the links of a configuration, and what is allowed.
pub fn check(links: &[Link]) -> Option<String> {
    let link = links.iter().find(|link| markdown::safe_url(&link.url).is_none())?;
    Some("links: \"".to_string() + &link.url + "\" is no https:, http: or mailto: address")
}
