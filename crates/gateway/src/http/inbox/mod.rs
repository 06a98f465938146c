//! The pages for agents: the list of tickets, one ticket with everything that a support engineer needs to answer it, how useful the community's
//! answers are, and the deliveries that failed. They work without scripts; a script adds convenience.

pub mod access;
mod actions;
pub mod answers;
mod deliveries;
pub mod destination_status;
mod erase;
mod facts;
mod labels;
mod list;
mod list_query;
pub mod list_reader;
mod login;
mod markdown;
mod notes;
mod page;
mod paste;
mod render;
pub mod rich;
mod send_again;
pub mod state;
mod steps;
mod ticket;
pub mod ticket_reader;
mod times;

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{from_fn_with_state, map_response};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use serde::Deserialize;

use crate::http::client::Client;
use access::{Agent, InboxAccess};
use answers::AnswersReader;
use deskbell_core::ports::StoreError;
use deskbell_core::use_cases::privacy::EraseTicket;
use destination_status::{DestinationStatus, DestinationStatuses};
use domain::reference;
use list_query::ListQuery;
use list_reader::ListReader;
use page::Frame;
use render::{Failed, html, message};
use ticket_reader::TicketReader;

pub use state::InboxState;

/// The pages run no script but the gateway's own, embed nothing but pictures, and must not be embedded.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; base-uri 'none'; \
                      frame-ancestors 'none'; form-action 'self'";
const STYLE: &str = concat!(
    include_str!("style/common.css"),
    include_str!("style/forms.css"),
    include_str!("style/list.css"),
    include_str!("style/ticket.css"),
    include_str!("style/conversation.css"),
    include_str!("style/records.css"),
    include_str!("style/answers.css"),
    include_str!("style/deliveries.css")
);
const SCRIPT: &str = include_str!("inbox.js");

/// The messages to show on the page of a ticket.
#[derive(Deserialize)]
struct ShownMessages {
    /// Those before this number; without it the latest ones.
    before: Option<u32>,
}

/// The site of a page.
#[derive(Deserialize)]
struct SiteQuery {
    /// Its public key; empty if none was chosen.
    #[serde(default)]
    site: String,
}

/// The routes below `/inbox`.
pub fn router(state: InboxState) -> Router {
    Router::new()
        .route("/", get(list))
        .route("/answers", get(answers))
        .route("/deliveries", get(deliveries).post(send_again::handle))
        .route("/logout", post(login::log_out))
        .route("/tickets/{name}", get(ticket).post(actions::handle))
        .route("/tickets/{name}/erase", get(erase::show_form).post(erase::handle))
        .fallback(|| async { message(StatusCode::NOT_FOUND, page::not_found()) })
        .layer(from_fn_with_state(state.access.clone(), access::guard))
        .route("/login", get(login::show_form).post(login::log_in))
        // The style is not secret, and error pages need it too.
        .route("/inbox.css", get(async || ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLE)))
        .route("/inbox.js", get(async || ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], SCRIPT)))
        .layer(map_response(headers))
        .with_state(state)
}

async fn list(
    State(reader): State<Arc<ListReader>>,
    State(statuses): State<Arc<DestinationStatuses>>,
    State(access): State<Arc<InboxAccess>>,
    Extension(agent): Extension<Agent>,
    client: Client,
    Query(query): Query<ListQuery>,
) -> Result<Response, Failed> {
    // A search for a reference opens that ticket.
    if let Some(name) = reference::parse(query.q.trim())
        && reader.has_ticket(&name).await?
    {
        return Ok(Redirect::to(&format!("/inbox/tickets/{name}")).into_response());
    }
    let result = reader.tickets(&query).await?;
    let incidents = reader.incidents().await?;
    let base = base(&client);
    let destinations = statuses.read().await?;
    let warning = statuses.warning();
    let page = list::TicketList {
        frame: frame(&agent, &destinations, warning.as_deref()),
        sites: &reader.sites,
        is_demo: access.is_demo,
        query: &query,
        result: &result,
        base: &base,
        broken: &incidents,
        destinations: &destinations,
    };
    Ok(html(list::page(&page)).into_response())
}

async fn ticket(
    State(reader): State<Arc<TicketReader>>,
    State(statuses): State<Arc<DestinationStatuses>>,
    State(erase): State<Arc<EraseTicket>>,
    Extension(agent): Extension<Agent>,
    client: Client,
    Path(name): Path<String>,
    Query(shown): Query<ShownMessages>,
) -> Result<Response, Failed> {
    let name = reference::parse(&name).unwrap_or(name);
    let ticket = match reader.ticket(&name).await {
        Ok(Some(ticket)) => ticket,
        Ok(None) => return Ok(message(StatusCode::NOT_FOUND, page::not_found())),
        Err(error @ StoreError::Damaged { .. }) => return erase::unreadable(&erase, &name, error).await,
        Err(error) => return Err(error.into()),
    };
    let conversation = reader.conversation(&ticket, shown.before).await?;
    let view = ticket::TicketView {
        ticket: &ticket,
        messages: &conversation.messages,
        attachments: &reader.files(&ticket).await?,
        activities: &conversation.activities,
        has_more_activities: conversation.has_more_activities,
        earlier: conversation.earlier,
        is_latest: shown.before.is_none(),
        base: &base(&client),
        deliveries: &reader.deliveries(&ticket, &statuses).await?,
    };
    let destinations = statuses.read().await?;
    let warning = statuses.warning();
    Ok(html(ticket::page(&reader.sites, &frame(&agent, &destinations, warning.as_deref()), &view)).into_response())
}

/// The address of this gateway in the agent's browser.
fn base(client: &Client) -> String {
    let scheme = if client.is_https { "https" } else { "http" };
    format!("{scheme}://{}", client.host)
}

async fn answers(
    State(reader): State<Arc<AnswersReader>>,
    State(statuses): State<Arc<DestinationStatuses>>,
    Extension(agent): Extension<Agent>,
    Query(query): Query<SiteQuery>,
) -> Result<Html<String>, Failed> {
    let destinations = statuses.read().await?;
    let warning = statuses.warning();
    Ok(html(answers::page(&reader, &frame(&agent, &destinations, warning.as_deref()), &query.site).await?))
}

async fn deliveries(
    State(statuses): State<Arc<DestinationStatuses>>,
    Extension(agent): Extension<Agent>,
) -> Result<Html<String>, Failed> {
    let destinations = statuses.read_all().await?;
    let warning = statuses.warning();
    let frame = frame(&agent, &destinations, warning.as_deref());
    Ok(html(deliveries::page(&statuses, &frame, &destinations).await?))
}

fn frame<'a>(agent: &'a Agent, destinations: &[DestinationStatus], warning: Option<&'a str>) -> Frame<'a> {
    Frame { agent, dead_letters: destination_status::dead_letters(destinations), warning }
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
