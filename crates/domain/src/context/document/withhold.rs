//! Removes what the customer or the site withholds.

use super::super::super::config::{Collected, Link};
use super::super::{Group, Withholder};
use super::patterns::{SITE, fill};
use super::value::Value;

/// Removes the groups that the site never collects, and what the customer withholds: `is_off` is called with the pointer of a group
/// (`/errors`) or one of its items (`/errors/2`).
pub fn withhold(context: &mut Value, site: &Collected, is_off: impl Fn(&str) -> bool) {
    let mut withheld = Vec::new();
    let user = context.get("user").cloned().unwrap_or_default();
    for group in Group::ALL.iter().copied() {
        let pointer = ["/", group.word()].concat();
        let (items, withholder) = match site.off.contains(&group) {
            true => (0, Withholder::Site),
            false if is_off(&pointer) => (0, Withholder::Customer),
            false => {
                let later = context
                    .get_mut("since")
                    .map_or(0, |snapshot| drop_items(snapshot, group, &["/since", &pointer].concat(), &is_off));
                match drop_items(context, group, &pointer, &is_off) + later {
                    0 => continue,
                    items => (items, Withholder::Customer),
                }
            }
        };
        if items == 0 {
            clear(context, group);
            if let Some(snapshot) = context.get_mut("since") {
                clear(snapshot, group);
            }
        }
        let mut entry = Value::default();
        entry.set("group", group.word().into());
        entry.set("items", Value::Count(items));
        entry.set("by", withholder.word().into());
        withheld.push(entry);
    }
    if withheld.is_empty() {
        return;
    }
    context.set("withheld", Value::List(withheld));
    drop_echoes(context, &user, &site.links);
    if let Some(snapshot) = context.get_mut("since") {
        drop_echoes(snapshot, &user, &[]);
    }
}

/// Removes traces of withheld parts in other groups: breadcrumbs that name an error or an address, links to the user, and the site's
/// links that depend on a removed value.
fn drop_echoes(context: &mut Value, user: &Value, patterns: &[Link]) {
    let name_of = |error: &Value| [error.text_of("name"), " ", error.text_of("message")].concat();
    let error_names: Vec<String> = context.list("errors").iter().map(name_of).collect();
    let filled: Vec<Value> = patterns.iter().filter_map(|pattern| fill(pattern, context)).collect();
    let (page, person) = (context.get("page").is_some(), context.get("user").is_some());
    if let Some(steps) = context.list_mut("breadcrumbs") {
        steps.retain(|step| match step.text_of("kind") {
            "error" => {
                error_names.iter().any(|error_names| error_names.trim_ascii_start().starts_with(step.text_of("name")))
            }
            "navigation" => page,
            _ => true,
        });
    }
    if let Some(links) = context.list_mut("links") {
        links.retain(|link| {
            let text = link.text_of("text");
            let is_about_user = !text.is_empty() && (text == user.text_of("id") || text == user.text_of("email"));
            (person || !is_about_user) && (link.text_of("source") != SITE || filled.contains(link))
        });
    }
}

fn drop_items(context: &mut Value, group: Group, pointer: &str, is_off: &impl Fn(&str) -> bool) -> u32 {
    let Some(items) = context.list_mut(group.word()) else { return 0 };
    let before = items.len();
    let mut index = 0;
    items.retain(|_| {
        index += 1;
        !is_off(&[pointer, "/", &(index - 1).to_string()].concat())
    });
    (before - items.len()) as u32
}

