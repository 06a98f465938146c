//! Suggests the known name that was most likely meant by an unknown one.

/// The beginnings of serde's messages about unknown names.
const UNKNOWN: [&str; 2] = ["unknown field `", "unknown variant `"];

/// The message of serde about an unknown name, with the closest known name instead of all known names. Other messages, and those about a name
/// that is close to none, are unchanged.
pub fn with_suggestion(message: &str) -> String {
    let suggested = unknown(message).and_then(|(start, name, allowed)| {
        let intended = nearest(name, allowed)?;
        Some(format!("{start}{name}`, did you mean `{intended}`?"))
    });
    suggested.unwrap_or_else(|| message.to_string())
}

/// The unknown field in a message of serde.
pub fn unknown_field(message: &str) -> Option<&str> {
    unknown(message).filter(|(start, ..)| start.contains("field")).map(|(_, name, _)| name)
}

/// The known name that is closest to another, if it is close enough: up to a third of its letters differ, or one letter of a short name; or
/// only its last words are missing, as in `api_token` for `api_token_file`.
pub fn nearest<'a>(name: &str, allowed: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_lowercase().replace('-', "_");
    let distances = allowed.into_iter().map(|allowed| {
        let is_cut = allowed.strip_prefix(&name).is_some_and(|rest| rest.starts_with('_'));
        (if is_cut { 1 } else { strsim::osa_distance(&name, allowed) }, allowed)
    });
    let (distance, name_meant) = distances.min_by_key(|(distance, _)| *distance)?;
    let may_differ = (name_meant.chars().count() / 3).max(1);
    (distance <= may_differ && distance < name_meant.chars().count()).then_some(name_meant)
}

/// Splits a message about an unknown name into its beginning, the unknown name and the known names.
fn unknown(message: &str) -> Option<(&str, &str, impl Iterator<Item = &str>)> {
    let start = UNKNOWN.into_iter().find(|start| message.starts_with(start))?;
    let (start, rest) = message.split_at_checked(start.len())?;
    let (name, allowed) = rest.split_once("`, expected ")?;
    Some((start, name, allowed.split('`').skip(1).step_by(2)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_names_suggest_the_closest_name() {
        for (message, expected) in [
            (
                "unknown field `orgins`, expected one of `origins`, `hours`, `rota`",
                "unknown field `orgins`, did you mean `origins`?",
            ),
            (
                "unknown field `Reply-To`, expected `from` or `reply_to`",
                "unknown field `Reply-To`, did you mean `reply_to`?",
            ),
            (
                "unknown field `api_token`, expected one of `email`, `api_token_file`",
                "unknown field `api_token`, did you mean `api_token_file`?",
            ),
            ("unknown field `ur`, expected `url`", "unknown field `ur`, did you mean `url`?"),
            ("unknown variant `bgu`, expected one of `question`, `bug`", "unknown variant `bgu`, did you mean `bug`?"),
        ] {
            assert_eq!(with_suggestion(message), expected);
        }
    }

    #[test]
    fn unknown_names_without_a_close_match_list_all_names() {
        for message in [
            "unknown field `colour`, expected one of `origins`, `hours`, `rota`",
            "unknown field `x`, expected `a`",
            "unknown field `x`, there are no fields",
            "invalid type: integer `1`, expected a string",
        ] {
            assert_eq!(with_suggestion(message), message);
        }
    }
}
