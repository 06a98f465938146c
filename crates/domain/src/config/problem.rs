//! The error for an unknown field.

/// Names the unknown field, its place and the known fields.
pub fn unknown_field(table: &str, field: &str, allowed: &str) -> String {
    [table, field, ": unknown; known are ", allowed].concat()
}
