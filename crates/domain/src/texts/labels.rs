//! The labels of a ticket's members, for customers who review them.

use crate::context;

/// The prefix of labels in the language files and in a site's `texts`.
pub const PREFIX: &str = "is_";

/// The names of all members of a ticket on the wire, with their labels in English. Those of the context are declared with it.
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
    fn every_member_has_one_label() {
        let names: BTreeSet<&str> = labels().map(|(name, _)| name).collect();
        assert_eq!(names.len(), labels().count());
    }
}
