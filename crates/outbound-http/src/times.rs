//! Times in headers of HTTP.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;

/// Parses `Retry-After`, in seconds or as a date (RFC 9110, 10.2.3).
pub fn retry_after(value: &str) -> Option<Duration> {
    if let Ok(seconds) = value.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(value.trim()).ok()?;
    Some(date.duration_since(SystemTime::now()).unwrap_or_default())
}

/// Parses a date in any of the three forms of HTTP (RFC 9110, 5.6.7).
pub fn http_date(value: &str) -> Option<Timestamp> {
    Timestamp::try_from(httpdate::parse_http_date(value.trim()).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_parsed_as_seconds_or_date() {
        assert_eq!(retry_after("23"), Some(Duration::from_secs(23)));
        assert_eq!(retry_after("Wed, 21 Oct 2015 07:28:00 GMT"), Some(Duration::ZERO));
        let ahead = retry_after("Fri, 01 Jan 2100 00:00:00 GMT").unwrap();
        assert!(ahead > Duration::from_secs(365 * 24 * 60 * 60), "{ahead:?}");
        for invalid in ["soon", "", "-1", "Wed, 31 Feb 2015 07:28:00 GMT", "2015-10-21T07:28:00Z"] {
            assert_eq!(retry_after(invalid), None, "{invalid}");
        }
    }

    #[test]
    fn dates_are_parsed_in_every_http_format() {
        let date = "1994-11-06T08:49:37Z".parse().unwrap();
        for text in ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"] {
            assert_eq!(http_date(text), Some(date), "{text}");
        }
        assert_eq!(http_date("yesterday"), None);
    }
}
