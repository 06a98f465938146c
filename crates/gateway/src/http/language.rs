//! The language of a browser.

use axum::http::{HeaderMap, header};
use domain::texts::{LANGUAGES, Language};

/// The first supported language of the `Accept-Language` header (RFC 9110, 12.5.4), or English. Browsers list languages in the order of their
/// weights.
pub fn accepted_language(headers: &HeaderMap) -> Option<Language> {
    let header = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let tags = header.split(',').map(|tag| tag.split(';').next().unwrap_or_default().trim());
    let primary = |tag: &str| tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
    let included = |tag| LANGUAGES.iter().copied().find(|language| language.tag == primary(tag));
    tags.filter_map(included).next().or(LANGUAGES.first().copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_use_the_first_supported_language() {
        for (accepted, tag) in [
            ("fr-CH, de-AT;q=0.9, en;q=0.8", "de"),
            ("ar", "ar"),
            ("en-GB,de", "en"),
            ("fr", "en"),
            ("", "en"),
            (";,", "en"),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT_LANGUAGE, accepted.parse().unwrap())]);
            assert_eq!(accepted_language(&headers).unwrap().tag, tag, "{accepted}");
        }
    }
}
