//! The incremental export of all changes, by cursor.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::auth::{Caller, need};
use super::errors::Refusal;
use super::http::{Call, Reply};
use super::{State, limits, tickets};

/// The default and largest page size.
const LARGEST: usize = 1_000;
/// The age from which changes are exported, in milliseconds.
const LAG: i64 = 60_000;
const WINDOW: Duration = Duration::from_secs(60);

/// Recent export requests, by the real clock.
#[derive(Default)]
pub struct ExportLimiter {
    /// How many were refused by the rate limit.
    pub refused: u64,
    accepted: VecDeque<Instant>,
}

/// `GET /incremental/tickets/cursor`, for administrators.
pub fn tickets(state: &mut State, call: &Call, caller: &Caller) -> Result<Reply, Refusal> {
    let user = need(state, caller, &["tickets:read", "read"])?;
    let is_admin = state.users.get(&user).is_some_and(|user| user.role == "admin");
    if !is_admin || state.quirks.export_refused {
        return Err(Refusal::Forbidden(
            "You do not have access to this page. Please contact the account owner.".into(),
        ));
    }
    if let Some(status) = state.quirks.export_status {
        return Ok(Reply::json(status, &json!({ "error": "Failed", "description": "The export failed" })));
    }
    if let Some(seconds) = refused(state, Instant::now()) {
        let error = json!({ "error": "APIRateLimitExceeded", "description": "Too many requests to this endpoint" });
        return Ok(Reply::json(429, &error).with("retry-after", &limits::retry_after(seconds, &state.quirks)));
    }
    let newest = state.now() - LAG;
    let after = match (call.param("cursor"), call.param("start_time")) {
        (Some(cursor), _) => read_cursor(cursor).ok_or_else(|| Refusal::BadParameter("cursor is invalid".into()))?,
        (None, Some(start)) => {
            let start: i64 = start.parse().map_err(|_| Refusal::BadParameter("start_time is no time".into()))?;
            if start * 1000 > newest {
                let error = json!({ "error": "StartTimeTooRecent", "description": "Too recent start_time." });
                return Ok(Reply::json(422, &error));
            }
            (start * 1000 - 1, u64::MAX)
        }
        (None, None) => return Err(Refusal::BadParameter("start_time is missing".into())),
    };
    let size = call.param("per_page").and_then(|size| size.parse().ok()).unwrap_or(LARGEST).clamp(1, LARGEST);
    let mut rows: Vec<(i64, u64)> = state
        .tickets
        .values()
        .map(|ticket| (ticket.updated_at, ticket.id))
        .filter(|row| *row > after && row.0 <= newest)
        .collect();
    rows.sort_unstable();
    let is_end = rows.len() <= size && !state.quirks.export_stuck;
    rows.truncate(if state.quirks.export_stuck { 0 } else { size });
    let last = rows.last().copied().unwrap_or(after);
    let shown: Vec<Value> = rows.iter().map(|(_, id)| tickets::shown(state, *id)).collect();
    let cursor = BASE64_URL_SAFE_NO_PAD.encode(format!("{}:{}", last.0, last.1));
    let url = format!("{}/api/v2/incremental/tickets/cursor.json?cursor={cursor}", state.url);
    Ok(Reply::json(
        200,
        &json!({
            "tickets": shown, "after_url": url, "after_cursor": cursor, "before_url": null, "before_cursor": null,
            "end_of_stream": is_end,
        }),
    ))
}

/// Counts a request; if the limit is exceeded, the seconds until the next one is accepted.
fn refused(state: &mut State, now: Instant) -> Option<u64> {
    let (limit, limiter) = (state.quirks.export_limit, &mut state.exports);
    while limiter.accepted.front().is_some_and(|oldest| now.duration_since(*oldest) >= WINDOW) {
        limiter.accepted.pop_front();
    }
    if limiter.accepted.len() < limit {
        limiter.accepted.push_back(now);
        return None;
    }
    limiter.refused += 1;
    let oldest = limiter.accepted.front().map_or(Duration::ZERO, |oldest| now.duration_since(*oldest));
    Some(WINDOW.saturating_sub(oldest).as_secs() + 1)
}

fn read_cursor(text: &str) -> Option<(i64, u64)> {
    let text = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
    let (time, id) = text.split_once(':')?;
    Some((time.parse().ok()?, id.parse().ok()?))
}
