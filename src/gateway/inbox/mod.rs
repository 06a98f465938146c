//! The operators' pages: the list of tickets, one ticket with all that a support engineer needs to answer it, and what the
//! community's answers are worth.

mod access;
mod answers;
mod facts;
mod list;
mod markdown;
mod notes;
mod page;
mod steps;
mod ticket;
mod times;
mod words;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{from_fn_with_state, map_response};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use maud::Markup;
use serde::Deserialize;

use super::app::App;
use super::store::{StoreError, View};
use crate::domain::reference;

const PAGE_SIZE: usize = 50;
/// The pages run no script but the gateway's own, embed nothing and are embedded nowhere.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src data:; base-uri 'none'; \
                      frame-ancestors 'none'; form-action 'self'";
const STYLE: &str = concat!(
    include_str!("style/common.css"),
    include_str!("style/list.css"),
    include_str!("style/ticket.css"),
    include_str!("style/records.css"),
    include_str!("style/answers.css")
);
const SCRIPT: &str = include_str!("inbox.js");

/// The pages, below `/inbox`.
pub fn router(app: Arc<App>) -> Router<Arc<App>> {
    Router::new()
        .route("/", get(list))
        .route("/answers", get(answers))
        .route("/tickets/{name}", get(ticket))
        .fallback(|| async { message(StatusCode::NOT_FOUND, page::not_found()) })
        .layer(from_fn_with_state(app, access::guard))
        // Nothing in them is secret, and the page that refuses needs its style too.
        .route("/inbox.css", get(async || ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLE)))
        .route("/inbox.js", get(async || ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], SCRIPT)))
        .layer(map_response(headers))
}

#[derive(Deserialize)]
struct ListQuery {
    #[serde(default)]
    page: u32,
}

async fn list(State(app): State<Arc<App>>, Query(query): Query<ListQuery>) -> Result<Html<String>, Failed> {
    let offset = query.page.saturating_mul(PAGE_SIZE as u32);
    let mut tickets = app.store.tickets(&View::default(), offset, PAGE_SIZE as u32 + 1).await?;
    let more = tickets.len() > PAGE_SIZE;
    tickets.truncate(PAGE_SIZE);
    let next = more.then(|| (query.page + 1).to_string());
    Ok(html(list::page(&app, &tickets, query.page > 0, next.as_deref())))
}

async fn ticket(State(app): State<Arc<App>>, Path(name): Path<String>) -> Result<Response, Failed> {
    let name = reference::parse(&name).unwrap_or(name);
    Ok(match app.store.ticket(&name).await? {
        Some(ticket) => html(ticket::page(&app, &ticket)).into_response(),
        None => message(StatusCode::NOT_FOUND, page::not_found()),
    })
}

async fn answers(State(app): State<Arc<App>>) -> Result<Html<String>, Failed> {
    Ok(html(answers::page(&app).await?))
}

async fn headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

fn html(page: Markup) -> Html<String> {
    Html(page.into_string())
}

fn message(status: StatusCode, page: Markup) -> Response {
    (status, html(page)).into_response()
}

/// The store failed; its error is in the log.
struct Failed;

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Failed {
        tracing::error!(%error, "the store failed");
        Failed
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        message(StatusCode::INTERNAL_SERVER_ERROR, page::failed())
    }
}
