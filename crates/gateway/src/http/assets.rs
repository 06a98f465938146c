//! The files that pages embed, and the pages of the demo.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::Response;
use tower_http::services::ServeDir;

use crate::demo;
use crate::http::problem::Refusal;

const CORP: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// The kind of file at a path, which determines caching.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// The loader, which pages embed: cached briefly, so that a new version is found.
    Loader,
    /// A file of a build, which never changes: the name of its folder is a hash of its content.
    Built,
    /// A file of the configured folder, which may change.
    Named,
    /// A file of the demo.
    DemoFile,
    /// A page of the demo.
    DemoPage,
}

/// The files of the panel.
#[derive(Clone, Debug)]
pub struct Assets {
    /// The folder with the panel's files, built by `make build`; without it no panel is served.
    pub folder: Option<PathBuf>,
    /// Whether the demo is served.
    pub is_demo: bool,
}

/// Handles requests that match no route.
pub async fn serve(State(assets): State<Arc<Assets>>, mut request: Request) -> Result<Response, Refusal> {
    let Some(kind) = kind(request.uri().path(), assets.is_demo) else {
        return Err(Refusal::NotFound(String::new()));
    };
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Err(Refusal::MethodNotAllowed);
    }
    let Some(folder) = &assets.folder else {
        return Err(Refusal::NotFound(
            "; start the gateway with --assets FOLDER, the folder written by `make build`".into(),
        ));
    };
    if kind == Kind::DemoPage {
        *request.uri_mut() = Uri::from_static("/index.html");
    }
    let mut response = file(folder, request).await?;
    let (caching, shared) = match kind {
        Kind::Loader => ("public, max-age=300", true),
        Kind::Built => ("public, max-age=31536000, immutable", true),
        Kind::Named => ("no-cache", true),
        Kind::DemoFile | Kind::DemoPage => ("no-cache", false),
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    if shared {
        headers.insert(CORP, HeaderValue::from_static("cross-origin"));
    }
    if kind == Kind::DemoPage {
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(demo::POLICY));
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    }
    Ok(response)
}

/// A file, in a precompressed encoding if the client accepts it.
async fn file(folder: &Path, request: Request) -> Result<Response, Refusal> {
    let mut files = ServeDir::new(folder)
        .append_index_html_on_directories(false)
        .redirect_to_trailing_slash(false)
        .precompressed_br()
        .precompressed_gzip();
    match files.try_call(request).await {
        Ok(served) if served.status() != StatusCode::NOT_FOUND => Ok(served.map(Body::new)),
        Err(error) if !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            tracing::error!(%error, "reading an asset failed");
            Err(Refusal::Internal)
        }
        _ => Err(Refusal::NotFound("; the folder of --assets has no such file, run `make build`".into())),
    }
}

/// Whether a folder has a name that `pack` gives: 16 hexadecimal digits.
fn is_hash(name: &str) -> bool {
    name.len() == 16 && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Whether a path belongs to the demo, whose files no other page reads.
pub fn is_of_demo(path: &str, demo: bool) -> bool {
    matches!(kind(path, demo), Some(Kind::DemoFile | Kind::DemoPage))
}

fn kind(path: &str, demo: bool) -> Option<Kind> {
    match path {
        "/deskbell.js" | "/deskbell.mjs" => Some(Kind::Loader),
        "/demo.js" | "/demo.css" if demo => Some(Kind::DemoFile),
        _ if demo && demo::PAGES.contains(&path) => Some(Kind::DemoPage),
        _ => path.strip_prefix("/deskbell-")?.split_once('/').map(|(build, _)| match is_hash(build) {
            true => Kind::Built,
            false => Kind::Named,
        }),
    }
}
