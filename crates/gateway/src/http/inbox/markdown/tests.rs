use serde_json::{Value, json};

use super::*;
use deskbell_core::ports::Handling;
use deskbell_core::timestamp::Timestamp;
use domain::ticket::Status;

fn received_at() -> Timestamp {
    "2026-11-23T10:02:00Z".parse().unwrap()
}

fn ticket(message: &str, context: Value) -> StoredTicket {
    let submitted = json!({
        "kind": "bug", "severity": "high", "message": message, "contact": { "name": "Ada", "email": "ada@example.com" },
        "context": context, "consent": false, "client": { "name": "test", "version": "1" }
    });
    let submitted = serde_json::from_value(submitted).unwrap();
    StoredTicket {
        id: "1".into(),
        site: "acme".into(),
        reference: "DB-4K7Q9".into(),
        status: Status::Open,
        priority: None,
        target: None,
        due_at: None,
        received_at: received_at(),
        person: None,
        session: None,
        handling: Handling::new(&submitted, received_at()),
        ticket: submitted,
    }
}

/// A context with `text` as the value of every field that can have it.
fn full(text: &str) -> Value {
    let error = json!({
        "source": text, "name": text, "message": text, "stack": text, "location": text, "first_at": text, "at": text,
        "count": 2, "extension": true
    });
    let request = json!({
        "method": text, "url": text, "status": 0, "failure": text, "at": text, "duration_ms": 1, "size": 1,
        "headers": { text: text }
    });
    let breadcrumb = json!({ "at": text, "kind": "click", "role": text, "name": text, "path": text });
    json!({
        "version": 1, "frozen_at": text,
        "page": { "url": text, "title": text, "referrer": text },
        "user": {
            "id": text, "name": text, "email": text, "plan": text, "role": text,
            "organization": { "id": text, "name": text }
        },
        "application": { "release": text, "environment": text, "flags": { text: text } },
        "device": { "browser": text, "system": text, "user_agent": text, "languages": text },
        "errors": [error], "requests": [request], "breadcrumbs": [breadcrumb],
        "links": [
            { "source": text, "label": text, "text": text, "url": text },
            { "source": "site", "label": text, "url": format!("https://a.example/{text}") }
        ],
        "page_values": { text: text }, "unanswered": [text],
        "since": { "errors": [error], "requests": [request], "breadcrumbs": [breadcrumb] }
    })
}

#[test]
fn a_ticket_renders_as_a_bug_report() {
    let context = json!({
        "version": 1,
        "frozen_at": "2026-11-23T10:00:00.000Z",
        "page": { "url": "https://app.example/a?b=1", "title": "A *page*", "open_ms": 61000 },
        "user": { "id": "u1", "name": "Ada", "plan": "enterprise", "email": "ada@example.com" },
        "application": { "release": "1.2.3" },
        "device": { "browser": "Firefox 144", "online": true },
        "errors": [{
            "source": "error", "name": "TypeError", "message": "x is null", "count": 3,
            "stack": "TypeError: x is null\n    at f (https://app.example/a.js:1:2)",
            "first_at": "2026-11-23T09:59:00Z", "at": "2026-11-23T09:59:48Z"
        }],
        "requests": [{
            "method": "GET", "url": "https://app.example/api?a|b", "status": 504, "at": "2026-11-23T09:59:47Z",
            "duration_ms": 30000, "size": 512, "headers": { "x-request-id": "r1" }
        }],
        "breadcrumbs": [
            { "at": "2026-11-23T09:59:46Z", "kind": "click", "role": "button", "name": "Save" },
            { "at": "2026-11-23T09:59:50Z", "kind": "visibility", "name": "hidden" }
        ],
        "links": [
            { "source": "posthog", "label": "replay", "text": "s1", "url": "https://eu.posthog.com/replay/s1?t=3" },
            { "source": "sentry", "label": "trace", "text": "abc" }
        ],
        "withheld": [
            { "group": "page_values", "items": 0, "by": "site" },
            { "group": "errors", "items": 1, "by": "customer" }
        ]
    });
    assert_eq!(ticket_as_markdown(&ticket("It is broken", context)), include_str!("example.md"));
}

#[test]
fn withheld_parts_are_listed() {
    let withheld: Vec<Value> =
        Group::ALL.iter().map(|group| json!({ "group": group, "items": 0, "by": "customer" })).collect();
    let text = ticket_as_markdown(&ticket("x", json!({ "withheld": withheld })));
    assert_eq!(text.matches("Withheld by the customer.").count(), Group::ALL.len(), "{text}");
}

#[test]
fn hostile_text_stays_in_its_block() {
    let blocks = |lines: &[String]| lines.iter().filter(|line| !line.starts_with('>')).count();
    let usual = outside_of_fences(&ticket_as_markdown(&ticket("x", full("x"))));
    for hostile in [
        "x\n# heading\n- item\n| a | b |\n",
        "x\n\n```\n````\n<script>alert(1)</script>",
        "x ` `` [a](javascript:alert(1)) <img src=x onerror=alert(1)> | --- |",
        "- x @ada #12 GH-1",
        "1. x \\| \\` \\",
        "> x\n===\n---\n***",
    ] {
        let text = ticket_as_markdown(&ticket(hostile, full(hostile)));
        let lines = outside_of_fences(&text);
        assert_eq!(blocks(&lines), blocks(&usual), "{text}");
        for line in &lines {
            assert!(line.is_empty() || line.starts_with(['#', '>', '-', '|', 'S', 'N']), "{line}");
            let cells = line.replace("\\\\", "").replace("\\|", "").matches('|').count();
            assert!(!line.starts_with('|') || cells == 6, "{line}");
            // The rest of a line without its code.
            if !line.contains('`') {
                for harm in ["<script", "<img", "](javascript", "@ada", "#12", "GH-1"] {
                    assert!(!line.replace("\\<", "").contains(harm), "{harm}: {line}");
                }
            }
        }
    }
}

/// The lines outside of fenced code; asserts that every fence is closed.
fn outside_of_fences(text: &str) -> Vec<String> {
    let mut fence: Option<String> = None;
    let mut outside = Vec::new();
    for line in text.lines() {
        match &fence {
            Some(marks) if line == marks => fence = None,
            Some(_) => {}
            None if line.starts_with("```") => fence = Some(line.trim_end_matches("text").into()),
            None => outside.push(line.to_string()),
        }
    }
    assert_eq!(fence, None, "{text}");
    outside
}
