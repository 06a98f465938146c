//! What happened after a snapshot.

use super::value::Value;

/// The groups of records with times, newest last.
const RECORDS: [&str; 3] = ["errors", "requests", "breadcrumbs"];

/// Reduces a later context to what happened after an earlier snapshot; `true` if anything did.
pub fn keep_since(later: &mut Value, frozen_at: &str) -> bool {
    // Both times come from one clock in one format, so they compare as strings.
    let new = |record: &Value| record.text_of("at") > frozen_at;
    let mut newer = Value::default();
    newer.set("frozen_at", later.text_of("frozen_at").into());
    let mut any = false;
    for name in RECORDS {
        if let Some(records) = later.list_mut(name) {
            records.retain(new);
            any |= !records.is_empty();
            newer.set(name, Value::List(std::mem::take(records)));
        }
    }
    if let Some(routes) = later.get_mut("page").and_then(|page| page.list_mut("routes")) {
        routes.retain(new);
        any |= !routes.is_empty();
    }
    if let Some(page) = later.get_mut("page") {
        newer.set("page", std::mem::take(page));
    }
    *later = newer;
    any
}
