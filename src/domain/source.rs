//! Reading wire types without a deserializer.
//!
//! The gateway reads JSON with serde. In the widget serde's readers for the same types weigh more than its screens do
//! (measured: a quarter of the module), while the browser has parsed the JSON long before: there a value is read off the
//! parsed tree. Both read the same types; a test holds that they read the same out of them.

use super::pairs::Pairs;

/// A parsed JSON value. Whatever it is, it can be asked for anything: what is not there is empty.
pub trait Source: Sized {
    /// The member of an object.
    fn get(&self, key: &str) -> Self;
    /// The members of an object.
    fn entries(&self) -> Vec<(String, Self)>;
    /// The items of an array.
    fn items(&self) -> Vec<Self>;
    /// A text; `None` for anything else.
    fn as_text(&self) -> Option<String>;
    /// A number; `None` for anything else.
    fn as_number(&self) -> Option<f64>;
    /// Yes or no; `None` for anything else.
    fn as_yes(&self) -> Option<bool>;
    /// Whether it is an array.
    fn is_list(&self) -> bool;

    /// A number; 0 for anything else.
    fn number(&self) -> f64 {
        self.as_number().unwrap_or_default()
    }

    /// Whether it is `true`.
    fn yes(&self) -> bool {
        self.as_yes().unwrap_or_default()
    }

    /// A text; empty for anything else.
    fn text(&self) -> String {
        self.as_text().unwrap_or_default()
    }

    /// The text of a member.
    fn text_of(&self, key: &str) -> String {
        self.get(key).text()
    }

    /// The items of a member, each read.
    fn list<T: Read>(&self, key: &str) -> Vec<T> {
        self.get(key).items().iter().map(T::read).collect()
    }

    /// The members of an object as texts.
    fn texts(&self) -> Pairs<String> {
        Pairs(self.entries().into_iter().map(|(key, value)| (key, value.text())).collect())
    }
}

/// What can be read off a [`Source`].
pub trait Read {
    /// Reads it; what is missing gets its default.
    fn read(source: &impl Source) -> Self;
}

impl Read for String {
    fn read(source: &impl Source) -> String {
        source.text()
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl Source for serde_json::Value {
    fn get(&self, key: &str) -> serde_json::Value {
        serde_json::Value::get(self, key).cloned().unwrap_or_default()
    }

    fn entries(&self) -> Vec<(String, serde_json::Value)> {
        self.as_object().map(|object| object.clone().into_iter().collect()).unwrap_or_default()
    }

    fn items(&self) -> Vec<serde_json::Value> {
        self.as_array().cloned().unwrap_or_default()
    }

    fn as_text(&self) -> Option<String> {
        self.as_str().map(str::to_string)
    }

    fn as_number(&self) -> Option<f64> {
        self.as_f64()
    }

    fn as_yes(&self) -> Option<bool> {
        self.as_bool()
    }

    fn is_list(&self) -> bool {
        self.is_array()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::attachment::Attachment;
    use crate::domain::config::{Collected, Config, Link, Redact, Scheme, Theme, Topic};
    use crate::domain::context::Group;
    use crate::domain::conversation::{Author, Message};
    use crate::domain::problem::{FieldError, Problem};
    use crate::domain::question::{Answer, Hit, Hits, Question, Run};
    use crate::domain::ticket::{Contact, Outcome, Priority, QuestionSeen, Receipt, Status};
    use serde::{Serialize, de::DeserializeOwned};
    use std::fmt::Debug;

    fn reads_alike<T: Read + Serialize + DeserializeOwned + PartialEq + Debug>(value: T) {
        let json = serde_json::to_value(&value).unwrap();
        assert_eq!(T::read(&json), value);
        assert_eq!(serde_json::from_value::<T>(json).unwrap(), value);
    }

    #[test]
    fn every_wire_type_is_read_as_serde_reads_it() {
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
}
