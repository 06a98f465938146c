//! Idempotency keys, under which a ticket is created once.

use serde_json::Value;

use super::State;
use super::errors::Refusal;
use super::http::{Call, Reply};

/// A key that was used.
pub struct Key {
    pub reply: Reply,
    body: Value,
    at: i64,
}

const LONGEST: usize = 255;

/// Runs the request, or returns the response stored under the same key. Refusals are not stored.
pub fn once(
    state: &mut State,
    call: &Call,
    work: impl FnOnce(&mut State) -> Result<Reply, Refusal>,
) -> Result<Reply, Refusal> {
    let Some(key) = call.header("idempotency-key") else { return work(state) };
    if key.len() > LONGEST {
        return Err(Refusal::BadParameter("The idempotency key is longer than 255 characters".into()));
    }
    // Bodies are compared by content, not by formatting.
    let body = call.json()?;
    let oldest = state.now() - state.quirks.key_hours * 3_600_000;
    if let Some(used) = state.keys.get(key).filter(|used| used.at > oldest) {
        if used.body != body {
            return Err(Refusal::KeyReused);
        }
        return Ok(used.reply.clone().with("x-idempotency-lookup", "hit"));
    }
    let reply = work(state)?;
    let now = state.now();
    state.keys.insert(key.into(), Key { reply: reply.clone(), body, at: now });
    Ok(reply.with("x-idempotency-lookup", "miss"))
}
