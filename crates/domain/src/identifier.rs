//! Identifiers that hosts choose: of topics, fields and sites, and `via`.

/// The longest identifier, in bytes.
pub const IDENTIFIER_MAX: usize = 64;

/// Parses an identifier: ASCII letters, digits and `-_.:/`, at most [`IDENTIFIER_MAX`] bytes.
pub fn parse_identifier(text: &str) -> Option<String> {
    let has_valid_length = !text.is_empty() && text.len() <= IDENTIFIER_MAX;
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':' | '/');
    (has_valid_length && text.chars().all(is_allowed)).then(|| text.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_short_and_plain() {
        for valid in ["billing", "a", "de-AT", "site.x:y/z_1", &"x".repeat(IDENTIFIER_MAX)] {
            assert_eq!(parse_identifier(valid).as_deref(), Some(valid));
        }
        for invalid in ["", "a b", "größe", "<a>", &"x".repeat(IDENTIFIER_MAX + 1)] {
            assert_eq!(parse_identifier(invalid), None, "{invalid}");
        }
    }
}
