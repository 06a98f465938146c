//! The account's rate limit, over a window that slides with the real clock.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use serde_json::json;

use super::clock;
use super::http::Reply;
use super::quirks::Quirks;

/// The accepted and refused requests.
#[derive(Default)]
pub struct Limiter {
    /// How many were refused by the limit.
    pub refused: u64,
    /// The most that were accepted in any window.
    pub most: usize,
    accepted: VecDeque<Instant>,
}

/// The state of the limit after a request.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    pub accepted: bool,
    limit: usize,
    remaining: usize,
    /// Seconds until the oldest request leaves the window.
    reset: u64,
}

/// Admits a request, or not.
pub fn admit(limiter: &mut Limiter, quirks: &Quirks, now: Instant) -> Standing {
    let window = Duration::from_secs(quirks.rate_window);
    while limiter.accepted.front().is_some_and(|oldest| now.duration_since(*oldest) >= window) {
        limiter.accepted.pop_front();
    }
    let accepted = limiter.accepted.len() < quirks.rate_limit;
    if accepted {
        limiter.accepted.push_back(now);
        limiter.most = limiter.most.max(limiter.accepted.len());
    } else {
        limiter.refused += 1;
    }
    let oldest = limiter.accepted.front().map_or(window, |oldest| window.saturating_sub(now.duration_since(*oldest)));
    Standing {
        accepted,
        limit: quirks.rate_limit,
        remaining: quirks.rate_limit.saturating_sub(limiter.accepted.len()),
        // Rounded up, so that a client who waits this long is not too early.
        reset: oldest.as_millis().div_ceil(1000) as u64,
    }
}

/// A response with the headers of the rate limit.
pub fn with_usage(reply: Reply, usage: Standing) -> Reply {
    let Standing { limit, remaining, reset, .. } = usage;
    reply
        .with("x-rate-limit", &limit.to_string())
        .with("x-rate-limit-remaining", &remaining.to_string())
        .with("ratelimit-limit", &limit.to_string())
        .with("ratelimit-remaining", &remaining.to_string())
        .with("ratelimit-reset", &reset.to_string())
}

/// The response to a request over the limit.
pub fn too_many(quirks: &Quirks, usage: Standing) -> Reply {
    let message = "Number of allowed API requests per minute exceeded";
    let reply = match quirks.plain_text_429 {
        true => Reply::text(429, "text/plain; charset=utf-8", message),
        false => Reply::json(429, &json!({ "error": "APIRateLimitExceeded", "description": message })),
    };
    reply.with("retry-after", &retry_after(usage.reset, quirks))
}

/// The value of `Retry-After`.
pub fn retry_after(seconds: u64, quirks: &Quirks) -> String {
    match quirks.retry_after_as_date {
        // Clients compare it with their own clock, so it is the real one.
        true => clock::in_header(clock::real() + (seconds as i64) * 1000 + 999),
        false => seconds.to_string(),
    }
}
