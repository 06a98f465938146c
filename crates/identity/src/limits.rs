//! What is allowed of tokens.

/// The longest token that is read, in bytes. Those of identity providers carry groups and roles.
pub const TOKEN_MAX: usize = 16_000;
/// The longest id of a person or an organization, in bytes; an organization with a longer one has none.
pub const ID_MAX: usize = 255;
/// By how much clocks may differ, in seconds. RFC 7519, 4.1.4 allows "a few minutes"; the libraries of .NET allow five.
pub const LEEWAY: i64 = 5 * 60;
