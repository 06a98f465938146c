//! The API, version 1.

mod access_link;
mod attachments;
mod config;
mod confirmation;
mod conversation;
mod describe;
mod events;
mod health;
pub mod hooks;
mod incidents;
mod limit;
pub mod openapi;
mod probe;
mod questions;
pub mod routes;
mod search;
pub mod state;
mod stored_file;
mod stream;
pub mod tickets;

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::middleware::{from_fn, from_fn_with_state};

use super::problem::Refusal;
use super::{envelope, limits};
use crate::guard::Charge;
use routes::Api;

pub use config::PublicConfigs;
pub use state::ApiState;

/// The API with its middleware.
pub fn router(state: ApiState) -> Router {
    guarded(version_1(), state)
}

fn version_1() -> Api {
    Api::default()
        .get("/openapi.json", Charge::Read, openapi::answer, openapi::docs)
        .get("/health", Charge::Read, health::answer, health::docs)
        .get("/probe", Charge::Read, probe::stream, probe::stream_docs)
        .post("/probe", Charge::Upload, probe::take, probe::take_docs)
        .get("/sites/{site}/config", Charge::Read, config::answer, config::docs)
        .get("/sites/{site}/search", Charge::Read, search::answer, search::docs)
        .get("/sites/{site}/questions/{id}", Charge::Read, questions::answer, questions::docs)
        .get("/sites/{site}/incidents", Charge::Read, incidents::list, incidents::list_docs)
        .post("/sites/{site}/incidents", Charge::Report, incidents::affected, incidents::affected_docs)
        .post("/sites/{site}/events", Charge::Report, events::answer, events::docs)
        .post("/sites/{site}/hooks/{destination}", Charge::Hook, hooks::answer, hooks::docs)
        .get("/sites/{site}/attachments/{id}", Charge::Read, attachments::get, attachments::get_docs)
        .put("/sites/{site}/attachments/{id}", Charge::Upload, attachments::store, attachments::put_docs)
        .get("/sites/{site}/tickets", Charge::Read, conversation::list, conversation::list_docs)
        .post("/sites/{site}/tickets", Charge::Ticket, tickets::answer, tickets::docs)
        .get("/sites/{site}/tickets/stream", Charge::Read, stream::answer, stream::docs)
        .post("/sites/{site}/tickets/alike", Charge::Report, conversation::find_similar, conversation::alike_docs)
        .post("/sites/{site}/tickets/link", Charge::Ticket, access_link::request, access_link::docs)
        .get("/sites/{site}/tickets/{id}", Charge::Read, conversation::one, conversation::one_docs)
        .patch("/sites/{site}/tickets/{id}", Charge::Mark, conversation::patch, conversation::patch_docs)
        .post(
            "/sites/{site}/tickets/{id}/confirmation",
            Charge::Report,
            confirmation::confirm,
            confirmation::confirm_docs,
        )
        .post(
            "/sites/{site}/tickets/{id}/confirmation/code",
            Charge::Report,
            confirmation::request,
            confirmation::request_docs,
        )
        .get("/sites/{site}/tickets/{id}/messages", Charge::Read, conversation::messages, conversation::messages_docs)
        .post("/sites/{site}/tickets/{id}/messages", Charge::Ticket, conversation::reply, conversation::reply_docs)
}

/// Routes of the API with their middleware.
pub fn guarded(Api { router, routes }: Api, state: ApiState) -> Router {
    let limits_state = (state.guard.clone(), Arc::new(limits::charges(&routes)));
    router
        .method_not_allowed_fallback(|| async { Refusal::MethodNotAllowed })
        .fallback(|| async { Refusal::NotFound(String::new()) })
        .layer(from_fn(envelope::in_time))
        .layer(from_fn_with_state(limits_state, limits::enforce))
        .with_state(state)
}

/// The status of a stored submission: created if it was delivered, accepted if its delivery is pending.
fn accepted_status(delivered: bool) -> StatusCode {
    if delivered { StatusCode::CREATED } else { StatusCode::ACCEPTED }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Method;
    use routes::Route;

    #[test]
    fn every_writing_method_costs_more_than_reading() {
        for Route { method, path, charge, .. } in version_1().routes {
            assert_eq!(charge == Charge::Read, method == Method::GET, "{method} {path}");
        }
    }
}
