//! `deskbell tickets`: lists and shows tickets, while a gateway runs or not.

use super::actor::current_user;
use super::{DataError, OpenData};
use crate::config::Settings;
use crate::wire_up;
use deskbell_core::ports::{Delivery, InboxCursor, StoreError, View};
use deskbell_core::rules::permissions::is_sensitive;
use deskbell_core::use_cases::agents::Audited;
use deskbell_core::use_cases::privacy::TicketDocument;
use deskbell_core::use_cases::tickets::{ListTickets, NewestTickets};
use domain::reference;

/// Why a ticket is not shown.
#[derive(Debug, thiserror::Error)]
pub enum TicketsError {
    /// There is no such ticket.
    #[error("there is no ticket {0}; use its reference, DB-…, or its id")]
    NoTicket(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A ticket with everything stored about it, and its deliveries.
pub struct ShownTicket {
    /// The ticket.
    pub document: TicketDocument,
    /// Its deliveries, oldest first.
    pub deliveries: Vec<Delivery>,
}

/// The newest tickets of a view, after a position.
pub async fn list(
    data: &OpenData,
    view: &View,
    after: Option<InboxCursor>,
    limit: u32,
) -> Result<NewestTickets, DataError> {
    Ok(ListTickets::new(data.store().clone()).newest(view, after, limit).await?)
}

/// The ticket with a reference or an id. Reading one with a sensitive topic is noted in the audit log.
pub async fn show(data: &OpenData, settings: &Settings, name: &str) -> Result<ShownTicket, DataError> {
    let store = data.store();
    let name = reference::parse(name).unwrap_or_else(|| name.into());
    let ticket = store.ticket_by_name(&name).await?.ok_or(TicketsError::NoTicket(name))?;
    // Nobody knows what is sensitive on a site that is not configured any more.
    let site = settings.sites.get(ticket.site.as_str());
    if site.is_none_or(|site| is_sensitive(&site.sensitive_topics, &ticket)) {
        let action = Audited::TicketRead(&ticket.site, &ticket.reference);
        data.audit().record(&current_user(), "", action).await?;
    }
    let deliveries = store.deliveries(&ticket.id).await?;
    let document = wire_up::export_selection(store).document(ticket).await?;
    Ok(ShownTicket { document, deliveries })
}
