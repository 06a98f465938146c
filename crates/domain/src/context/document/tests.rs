use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::super::{CONTEXT_MAX, Context, check};
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

/// So many of everything, each with so long a text.
fn large(items: usize, text: usize) -> Json {
    let long = |with: &str| with.repeat(text);
    let times = |make: &dyn Fn(usize) -> Json| (0..items).map(make).collect::<Vec<_>>();
    let at = |n: usize| format!("2026-11-23T10:00:00.{n:03}Z");
    let named =
        |with: &str| (0..items).map(|n| (format!("{n:03}"), json!(long(with)))).collect::<serde_json::Map<_, _>>();
    let moment = |frozen_at: &str| {
        json!({
            "frozen_at": frozen_at,
            "page": {"url": long("u "), "routes": times(&|n| json!({"url": long("r "), "at": at(n)}))},
            "user": {"id": "7", "attributes": named("a ")},
            "errors": times(&|n| json!({
                "message": format!("{n} {}", long("m ")), "stack": long("s "), "location": long("l "), "at": at(n),
            })),
            "requests": times(&|n| json!({
                "url": long("u "), "status": n, "at": at(n), "headers": {"x-request-id": long("h ")},
            })),
            "breadcrumbs": times(&|n| json!({"at": at(n), "kind": "click", "name": long("\""), "path": long("p ")})),
            "page_values": named("ü "),
        })
    };
    let mut context = moment("");
    context["since"] = moment("2026-11-23T11:00:00Z");
    context
}

#[test]
fn the_gateway_reads_what_the_widget_writes() {
    let document = json!({
        "frozen_at": "2026-11-23T10:00:00Z",
        "page": {
            "url": "https://a.example/", "title": "T", "referrer": "https://b.example/", "canonical": "https://c.example/",
            "open_ms": 5, "routes": [{"url": "https://a.example/x", "at": "t"}],
            "timings": {
                "first_byte": 1, "dom_ready": 2, "loaded": 3, "first_paint": 4, "largest_paint": 5, "interaction": 6,
                "layout_shift": "0.1",
            },
        },
        "user": {
            "id": "1", "name": "N", "email": "", "plan": "p", "role": "r", "organization": {"id": "2", "name": "O"},
            "attributes": {"a": "b"},
        },
        "application": {
            "release": "1", "environment": "e", "build": "7", "tenant": "t", "region": "eu", "flags": {"beta": "true"},
        },
        "device": {
            "browser": "B", "system": "S", "model": "M", "user_agent": "U", "viewport": "1x1", "screen": "2x2",
            "pixel_ratio": "2", "touch_points": 5, "languages": "en", "time_zone": "UTC", "memory": "8", "cores": 4,
            "connection": "4g", "save_data": true, "online": true, "theme": "dark", "contrast": "more",
            "reduced_motion": true, "storage": true, "cookies": true,
        },
        "errors": [{
            "source": "error", "name": "TypeError", "message": "m", "stack": "s", "location": "l", "first_at": "f", "at": "a",
            "count": 3, "extension": true,
        }],
        "requests": [{
            "method": "GET", "url": "https://a.example/api", "status": 500, "failure": "f", "at": "a", "duration_ms": 9,
            "size": 10, "headers": {"x-request-id": "r"},
        }],
        "breadcrumbs": [{"at": "a", "kind": "click", "role": "button", "name": "n", "path": "p"}],
        "links": [{"source": "posthog", "label": "replay", "text": "t", "url": "https://p.example/"}],
        "page_values": {"k": "v"},
        "unanswered": ["slow"],
    });
    let mut cut = Vec::new();
    let mut settled = Value::read(&document);
    shape::settle(&mut settled, &shape::CONTEXT, "", &Rules::default(), &mut cut);
    // Every member of the table was there, so whatever the types lack would be missing when they are written again.
    let read: Context = serde_json::from_value(serde_json::to_value(&settled).unwrap()).unwrap();
    let mut written = serde_json::to_value(&read).unwrap();
    written["user"].as_object_mut().unwrap().retain(|name, value| name != "verified" && value != "");
    let mut expected = serde_json::to_value(&settled).unwrap();
    expected["version"] = json!(0);
    assert_eq!(written, expected);
    assert_eq!(cut, Vec::<String>::new());
    let known = |shape: &shape::Shape| matches!(shape, shape::Shape::Members(members) if members.len() == 12);
    assert!(known(&shape::CONTEXT), "a new group needs its example here");
}

#[test]
fn what_does_not_belong_there_goes() {
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
fn the_newest_records_are_kept_and_the_cut_is_named() {
    let context = prepared(&large(RECORDS_MAX + 5, 2));
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
fn a_text_that_is_too_long_is_named_by_its_place() {
    let context = prepared(&large(1, 1_200));
    for place in
        ["/errors/0/message", "/requests/0/headers/x-request-id", "/page_values/000", "/since/errors/0/message"]
    {
        assert!(context.cut.iter().any(|cut| cut == place), "{place}: {:?}", context.cut);
    }
}

#[test]
fn the_newest_error_keeps_its_stack_longest() {
    let context = prepared(&large(18, 1_000));
    let last = context.errors.last().unwrap();
    assert!(last.message.starts_with("17 ") && !last.stack.is_empty());
    assert_eq!(context.since, None);
}

#[test]
fn what_happened_since_is_only_what_is_newer() {
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
fn the_site_adds_its_links_and_what_the_page_does_not_say_of_its_build() {
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
    let found = |source: &str| json!({"source": source, "label": "trace", "text": "t"});
    let collected = json!({
        "user": {"organization": {"id": "o-1"}}, "application": {"release": "2"}, "links": [found("posthog"), found("sentry")],
    });
    let context = prepared_by(&collected, &site);
    let application = context.application.unwrap();
    assert_eq!((application.release.as_str(), application.region.as_str()), ("2", "eu"));
    let links: Vec<_> = context.links.iter().map(|link| (link.source.as_str(), link.url.as_str())).collect();
    assert_eq!(links, [("sentry", ""), ("site", "https://admin.example/o-1/2")]);
}

proptest! {
    // Each case writes the document out again and again; more of them cost time and find nothing new.
    #![proptest_config(ProptestConfig::with_cases(4))]

    #[test]
    fn whatever_was_collected_the_gateway_takes_it(items in 0usize..30, text in 0usize..2_000) {
        let context = prepared(&large(items, text));
        prop_assert_eq!(check(&context), vec![]);
        prop_assert!(serde_json::to_string(&context).unwrap().len() <= CONTEXT_MAX);
    }

    #[test]
    fn what_is_in_shape_stays_as_it_is(items in 0usize..25, text in 0usize..800) {
        let mut once = Value::read(&large(items, text));
        shape::settle(&mut once, &shape::CONTEXT, "", &Rules::default(), &mut Vec::new());
        let (mut twice, mut cut) = (once.clone(), Vec::new());
        shape::settle(&mut twice, &shape::CONTEXT, "", &Rules::default(), &mut cut);
        prop_assert!(twice == once);
        prop_assert_eq!(cut, Vec::<String>::new());
    }
}
