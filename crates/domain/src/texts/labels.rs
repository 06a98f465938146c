//! What the members of a ticket are called, where a customer looks at them.

use crate::context;

/// What stands before the name of a member in the language files and in a site's `texts`.
pub const PREFIX: &str = "is_";

/// The names of all members of a ticket on the wire, and what they are called in English. Those of its context are declared there.
pub fn labels() -> impl Iterator<Item = (&'static str, &'static str)> {
    context::labels().chain(LABELS.iter().copied())
}

const LABELS: &[(&str, &str)] = &[
    ("group", "Section"),
    ("items", "Items"),
    ("by", "By"),
    ("context", "Context"),
    ("topic", "Topic"),
    ("severity", "Severity"),
    ("contact", "Contact"),
    ("questions", "Questions shown"),
    ("outcome", "Outcome"),
    ("via", "Sent from"),
    ("consent", "Consent"),
    ("fields", "Fields"),
    ("website", "Website"),
    ("locale", "Language"),
    ("created_at", "Written"),
    ("client", "Sent with"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_member_is_called_once() {
        let names: BTreeSet<&str> = labels().map(|(name, _)| name).collect();
        assert_eq!(names.len(), labels().count());
    }
}
