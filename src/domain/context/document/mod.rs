//! The context on its way out of the page: completed, redacted, cut to its limits, freed of what is kept back.

mod device;
mod fit;
mod patterns;
mod shape;
mod since;
mod stack;
mod value;
mod withhold;

use super::super::config::Collected;
use super::super::redaction::Rules;
use super::VERSION;

pub use shape::{BREADCRUMBS_MAX, RECORDS_MAX};
pub use stack::{Frames, frames};
pub use value::Value;
pub use withhold::withhold;

/// Makes of what was collected a document that may leave the page: without secrets, within its limits, with the links of
/// the site. What the page did not say of its build the site has configured.
pub fn prepare(mut context: Value, collected: &Collected, rules: &Rules) -> Value {
    let mut cut = Vec::new();
    let frozen_at = context.text_of("frozen_at").to_string();
    let happened = context.get_mut("since").is_some_and(|since| {
        complete(since, collected);
        since::keep_since(since, &frozen_at)
    });
    let mut later = context.get_mut("since").map(std::mem::take).filter(|_| happened);
    complete(&mut context, collected);
    shape::settle(&mut context, &shape::CONTEXT, "", rules, &mut cut);
    let found: Vec<Value> = collected.links.iter().filter_map(|pattern| patterns::fill(pattern, &context)).collect();
    match context.list_mut("links") {
        Some(links) => links.extend(found),
        None if found.is_empty() => {}
        None => context.set("links", Value::List(found)),
    }
    if let Some(since) = &mut later {
        shape::settle(since, &shape::CONTEXT, "/since", rules, &mut cut);
        context.set("since", std::mem::take(since));
    }
    cut.extend(fit::fit(&mut context).into_iter().map(str::to_string));
    // Where there is this much of it, that something was cut says enough.
    cut.truncate(CUT_MAX);
    context.set("version", Value::Count(VERSION));
    if !cut.is_empty() {
        context.set("cut", Value::List(cut.into_iter().map(Value::Text).collect()));
    }
    context
}

/// Whether anything happened since a moment, as a later snapshot tells.
pub fn happened_since(mut later: Value, frozen_at: &str) -> bool {
    since::keep_since(&mut later, frozen_at)
}

/// How many places are named that were cut.
const CUT_MAX: usize = 30;

fn complete(context: &mut Value, collected: &Collected) {
    let address = context.get("page").map(|page| page.text_of("url").to_string()).unwrap_or_default();
    for error in context.list_mut("errors").map(Vec::as_mut_slice).unwrap_or_default() {
        stack::settle(error, &address);
    }
    if let Some(links) = context.list_mut("links") {
        links.retain(|link| collected.tools.iter().any(|tool| tool == link.text_of("source")));
    }
    if let Some(device) = context.get_mut("device") {
        device::name(device);
    }
    if let Some(application) = context.get_mut("application") {
        for (name, configured) in &collected.application.0 {
            if application.text_of(name).is_empty() {
                application.set(name, configured.as_str().into());
            }
        }
    }
}

#[cfg(test)]
mod tests;
