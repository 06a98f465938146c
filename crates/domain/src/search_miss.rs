//! Searches that found nothing, for the authors of the docs: which are counted, and when their text is stored.

use redaction::{self, Origin, Rules};

/// How many networks or verified customers have to make a search within a week before its text is stored. A search of one or two people may
/// identify them.
pub const PEOPLE_MIN: u32 = 3;
/// The most different searches of a site and week that are counted, so that nobody can fill the database with them.
pub const SEARCHES_MAX: u32 = 20_000;
/// The lengths of searches that count, in characters.
const LENGTH: std::ops::RangeInclusive<usize> = 3..=120;

/// The form in which searches are compared and stored: without secrets and punctuation, in lower case. `None` if it is too short or too long to
/// be useful.
pub fn normalize_query(query: &str, rules: &Rules) -> Option<String> {
    let safe = redaction::redact(query, Origin::Collected, rules).to_lowercase();
    let words: Vec<&str> =
        safe.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let words = words.join(" ");
    LENGTH.contains(&words.chars().count()).then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn equal_searches_have_equal_words() {
        let words = |query| normalize_query(query, &Rules::default());
        assert_eq!(words(" Dark  MODE?"), Some("dark mode".into()));
        assert_eq!(words("dark-mode"), Some("dark mode".into()));
        assert_eq!(words("a!"), None);
        assert_eq!(words(&"dark ".repeat(30)), None);
    }

    #[test]
    fn secrets_are_not_part_of_search_words() {
        let words = normalize_query("login fails password=hunter2hunter2 ada@example.com", &Rules::default()).unwrap();
        assert!(words.starts_with("login fails password"), "{words}");
        assert!(!words.contains("hunter2") && !words.contains("example"), "{words}");
    }

    proptest! {
        #[test]
        fn normalizing_a_query_is_idempotent(query: String) {
            if let Some(normalized) = normalize_query(&query, &Rules::default()) {
                prop_assert_eq!(normalize_query(&normalized, &Rules::default()), Some(normalized));
            }
        }
    }
}
