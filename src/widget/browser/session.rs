//! The anonymous session: a secret of this browser, which opens only what it created.

use super::{random, storage};

const NAME: &str = "session";

/// The session of a site, made on first use. Where storage is forbidden it lasts as long as the page.
pub fn id(site: &str) -> String {
    thread_local! {
        static UNSTORED: String = random::id();
    }
    if let Some(id) = storage::read(site, NAME).filter(|id| id.len() == 32) {
        return id;
    }
    let id = random::id();
    if storage::write(site, NAME, &id) { id } else { UNSTORED.with(String::clone) }
}
