//! Where other tools know more.

use super::shape::Shape::Kept;
use super::shape::{LINE, WORD, part};

part! {
    /// Something about this page and customer that another tool knows.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    #[serde(default)]
    pub struct FoundLink {
        /// The tool: `posthog`, `sentry`, or `site` for a pattern of the site's own.
        pub source: String = WORD,
        /// What it is, such as `replay`; the label of the site's pattern.
        pub label: String = LINE => "Label",
        /// Its id in the tool.
        pub text?: String = LINE => "Text",
        /// Where it opens; empty where only the id is known. The address of a replay names the project by its public key, without
        /// which the link leads nowhere.
        pub url?: String = Kept(2_000),
    }
}
