//! `/inbox/sessions`: the sessions of the agent, and of all agents for those who may see them; each can be ended.

use std::sync::Arc;

use axum::extract::rejection::FormRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Extension, Form};
use maud::{Markup, html};
use serde::Deserialize;

use super::access::{CurrentAgent, InboxAccess};
use super::destination_status::DestinationStatuses;
use super::page::{self, Frame};
use super::render::{Failed, html as html_page, message};
use super::texts::{PageTexts, Texts, filled};
use super::{Head, times};
use deskbell_core::ids::AgentSessionId;
use deskbell_core::ports::{AgentSession, Grant, SiteScope};
use deskbell_core::rules::permissions::Permission;

/// How many sessions a page has.
const PAGE_SIZE: u32 = 50;
/// How much of what a browser reports about itself is shown, in characters.
const BROWSER_SHOWN: usize = 60;

/// Which sessions are listed.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct SessionsQuery {
    /// `all` for those of all agents.
    #[serde(rename = "of")]
    scope: String,
    /// Those below this id.
    below: Option<i64>,
}

/// The session to end, and whether to return to the list of all.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct EndForm {
    id: i64,
    #[serde(rename = "of")]
    scope: String,
}

/// The list.
pub async fn list(
    State(access): State<Arc<InboxAccess>>,
    State(statuses): State<Arc<DestinationStatuses>>,
    Extension(agent): Extension<CurrentAgent>,
    texts: PageTexts,
    Query(query): Query<SessionsQuery>,
) -> Result<Response, Failed> {
    let all = query.scope == "all";
    if all && !agent.may(Permission::AllSessions) {
        return Ok(message(StatusCode::FORBIDDEN, page::forbidden(texts.0)));
    }
    let below = query.below.map(AgentSessionId::new);
    let sessions = access.sessions.list(&agent.agent, all, below, PAGE_SIZE).await?;
    let head = Head::read(&statuses, &agent).await?;
    let frame = Frame { texts: texts.0, ..head.frame(&agent) };
    Ok(html_page(content(&frame, &sessions, all, below.is_some())).into_response())
}

/// Ends a session.
pub async fn end(
    State(access): State<Arc<InboxAccess>>,
    Extension(agent): Extension<CurrentAgent>,
    texts: PageTexts,
    form: Result<Form<EndForm>, FormRejection>,
) -> Result<Response, Failed> {
    let form = form.map(|Form(form)| form).unwrap_or_default();
    let id = AgentSessionId::new(form.id);
    let ended = access.sessions.end(&agent.agent, &agent.address, id).await?;
    if let Some(ended) = &ended {
        tracing::info!(agent = agent.name(), of = ended.agent.name, "inbox session ended");
    } else if !agent.may(Permission::AllSessions) {
        // It may be somebody else's, which nobody needs to know.
        return Ok(message(StatusCode::FORBIDDEN, page::forbidden(texts.0)));
    }
    let address = if form.scope == "all" { "/inbox/sessions?of=all" } else { "/inbox/sessions" };
    Ok(Redirect::to(address).into_response())
}

fn content(frame: &Frame<'_>, sessions: &[AgentSession], all: bool, is_later_page: bool) -> Markup {
    let texts = frame.texts;
    let scope = if all { "all" } else { "" };
    let address = |below: Option<AgentSessionId>| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if all {
            query.append_pair("of", scope);
        }
        if let Some(below) = below {
            query.append_pair("below", &below.as_number().to_string());
        }
        format!("/inbox/sessions?{}", query.finish())
    };
    let next = sessions.last().map(|last| last.id).filter(|_| sessions.len() == PAGE_SIZE as usize);
    page::page(
        texts.sessions,
        frame,
        html! {
            div.head { h1 { (texts.sessions) } p.muted { (texts.sessions_lead) } }
            @if frame.agent.may(Permission::AllSessions) {
                nav.tabs aria-label=(texts.sessions) {
                    a href="/inbox/sessions" aria-current=[(!all).then_some("page")] { (texts.your_sessions) }
                    a href="/inbox/sessions?of=all" aria-current=[all.then_some("page")] { (texts.all_sessions) }
                }
            }
            @if sessions.is_empty() { p.card.empty { (texts.no_sessions) } }
            @else { (table(frame, sessions, scope)) }
            @if is_later_page || next.is_some() {
                nav.pages aria-label=(texts.pages) {
                    @if is_later_page { a.button href=(address(None)) { (texts.first_page) } }
                    @if next.is_some() { a.button href=(address(next)) { (texts.older) } }
                }
            }
        },
    )
}

