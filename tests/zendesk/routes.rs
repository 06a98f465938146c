//! Dispatches calls. Each is handled atomically, with the state locked and without waiting.

use std::time::Instant;

use axum::http::Method;
use serde_json::json;

use super::auth::{self, Caller};
use super::errors::{self, Refusal};
use super::http::{Call, Reply};
use super::{State, account, comments, cors, exports, limits, requests, tickets, uploads, users, webhooks};

/// The response to a call.
pub fn answer(state: &mut State, call: &Call) -> Reply {
    if call.method == Method::OPTIONS {
        return cors::preflight(call);
    }
    if state.quirks.down {
        let page = "<html><body><h1>This support system is not available</h1></body></html>";
        return Reply::text(503, "text/html; charset=utf-8", page);
    }
    let segments = call.segments();
    match (call.method.as_str(), segments.as_slice()) {
        ("POST", ["oauth", "tokens"]) => replied(auth::grant(state, call)),
        ("GET", ["attachments", "token", secret]) => replied(uploads::read(state, call, secret, false)),
        ("GET", ["attachments", "content", secret]) => replied(uploads::read(state, call, secret, true)),
        ("GET", ["access", "unauthenticated"]) => Reply::text(
            200,
            "text/html; charset=utf-8",
            "<html><body><form><input name=\"user[email]\"></form></body></html>",
        ),
        (_, ["api", "v2", rest @ ..]) => api(state, call, rest),
        _ => Reply::text(404, "text/html; charset=utf-8", "<html><body><h1>Not found</h1></body></html>"),
    }
}

fn api(state: &mut State, call: &Call, path: &[&str]) -> Reply {
    let usage = limits::admit(&mut state.limiter, &state.quirks, Instant::now());
    let caller = auth::caller(state, call);
    let reply = match (&caller, usage.accepted) {
        (_, false) => limits::too_many(&state.quirks, usage),
        (Err(refusal), _) => errors::reply(refusal),
        (Ok(caller), _) => replied(work(state, call, caller, path)),
    };
    cors::readable(limits::with_usage(reply, usage), call, caller.as_ref().ok(), &state.quirks)
}

fn work(state: &mut State, call: &Call, caller: &Caller, path: &[&str]) -> Result<Reply, Refusal> {
    if let ["tickets", ..] = path
        && let Ok(body) = call.json()
        && let Some(refused) = state.quirks.refusals.iter().find(|one| one.concerns(call.method.as_str(), &body))
    {
        return Ok(match refused.json.is_null() {
            true => Reply::text(refused.status, "text/plain", &refused.text),
            false => Reply::json(refused.status, &refused.json),
        });
    }
    match (call.method.as_str(), path) {
        ("POST", ["tickets"]) => tickets::create(state, call, caller),
        ("GET", ["tickets"]) => tickets::list(state, call, caller),
        ("GET", ["tickets", id]) => tickets::one(state, caller, number(id)?),
        ("PUT", ["tickets", id]) => tickets::update(state, call, caller, number(id)?),
        ("GET", ["tickets", id, "comments"]) => comments::list(state, call, caller, number(id)?),
        ("GET", ["incremental", "tickets", "cursor"]) => exports::tickets(state, call, caller),
        ("GET", ["search"]) => tickets::search(state, call, caller),
        ("POST", ["uploads"]) => uploads::create(state, call, caller),
        ("DELETE", ["uploads", token]) => uploads::remove(state, caller, token),
        ("POST", ["requests"]) => requests::create(state, call, caller),
        (_, ["requests", ..]) => Err(requests::read(caller)),
        ("POST", ["users", "create_or_update"]) => users::create_or_update(state, call, caller),
        ("GET", ["users", "me"]) => users::me(state, caller),
        ("GET", ["users", "search"]) => users::search(state, call, caller),
        ("GET", ["users", "show_many"]) => users::many(state, call, caller),
        ("GET", ["users", id]) => users::one(state, caller, number(id)?),
        ("GET", ["users", id, "identities"]) => users::identities(state, caller, number(id)?),
        ("GET", ["users", id, "tickets", "requested"]) => users::requested(state, call, caller, number(id)?),
        ("GET", ["ticket_fields"]) => account::fields(state, caller),
        ("GET", ["ticket_forms"]) => account::forms(state, caller),
        ("GET", ["groups"]) => account::groups(state, caller),
        ("GET", ["groups", id, "memberships"]) => account::memberships(state, caller, number(id)?),
        ("GET", ["triggers", "active"]) => account::triggers(state, caller),
        ("GET", ["brands"]) => account::brands(state, caller),
        ("GET", ["custom_statuses"]) => account::statuses(state, caller),
        ("GET", ["account", "settings"]) => account::settings(state, caller),
        ("GET", ["webhooks"]) => webhooks::list(state, caller),
        ("GET", ["webhooks", id, "signing_secret"]) => webhooks::signing_secret(state, caller, id),
        _ => {
            let unknown = json!({ "error": { "title": "No route matches", "message": "There is no such call" } });
            Ok(Reply::json(404, &unknown))
        }
    }
}

fn replied(done: Result<Reply, Refusal>) -> Reply {
    done.unwrap_or_else(|refusal| errors::reply(&refusal))
}

fn number(text: &str) -> Result<u64, Refusal> {
    text.parse().map_err(|_| Refusal::NotFound)
}
