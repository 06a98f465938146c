//! HTTP: parse, call, answer. No rules in here.

mod assets;
mod attachments;
mod body;
pub mod config;
mod conversation;
mod cors;
mod envelope;
mod events;
mod hooks;
mod incidents;
mod limits;
mod openapi;
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
use axum::routing::{get, post};
use tower_http::catch_panic::CatchPanicLayer;

use super::app::App;
use super::problem::Refusal;
use super::settings::Site;
use super::{demo, help, inbox};

pub use body::{BODY_MAX, drain};
pub use envelope::REQUEST_TIME;

/// Everything the gateway answers.
pub fn router(app: Arc<App>) -> Router {
    let mut router = Router::new()
        .nest("/v1", version_1(app.clone()))
        .nest("/inbox", inbox::router(app.clone()))
        .route("/inbox/", get(|| async { Redirect::permanent("/inbox") }))
        .nest("/help", help::router())
        .route("/healthz", get(|| async { "ok\n" }));
    if app.settings.demo {
        router = router.route("/demo/fail", get(demo::fail).post(demo::fail));
    }
    router
        .method_not_allowed_fallback(|| async { Refusal::MethodNotAllowed })
        .fallback(assets::serve)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn(envelope::wrap))
        .with_state(app)
}

/// The API.
fn version_1(app: Arc<App>) -> Router<Arc<App>> {
    let routes = Router::new()
        .route("/openapi.json", get(openapi::answer))
        .route("/sites/{site}/config", get(config::answer))
        .route("/sites/{site}/search", get(search::answer))
        .route("/sites/{site}/questions/{id}", get(questions::answer))
        .route("/sites/{site}/incidents", get(incidents::list).post(incidents::affected))
        .route("/sites/{site}/events", post(events::answer))
        .route("/sites/{site}/hooks/{destination}", post(hooks::answer))
        .route("/sites/{site}/attachments/{id}", get(attachments::get).put(attachments::put))
        .route("/sites/{site}/tickets", post(tickets::answer).get(conversation::list))
        .route("/sites/{site}/tickets/stream", get(stream::answer))
        .route("/sites/{site}/tickets/alike", post(conversation::alike))
        .route("/sites/{site}/tickets/{id}", get(conversation::one).patch(conversation::patch))
        .route("/sites/{site}/tickets/{id}/messages", get(conversation::messages).post(conversation::reply));
    guarded(routes, app)
}

/// Routes of the API with what is around them. CORS is outermost, so that no answer is without it.
fn guarded(routes: Router<Arc<App>>, app: Arc<App>) -> Router<Arc<App>> {
    routes
        .method_not_allowed_fallback(|| async { Refusal::MethodNotAllowed })
        .fallback(|| async { Refusal::NotFound(String::new()) })
        .layer(from_fn(envelope::in_time))
        .layer(from_fn_with_state(app.clone(), limits::hold))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(cors::layer(app))
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
    use crate::gateway::app;
    use crate::gateway::settings::{self, Overrides};
    use axum::body::Body;
    use axum::http::{Request, StatusCode};
    use tower::ServiceExt;

    #[tokio::test]
    async fn a_panic_is_a_problem_document_that_the_page_can_read() {
        let folder = tempfile::tempdir().unwrap();
        let database = Some(format!("sqlite:{}", folder.path().join("test.db").display()));
        let settings = settings::load(&Overrides { demo: true, database, ..Overrides::default() }).unwrap();
        let app = app::open(settings).await.unwrap();
        let broken = get(|| async {
            if true {
                panic!("on purpose")
            }
        });
        let router = guarded(Router::new().route("/sites/{site}/broken", broken), app.clone()).with_state(app);
        let request = Request::get("/sites/demo/broken").header("origin", "https://x.example");
        let response = router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        assert_eq!(response.headers()["access-control-allow-origin"], "https://x.example");
    }
}
