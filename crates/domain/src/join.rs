//! Joining texts.

/// Joins the texts that are not empty. The standard library's `join` would add a kilobyte to the widget.
pub fn join_nonempty<T: AsRef<str>>(texts: &[T], between: &str) -> String {
    let mut joined = String::new();
    for text in texts.iter().map(AsRef::as_ref).filter(|text| !text.is_empty()) {
        if !joined.is_empty() {
            joined.push_str(between);
        }
        joined.push_str(text);
    }
    joined
}

/// The words of a text, with one space between two: line breaks and other control characters end words as well.
pub fn one_line(text: &str) -> String {
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nonempty_parts_are_joined() {
        assert_eq!(join_nonempty(&["a", "", "b"], ", "), "a, b");
        assert_eq!(join_nonempty::<String>(&[], ", "), "");
    }

    #[test]
    fn one_line_has_no_control_characters() {
        assert_eq!(one_line(" a\r\n b\u{7}c\t "), "a b c");
        assert_eq!(one_line("\n"), "");
    }
}
