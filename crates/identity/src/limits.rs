//! Limits of tokens.

/// The longest token, in bytes. Those of identity providers contain groups and roles.
pub const TOKEN_MAX: usize = 16_000;
/// The longest id of a customer or an organization, in bytes; a longer id of an organization is dropped.
pub const ID_MAX: usize = 255;
/// The tolerated difference between clocks, in seconds. RFC 7519, 4.1.4 allows "a few minutes"; the libraries of .NET allow five.
pub const LEEWAY: i64 = 5 * 60;
