//! Prepares a context to leave the page: completed, redacted, cut to its limits, without what is withheld.

mod device;
mod fit;
mod patterns;
#[cfg(not(target_arch = "wasm32"))]
mod received;
mod settle;
mod since;
mod stack;
mod value;
mod withhold;

use super::super::config::Collected;
use super::{Context, VERSION};
#[cfg(not(target_arch = "wasm32"))]
use super::{FoundLink, Group};
use redaction::Rules;
#[cfg(not(target_arch = "wasm32"))]
use wire::Read;

#[cfg(not(target_arch = "wasm32"))]
pub use received::redact_configured_names;
use settle::settle;
pub use stack::{Frames, frames};
pub use value::Value;
pub use withhold::withhold;

/// Turns what was collected into a document that may leave the page: redacted, within its limits, with the site's links. Build values that the
/// page did not declare come from the site's configuration.
pub fn prepare(mut context: Value, collected: &Collected, rules: &Rules) -> Value {
    let mut cut = Vec::new();
    let frozen_at = context.text_of("frozen_at").to_string();
    let happened = context.get_mut("since").is_some_and(|snapshot| {
        complete(snapshot, collected);
        since::keep_since(snapshot, &frozen_at)
    });
    let mut later = context.get_mut("since").map(std::mem::take).filter(|_| happened);
    complete(&mut context, collected);
    settle(&mut context, &Context::SHAPE, "", rules, &mut cut);
    let site_links: Vec<Value> =
        collected.links.iter().filter_map(|pattern| patterns::fill(pattern, &context)).collect();
    match context.list_mut("links") {
        Some(links) => links.extend(site_links),
        None if site_links.is_empty() => {}
        None => context.set("links", Value::List(site_links)),
    }
    if let Some(snapshot) = &mut later {
        settle(snapshot, &Context::SHAPE, "/since", rules, &mut cut);
        context.set("since", std::mem::take(snapshot));
    }
    cut.extend(fit::fit(&mut context).into_iter().map(str::to_string));
    // Beyond this number, further places say nothing new.
    cut.truncate(CUT_MAX);
    context.set("version", Value::Count(VERSION));
    if !cut.is_empty() {
        context.set("cut", Value::List(cut.into_iter().map(Value::Text).collect()));
    }
    context
}

/// The site's links for a received context whose page did not know their patterns. None if the site wants no links, or the customer withheld
/// them.
#[cfg(not(target_arch = "wasm32"))]
pub fn links_for(context: &Context, collected: &Collected) -> Vec<FoundLink> {
    let is_withheld = context.withheld.iter().any(|withheld| withheld.group == Group::Links);
    let not_asked = collected.ask.contains(&Group::Links) && context.links.is_empty();
    if collected.links.is_empty() || collected.off.contains(&Group::Links) || is_withheld || not_asked {
        return Vec::new();
    }
    let Ok(values) = serde_json::to_value(context) else { return Vec::new() };
    let values = Value::read(&values);
    let links = collected.links.iter().filter_map(|pattern| patterns::fill(pattern, &values));
    let links = links.map(|link| FoundLink {
        source: link.text_of("source").into(),
        label: link.text_of("label").into(),
        url: link.text_of("url").into(),
        text: String::new(),
    });
    links.filter(|link| !context.links.contains(link)).collect()
}

/// Whether a later snapshot has anything that happened after a time.
pub fn happened_since(mut later: Value, frozen_at: &str) -> bool {
    since::keep_since(&mut later, frozen_at)
}

/// The most places in the list of what was cut.
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

#[cfg(all(test, not(target_arch = "wasm32")))]
mod links_for_a_context {
    use super::super::super::config::Link;
    use super::super::{User, Withheld, Withholder};
    use super::*;

    fn collected() -> Collected {
        let links = [("Admin", "https://admin.example/{user.id}"), ("Region", "https://x.example/{region}")];
        let links = links.map(|(label, url)| Link { label: label.into(), url: url.into(), ..Link::default() });
        Collected { links: links.into(), ..Collected::default() }
    }

    fn context() -> Context {
        Context { user: Some(User { id: "u/7".into(), ..User::default() }), ..Context::default() }
    }

    #[test]
    fn links_are_created_once_for_patterns_with_values() {
        let mut context = context();
        let links = links_for(&context, &collected());
        assert_eq!(links.iter().map(|link| link.url.as_str()).collect::<Vec<_>>(), ["https://admin.example/u%2F7"]);
        assert_eq!((links[0].source.as_str(), links[0].label.as_str()), ("site", "Admin"));
        context.links = links;
        assert_eq!(links_for(&context, &collected()), []);
    }

    #[test]
    fn links_can_be_switched_off_by_site_and_customer() {
        let never_collected = Collected { off: vec![Group::Links], ..collected() };
        let asked_first = Collected { ask: vec![Group::Links], ..collected() };
        let withheld = Withheld { group: Group::Links, items: 0, by: Withholder::Customer };
        let withheld = Context { withheld: vec![withheld], ..context() };
        for (context, collected) in [(context(), never_collected), (context(), asked_first), (withheld, collected())] {
            assert_eq!(links_for(&context, &collected), []);
        }
    }
}
