//! Current incidents: polled from a status page and cached, so that it is requested once for all customers; or configured.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::clock;
use crate::ids::SiteKey;
use crate::ports::{self, StatusPage, StatusPolls, StoreError};
use crate::pseudonym::{CountedSender, Pseudonyms};
use domain::incident::{Incident, IncidentKind};

/// The interval between polls of a status page.
const EVERY: Duration = Duration::from_secs(60);
/// How often a gateway shows what others have polled.
const FOLLOW_EVERY: Duration = Duration::from_secs(15);
/// How long the last answer counts while the status page does not answer: it may be down together with the service that it reports on.
const KEPT: Duration = Duration::from_secs(30 * 60);
const DAY: i64 = 24 * 60 * 60;

/// Current incidents, by site.
#[derive(Clone, Debug, Default)]
pub struct OpenIncidents(Arc<Mutex<BTreeMap<SiteKey, Vec<Incident>>>>);

impl OpenIncidents {
    /// The configured incidents; status pages are not polled yet.
    pub fn new(configured: BTreeMap<SiteKey, Vec<Incident>>) -> OpenIncidents {
        OpenIncidents(Arc::new(Mutex::new(configured)))
    }

    /// Replaces the configured incidents. What the status pages of `polled` sites have reported stays.
    pub fn configure(&self, configured: BTreeMap<SiteKey, Vec<Incident>>, polled: impl Fn(&SiteKey) -> bool) {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|site, _| polled(site));
        open.extend(configured);
    }

    /// The current incidents of a site, incidents before maintenance.
    pub fn of_site(&self, site: &SiteKey) -> Vec<Incident> {
        let open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.get(site).cloned().unwrap_or_default()
    }

    fn set(&self, site: &SiteKey, mut incidents: Vec<Incident>) {
        incidents.sort_by_key(|incident| incident.kind != IncidentKind::Incident);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(site.clone(), incidents);
    }
}

/// Why a report was not counted.
#[derive(Debug, thiserror::Error)]
pub enum ReportAffectedError {
    /// There is no such incident, or it is over.
    #[error("no such incident, or it is over")]
    NoIncident,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Current incidents with the number of affected customers.
pub struct CurrentIncidents {
    open: OpenIncidents,
    reports: Arc<dyn ports::Incidents>,
    pseudonyms: Pseudonyms,
}

impl CurrentIncidents {
    /// Counts reports in a store, under pseudonyms.
    pub fn new(open: OpenIncidents, reports: Arc<dyn ports::Incidents>, pseudonyms: Pseudonyms) -> CurrentIncidents {
        CurrentIncidents { open, reports, pseudonyms }
    }

    /// The current incidents of a site with the number of reports.
    pub async fn list(&self, site: &SiteKey) -> Result<Vec<Incident>, StoreError> {
        let mut incidents = self.open.of_site(site);
        for incident in &mut incidents {
            incident.affected = self.reports.affected(site, &incident.id).await?;
        }
        Ok(incidents)
    }

    /// Counts a report of an incident: once per customer, once per network and day. Returns the incident with the new count.
    pub async fn report(
        &self,
        site: &SiteKey,
        id: &str,
        reporter: &CountedSender,
    ) -> Result<Incident, ReportAffectedError> {
        if !self.open.of_site(site).iter().any(|incident| incident.id == id) {
            return Err(ReportAffectedError::NoIncident);
        }
        let day = clock::now().as_seconds() / DAY;
        let reporter = self.pseudonyms.of_affected(site, &day.to_string(), reporter);
        self.reports.affect(site, id, &reporter).await?;
        // It may have ended meanwhile.
        let incident = self.list(site).await?.into_iter().find(|incident| incident.id == id);
        incident.ok_or(ReportAffectedError::NoIncident)
    }
}

/// Polls the status page of a site; never returns.
pub async fn poll(open: &OpenIncidents, site: &SiteKey, page: &dyn StatusPage) -> Infallible {
    let mut answered_at = Instant::now();
    loop {
        match page.open_incidents().await {
            Ok(incidents) => {
                answered_at = Instant::now();
                open.set(site, incidents);
            }
            Err(error) => {
                tracing::warn!(site = site.as_str(), page = %page.address(), %error, "status page unreadable");
                if answered_at.elapsed() >= KEPT {
                    open.set(site, Vec::new());
                }
            }
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Shows the status page of a site, which one of several gateways polls at a time; never returns.
pub async fn poll_with_others(
    open: &OpenIncidents,
    polls: &dyn StatusPolls,
    site: &SiteKey,
    page: &dyn StatusPage,
) -> Infallible {
    let mut is_readable = true;
    loop {
        match poll_or_follow(open, polls, site, page).await {
            Ok(()) => is_readable = true,
            // Once for each time; what is shown stays.
            Err(error) if std::mem::replace(&mut is_readable, false) => {
                tracing::warn!(site = site.as_str(), page = %page.address(), %error, "incidents not read from the store");
            }
            Err(_) => {}
        }
        tokio::time::sleep(FOLLOW_EVERY).await;
    }
}

/// Polls the status page of a site if that is due and no other gateway does, and shows what was polled last.
pub async fn poll_or_follow(
    open: &OpenIncidents,
    polls: &dyn StatusPolls,
    site: &SiteKey,
    page: &dyn StatusPage,
) -> Result<(), StoreError> {
    let address = page.address();
    if polls.claim_status_poll(site, &address, EVERY).await? {
        match page.open_incidents().await {
            Ok(incidents) => polls.record_incidents(site, &address, &incidents).await?,
            Err(error) => tracing::warn!(site = site.as_str(), page = %address, %error, "status page unreadable"),
        }
    }
    let recorded = polls.recorded_incidents(site, &address).await?;
    let incidents = recorded.filter(|(_, age)| *age < KEPT).map(|(incidents, _)| incidents);
    open.set(site, incidents.unwrap_or_default());
    Ok(())
}
