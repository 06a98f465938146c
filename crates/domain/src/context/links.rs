//! Links to other tools.

use super::shape::Shape::Kept;
use super::shape::{LINE, WORD, part};

part! {
    /// A record about this page or customer in another tool.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    #[serde(default)]
    pub struct FoundLink {
        /// The tool: `posthog`, `sentry`, or `site` for a link that the site configured.
        pub source: String = WORD,
        /// What it is, such as `replay`, or the label of the site's link.
        pub label: String = LINE => "Label",
        /// Its id in the tool.
        pub text?: String = LINE => "Text",
        /// Its address; empty if only the id is known. The address of a replay contains the project's public key, because the link does not
        /// work without it.
        pub url?: String = Kept(2_000),
    }
}
