//! The error for an unknown field.

/// Names the unknown field, its place and the known fields.
pub fn unknown_field(place: &str, field: &str, allowed: &str) -> String {
    [place, field, ": unknown; known are ", allowed].concat()
}
