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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nonempty_parts_are_joined() {
        assert_eq!(join_nonempty(&["a", "", "b"], ", "), "a, b");
        assert_eq!(join_nonempty::<String>(&[], ", "), "");
    }
}
