//! `/inbox/audit`: the audit log.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Query, State};
use axum::response::Html;
use maud::{Markup, html};
use serde::Deserialize;

use super::access::{CurrentAgent, InboxAccess};
use super::destination_status::DestinationStatuses;
use super::page::{self, Frame};
use super::render::{Failed, html as html_page};
use super::texts::{PageTexts, Texts, filled, with_code};
use super::{Head, times};
use deskbell_core::ids::AgentId;
use deskbell_core::ports::AuditEntry;

/// How many entries a page has.
const PAGE_SIZE: u32 = 100;

/// Which entries are shown.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct AuditQuery {
    /// The id of an agent; empty for all.
    agent: String,
    /// Those below this number.
    below: Option<i64>,
}

impl AuditQuery {
    fn address(&self, below: Option<i64>) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if !self.agent.is_empty() {
            query.append_pair("agent", &self.agent);
        }
        if let Some(below) = below {
            query.append_pair("below", &below.to_string());
        }
        format!("/inbox/audit?{}", query.finish())
    }
}

/// The page.
pub async fn show(
    State(access): State<Arc<InboxAccess>>,
    State(statuses): State<Arc<DestinationStatuses>>,
    Extension(agent): Extension<CurrentAgent>,
    texts: PageTexts,
    Query(query): Query<AuditQuery>,
) -> Result<Html<String>, Failed> {
    let by_agent = Some(AgentId::new(query.agent.clone())).filter(|_| !query.agent.is_empty());
    let entries = access.audit.entries(by_agent.as_ref(), query.below, PAGE_SIZE).await?;
    let head = Head::read(&statuses, &agent).await?;
    let frame = Frame { texts: texts.0, ..head.frame(&agent) };
    Ok(html_page(content(&frame, &query, &entries)))
}

fn content(frame: &Frame<'_>, query: &AuditQuery, entries: &[AuditEntry]) -> Markup {
    let texts = frame.texts;
    let next = entries.last().map(|last| last.number).filter(|_| entries.len() == PAGE_SIZE as usize);
    page::page(
        texts.audit_log,
        frame,
        html! {
            div.head { h1 { (texts.audit_log) } p.muted { (texts.audit_lead) } }
            @if !query.agent.is_empty() {
                p.filtered {
                    @if let Some(entry) = entries.first() { bdi { (filled(texts.only, &entry.entry.name)) } " · " }
                    a href="/inbox/audit" { (texts.everybody) }
                }
            }
            @if entries.is_empty() { p.card.empty { (texts.no_entries) } }
            @else { (table(texts, entries)) }
            @if query.below.is_some() || next.is_some() {
                nav.pages aria-label=(texts.pages) {
                    @if query.below.is_some() { a.button href=(query.address(None)) { (texts.first_page) } }
                    @if next.is_some() { a.button href=(query.address(next)) { (texts.older) } }
                }
            }
        },
    )
}

// Roles are explicit because the small layout displays rows as blocks, and some browsers then drop the table semantics.
fn table(texts: &Texts, entries: &[AuditEntry]) -> Markup {
    let columns = [texts.time, texts.agent, texts.action, texts.ticket, texts.site, texts.from];
    html! {
        table.card.tickets.deliveries.accounts role="table" aria-label=(texts.audit_log) {
            thead role="rowgroup" {
                tr role="row" { @for column in columns { th scope="col" role="columnheader" { (column) } } }
            }
            tbody role="rowgroup" {
                @for AuditEntry { at, entry, count, .. } in entries {
                    @let of_agent = AuditQuery { agent: entry.agent.to_string(), below: None };
                    tr role="row" {
                        td role="cell" { (times::second(at)) }
                        td role="cell" {
                            a href=(of_agent.address(None)) title=(entry.agent) { bdi { (entry.name) } }
                            @if let Some(origin) = texts.origin(&entry.agent) { " " span.mark { (origin) } }
                        }
                        td.what role="cell" { (with_code(&texts.done(entry))) @if *count > 1 { " ×" (count) } }
                        td role="cell" data-label=(texts.ticket) {
                            @if entry.ticket.is_empty() { "–" }
                            @else { a.reference href={ "/inbox/tickets/" (entry.ticket) } { (entry.ticket) } }
                        }
                        td role="cell" data-label=(texts.site) {
                            @if entry.site.is_empty() { "–" } @else { bdi { (entry.site) } }
                        }
                        td role="cell" data-label=(texts.from) {
                            @if entry.address.is_empty() { "–" } @else { bdi { (entry.address) } }
                        }
                    }
                }
            }
        }
    }
}
