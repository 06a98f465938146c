//! Logs rejected tokens for the administrator, but not each of them.

use deskbell_core::ids::SiteKey;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::error::TokenError;

/// How often the same reason is logged for a site.
const EVERY: Duration = Duration::from_secs(60);

/// When a reason was logged, and how often it has occurred since.
type Logged = (Instant, u64);

/// The reasons by site and code; their number is bounded by sites times codes.
static LOGGED: Mutex<Option<HashMap<(String, &'static str), Logged>>> = Mutex::new(None);

/// Logs that a token was rejected. The token itself is never logged.
pub fn log(site: &SiteKey, error: &TokenError) {
    let code = error.code();
    if let Some(suppressed) = admit(site, code, Instant::now()) {
        let clock_difference = error.clock_difference().map(|seconds| format!("{seconds}s"));
        tracing::warn!(site = site.as_str(), code, reason = %error, clock_difference, suppressed, "token refused");
    }
}

/// How often a reason has occurred since it was last logged, if it is due to be logged again.
fn admit(site: &SiteKey, code: &'static str, now: Instant) -> Option<u64> {
    let mut logged = LOGGED.lock().unwrap_or_else(PoisonError::into_inner);
    match logged.get_or_insert_default().get_mut(&(site.to_string(), code)) {
        Some((logged_at, suppressed)) if now.duration_since(*logged_at) < EVERY => {
            *suppressed += 1;
            None
        }
        Some((logged_at, suppressed)) => {
            *logged_at = now;
            Some(std::mem::take(suppressed))
        }
        None => {
            logged.get_or_insert_default().insert((site.to_string(), code), (now, 0));
            Some(0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_logged_once_a_minute_per_site_with_their_count() {
        let start = Instant::now();
        let later = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(admit(&"logged-a".into(), "token_expired", start), Some(0));
        assert_eq!(
            [
                admit(&"logged-a".into(), "token_expired", later(1)),
                admit(&"logged-a".into(), "token_expired", later(59))
            ],
            [None; 2]
        );
        assert_eq!(admit(&"logged-a".into(), "token_audience", later(2)), Some(0));
        assert_eq!(admit(&"logged-b".into(), "token_expired", later(2)), Some(0));
        assert_eq!(admit(&"logged-a".into(), "token_expired", later(60)), Some(2));
        assert_eq!(admit(&"logged-a".into(), "token_expired", later(121)), Some(0));
    }
}
