//! Logs pages that a site does not allow: often a site's own page that is missing in its `origins`.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use crate::config::{OriginPattern, Origins};

/// How many pages of all sites are logged at most, so that invented origins fill neither the log nor the memory.
const REPORTED_MAX: usize = 100;
/// The longest origin that is logged, in bytes.
const ORIGIN_MAX: usize = 200;
/// How many existing origins of a site are repeated in the suggested configuration line.
const REPEATED_MAX: usize = 10;

/// The pages that were logged, by site and origin.
#[derive(Debug, Default)]
pub struct RefusedOrigins {
    reported: Mutex<BTreeSet<(String, String)>>,
}

impl RefusedOrigins {
    /// Logs that a page of an origin was rejected, once per site and origin.
    pub fn report(&self, site: &str, origins: &Origins, origin: &str) {
        if let Some(line) = self.line(site, origins, origin) {
            tracing::warn!(site, origin, "origin refused; if the page is yours, add under [sites.{site}]: {line}");
        }
    }

    /// The configuration line that allows the page; none if it was logged before, or is not an origin that browsers send.
    fn line(&self, site: &str, origins: &Origins, origin: &str) -> Option<String> {
        let is_named = origin.len() <= ORIGIN_MAX && !origin.contains('*') && origin.parse::<OriginPattern>().is_ok();
        if !is_named {
            return None;
        }
        let key = (site.to_string(), origin.to_string());
        let mut reported = self.reported.lock().unwrap_or_else(PoisonError::into_inner);
        if reported.len() == REPORTED_MAX || !reported.insert(key) {
            return None;
        }
        if reported.len() == REPORTED_MAX {
            tracing::warn!(
                "{REPORTED_MAX} refused origins reported; further ones are not reported until the gateway restarts"
            );
        }
        let patterns = match origins {
            Origins::Any => [].as_slice(),
            Origins::Listed(patterns) => patterns,
        };
        let mut quoted: Vec<String> =
            patterns.iter().take(REPEATED_MAX).map(|pattern| format!("\"{pattern}\"")).collect();
        if patterns.len() > REPEATED_MAX {
            quoted.push("…".into());
        }
        quoted.push(format!("\"{origin}\""));
        Some(format!("origins = [{}]", quoted.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origins(texts: &[&str]) -> Origins {
        Origins::read(&texts.iter().map(|text| text.to_string()).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn refused_origins_are_reported_once_per_site_with_the_line_to_write() {
        let refused = RefusedOrigins::default();
        let allowed = origins(&["https://app.example.com", "https://*.example.org", "http://localhost:*"]);
        let line = refused.line("acme", &allowed, "https://beta.example.com").unwrap();
        let expected = "origins = [\"https://app.example.com\", \"https://*.example.org\", \"http://localhost:*\", \"https://beta.example.com\"]";
        assert_eq!(line, expected);
        let (_, list) = line.split_once(" = ").unwrap();
        let texts: Vec<String> = serde_json::from_str(list).unwrap();
        assert!(Origins::read(&texts).unwrap().allow("https://beta.example.com"));
        assert_eq!(refused.line("acme", &allowed, "https://beta.example.com"), None);
        assert!(refused.line("other", &allowed, "https://beta.example.com").is_some());
    }

    #[test]
    fn invalid_origins_are_not_reported_and_memory_is_bounded() {
        let refused = RefusedOrigins::default();
        let allowed = origins(&["https://app.example.com"]);
        let long_origin = format!("https://{}.example", "a".repeat(ORIGIN_MAX));
        for origin in ["", "*", "https://*.evil.example", "no origin", "https://a.example/\nforged line", &long_origin]
        {
            assert_eq!(refused.line("acme", &allowed, origin), None, "{origin}");
        }
        let lines =
            (0..10 * REPORTED_MAX).filter_map(|n| refused.line("acme", &allowed, &format!("https://{n}.example")));
        assert_eq!(lines.count(), REPORTED_MAX);
    }
}
