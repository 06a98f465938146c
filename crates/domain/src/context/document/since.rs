//! What happened after a moment.

use super::value::Value;

/// What tells of times, newest last.
const RECORDS: [&str; 3] = ["errors", "requests", "breadcrumbs"];

/// Leaves of a later context what happened since an earlier one was frozen; tells whether anything did.
pub fn keep_since(later: &mut Value, frozen_at: &str) -> bool {
    // Both times are written by one clock in one form, in which the later of two is the larger text.
    let new = |record: &Value| record.text_of("at") > frozen_at;
    let mut kept = Value::default();
    kept.set("frozen_at", later.text_of("frozen_at").into());
    let mut any = false;
    for name in RECORDS {
        if let Some(records) = later.list_mut(name) {
            records.retain(new);
            any |= !records.is_empty();
            kept.set(name, Value::List(std::mem::take(records)));
        }
    }
    if let Some(routes) = later.get_mut("page").and_then(|page| page.list_mut("routes")) {
        routes.retain(new);
        any |= !routes.is_empty();
    }
    if let Some(page) = later.get_mut("page") {
        kept.set("page", std::mem::take(page));
    }
    *later = kept;
    any
}
