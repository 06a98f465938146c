//! Texts of mails as they are stored.

/// Marks a text that was cut.
const SHORTENED: &str = "\n\n(shortened)";

/// A text of at most `max` characters, marked if it was cut.
pub fn shorten(text: &str, max: usize, was_cut: bool) -> String {
    if !was_cut && text.chars().count() <= max {
        return text.into();
    }
    let start: String = text.chars().take(max - SHORTENED.len()).collect();
    [start.trim_end(), SHORTENED].concat()
}

/// Lists files that were not stored; `more` counts those that are not listed.
pub fn list_names<T: AsRef<str>>(names: &[T], more: usize) -> String {
    let more = (more > 0).then(|| format!("{more} more"));
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).chain(more.as_deref()).collect();
    format!("Files that were not stored: {}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortened_texts_are_marked() {
        let whole = "ä".repeat(30);
        assert_eq!(shorten(&whole, 30, false), whole);
        assert_eq!(shorten(&whole, 29, false), format!("{}{SHORTENED}", "ä".repeat(29 - SHORTENED.len())));
        assert_eq!(shorten("Yes.", 30, true), format!("Yes.{SHORTENED}"));
    }
}
