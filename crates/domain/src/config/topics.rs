//! Topics: the parts of the product that a ticket can be about.

use super::super::identifier::parse_identifier;
use markdown::find::find;

wire::types! {
    /// A part of the product that a ticket can be about.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    #[serde(deny_unknown_fields)]
    pub struct Topic {
        /// Its id, as on tickets.
        pub id: String,
        /// The label that customers see.
        pub label: String,
        /// The team that owns it; empty if none does.
        pub team: String = default,
        /// Paths of pages about it; `*` matches any characters: `/billing*`.
        pub urls: Vec<String> = default,
    }
}

/// The topic of a page: the one with the most specific pattern that matches the path.
pub fn topic_of<'a>(topics: &'a [Topic], path: &str) -> Option<&'a Topic> {
    let length = |topic: &Topic| topic.urls.iter().filter(|pattern| matches_path(pattern, path)).map(String::len).max();
    topics
        .iter()
        .filter_map(|topic| Some((length(topic)?, topic)))
        .max_by_key(|(length, _)| *length)
        .map(|(_, topic)| topic)
}

/// Whether a path matches a pattern in which `*` matches any characters.
fn matches_path(pattern: &str, path: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| path.strip_prefix(first)) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some(start) = find(rest, part) else { return false };
        rest = rest.get(start + part.len()..).unwrap_or_default();
    }
    rest.ends_with(last)
}

/// What is wrong with the topics of a configuration, and what is allowed.
pub fn check(topics: &[Topic]) -> Option<String> {
    let topic = topics.iter().find(|topic| parse_identifier(&topic.id).is_none())?;
    Some("topics: \"".to_string() + &topic.id + "\" is not an id; use 1 to 64 letters, digits or -_.:/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn topic(id: &str, urls: &[&str]) -> Topic {
        Topic { id: id.into(), urls: urls.iter().map(|url| url.to_string()).collect(), ..Topic::default() }
    }

    #[test]
    fn the_most_specific_path_selects_the_topic() {
        let topics = [topic("all", &["/*"]), topic("billing", &["/billing*"]), topic("invoices", &["*/invoices/*"])];
        let topic_id = |path| topic_of(&topics, path).map(|topic| topic.id.as_str());
        assert_eq!(topic_id("/billing/plan"), Some("billing"));
        assert_eq!(topic_id("/org/invoices/7"), Some("invoices"));
        assert_eq!(topic_id("/elsewhere"), Some("all"));
        assert_eq!(topic_of(&topics[1..], "/x"), None);
    }

    proptest! {
        #[test]
        fn patterns_without_a_star_match_exactly(pattern in "[a-z/]{0,8}", path in "[a-z/]{0,8}") {
            prop_assert_eq!(matches_path(&pattern, &path), pattern == path);
        }
    }
}
