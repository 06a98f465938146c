use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::super::shape::{RECORDS_MAX, Shape};
use super::super::{CONTEXT_MAX, check, labels};
use super::*;
use crate::config::Link;
use wire::Pairs;
use wire::Read;

fn prepared(collected: &Json) -> Context {
    prepared_by(collected, &Collected::default())
}

fn prepared_by(collected: &Json, site: &Collected) -> Context {
    let document = prepare(Value::read(collected), site, &Rules::default());
    serde_json::from_value(serde_json::to_value(&document).unwrap()).unwrap()
}

/// A document with this many items in every list and texts of this length.
fn large_context(items: usize, text: usize) -> Json {
    let repeated = |piece: &str| piece.repeat(text);
    let times = |make: &dyn Fn(usize) -> Json| (0..items).map(make).collect::<Vec<_>>();
    let time_of = |n: usize| format!("2026-11-23T10:00:00.{n:03}Z");
    let named = |piece: &str| {
        (0..items).map(|n| (format!("{n:03}"), json!(repeated(piece)))).collect::<serde_json::Map<_, _>>()
    };
    let moment = |frozen_at: &str| {
        json!({
            "frozen_at": frozen_at,
            "page": {"url": repeated("u "), "routes": times(&|n| json!({"url": repeated("r "), "at": time_of(n)}))},
            "user": {"id": "7", "attributes": named("a ")},
            "errors": times(&|n| json!({
                "message": format!("{n} {}", repeated("m ")), "stack": repeated("s "), "location": repeated("l "), "at": time_of(n),
            })),
            "requests": times(&|n| json!({
                "url": repeated("u "), "status": n, "at": time_of(n), "headers": {"x-request-id": repeated("h ")},
            })),
            "breadcrumbs": times(&|n| json!({"at": time_of(n), "kind": "click", "name": repeated("\""), "path": repeated("p ")})),
            "page_values": named("ü "),
        })
    };
    let mut context = moment("");
    context["since"] = moment("2026-11-23T11:00:00Z");
    context
}

#[test]
fn the_gateway_reads_documents_of_the_widget() {
    let document = example(&Context::SHAPE, "context");
    let (mut settled, mut cut) = (document.clone(), Vec::new());
    settle(&mut settled, &Context::SHAPE, "", &Rules::default(), &mut cut);
    assert_eq!((&settled, &cut), (&document, &Vec::<String>::new()));
    let received: Context = serde_json::from_value(serde_json::to_value(&settled).unwrap()).unwrap();
    let mut written_document = serde_json::to_value(&received).unwrap();
    // Only the gateway sets it.
    written_document["user"].as_object_mut().unwrap().remove("verified").unwrap();
    assert_eq!(written_document, serde_json::to_value(&document).unwrap());
}

/// A value of a shape with every member present.
fn example(shape: &Shape, name: &str) -> Value {
    match shape {
        // The only text that is an enum.
        Shape::Text(_) if name == "kind" => "click".into(),
        Shape::Text(_) | Shape::Kept(_) => name.into(),
        Shape::Count => Value::Count(7),
        Shape::Bool => Value::Bool(true),
        Shape::Texts => Value::Members(Pairs(vec![(name.to_string(), "x".into())])),
        Shape::Members(members) => {
            let example = |(name, shape): &(&str, Shape)| (name.to_string(), example(shape, name));
            Value::Members(Pairs(members.iter().map(example).collect()))
        }
        Shape::List(_, shape) => Value::List(vec![example(shape, name)]),
    }
}

/// The names of all members of a shape, at any depth.
fn names(shape: &Shape) -> Vec<&'static str> {
    match shape {
        Shape::Members(members) => {
            members.iter().flat_map(|(name, shape)| [*name].into_iter().chain(names(shape))).collect()
        }
        Shape::List(_, shape) => names(shape),
        _ => Vec::new(),
    }
}

#[test]
fn texts_are_cut_at_the_limit_of_their_member() {
    fn check(shape: &Shape, name: &str) {
        let settle_value = |mut value: Value, cut: &mut Vec<String>| {
            settle(&mut value, shape, "/x", &Rules::default(), cut);
            value
        };
        let mut cut = Vec::new();
        match shape {
            Shape::Text(max) | Shape::Kept(max) => {
                let Value::Text(text) = settle_value(Value::Text("x ".repeat(*max)), &mut cut) else {
                    panic!("{name}")
                };
                assert_eq!((text.chars().count(), cut.len()), (max + 1, 1), "{name}");
            }
            Shape::List(max, item) => {
                let items = vec![example(item, name); max + 1];
                let Value::List(items) = settle_value(Value::List(items), &mut cut) else { panic!("{name}") };
                assert_eq!((items.len(), cut.len()), (*max, 1), "{name}");
                check(item, name);
            }
            Shape::Members(members) => members.iter().for_each(|(name, shape)| check(shape, name)),
            Shape::Count | Shape::Bool | Shape::Texts => {}
        }
    }
    check(&Context::SHAPE, "context");
}

