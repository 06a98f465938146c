//! The anonymous session: a secret of this browser, which opens only what it created.

use super::random;

/// The session of a site, made on first use. Where storage is forbidden it lasts as long as the page.
pub fn id(site: &str) -> String {
    thread_local! {
        static UNSTORED: String = random::id();
    }
    let key = ["deskbell:", site, ":session"].concat();
    let storage = web_sys::window().and_then(|window| window.local_storage().ok().flatten());
    let stored = storage.as_ref().and_then(|storage| storage.get_item(&key).ok().flatten());
    if let Some(id) = stored.filter(|id| id.len() == 32) {
        return id;
    }
    let id = random::id();
    match storage.map(|storage| storage.set_item(&key, &id)) {
        Some(Ok(())) => id,
        _ => UNSTORED.with(String::clone),
    }
}
