//! Searches that found nothing, for whoever writes the docs: which are counted, and from when on their words are kept.

use redaction::{self, Origin, Rules};

/// From how many networks or signed people a search has to come in a week before its words are kept. What only one or two people
/// search for may say who they are.
pub const PEOPLE_MIN: u32 = 3;
/// How many different searches of a site and week are counted; more are not, so that nobody can fill the database with them.
pub const SEARCHES_MAX: u32 = 20_000;
/// The shortest and the longest search that counts, in characters.
const LENGTH: std::ops::RangeInclusive<usize> = 3..=120;

/// The words of a search as they are compared and kept: without secrets, in lower case, without punctuation. `None` where it
/// is too short or too long to tell anything.
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
    fn the_same_search_is_the_same_words() {
        let words = |query| normalize_query(query, &Rules::default());
        assert_eq!(words(" Dark  MODE?"), Some("dark mode".into()));
        assert_eq!(words("dark-mode"), Some("dark mode".into()));
        assert_eq!(words("a!"), None);
        assert_eq!(words(&"dark ".repeat(30)), None);
    }

    #[test]
    fn a_secret_is_no_part_of_the_words() {
        let words = normalize_query("login fails password=hunter2hunter2 ada@example.com", &Rules::default()).unwrap();
        assert!(words.starts_with("login fails password"), "{words}");
        assert!(!words.contains("hunter2") && !words.contains("example"), "{words}");
    }

    proptest! {
        #[test]
        fn words_are_their_own_words(query: String) {
            if let Some(once) = normalize_query(&query, &Rules::default()) {
                prop_assert_eq!(normalize_query(&once, &Rules::default()), Some(once));
            }
        }
    }
}
