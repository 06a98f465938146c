//! HTTP: parses requests, calls use cases, renders responses. It contains no rules, and no other module depends on HTTP.

pub mod api;
pub mod assets;
mod base_path;
mod body;
pub mod client;
pub mod connections;
pub mod cors;
mod current;
mod demo;
pub mod edge;
mod envelope;
mod forwarded;
mod head;
pub mod help;
mod home;
pub mod inbox;
mod language;
mod limits;
pub mod operations;
pub mod problem;
mod refusals;
mod refused_origins;
pub mod requester;
pub mod running;
mod state_macro;
mod trace_context;
mod upload;

use std::any::Any;
use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{any, get};
use tower_http::catch_panic::CatchPanicLayer;

use crate::guard::Charge;
use crate::metrics::{Metrics, RequestMetrics};
use crate::readiness::Readiness;
use api::ApiState;
use assets::Assets;
use cors::PageAccess;
pub use current::CurrentRouter;
use edge::Edge;
use help::HelpState;
use inbox::InboxState;
use problem::Refusal;

/// The path of the API.
const VERSION_1: &str = "/v1";

/// The state of the routers.
#[derive(Clone)]
pub struct Routers {
    /// Limits and trusted proxies.
    pub edge: Edge,
    /// Decides which pages may read responses.
    pub pages: Arc<PageAccess>,
    /// Counts requests.
    pub requests: RequestMetrics,
    /// Whether the gateway can serve.
    pub readiness: Arc<Readiness>,
    /// The API.
    pub api: ApiState,
    /// The inbox.
    pub inbox: InboxState,
    /// The help pages.
    pub help: HelpState,
    /// The files of the panel.
    pub assets: Arc<Assets>,
    /// Whether the inbox is served on the public listener, and not on one of its own.
    pub has_inbox: bool,
}

/// The public routes; they include the inbox only if it has no listener of its own.
pub fn router(parts: &Routers) -> Router {
    let Routers { edge, api, help, assets, has_inbox, .. } = parts;
    let page = from_fn_with_state((edge.guard.clone(), Charge::Page), limits::hold_other);
    let help_pages = help::router(help.clone()).layer(from_fn(envelope::in_time)).layer(page.clone());
    let mut router = Router::new()
        .nest(VERSION_1, api::router(api.clone()))
        .nest("/help", help_pages.layer(from_fn(help::show_problems)));
    if *has_inbox {
        router = router.merge(inbox_pages(parts));
    }
    if assets.is_demo {
        router = router.route("/demo/fail", get(demo::fail).post(demo::fail));
    } else {
        let has_inbox = *has_inbox;
        let home = get(async move || home::show(has_inbox)).layer(from_fn(envelope::in_time)).layer(page.clone());
        router = router.route("/", home);
    }
    let files = any(assets::serve).layer(from_fn(envelope::in_time)).layer(page);
    let router = router.fallback_service(files.with_state(assets.clone()));
    base_path::nest_below(with_middleware(router, parts), &edge.proxies)
}

/// The routes of the listener for metrics.
pub fn metrics_router(metrics: &Arc<Metrics>, readiness: &Arc<Readiness>) -> Router {
    operations::metrics(metrics.clone())
        .merge(operations::health(readiness.clone()))
        .fallback(|| async { Refusal::NotFound(String::new()) })
}

/// The routes of the inbox's own listener.
pub fn inbox_router(parts: &Routers) -> Router {
    let pages = inbox_pages(parts).route("/", get(|| async { Redirect::to("/inbox") }));
    let pages = pages.fallback(|| async { Refusal::NotFound(String::new()) });
    base_path::nest_below(with_middleware(pages, parts), &parts.edge.proxies)
}

fn inbox_pages(parts: &Routers) -> Router {
    let limits_state = from_fn_with_state((parts.edge.guard.clone(), Charge::Inbox), limits::hold_other);
    Router::new()
        .nest("/inbox", inbox::router(parts.inbox.clone()).layer(limits_state))
        .route("/inbox/", get(|| async { Redirect::permanent("/inbox") }))
}

/// Adds the middleware that all routes share.
fn with_middleware(routes: Router, parts: &Routers) -> Router {
    let Routers { edge, pages, requests, readiness, .. } = parts;
    let routes = routes
        .merge(operations::health(readiness.clone()))
        .method_not_allowed_fallback(|| async { Refusal::MethodNotAllowed })
        .layer(CatchPanicLayer::custom(panic_response))
        .layer(from_fn_with_state(edge.proxies.clone(), base_path::write_links))
        .layer(from_fn_with_state(edge.clone(), limits::identify))
        .layer(from_fn(head::limit))
        // Outside of everything that may reject or fail, so that every response has the headers.
        .layer(from_fn_with_state(pages.clone(), cors::share));
    envelope::wrap(routes).layer(from_fn_with_state(requests.clone(), operations::count))
}

fn panic_response(_: Box<dyn Any + Send>) -> Response {
    Refusal::Internal.into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Overrides;
    use crate::wire_up;
    use api::routes::Api;
    use axum::body::Body;
    use axum::http::{Request, StatusCode};
    use tower::ServiceExt;

    #[tokio::test]
    async fn panics_become_problem_documents_with_cors_headers() {
        let folder = tempfile::tempdir().unwrap();
        let database = Some(format!("sqlite:{}", folder.path().join("test.db").display()));
        let setup = wire_up::load(&Overrides { demo: true, database, ..Overrides::default() }).unwrap();
        let parts = wire_up::open(setup).await.unwrap().routers;
        let broken = || async {
            if true {
                panic!("on purpose")
            }
        };
        let api = Api::default().get("/sites/{site}/broken", Charge::Read, broken, |operation| operation);
        let router = with_middleware(Router::new().nest(VERSION_1, api::guarded(api, parts.api.clone())), &parts);
        let request = Request::get("/v1/sites/demo/broken").header("origin", "https://x.example");
        let response = router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        assert_eq!(response.headers()["access-control-allow-origin"], "https://x.example");
    }
}
