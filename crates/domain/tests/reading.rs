//! The widget reads wire types from a parsed tree, the gateway with serde; both read the same.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used)]

use domain::attachment::Attachment;
use domain::config::{Collected, Config, Link, Redact, Scheme, Theme, Topic};
use domain::context::Group;
use domain::conversation::{Author, Message};
use domain::problem::{FieldError, Problem};
use domain::question::{Answer, Hit, Hits, Question, Run};
use domain::ticket::{Contact, Outcome, Priority, QuestionSeen, Receipt, Status};
use serde::{Serialize, de::DeserializeOwned};
use std::fmt::Debug;
use wire::{Pairs, Read};

fn reads_alike<T: Read + Serialize + DeserializeOwned + PartialEq + Debug>(value: T) {
    let json = serde_json::to_value(&value).unwrap();
    assert_eq!(T::read(&json), value);
    assert_eq!(serde_json::from_value::<T>(json).unwrap(), value);
}

#[test]
fn every_wire_type_is_read_like_serde() {
    let text = |text: &str| text.to_string();
    let hit = Hit {
        id: text("a"),
        kind: text("doc"),
        title: vec![Run { text: text("b"), hit: true }],
        excerpt: vec![Run { text: text("c"), hit: false }],
        url: text("d"),
        solved: true,
        answers: 3,
        created_at: text("e"),
        score: 1.5,
        votes: 2,
        source: text("f"),
    };
    reads_alike(Hits { hits: vec![hit] });
    let answer = Answer { body: text("a"), author: text("b"), staff: true, accepted: true, created_at: text("c") };
    reads_alike(Question {
        id: text("a"),
        kind: text("tutorial"),
        title: text("b"),
        body: text("c"),
        url: text("d"),
        topics: vec![text("e")],
        solved: true,
        created_at: text("f"),
        answers: vec![answer],
    });
    reads_alike(Receipt { id: text("a"), reference: text("b"), status: Status::Solved, due_at: Some(text("c")) });
    reads_alike(Receipt { id: text("a"), reference: text("b"), status: Status::Open, due_at: None });
    reads_alike(Contact { name: text("a"), email: text("b") });
    reads_alike(QuestionSeen {
        source: text("a"),
        id: text("b"),
        title: text("c"),
        url: text("d"),
        outcome: Outcome::Unhelpful,
    });
    reads_alike(Problem {
        status: 422,
        code: text("a"),
        title: text("b"),
        errors: vec![FieldError { pointer: text("c"), detail: text("d") }],
    });
    let attachment = Attachment {
        id: text("a"),
        name: text("b"),
        media: text("image/png"),
        size: 7,
        has_metadata: true,
        url: text("/c"),
    };
    reads_alike(Message {
        number: 2,
        author: Author::Support,
        name: text("a"),
        body: text("b"),
        at: text("c"),
        attachments: vec![attachment],
    });
    reads_alike(Config::default());
    reads_alike(Config {
        topics: vec![Topic { id: text("a"), label: text("b"), team: text("c"), urls: vec![text("d")] }],
        plans: Pairs(vec![(text("a"), Priority::Low)]),
        links: vec![Link { label: text("a"), url: text("https://b"), kind: text("ask"), plans: vec![text("c")] }],
        channels: vec![Link { label: text("a"), url: text("https://b"), ..Link::default() }],
        context: Collected {
            off: vec![Group::Requests],
            ask: vec![Group::PageValues],
            headers: vec![text("a")],
            links: vec![Link { label: text("a"), url: text("https://b/{id}"), ..Link::default() }],
            tools: vec![text("sentry")],
            application: Pairs(vec![(text("release"), text("1"))]),
        },
        redact: Redact { names: vec![text("a")], ip_addresses: true, social_security: true },
        theme: Theme { accent: text("#fff"), scheme: Scheme::Dark },
        texts: Pairs(vec![(text("ar"), Pairs(vec![(text("help"), text("x"))]))]),
        trust_page: true,
        ..Config::default()
    });
}
