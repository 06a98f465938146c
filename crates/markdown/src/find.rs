//! Substring search.

/// The offset of the first occurrence of a text in another, in bytes.
///
/// The standard library's search is made for long texts and, with its panic messages, costs the widget eight kilobytes; the texts here are
/// short.
pub fn find(text: &str, needle: &str) -> Option<usize> {
    if needle.is_empty() {
        return Some(0);
    }
    text.as_bytes().windows(needle.len()).position(|window| window == needle.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn results_equal_those_of_the_standard_library(text in "[abü]{0,12}", wanted in "[abü]{0,3}") {
            prop_assert_eq!(find(&text, &wanted), text.find(&wanted));
        }
    }
}
