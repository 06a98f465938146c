//! The pages for agents: the list of tickets, one ticket with everything that a support engineer needs to answer it, how useful the community's
//! answers are, and the deliveries that failed. They work without scripts; a script adds convenience.

pub mod access;
mod actions;
mod answers;
mod deliveries;
pub mod destination_status;
mod erase;
mod facts;
mod labels;
mod list;
mod list_query;
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
mod times;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{from_fn_with_state, map_response};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use serde::Deserialize;

use crate::http::client::Client;
use access::Agent;
use deskbell_core::ports::StoreError;
use destination_status::DestinationStatus;
use domain::reference;
use list_query::ListQuery;
use page::Frame;
use render::{Failed, html, message};

pub use state::InboxState;

/// How many tickets a page of the list has.
const PAGE_SIZE: u32 = 50;
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

/// How many messages and activities the page of a ticket has; earlier ones are on further pages.
const MESSAGES_SHOWN: u32 = 100;
const ACTIVITIES_SHOWN: u32 = 200;

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
    State(inbox): State<InboxState>,
    Extension(agent): Extension<Agent>,
    client: Client,
    Query(query): Query<ListQuery>,
) -> Result<Response, Failed> {
    // A search for a reference opens that ticket.
    if let Some(name) = reference::parse(query.q.trim())
        && inbox.tickets.ticket_by_name(&name).await?.is_some()
    {
        return Ok(Redirect::to(&format!("/inbox/tickets/{name}")).into_response());
    }
    let result = inbox.tickets.list_tickets(&query.view(), query.cursor(), PAGE_SIZE).await?;
    let mut broken = Vec::new();
    for site in inbox.sites.keys() {
        for incident in inbox.incidents.list(site).await? {
            broken.push((site.to_string(), incident));
        }
    }
    let base = base(&client);
    let destinations = inbox.destinations.read().await?;
    let warning = inbox.destinations.warning();
    let page = list::TicketList {
        frame: frame(&agent, &destinations, warning.as_deref()),
        sites: &inbox.sites,
        is_demo: inbox.access.is_demo,
        query: &query,
        result: &result,
        base: &base,
        broken: &broken,
        destinations: &destinations,
    };
    Ok(html(list::page(&page)).into_response())
}

async fn ticket(
    State(inbox): State<InboxState>,
    Extension(agent): Extension<Agent>,
    client: Client,
    Path(name): Path<String>,
    Query(shown): Query<ShownMessages>,
) -> Result<Response, Failed> {
    let name = reference::parse(&name).unwrap_or(name);
    let ticket = match inbox.tickets.ticket_by_name(&name).await {
        Ok(Some(ticket)) => ticket,
        Ok(None) => return Ok(message(StatusCode::NOT_FOUND, page::not_found())),
        Err(error @ StoreError::Damaged { .. }) => return erase::unreadable(&inbox.erase, &name, error).await,
        Err(error) => return Err(error.into()),
    };
    let messages = inbox.conversations.last_messages(&ticket.id, shown.before, MESSAGES_SHOWN).await?;
    let attachments = inbox.files.list(&ticket.id).await?;
    let earlier = messages.first().map(|first| first.number).filter(|first| *first > 1);
    // Each page shows the activities from its first message to that of the next page; the first and last pages also those before and after.
    let shown_from = messages.first().filter(|_| earlier.is_some()).and_then(|first| first.at.parse().ok());
    let following = match shown.before {
        Some(before) => inbox.conversations.message_page(&ticket.id, before.saturating_sub(1), 1).await?.messages.pop(),
        None => None,
    };
    let shown_until = following.and_then(|following| following.at.parse().ok());
    let mut activities =
        inbox.conversations.last_activities(&ticket.id, (shown_from, shown_until), ACTIVITIES_SHOWN + 1).await?;
    let has_more_activities = activities.len() > ACTIVITIES_SHOWN as usize;
    if has_more_activities {
        activities.remove(0);
    }
    let view = ticket::TicketView {
        ticket: &ticket,
        messages: &messages,
        attachments: &attachments,
        activities: &activities,
        has_more_activities,
        earlier,
        is_latest: shown.before.is_none(),
        base: &base(&client),
        deliveries: &ticket::deliveries(&inbox, &ticket).await?,
    };
    let destinations = inbox.destinations.read().await?;
    let warning = inbox.destinations.warning();
    Ok(html(ticket::page(&inbox.sites, &frame(&agent, &destinations, warning.as_deref()), &view)).into_response())
}

/// The address of this gateway in the agent's browser.
fn base(client: &Client) -> String {
    let scheme = if client.is_https { "https" } else { "http" };
    format!("{scheme}://{}", client.host)
}

async fn answers(
    State(inbox): State<InboxState>,
    Extension(agent): Extension<Agent>,
    Query(query): Query<SiteQuery>,
) -> Result<Html<String>, Failed> {
    let destinations = inbox.destinations.read().await?;
    let warning = inbox.destinations.warning();
    Ok(html(answers::page(&inbox, &frame(&agent, &destinations, warning.as_deref()), &query.site).await?))
}

async fn deliveries(
    State(inbox): State<InboxState>,
    Extension(agent): Extension<Agent>,
) -> Result<Html<String>, Failed> {
    let destinations = inbox.destinations.read_all().await?;
    let warning = inbox.destinations.warning();
    Ok(html(
        deliveries::page(&inbox.destinations, &frame(&agent, &destinations, warning.as_deref()), &destinations).await?,
    ))
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
