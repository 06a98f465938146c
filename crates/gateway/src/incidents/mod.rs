//! What is broken now: fetched from a status page again and again and kept, so that the status page is asked once for everybody;
//! or said in the configuration.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::app::App;
use super::site::Site;
use super::store::StoreError;
use domain::incident::{Incident, IncidentKind};
use sources::StatusPage;

/// How often a status page is asked.
const EVERY: Duration = Duration::from_secs(60);
/// For how long what it said last counts where it does not answer. A status page may be down with what it tells about.
const KEPT: Duration = Duration::from_secs(30 * 60);

/// Where a site reports incidents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IncidentSource {
    /// On a status page.
    StatusPage(StatusPage),
    /// In the configuration.
    Configured(Incident),
}

/// What is broken now, by site.
#[derive(Clone, Debug, Default)]
pub struct Broken(Arc<Mutex<BTreeMap<String, Vec<Incident>>>>);

impl Broken {
    /// What the configuration says; status pages have not been asked yet.
    pub fn new(sites: &BTreeMap<String, Site>) -> Broken {
        let said = sites.iter().filter_map(|(name, site)| match &site.incidents {
            Some(IncidentSource::Configured(incident)) => Some((name.clone(), vec![incident.clone()])),
            _ => None,
        });
        Broken(Arc::new(Mutex::new(said.collect())))
    }

    /// What is broken at a site: incidents first.
    pub fn at(&self, site: &str) -> Vec<Incident> {
        let broken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        broken.get(site).cloned().unwrap_or_default()
    }

    fn set(&self, site: &str, mut incidents: Vec<Incident>) {
        incidents.sort_by_key(|incident| incident.kind != IncidentKind::Incident);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(site.into(), incidents);
    }
}

/// What is broken at a site, with how many have said that they have it.
pub async fn counted(app: &App, site: &str) -> Result<Vec<Incident>, StoreError> {
    let mut incidents = app.broken.at(site);
    for incident in &mut incidents {
        incident.affected = app.store.affected(site, &incident.id).await?;
    }
    Ok(incidents)
}

/// The status pages of sites, each with the name of its site.
pub fn status_pages(sites: &BTreeMap<String, Site>) -> Vec<(String, StatusPage)> {
    let pages = sites.iter().filter_map(|(name, site)| match &site.incidents {
        Some(IncidentSource::StatusPage(page)) => Some((name.clone(), page.clone())),
        _ => None,
    });
    pages.collect()
}

/// Asks the status page of a site for as long as it runs.
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
