//! The pages for agents: the list of tickets, one ticket with everything that a support engineer needs to answer it, how useful the community's
//! answers are, the deliveries that failed, the sessions of agents and the audit log. They work without scripts; a script adds convenience.

pub mod access;
mod actions;
pub mod answers;
mod audit_log;
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
pub mod oidc;
mod page;
mod paste;
mod render;
pub mod rich;
mod routes;
mod send_again;
mod sessions;
pub mod state;
mod steps;
mod texts;
mod ticket;
pub mod ticket_reader;
mod times;

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{from_fn, from_fn_with_state, map_response_with_state};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Extension, Router};
use serde::Deserialize;

use crate::http::client::Client;
use crate::http::envelope::in_time;
use access::{CurrentAgent, InboxAccess};
use answers::AnswersReader;
use deskbell_core::ports::{SiteScope, StoreError};
use deskbell_core::rules::permissions::{Permission, is_sensitive};
use deskbell_core::site::Sites;
use deskbell_core::use_cases::agents::Audited;
use destination_status::{DestinationStatus, DestinationStatuses};
use domain::reference;
use list_query::ListQuery;
use list_reader::ListReader;
use page::Frame;
use render::{Failed, explain_outage, html, message};
use routes::Pages;
use texts::{ENGLISH, PageTexts};
use url::Url;

pub use state::InboxState;

/// What the pages may load: they run no script but the gateway's own, embed nothing but pictures, and must not be embedded.
#[derive(Clone)]
pub struct PagePolicy(HeaderValue);

impl PagePolicy {
    /// With pictures from the gateway and from the address of attachments, if that is another.
    pub fn new(attachments_url: Option<&str>) -> PagePolicy {
        let url = attachments_url.and_then(|url| Url::parse(url).ok());
        let origin = url.map(|url| format!(" {}", url.origin().ascii_serialization())).unwrap_or_default();
        let policy = format!(
            "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:{origin}; base-uri 'none'; \
             frame-ancestors 'none'; form-action 'self'"
        );
        PagePolicy(HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'")))
    }
}

const STYLE: &str = concat!(
    include_str!("style/common.css"),
    include_str!("style/forms.css"),
    include_str!("style/list.css"),
    include_str!("style/ticket.css"),
    include_str!("style/conversation.css"),
    include_str!("style/records.css"),
    include_str!("style/answers.css"),
    include_str!("style/deliveries.css"),
    include_str!("style/accounts.css")
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
    pages()
        .router()
        .fallback(|| async { message(StatusCode::NOT_FOUND, page::not_found()) })
        .layer(from_fn_with_state(state.access.clone(), access::guard))
        .merge(open_pages())
        .layer(from_fn(in_time))
        .layer(from_fn(explain_outage))
        .layer(map_response_with_state(state.policy.clone(), headers))
        .with_state(state)
}

/// The pages for authenticated agents.
fn pages() -> Pages {
    Pages::default()
        .get("/", Permission::ReadTickets, list)
        .get("/answers", Permission::ReadAnswers, answers)
        .get("/deliveries", Permission::ReadDeliveries, deliveries)
        .post("/deliveries", Permission::ResendDeliveries, send_again::handle)
        .get("/tickets/{name}", Permission::ReadTickets, ticket)
        .post("/tickets/{name}", Permission::HandleTickets, actions::handle)
        .get("/tickets/{name}/erase", Permission::EraseTickets, erase::show_form)
        .post("/tickets/{name}/erase", Permission::EraseTickets, erase::handle)
        .get("/sessions", Permission::OwnSessions, sessions::list)
        .post("/sessions", Permission::OwnSessions, sessions::end)
        .get("/audit", Permission::ReadAuditLog, audit_log::show)
        .post("/logout", Permission::OwnSessions, login::log_out)
}

/// What everybody can request: the ways to log in, and the style, which is not secret and which error pages need too.
fn open_pages() -> Router<InboxState> {
    Router::new()
        .route("/login", get(login::show_form).post(login::log_in))
        .route("/login/oidc", get(oidc::start))
        .route("/login/oidc/callback", get(oidc::finish))
        .route("/inbox.css", get(async || ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLE)))
        .route("/inbox.js", get(async || ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], SCRIPT)))
}

/// What the head of every page shows.
struct Head {
    /// The destinations that need attention, on the sites of the agent.
    destinations: Vec<DestinationStatus>,
    warning: Option<String>,
}

impl Head {
    async fn read(statuses: &DestinationStatuses, agent: &CurrentAgent) -> Result<Head, StoreError> {
        let sites = agent.sites(Permission::ReadDeliveries);
        Ok(Head { destinations: statuses.read(&sites).await?, warning: statuses.warning(&sites) })
    }

    fn frame<'a>(&'a self, agent: &'a CurrentAgent) -> Frame<'a> {
        let dead_letters = destination_status::dead_letters(&self.destinations);
        Frame { agent, dead_letters, warning: self.warning.as_deref(), texts: &ENGLISH }
    }
}

/// The site that a query names, if the agent may see it; without one all sites, or the first one if they may not see all of them. None if they may
/// see none.
fn permitted_site(site: &str, configured: &Sites, permitted: &SiteScope) -> Option<String> {
    match permitted {
        SiteScope::All => Some(site.into()),
        _ if !site.is_empty() => permitted.includes(site).then(|| site.into()),
        _ => configured.keys().find(|key| permitted.includes(key)).map(ToString::to_string),
    }
}

