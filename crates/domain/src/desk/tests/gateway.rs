//! A gateway that stores each key once.

use std::collections::{BTreeMap, BTreeSet};

use super::super::customer::Credential;
use super::super::effect::Effect;
use super::super::event::Answer;
use super::super::ids::{AttachmentId, CustomerId, IdempotencyKey};
use crate::problem::Problem;

/// What the gateway has stored under a key.
pub struct Stored {
    /// How many were stored before it.
    pub position: usize,
    /// Whose it is, as far as its tab knew; nobody's if it was anonymous there.
    pub owner: CustomerId,
    pub body: String,
    pub message: String,
    pub attachments: Vec<String>,
}

#[derive(Default)]
pub struct Gateway {
    pub stored: BTreeMap<IdempotencyKey, Stored>,
    pub uploads: BTreeSet<AttachmentId>,
    /// Whether it accepts no tokens.
    pub rejects_tokens: bool,
    /// Keys that came with other bytes than those which were stored under them.
    pub reused: Vec<IdempotencyKey>,
}

impl Gateway {
    /// Answers a request.
    pub fn answer(&mut self, request: &Effect) -> Answer {
        let Effect::Post { key, body, credential, customer: owner, .. } = request else { panic!("{request:?}") };
        let is_signed = *credential != Credential::Session;
        if is_signed && self.rejects_tokens {
            return Answer::Unauthorised;
        }
        if let Some(stored) = self.stored.get(key) {
            if stored.body == *body {
                return Answer::Accepted { response: response(key) };
            }
            self.reused.push(key.clone());
            return refused("key_reused");
        }
        let parsed: serde_json::Value = serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body}"));
        let message = parsed["message"].as_str().unwrap().to_string();
        if message.starts_with("bad") {
            return refused("invalid");
        }
        let list = parsed["attachments"].as_array().cloned().unwrap_or_default();
        let attachments: Vec<String> = list.iter().map(|id| id.as_str().unwrap().to_string()).collect();
        if attachments.iter().any(|id| !self.uploads.contains(&AttachmentId(id.clone()))) {
            return Answer::AttachmentsMissing;
        }
        let stored =
            Stored { position: self.stored.len(), owner: owner.clone(), body: body.clone(), message, attachments };
        self.stored.insert(key.clone(), stored);
        Answer::Accepted { response: response(key) }
    }

    /// What is stored with a text, in the order of arrival.
    pub fn arrivals_of(&self, text: &str) -> Vec<&Stored> {
        let mut stored: Vec<&Stored> = self.stored.values().filter(|stored| written(&stored.message) == text).collect();
        stored.sort_by_key(|stored| stored.position);
        stored
    }
}

impl Stored {
    /// Whether it came with an attachment, or names one that was left behind, that another one neither has nor names.
    pub fn adds_to(&self, earlier: &Stored) -> bool {
        let left_behind = self.message.split("\n\n").skip(1).map(String::from);
        self.attachments.iter().cloned().chain(left_behind).any(|name| !earlier.mentions(&name))
    }

    /// Whether it came with attachments, or names some that were left behind.
    pub fn has_attachments(&self) -> bool {
        !self.attachments.is_empty() || written(&self.message) != self.message
    }

    /// Whether it came with an attachment, or names it as left behind.
    pub fn mentions(&self, name: &String) -> bool {
        self.attachments.contains(name) || self.message.split("\n\n").skip(1).any(|line| line == name)
    }
}

/// What the customer wrote, without the names of attachments that were left behind.
pub fn written(message: &str) -> &str {
    message.split("\n\n").next().unwrap_or_default()
}

fn response(key: &IdempotencyKey) -> String {
    format!("{{\"reference\":\"DB-{}\"}}", key.0)
}

fn refused(code: &str) -> Answer {
    Answer::Refused(Problem { status: 422, code: code.into(), title: code.into(), errors: Vec::new() })
}
