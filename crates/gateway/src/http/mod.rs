//! HTTP: parse, call, answer. No rules in here, and nothing of it anywhere else.

pub mod api;
mod assets;
mod base_path;
mod body;
pub mod client;
pub mod connections;
mod cors;
mod demo;
mod envelope;
mod forwarded;
mod head;
pub mod help;
mod home;
pub mod inbox;
mod limits;
pub mod problem;
mod refusals;
mod requester;
mod upload;

use std::any::Any;
use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{any, get};
use tower_http::catch_panic::CatchPanicLayer;

use crate::app::App;
use crate::guard::Charge;
use problem::Refusal;

/// Where the API lies.
const VERSION_1: &str = "/v1";
/// Where it can be asked whether the gateway is there.
const HEALTH: &str = "/healthz";

/// What the gateway answers to everybody; the inbox only where it has no listener of its own.
pub fn router(app: Arc<App>) -> Router {
    let page = from_fn_with_state((app.clone(), Charge::Page), limits::hold_other);
    let mut router = Router::new()
        .nest(VERSION_1, api::router(app.clone()))
        .nest("/help", help::router().layer(from_fn(envelope::in_time)).layer(page.clone()));
    if app.settings.inbox_listen.is_none() {
        router = router.merge(inbox_pages(&app));
    }
    if app.settings.demo {
        router = router.route("/demo/fail", get(demo::fail).post(demo::fail));
    } else {
        let home = get(home::show).layer(from_fn(envelope::in_time)).layer(page.clone());
        router = router.route("/", home);
    }
    let files = any(assets::serve).layer(from_fn(envelope::in_time)).layer(page);
    base_path::below(with_middleware(router.fallback_service(files.with_state(app.clone())), app.clone()), &app)
}

/// What the gateway answers where only operators can ask: the inbox.
pub fn inbox_router(app: Arc<App>) -> Router {
    let pages = inbox_pages(&app).route("/", get(|| async { Redirect::to("/inbox") }));
    let pages = pages.fallback(|| async { Refusal::NotFound(String::new()) });
    base_path::below(with_middleware(pages, app.clone()), &app)
}

fn inbox_pages(app: &Arc<App>) -> Router<Arc<App>> {
    let held = from_fn_with_state((app.clone(), Charge::Inbox), limits::hold_other);
    Router::new()
        .nest("/inbox", inbox::router(app.clone()).layer(from_fn(envelope::in_time)).layer(held))
        .route("/inbox/", get(|| async { Redirect::permanent("/inbox") }))
}

/// Routes with what is around every one of them.
fn with_middleware(routes: Router<Arc<App>>, app: Arc<App>) -> Router {
    routes
        .route(HEALTH, get(|| async { "ok\n" }))
        .method_not_allowed_fallback(|| async { Refusal::MethodNotAllowed })
        .layer(CatchPanicLayer::custom(panic_response))
        .layer(from_fn_with_state(app.clone(), base_path::write_links))
        .layer(from_fn_with_state(app.clone(), limits::identify))
        .layer(from_fn(head::limit))
        // Outside of whatever may refuse or fail, so that no answer is without it.
        .layer(from_fn_with_state(app.clone(), cors::share))
        .layer(from_fn(envelope::wrap))
        .with_state(app)
}

fn panic_response(_: Box<dyn Any + Send>) -> Response {
    Refusal::Internal.into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app;
    use crate::config::Overrides;
    use crate::wire_up;
    use api::routes::Api;
    use axum::body::Body;
    use axum::http::{Request, StatusCode};
    use tower::ServiceExt;

    #[tokio::test]
    async fn a_panic_is_a_problem_document_that_the_page_can_read() {
        let folder = tempfile::tempdir().unwrap();
        let database = Some(format!("sqlite:{}", folder.path().join("test.db").display()));
        let setup = wire_up::load(&Overrides { demo: true, database, ..Overrides::default() }).unwrap();
        let app = app::open(setup).await.unwrap();
        let broken = || async {
            if true {
                panic!("on purpose")
            }
        };
        let api = Api::default().get("/sites/{site}/broken", Charge::Read, broken, |operation| operation);
        let router = with_middleware(Router::new().nest(VERSION_1, api::guarded(api, app.clone())), app);
        let request = Request::get("/v1/sites/demo/broken").header("origin", "https://x.example");
        let response = router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        assert_eq!(response.headers()["access-control-allow-origin"], "https://x.example");
    }
}
