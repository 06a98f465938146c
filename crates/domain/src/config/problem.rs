//! What is said of a field that is not known.

/// Names the field, where it stands, and what is known there.
pub fn unknown_field(place: &str, field: &str, known: &str) -> String {
    [place, field, ": unknown; known are ", known].concat()
}
