//! What administrators write for the pages and apps that embed Deskbell, and what browsers and web views send.

use gateway::config::Origins;
use serde::Deserialize;

use crate::rows;

#[derive(Deserialize)]
struct Case {
    configured: String,
    #[serde(default)]
    allows: Vec<String>,
    #[serde(default)]
    refuses: Vec<String>,
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    shared: bool,
}

#[test]
fn origins_allow_the_named_pages_only() {
    rows::check_all(&rows::read::<Case>(include_str!("table.toml")), |case| {
        let read = Origins::read(std::slice::from_ref(&case.configured));
        let (origins, error) = match (read, &case.error) {
            (Err(error), Some(part)) if error.to_string().contains(part) => return Ok(()),
            (Err(error), _) => return Err(format!("is refused: {error}")),
            (Ok(origins), error) => (origins, error),
        };
        if error.is_some() {
            return Err(format!("is taken as {origins:?}"));
        }
        if let Some(out) = case.allows.iter().find(|origin| !origins.allow(origin)) {
            return Err(format!("{out} is kept out"));
        }
        if let Some(within) = case.refuses.iter().find(|origin| origins.allow(origin)) {
            return Err(format!("{within} is let in"));
        }
        let shared = origins.shared().count() == 1;
        if shared == case.shared { Ok(()) } else { Err(format!("anybody can have a page there: {shared}")) }
    });
}

#[test]
fn origins_combine_and_a_star_must_be_alone() {
    let read = |texts: &[&str]| Origins::read(&texts.iter().map(|text| text.to_string()).collect::<Vec<_>>());
    let origins = read(&["https://app.acme.example", "capacitor://localhost", "https://*.acme.example"]).unwrap();
    for origin in ["https://app.acme.example", "capacitor://localhost", "https://x.acme.example"] {
        assert!(origins.allow(origin), "{origin}");
    }
    assert!(!origins.allow("null") && !origins.allow("https://acme.example"));
    assert!(read(&["*"]).unwrap().allow("null"));
    for wrong in [&[][..], &["*", "https://app.acme.example"], &["https://app.acme.example", "*"]] {
        assert!(read(wrong).unwrap_err().to_string().contains("allow all"), "{wrong:?}");
    }
}
