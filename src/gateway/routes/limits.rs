//! What is around every request that somebody else decides about: it is counted, and refused where it is too much.

use std::sync::Arc;

use axum::extract::{MatchedPath, RawPathParams, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::super::app::App;
use super::super::guard::{self, Wait};
use super::super::problem::Refusal;

/// Below this, what is posted is a ticket or a reply.
const TICKETS: &str = "/v1/sites/{site}/tickets";

/// Lets a request pass that is not too much.
pub async fn hold(State(app): State<Arc<App>>, path: RawPathParams, request: Request, next: Next) -> Response {
    match admit(&app, &path, &request) {
        Ok(()) => next.run(request).await,
        Err(wait) => Refusal::from(wait).into_response(),
    }
}

fn admit(app: &App, path: &RawPathParams, request: &Request) -> Result<(), Wait> {
    let address = guard::address(request.extensions(), request.headers());
    let site = path.iter().find_map(|(name, value)| (name == "site").then_some(value)).unwrap_or_default();
    let below = |start| request.extensions().get::<MatchedPath>().is_some_and(|path| path.as_str().starts_with(start));
    match *request.method() {
        Method::POST if below(TICKETS) => app.guard.write(address, site, request.headers()),
        Method::PUT => app.guard.upload(address, site, request.headers()),
        _ => app.guard.read(address),
    }
}
