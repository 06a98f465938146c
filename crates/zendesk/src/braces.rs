//! Defuses Zendesk placeholders. Zendesk fills in double braces, such as `{{ticket.requester.email}}`, and runs Liquid (`{% … %}`). Text written by
//! others must not trigger that, so a zero-width space is inserted between the two opening characters.

use serde_json::Value;

const GAP: char = '\u{200b}';

/// Defuses every text of a value.
pub fn make_inert(value: &mut Value) {
    match value {
        Value::String(text) if acts(text) => *text = inert(text),
        Value::Array(items) => items.iter_mut().for_each(make_inert),
        Value::Object(members) => members.values_mut().for_each(make_inert),
        _ => {}
    }
}

/// A text without placeholders that Zendesk would fill.
pub fn inert(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut before = None;
    for c in text.chars() {
        if before == Some('{') && matches!(c, '{' | '%') {
            result.push(GAP);
        }
        result.push(c);
        before = Some(c);
    }
    result
}

/// The original of a text that was defused.
pub fn original(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let added = c == GAP && out.ends_with('{') && rest.peek().is_some_and(|next| matches!(next, '{' | '%'));
        if !added {
            out.push(c);
        }
    }
    out
}

fn acts(text: &str) -> bool {
    text.contains("{{") || text.contains("{%")
}

#[cfg(test)]
mod tests {
    use super::*;

    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn no_text_starts_a_placeholder() {
        let mut value = json!({"a": ["{{x}}", 1, null], "b": {"c": "{% if %}{{{y}}}"}, "d": "{ x } %}"});
        make_inert(&mut value);
        assert_eq!(
            value,
            json!({"a": ["{\u{200b}{x}}", 1, null], "b": {"c": "{\u{200b}% if %}{\u{200b}{\u{200b}{y}}}"}, "d": "{ x } %}"})
        );
    }

    proptest! {
        #[test]
        fn escaped_texts_are_inert_and_round_trip(text in "[{%} a\u{200b}]{0,40}") {
            let inert = inert(&text);
            prop_assert!(!acts(&inert), "{inert}");
            // A text that contained the gap before cannot be restored.
            if !text.contains(GAP) {
                prop_assert_eq!(original(&inert), text);
            }
        }
    }
}
