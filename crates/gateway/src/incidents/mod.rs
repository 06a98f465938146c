//! Current incidents: polled from a status page and cached, so that it is requested once for all customers; or configured.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::pseudonym::{Counted, Pseudonyms};
use deskbell_core::clock;
use deskbell_core::ports::{self, StoreError};
use domain::incident::{Incident, IncidentKind};
use sources::StatusPage;

/// The interval between polls of a status page.
const EVERY: Duration = Duration::from_secs(60);
/// How long the last answer counts while the status page does not answer: it may be down together with the service that it reports on.
const KEPT: Duration = Duration::from_secs(30 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The source of a site's incidents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IncidentSource {
    /// On a status page.
    StatusPage(StatusPage),
    /// In the configuration.
    Configured(Incident),
}

/// Current incidents, by site.
#[derive(Clone, Debug, Default)]
pub struct Broken(Arc<Mutex<BTreeMap<String, Vec<Incident>>>>);

impl Broken {
    /// The configured incidents; status pages are not polled yet.
    pub fn new(sources: &BTreeMap<String, IncidentSource>) -> Broken {
        let configured = sources.iter().filter_map(|(site, source)| match source {
            IncidentSource::Configured(incident) => Some((site.clone(), vec![incident.clone()])),
            IncidentSource::StatusPage(_) => None,
        });
        Broken(Arc::new(Mutex::new(configured.collect())))
    }

    /// The current incidents of a site, incidents before maintenance.
    pub fn at(&self, site: &str) -> Vec<Incident> {
        let broken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        broken.get(site).cloned().unwrap_or_default()
    }

    fn set(&self, site: &str, mut incidents: Vec<Incident>) {
        incidents.sort_by_key(|incident| incident.kind != IncidentKind::Incident);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(site.into(), incidents);
    }
}

/// Why a report was not counted.
#[derive(Debug, thiserror::Error)]
pub enum ReportAffectedError {
    /// There is no such incident, or it is over.
    #[error("there is no such incident, or it is over")]
    NoIncident,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Current incidents with the number of affected customers.
pub struct CurrentIncidents {
    broken: Broken,
    reports: Arc<dyn ports::Incidents>,
    pseudonyms: Pseudonyms,
}

impl CurrentIncidents {
    /// Counts reports in a store, under pseudonyms.
    pub fn new(broken: Broken, reports: Arc<dyn ports::Incidents>, pseudonyms: Pseudonyms) -> CurrentIncidents {
        CurrentIncidents { broken, reports, pseudonyms }
    }

    /// The current incidents of a site with the number of reports.
    pub async fn list(&self, site: &str) -> Result<Vec<Incident>, StoreError> {
        let mut incidents = self.broken.at(site);
        for incident in &mut incidents {
            incident.affected = self.reports.affected(site, &incident.id).await?;
        }
        Ok(incidents)
    }

    /// Counts a report of an incident: once per customer, once per network and day. Returns the incident with the new count.
    pub async fn report(&self, site: &str, id: &str, who: &Counted) -> Result<Incident, ReportAffectedError> {
        if !self.broken.at(site).iter().any(|incident| incident.id == id) {
            return Err(ReportAffectedError::NoIncident);
        }
        let day = clock::seconds() / DAY.as_secs();
        let who = self.pseudonyms.of_affected(site, &day.to_string(), who);
        self.reports.affect(site, id, &who).await?;
        // It may have ended meanwhile.
        let incident = self.list(site).await?.into_iter().find(|incident| incident.id == id);
        incident.ok_or(ReportAffectedError::NoIncident)
    }
}

/// The status pages of sites, each with its site key.
pub fn status_pages(sources: &BTreeMap<String, IncidentSource>) -> Vec<(String, StatusPage)> {
    let pages = sources.iter().filter_map(|(site, source)| match source {
        IncidentSource::StatusPage(page) => Some((site.clone(), page.clone())),
        IncidentSource::Configured(_) => None,
    });
    pages.collect()
}

/// Polls the status page of a site; never returns.
pub async fn poll(broken: &Broken, site: &str, page: &StatusPage) -> Infallible {
    let client = page.client();
    let mut heard = Instant::now();
    loop {
        let answer = match &client {
            Ok(client) => client.open_incidents().await.map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        match answer {
            Ok(incidents) => {
                heard = Instant::now();
                broken.set(site, incidents);
            }
            Err(error) => {
                tracing::warn!(site, page = %page.url, %error, "status page unreadable");
                if heard.elapsed() >= KEPT {
                    broken.set(site, Vec::new());
                }
            }
        }
        tokio::time::sleep(EVERY).await;
    }
}