async fn list(
    State(reader): State<Arc<ListReader>>,
    State(statuses): State<Arc<DestinationStatuses>>,
    State(access): State<Arc<InboxAccess>>,
    Extension(agent): Extension<CurrentAgent>,
    client: Client,
    texts: PageTexts,
    Query(mut query): Query<ListQuery>,
) -> Result<Response, Failed> {
    let sites = agent.sites(Permission::ReadTickets);
    // A search for a reference opens that ticket.
    if let Some(name) = reference::parse(query.q.trim())
        && reader.has_ticket(&name, &sites).await?
    {
        return Ok(Redirect::to(&format!("/inbox/tickets/{name}")).into_response());
    }
    match permitted_site(&query.site, &reader.sites, &sites) {
        Some(site) => query.site = site,
        None => return Ok(message(StatusCode::FORBIDDEN, page::forbidden(texts.0))),
    }
    let result = reader.tickets(&query).await?;
    let incidents = reader.incidents(&sites).await?;
    let base = base(&client);
    let head = Head::read(&statuses, &agent).await?;
    let page = list::TicketList {
        frame: head.frame(&agent),
        sites: &reader.sites,
        permitted: &sites,
        is_demo: access.is_demo,
        query: &query,
        result: &result,
        base: &base,
        broken: &incidents,
        destinations: &head.destinations,
    };
    Ok(html(list::page(&page)).into_response())
}

async fn ticket(
    State(state): State<InboxState>,
    Extension(agent): Extension<CurrentAgent>,
    client: Client,
    Path(name): Path<String>,
    Query(shown): Query<ShownMessages>,
) -> Result<Response, Failed> {
    let InboxState { ticket: reader, destinations: statuses, access, erase, .. } = state;
    let name = reference::parse(&name).unwrap_or(name);
    let ticket = match reader.ticket(&name, &agent.sites(Permission::ReadTickets)).await {
        Ok(Some(ticket)) => ticket,
        Ok(None) => return Ok(message(StatusCode::NOT_FOUND, page::not_found())),
        Err(error) if error.concerns_row() => return erase::unreadable(&erase, &agent, &name, error).await,
        Err(error) => return Err(error.into()),
    };
    // Nobody knows what is sensitive on a site that is not configured any more.
    if reader.sites.get(&ticket.site).is_none_or(|site| is_sensitive(&site.sensitive_topics, &ticket)) {
        agent.record(&access.audit, Audited::TicketRead(&ticket.site, &ticket.reference)).await?;
    }
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
        may_erase: agent.may_on(Permission::EraseTickets, &ticket.site),
        may_resend: agent.may_on(Permission::ResendDeliveries, &ticket.site),
    };
    let head = Head::read(&statuses, &agent).await?;
    Ok(html(ticket::page(&reader.sites, &head.frame(&agent), &view)).into_response())
}

/// The address of this gateway in the agent's browser.
fn base(client: &Client) -> String {
    let scheme = if client.is_https { "https" } else { "http" };
    format!("{scheme}://{}", client.host)
}

async fn answers(
    State(reader): State<Arc<AnswersReader>>,
    State(statuses): State<Arc<DestinationStatuses>>,
    Extension(agent): Extension<CurrentAgent>,
    Query(query): Query<SiteQuery>,
) -> Result<Html<String>, Failed> {
    let head = Head::read(&statuses, &agent).await?;
    let sites = agent.sites(Permission::ReadAnswers);
    Ok(html(answers::page(&reader, &head.frame(&agent), &sites, &query.site).await?))
}

async fn deliveries(
    State(statuses): State<Arc<DestinationStatuses>>,
    Extension(agent): Extension<CurrentAgent>,
) -> Result<Html<String>, Failed> {
    let sites = agent.sites(Permission::ReadDeliveries);
    let head = Head { destinations: statuses.read_all(&sites).await?, warning: statuses.warning(&sites) };
    Ok(html(deliveries::page(&statuses, &head.frame(&agent), &head.destinations).await?))
}

async fn headers(State(PagePolicy(policy)): State<PagePolicy>, mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use deskbell_core::site::Site;

    #[test]
    fn every_page_needs_a_permission() {
        let pages = pages();
        let needed: Vec<String> = pages
            .permissions()
            .iter()
            .map(|((path, method), permission)| format!("{method} {path}: {permission:?}"))
            .collect();
        assert_eq!(
            needed,
            [
                "GET /: ReadTickets",
                "GET /answers: ReadAnswers",
                "GET /audit: ReadAuditLog",
                "GET /deliveries: ReadDeliveries",
                "POST /deliveries: ResendDeliveries",
                "POST /logout: OwnSessions",
                "GET /sessions: OwnSessions",
                "POST /sessions: OwnSessions",
                "GET /tickets/{name}: ReadTickets",
                "POST /tickets/{name}: HandleTickets",
                "GET /tickets/{name}/erase: EraseTickets",
                "POST /tickets/{name}/erase: EraseTickets",
            ]
        );
    }

    #[test]
    fn agents_of_some_sites_see_one_of_theirs_and_no_other() {
        let sites: Sites = ["acme", "globex", "initech"]
            .into_iter()
            .map(|key| Site { key: key.into(), ..deskbell_core::fixtures::site() })
            .collect();
        let some = SiteScope::Only(["globex".into(), "initech".into()].into());
        for (site, permitted, expected) in [
            ("", &SiteScope::All, Some("")),
            ("acme", &SiteScope::All, Some("acme")),
            ("", &some, Some("globex")),
            ("initech", &some, Some("initech")),
            ("acme", &some, None),
            ("", &SiteScope::NONE, None),
        ] {
            assert_eq!(permitted_site(site, &sites, permitted).as_deref(), expected, "{site} {permitted:?}");
        }
    }
}
