//! A gateway that stores each key once.

use std::collections::{BTreeMap, BTreeSet};

use super::super::customer::Credential;
use super::super::effect::Effect;
use super::super::event::Answer;
use super::super::ids::{AttachmentId, IdempotencyKey};
use crate::problem::Problem;

/// What the gateway has stored under a key.
pub struct Stored {
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
        let Effect::Post { key, body, credential, .. } = request else { panic!("{request:?}") };
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
        let stored = Stored { body: body.clone(), message, attachments };
        self.stored.insert(key.clone(), stored);
        Answer::Accepted { response: response(key) }
    }

    /// The keys under which a text is stored.
    pub fn keys_of(&self, text: &str) -> Vec<&IdempotencyKey> {
        let stored = self.stored.iter().filter(|(_, stored)| written(&stored.message) == text);
        stored.map(|(key, _)| key).collect()
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
