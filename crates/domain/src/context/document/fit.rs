//! Cuts a context to its total limit, least valuable parts first.

use super::super::CONTEXT_MAX;
use super::value::Value;

/// Removes something, if there is anything left to remove.
type TrimStep = fn(&mut Value) -> bool;

/// Each step with the pointer that is reported when it cut something.
const STEPS: &[(&str, TrimStep)] = &[
    ("/since", |context| context.remove("since")),
    ("/breadcrumbs", |context| remove_oldest(context.list_mut("breadcrumbs"))),
    // The newest error keeps its stack longest.
    ("/errors", |context| {
        let errors = context.list_mut("errors").map(Vec::as_mut_slice).unwrap_or_default();
        errors.split_last_mut().is_some_and(|(_, older)| older.iter_mut().any(|error| error.remove("stack")))
    }),
    ("/requests", |context| remove_oldest(context.list_mut("requests"))),
    ("/page/routes", |context| remove_oldest(context.get_mut("page").and_then(|page| page.list_mut("routes")))),
    ("/errors", |context| remove_oldest(context.list_mut("errors"))),
    ("/page_values", |context| remove_last(context.get_mut("page_values"))),
    ("/application/flags", |context| {
        remove_last(context.get_mut("application").and_then(|application| application.get_mut("flags")))
    }),
    ("/user/attributes", |context| remove_last(context.get_mut("user").and_then(|user| user.get_mut("attributes")))),
    ("/links", |context| remove_oldest(context.list_mut("links"))),
];

/// Removes parts until the document is within [`CONTEXT_MAX`]. Returns the pointers of the cut parts.
pub fn fit(context: &mut Value) -> Vec<&'static str> {
    let mut cut = Vec::new();
    for (pointer, step) in STEPS {
        while size(context) > CONTEXT_MAX - RESERVE && step(context) {
            if !cut.contains(pointer) {
                cut.push(*pointer);
            }
        }
    }
    cut
}

/// Bytes reserved for the lists of what was cut and withheld.
pub const RESERVE: usize = 4 * 1024;

fn size(context: &Value) -> usize {
    serde_json::to_string(context).map_or(0, |json| json.len())
}

fn remove_oldest(list: Option<&mut Vec<Value>>) -> bool {
    list.filter(|list| !list.is_empty()).map(|list| list.remove(0)).is_some()
}

fn remove_last(members: Option<&mut Value>) -> bool {
    match members {
        Some(Value::Members(members)) => members.0.pop().is_some(),
        _ => false,
    }
}