#[test]
fn every_member_has_a_label() {
    let labels: Vec<&str> = labels().map(|(name, _)| name).collect();
    for name in names(&Context::SHAPE) {
        assert!(labels.contains(&name), "{name} has no label");
    }
}

#[test]
fn unknown_members_are_removed() {
    let context = prepared(&json!({
        "page": {"url": 7, "title": "T", "body": "everything"},
        "errors": ["text", {"message": "m", "body": "b"}],
        "requests": {"not": "a list"},
        "cookies": "all of them",
    }));
    let json = serde_json::to_string(&context).unwrap();
    assert!(!json.contains("everything") && !json.contains("all of them") && !json.contains("body"), "{json}");
    assert_eq!(context.page.unwrap().title, "T");
    assert_eq!(context.errors.len(), 1);
}

#[test]
fn the_newest_records_are_kept_and_the_cut_is_listed() {
    let context = prepared(&large_context(RECORDS_MAX + 5, 2));
    assert_eq!(context.errors.len(), RECORDS_MAX);
    assert!(context.errors[0].message.starts_with("5 "));
    assert_eq!(context.requests[0].status, 5);
    assert_eq!(context.breadcrumbs.len(), RECORDS_MAX + 5);
    assert_eq!(
        context.cut,
        ["/page/routes", "/errors", "/requests", "/since/page/routes", "/since/errors", "/since/requests"]
    );
}

#[test]
fn cut_texts_are_listed_by_path() {
    let context = prepared(&large_context(1, 1_200));
    for place in
        ["/errors/0/message", "/requests/0/headers/x-request-id", "/page_values/000", "/since/errors/0/message"]
    {
        assert!(context.cut.iter().any(|cut| cut == place), "{place}: {:?}", context.cut);
    }
}

#[test]
fn the_newest_error_keeps_its_stack_longest() {
    let context = prepared(&large_context(18, 1_000));
    let last = context.errors.last().unwrap();
    assert!(last.message.starts_with("17 ") && !last.stack.is_empty());
    assert_eq!(context.since, None);
}

#[test]
fn the_later_snapshot_contains_newer_records_only() {
    let error = |message: &str, at: &str| json!({"message": message, "at": at});
    let [before, after] = ["2026-11-23T10:00:00.000Z", "2026-11-23T10:00:00.001Z"];
    let context = |newer: &[Json]| {
        let mut errors = vec![error("old", before)];
        errors.extend_from_slice(newer);
        json!({"frozen_at": before, "since": {"frozen_at": "later", "errors": errors, "user": {"id": "1"}}})
    };
    let since = prepared(&context(&[error("new", after)])).since.unwrap();
    assert_eq!((since.errors.len(), since.errors[0].message.as_str(), since.user), (1, "new", None));
    assert_eq!(prepared(&context(&[])).since, None);
}

#[test]
fn the_site_adds_links_and_missing_build_values() {
    let site = Collected {
        links: vec![Link {
            label: "Admin".into(),
            url: "https://admin.example/{organization.id}/{release}".into(),
            ..Link::default()
        }],
        tools: vec!["sentry".into()],
        application: Pairs(vec![("release".into(), "1".into()), ("region".into(), "eu".into())]),
        ..Collected::default()
    };
    let link = |source: &str| json!({"source": source, "label": "trace", "text": "t"});
    let collected = json!({
        "user": {"organization": {"id": "o-1"}}, "application": {"release": "2"}, "links": [link("posthog"), link("sentry")],
    });
    let context = prepared_by(&collected, &site);
    let application = context.application.unwrap();
    assert_eq!((application.release.as_str(), application.region.as_str()), ("2", "eu"));
    let links: Vec<_> = context.links.iter().map(|link| (link.source.as_str(), link.url.as_str())).collect();
    assert_eq!(links, [("sentry", ""), ("site", "https://admin.example/o-1/2")]);
}

proptest! {
    // Each case serialises the document many times. More cases cost time and find nothing new.
    #![proptest_config(ProptestConfig::with_cases(4))]

    #[test]
    fn the_gateway_accepts_every_prepared_context(items in 0usize..30, text in 0usize..2_000) {
        let context = prepared(&large_context(items, text));
        prop_assert_eq!(check(&context), vec![]);
        prop_assert!(serde_json::to_string(&context).unwrap().len() <= CONTEXT_MAX);
    }

    #[test]
    fn valid_documents_stay_unchanged(items in 0usize..25, text in 0usize..800) {
        let mut once = Value::read(&large_context(items, text));
        settle(&mut once, &Context::SHAPE, "", &Rules::default(), &mut Vec::new());
        let (mut twice, mut cut) = (once.clone(), Vec::new());
        settle(&mut twice, &Context::SHAPE, "", &Rules::default(), &mut cut);
        prop_assert!(twice == once);
        prop_assert_eq!(cut, Vec::<String>::new());
    }
}
