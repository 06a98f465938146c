//! Which pages may read an answer.

use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderName, Method, header};
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::super::app::App;
use super::super::identity::SESSION_HEADER;
use super::envelope::REQUEST_ID;
use super::tickets::KEY_HEADER;

/// How long a browser may remember what it was allowed; Chromium caps it at this.
const MAX_AGE: Duration = Duration::from_secs(7200);

/// CORS by the site in the path.
pub fn layer(app: Arc<App>) -> CorsLayer {
    let allowed = AllowOrigin::predicate(move |origin, request| {
        origin.to_str().is_ok_and(|origin| allows(&app, request.uri.path(), origin))
    });
    CorsLayer::new()
        .allow_origin(allowed)
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH])
        .allow_headers([
            header::CONTENT_TYPE,
            header::AUTHORIZATION,
            HeaderName::from_static(KEY_HEADER),
            HeaderName::from_static(SESSION_HEADER),
        ])
        .expose_headers([header::RETRY_AFTER, header::LOCATION, header::ETAG, REQUEST_ID])
        .max_age(MAX_AGE)
        .vary([header::ORIGIN])
}

fn allows(app: &App, path: &str, origin: &str) -> bool {
    let name = path.split_once("/sites/").and_then(|(_, rest)| rest.split('/').next()).unwrap_or_default();
    match app.site(name) {
        Some(site) => site.origins.allow(origin),
        // Any page may read that a site is unknown. A name that is written with escapes is decoded further in, where it
        // could turn out to be a known one.
        None => !path.contains('%'),
    }
}
