//! Storage on the device; empty if storage is forbidden.

/// The value of a name for a site.
pub fn read(site: &str, name: &str) -> Option<String> {
    storage()?.get_item(&key(site, name)).ok().flatten()
}

/// Stores a value; `false` if that is not allowed.
pub fn write(site: &str, name: &str, value: &str) -> bool {
    storage().is_some_and(|storage| storage.set_item(&key(site, name), value).is_ok())
}

/// The names of all values, of any site.
pub fn names() -> Vec<String> {
    let Some(storage) = storage() else { return Vec::new() };
    let count = storage.length().unwrap_or_default();
    (0..count).filter_map(|nth| storage.key(nth).ok().flatten()).collect()
}

/// A value by its full name.
pub fn get(name: &str) -> Option<String> {
    storage()?.get_item(name).ok().flatten()
}

/// Stores a value by its full name; `false` if that is not allowed.
pub fn set(name: &str, value: &str) -> bool {
    storage().is_some_and(|storage| storage.set_item(name, value).is_ok())
}

/// Removes a value by its full name.
pub fn remove(name: &str) {
    if let Some(storage) = storage() {
        // Where storage is forbidden, nothing is stored.
        let _ = storage.remove_item(name);
    }
}

fn storage() -> Option<web_sys::Storage> {
    web_sys::window().and_then(|window| window.local_storage().ok().flatten())
}

fn key(site: &str, name: &str) -> String {
    ["deskbell:", site, ":", name].concat()
}