// Roles are explicit because the small layout displays rows as blocks, and some browsers then drop the table semantics.
fn table(frame: &Frame<'_>, sessions: &[AgentSession], scope: &str) -> Markup {
    let texts = frame.texts;
    let columns = [
        texts.agent,
        texts.role,
        texts.login,
        texts.since,
        texts.last_used,
        texts.from,
        texts.browser,
        texts.end_session,
    ];
    html! {
        table.card.tickets.deliveries.accounts role="table" aria-label=(texts.sessions) {
            thead role="rowgroup" {
                tr role="row" { @for column in columns { th scope="col" role="columnheader" { (column) } } }
            }
            tbody role="rowgroup" {
                @for session in sessions {
                    tr role="row" {
                        td.what role="cell" {
                            strong { bdi { (session.agent.name) } }
                            @if frame.agent.session == Some(session.id) { " " span.mark { (texts.this_session) } }
                        }
                        td role="cell" data-label=(texts.role) { (grants(texts, &session.agent.grants)) }
                        td role="cell" data-label=(texts.login) { (texts.method(session.method)) }
                        td role="cell" data-label=(texts.since) { (times::minute(session.created_at)) }
                        td role="cell" data-label=(texts.last_used) { (times::minute(session.seen_at)) }
                        td role="cell" data-label=(texts.from) { bdi { (or_unknown(texts, &session.address)) } }
                        td role="cell" data-label=(texts.browser) { bdi { (or_unknown(texts, &browser(&session.browser))) } }
                        td role="cell" { (end_form(texts, session, scope)) }
                    }
                }
            }
        }
    }
}

fn end_form(texts: &Texts, session: &AgentSession, scope: &str) -> Markup {
    html! {
        form.again method="post" action="/inbox/sessions" {
            input type="hidden" name="id" value=(session.id.as_number());
            @if !scope.is_empty() { input type="hidden" name="of" value=(scope); }
            button.button.small type="submit" {
                (texts.end_session) span.unseen { ": " (filled(texts.end_session_of, &session.agent.name)) }
            }
        }
    }
}

/// Roles with their sites.
fn grants(texts: &Texts, grants: &[Grant]) -> Markup {
    html! {
        @for grant in grants {
            p {
                (texts.role(grant.role)) " · "
                @match &grant.sites {
                    SiteScope::All => span.muted { (texts.all_sites) },
                    SiteScope::Only(sites) => span.muted {
                        @for (index, site) in sites.iter().enumerate() { @if index > 0 { ", " } bdi { (site) } }
                    },
                }
            }
        }
    }
}

fn or_unknown<'a>(texts: &Texts, text: &'a str) -> &'a str
where
    'static: 'a,
{
    if text.is_empty() { texts.unknown } else { text }
}

/// The browser and its system, of what a browser reports about itself.
fn browser(reported: &str) -> String {
    let name =
        [("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari")]
            .into_iter()
            .find(|(mark, _)| reported.contains(mark))
            .map(|(_, name)| name);
    let system = [
        ("Android", "Android"),
        ("iPhone", "iOS"),
        ("iPad", "iPadOS"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ];
    let system = system.into_iter().find(|(mark, _)| reported.contains(mark)).map(|(_, name)| name);
    match (name, system) {
        (Some(name), Some(system)) => format!("{name}, {system}"),
        (Some(name), None) => name.into(),
        _ => reported.chars().take(BROWSER_SHOWN).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_shown_by_name_and_system() {
        for (reported, shown) in [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox, Linux"),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
                "Edge, Windows",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
                "Safari, iOS",
            ),
            ("curl/8.0", "curl/8.0"),
            ("", ""),
        ] {
            assert_eq!(browser(reported), shown);
        }
    }
}
