//! What pages of other origins can read.

use axum::http::Method;

use super::auth::Caller;
use super::http::{Call, Reply};
use super::quirks::Quirks;

/// A response with or without the header that lets a page read it.
pub fn readable(reply: Reply, call: &Call, caller: Option<&Caller>, quirks: &Quirks) -> Reply {
    let meant_for_pages = match caller {
        Some(Caller::Bearer { .. }) => true,
        Some(Caller::Basic { .. }) => false,
        Some(Caller::Anonymous) => anonymous_may(call),
        // A caller who was refused is known only by the credentials they tried.
        None => call.header("authorization").is_some_and(|header| header.starts_with("Bearer ")),
    };
    if !meant_for_pages || !shown(reply.status, quirks) {
        return reply;
    }
    reply.with("access-control-allow-origin", "*").with("access-control-expose-headers", "X-Zendesk-API-Warn")
}

/// The response to a preflight.
pub fn preflight(call: &Call) -> Reply {
    let headers = call.header("access-control-request-headers").unwrap_or_default().to_ascii_lowercase();
    let with_bearer = headers.split(',').any(|name| name.trim() == "authorization");
    let meant_for_pages = call.path.starts_with("/api/v2/") && (with_bearer || creating(&call.path));
    if !meant_for_pages {
        return Reply::empty(200);
    }
    Reply::empty(200)
        .with("access-control-allow-origin", "*")
        .with("access-control-allow-methods", "GET, POST, PUT, DELETE")
        .with("access-control-allow-headers", "authorization, content-type")
        .with("access-control-max-age", "7200")
}

fn shown(status: u16, quirks: &Quirks) -> bool {
    !quirks.no_cors_on_refusals || matches!(status, 200 | 201 | 204 | 404) || (status == 422 && quirks.cors_on_422)
}

fn anonymous_may(call: &Call) -> bool {
    (call.method == Method::POST && creating(&call.path))
        || (call.method == Method::DELETE && call.path.starts_with("/api/v2/uploads/"))
}

fn creating(path: &str) -> bool {
    matches!(path, "/api/v2/requests" | "/api/v2/uploads") || path.starts_with("/api/v2/uploads/")
}
