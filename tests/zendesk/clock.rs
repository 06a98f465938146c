//! Times in Zendesk's formats.

use jiff::Timestamp;

/// The current time by the real clock, in milliseconds since 1970.
pub fn real() -> i64 {
    Timestamp::now().as_millisecond()
}

/// A time in RFC 3339, to the second, as everywhere in the API.
pub fn written(milliseconds: i64) -> String {
    formatted(milliseconds, "%Y-%m-%dT%H:%M:%SZ")
}

/// A time in the format of headers.
pub fn in_header(milliseconds: i64) -> String {
    formatted(milliseconds, "%a, %d %b %Y %H:%M:%S GMT")
}

fn formatted(milliseconds: i64, format: &str) -> String {
    Timestamp::from_millisecond(milliseconds).unwrap_or_default().strftime(format).to_string()
}
