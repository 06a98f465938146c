//! Storage on the device; empty if storage is forbidden.

/// The value of a name for a site.
pub fn read(site: &str, name: &str) -> Option<String> {
    storage()?.get_item(&key(site, name)).ok().flatten()
}

/// Stores a value; `false` if that is not allowed.
pub fn write(site: &str, name: &str, value: &str) -> bool {
    storage().is_some_and(|storage| storage.set_item(&key(site, name), value).is_ok())
}

fn storage() -> Option<web_sys::Storage> {
    web_sys::window().and_then(|window| window.local_storage().ok().flatten())
}

fn key(site: &str, name: &str) -> String {
    ["deskbell:", site, ":", name].concat()
}
