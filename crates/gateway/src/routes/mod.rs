//! HTTP: parse, call, answer. No rules in here.

mod assets;
mod attachments;
mod base_path;
mod body;
pub mod config;
mod confirmation;
mod conversation;
mod cors;
mod envelope;
mod events;
mod head;
mod health;
mod hooks;
mod incidents;
mod limits;
mod openapi;
mod probe;
mod questions;
mod search;
mod stream;
mod tickets;

use std::any::Any;
use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{any, get};
use tower_http::catch_panic::CatchPanicLayer;

use super::app::App;
use super::guard::Charge;
use super::problem::Refusal;
use super::settings::Site;
use super::{demo, help, inbox};

pub use body::{BODY_MAX, drain, read_body};
pub use envelope::REQUEST_TIME;
use limits::Api;
pub use probe::{Arrived, PAUSE as PROBE_PAUSE};

/// Where the API lies.
const VERSION_1: &str = "/v1";
/// Where it can be asked whether the gateway is there.
const HEALTH: &str = "/healthz";

/// What the gateway answers to everybody; the inbox only where it has no listener of its own.
pub fn router(app: Arc<App>) -> Router {
    let page = from_fn_with_state((app.clone(), Charge::Page), limits::hold_other);
    let mut router = Router::new()
        .nest(VERSION_1, guarded(version_1(), app.clone()))
        .nest("/help", help::router().layer(from_fn(envelope::in_time)).layer(page.clone()));
    if app.settings.inbox_listen.is_none() {
        router = router.merge(inbox_pages(&app));
    }
    if app.settings.demo {
        router = router.route("/demo/fail", get(demo::fail).post(demo::fail));
    }
    let files = any(assets::serve).layer(from_fn(envelope::in_time)).layer(page);
    base_path::below(wrapped(router.fallback_service(files.with_state(app.clone())), app.clone()), &app)
}

/// What the gateway answers where only operators can ask: the inbox.
pub fn inbox_router(app: Arc<App>) -> Router {
    let pages = inbox_pages(&app).fallback(|| async { Refusal::NotFound(String::new()) });
    base_path::below(wrapped(pages, app.clone()), &app)
}

fn inbox_pages(app: &Arc<App>) -> Router<Arc<App>> {
    let held = from_fn_with_state((app.clone(), Charge::Inbox), limits::hold_other);
    Router::new()
        .nest("/inbox", inbox::router(app.clone()).layer(from_fn(envelope::in_time)).layer(held))
        .route("/inbox/", get(|| async { Redirect::permanent("/inbox") }))
}

/// Routes with what is around every one of them.
fn wrapped(routes: Router<Arc<App>>, app: Arc<App>) -> Router {
    routes
        .route(HEALTH, get(|| async { "ok\n" }))
        .method_not_allowed_fallback(|| async { Refusal::MethodNotAllowed })
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(app.clone(), base_path::write_links))
        .layer(from_fn_with_state(app.clone(), limits::identify))
        .layer(from_fn(head::limit))
        // Outside of whatever may refuse or fail, so that no answer is without it.
        .layer(from_fn_with_state(app.clone(), cors::share))
        .layer(from_fn(envelope::wrap))
        .with_state(app)
}

/// The API.
fn version_1() -> Api {
    Api::default()
        .get("/openapi.json", Charge::Read, openapi::answer)
        .get("/health", Charge::Read, health::answer)
        .get("/probe", Charge::Read, probe::stream)
        .post("/probe", Charge::Upload, probe::take)
        .get("/sites/{site}/config", Charge::Read, config::answer)
        .get("/sites/{site}/search", Charge::Read, search::answer)
        .get("/sites/{site}/questions/{id}", Charge::Read, questions::answer)
        .get("/sites/{site}/incidents", Charge::Read, incidents::list)
        .post("/sites/{site}/incidents", Charge::Report, incidents::affected)
        .post("/sites/{site}/events", Charge::Report, events::answer)
        .post("/sites/{site}/hooks/{destination}", Charge::Hook, hooks::answer)
        .get("/sites/{site}/attachments/{id}", Charge::Read, attachments::get)
        .put("/sites/{site}/attachments/{id}", Charge::Upload, attachments::put)
        .get("/sites/{site}/tickets", Charge::Read, conversation::list)
        .post("/sites/{site}/tickets", Charge::Ticket, tickets::answer)
        .get("/sites/{site}/tickets/stream", Charge::Read, stream::answer)
        .post("/sites/{site}/tickets/alike", Charge::Report, conversation::alike)
        .get("/sites/{site}/tickets/{id}", Charge::Read, conversation::one)
        .patch("/sites/{site}/tickets/{id}", Charge::Mark, conversation::patch)
        .post("/sites/{site}/tickets/{id}/confirmation", Charge::Report, confirmation::confirm)
        .post("/sites/{site}/tickets/{id}/confirmation/code", Charge::Report, confirmation::request)
        .get("/sites/{site}/tickets/{id}/messages", Charge::Read, conversation::messages)
        .post("/sites/{site}/tickets/{id}/messages", Charge::Ticket, conversation::reply)
}

/// Routes of the API with what is around them.
fn guarded(Api { router, charges }: Api, app: Arc<App>) -> Router<Arc<App>> {
    router
        .method_not_allowed_fallback(|| async { Refusal::MethodNotAllowed })
        .fallback(|| async { Refusal::NotFound(String::new()) })
        .layer(from_fn(envelope::in_time))
        .layer(from_fn_with_state((app, Arc::new(charges)), limits::hold))
}

/// The site of a request.
fn site<'a>(app: &'a App, name: &str) -> Result<&'a Site, Refusal> {
    app.site(name).ok_or_else(|| Refusal::UnknownSite(name.into()))
}

/// The status of what was taken in: created where it is brought to, or kept and on its way there.
fn taken(delivered: bool) -> StatusCode {
    if delivered { StatusCode::CREATED } else { StatusCode::ACCEPTED }
}

fn panicked(_: Box<dyn Any + Send>) -> Response {
    Refusal::Internal.into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app;
    use crate::settings::{self, Overrides};
    use axum::body::Body;
    use axum::http::{Method, Request, StatusCode};
    use tower::ServiceExt;

    #[test]
    fn whatever_is_not_read_is_charged_as_more_than_reading() {
        for (path, methods) in version_1().charges {
            for (method, charge) in methods {
                assert_eq!(charge == Charge::Read, method == Method::GET, "{method} {path}");
            }
        }
    }

    #[tokio::test]
    async fn a_panic_is_a_problem_document_that_the_page_can_read() {
        let folder = tempfile::tempdir().unwrap();
        let database = Some(format!("sqlite:{}", folder.path().join("test.db").display()));
        let settings = settings::load(&Overrides { demo: true, database, ..Overrides::default() }).unwrap();
        let app = app::open(settings).await.unwrap();
        let broken = || async {
            if true {
                panic!("on purpose")
            }
        };
        let api = Api::default().get("/sites/{site}/broken", Charge::Read, broken);
        let router = wrapped(Router::new().nest(VERSION_1, guarded(api, app.clone())), app);
        let request = Request::get("/v1/sites/demo/broken").header("origin", "https://x.example");
        let response = router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        assert_eq!(response.headers()["access-control-allow-origin"], "https://x.example");
    }
}