fn clear(context: &mut Value, group: Group) {
    context.remove(group.word());
    if group == Group::PageValues {
        context.remove("unanswered");
    }
    // Names that the host chose are among the pointers.
    let pointer = ["/", group.word()].concat();
    if let Some(cut) = context.list_mut("cut") {
        cut.retain(|cut| {
            let is_inside =
                |text: &str| text.strip_prefix(&pointer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
            !matches!(cut, Value::Text(text) if is_inside(text) || text.strip_prefix("/since").is_some_and(is_inside))
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::Context;
    use super::*;
    use serde_json::json;
    use wire::Read;

    /// A context in which every text is the name of its group.
    fn full() -> Value {
        let text_in = |group: Group| format!("in {group}.");
        let moment = json!({
            "page": {"url": text_in(Group::Page)},
            "user": {"id": text_in(Group::User)},
            "application": {"release": text_in(Group::Application)},
            "device": {"browser": text_in(Group::Device)},
            "errors": ([0, 1].map(|n| json!({"message": format!("{}{n}", text_in(Group::Errors))}))),
            "requests": ([0, 1].map(|n| json!({"url": format!("{}{n}", text_in(Group::Requests))}))),
            "breadcrumbs": [{"at": "", "kind": "click", "name": text_in(Group::Breadcrumbs)}],
            "links": ([0, 1].map(|n| json!({"url": format!("{}{n}", text_in(Group::Links))}))),
            "page_values": {"x": text_in(Group::PageValues)},
            "unanswered": [text_in(Group::PageValues)],
            "cut": (Group::ALL.iter().flat_map(|group| [format!("/{group}/x"), format!("/since/{group}/x")]).collect::<Vec<_>>()),
        });
        let mut context = Value::read(&moment);
        context.set("since", Value::read(&moment));
        context
    }

    fn without(by_site: &[Group], is_off: impl Fn(&str) -> bool) -> (String, Context) {
        let mut context = full();
        withhold(&mut context, &Collected { off: by_site.to_vec(), ..Collected::default() }, is_off);
        let json = serde_json::to_string(&context).unwrap();
        let context = serde_json::from_str(&json).unwrap();
        (json, context)
    }

    #[test]
    fn withheld_groups_leave_only_their_name() {
        for group in Group::ALL.iter().copied() {
            let is_off = |pointer: &str| pointer == format!("/{group}");
            for ((json, context), withholder) in
                [(without(&[], is_off), Withholder::Customer), (without(&[group], |_| false), Withholder::Site)]
            {
                assert!(!json.contains(&format!("in {group}.")), "{json}");
                assert!(!json.contains(&format!("/{group}/x")), "{json}");
                let [entry] = &context.withheld[..] else { panic!("{json}") };
                assert_eq!((entry.group, entry.items, entry.by), (group, 0, withholder));
                for other in Group::ALL.iter().filter(|other| **other != group) {
                    assert!(json.contains(&format!("in {other}.")), "{other}: {json}");
                }
            }
        }
    }

    #[test]
    fn withheld_items_are_removed_and_counted() {
        for group in [Group::Errors, Group::Requests, Group::Links] {
            let (json, context) = without(&[], |pointer| pointer == format!("/{group}/1"));
            let before = json.split("\"since\"").next().unwrap();
            assert!(before.contains(&format!("in {group}.0")) && !before.contains(&format!("in {group}.1")), "{json}");
            assert_eq!((context.withheld[0].group, context.withheld[0].items), (group, 1));
        }
    }

    #[test]
    fn withheld_values_do_not_appear_in_other_groups() {
        let moment = json!({
            "page": {"url": "https://a.example/here"},
            "user": {"id": "u 7", "email": "ada@a.example"},
            "errors": [{"name": "TypeError", "message": "one"}, {"name": "", "message": "two"}],
            "breadcrumbs": [
                {"kind": "error", "name": "TypeError one"},
                {"kind": "error", "name": "two"},
                {"kind": "navigation", "name": "https://a.example/here"},
                {"kind": "click", "name": "one"},
            ],
            "links": [{"source": "posthog", "url": "https://b.example/u%207", "text": "u 7"}, {"source": "sentry", "text": "t"}],
        });
        let pattern = |url: &str| Link { url: url.into(), ..Link::default() };
        let links = vec![pattern("https://c.example/{user.id}"), pattern("https://c.example/{page.url}")];
        let site = Collected { links, ..Collected::default() };
        let remaining = |off: &str| {
            let mut context = Value::read(&moment);
            let links = site.links.iter().filter_map(|link| fill(link, &context)).collect::<Vec<_>>();
            context.list_mut("links").unwrap().extend(links);
            withhold(&mut context, &site, |pointer| pointer == off);
            let names = |list: &str, name: &str| -> Vec<String> {
                context.list(list).iter().map(|item| item.text_of(name).to_string()).collect()
            };
            (names("breadcrumbs", "name"), names("links", "url").len())
        };
        let page_url = "https://a.example/here";
        assert_eq!(remaining("/errors/0"), (vec!["two".into(), page_url.into(), "one".into()], 4));
        assert_eq!(remaining("/errors"), (vec![page_url.into(), "one".into()], 4));
        assert_eq!(remaining("/page"), (vec!["TypeError one".into(), "two".into(), "one".into()], 3));
        assert_eq!(remaining("/user").1, 2);
        assert_eq!(remaining("/device").0.len(), 4);
    }

    #[test]
    fn the_later_snapshot_has_its_own_switches() {
        let (_, context) = without(&[], |place| place == "/since/errors/0");
        assert_eq!(context.errors.len(), 2);
        assert_eq!(context.since.unwrap().errors.len(), 1);
    }

    #[test]
    fn nothing_is_withheld_by_default() {
        let mut context = full();
        withhold(&mut context, &Collected::default(), |_| false);
        assert_eq!(context, full());
    }
}
