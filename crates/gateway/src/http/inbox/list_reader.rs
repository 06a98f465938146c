//! Reads what the list of tickets shows.

use std::sync::Arc;

use super::list_query::ListQuery;
use deskbell_core::ids::SiteKey;
use deskbell_core::ports::{Erasure, InboxPage, SiteScope, StoreError, Tickets};
use deskbell_core::site::Sites;
use deskbell_core::use_cases::incidents::CurrentIncidents;
use domain::incident::Incident;

/// How many tickets a page of the list has.
const PAGE_SIZE: u32 = 50;

/// Reads the list.
pub struct ListReader {
    /// The sites.
    pub sites: Arc<Sites>,
    /// The tickets.
    pub tickets: Arc<dyn Tickets>,
    /// Their heads, which can be read even if a ticket cannot.
    pub heads: Arc<dyn Erasure>,
    /// The current incidents.
    pub incidents: Arc<CurrentIncidents>,
}

impl ListReader {
    /// Whether there is a ticket with a reference on some sites, readable or not.
    pub async fn has_ticket(&self, reference: &str, sites: &SiteScope) -> Result<bool, StoreError> {
        Ok(self.heads.ticket_head(reference).await?.is_some_and(|ticket| sites.includes(&ticket.site)))
    }

    /// The page of tickets for a query.
    pub async fn tickets(&self, query: &ListQuery) -> Result<InboxPage, StoreError> {
        self.tickets.list_tickets(&query.view(), query.cursor(), PAGE_SIZE).await
    }

    /// The current incidents of some sites, with the keys of the sites.
    pub async fn incidents(&self, sites: &SiteScope) -> Result<Vec<(SiteKey, Incident)>, StoreError> {
        let mut incidents = Vec::new();
        for site in self.sites.keys().filter(|site| sites.includes(site)) {
            for incident in self.incidents.list(site).await? {
                incidents.push((site.clone(), incident));
            }
        }
        Ok(incidents)
    }
}
