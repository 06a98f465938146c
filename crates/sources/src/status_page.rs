//! Reads status pages by the summaries of two providers.

use std::time::Duration;

use serde::Deserialize;
use url::Url;

use domain::incident::{Incident, IncidentKind};
use outbound_http::{AddressError, ClientError, FetchError, Fetcher, Limits, source_url, web_address};

/// The longest title, in characters; the rest is cut.
const TITLE_MAX: usize = 200;
/// The most incidents.
const INCIDENTS_MAX: usize = 10;
/// The longest id and the longest address of an incident, in bytes; one with a longer id is ignored.
const ID_MAX: usize = 300;
const URL_MAX: usize = 2_000;

/// The limits for a status page. It is polled, so one attempt is enough.
const LIMITS: Limits = Limits {
    body: 1 << 20,
    answer: Duration::from_secs(10),
    attempts: 1,
    pause: Duration::from_secs(1),
    wait: Duration::from_secs(1),
};

/// The provider of a status page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusPageProvider {
    /// Atlassian Statuspage: `GET /api/v2/summary.json`.
    Statuspage,
    /// Instatus: `GET /summary.json`.
    Instatus,
}

/// A status page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusPage {
    /// Its provider.
    pub provider: StatusPageProvider,
    /// The address of its summary.
    pub url: Url,
    /// Whether it may be in a private network.
    pub private: bool,
}

/// The client of a status page.
#[derive(Debug)]
pub struct StatusPageClient {
    page: StatusPage,
    fetcher: Fetcher,
}

impl StatusPage {
    /// The status page at an address.
    pub fn new(provider: StatusPageProvider, page: &str, private: bool) -> Result<StatusPage, AddressError> {
        let mut url = source_url(page)?;
        let path = match provider {
            StatusPageProvider::Statuspage => "api/v2/summary.json",
            StatusPageProvider::Instatus => "summary.json",
        };
        url.set_query(None);
        url.set_path(&format!("{}/{path}", url.path().trim_end_matches('/')));
        Ok(StatusPage { provider, url, private })
    }

    /// Creates its client.
    pub fn client(&self) -> Result<StatusPageClient, ClientError> {
        Ok(StatusPageClient { page: self.clone(), fetcher: Fetcher::new(LIMITS, self.private)? })
    }
}

impl StatusPageClient {
    /// The open incidents.
    pub async fn open_incidents(&self) -> Result<Vec<Incident>, FetchError> {
        let url = &self.page.url;
        let mut incidents = match self.page.provider {
            StatusPageProvider::Statuspage => self.fetcher.json::<Statuspage>(url).await?.incidents(),
            StatusPageProvider::Instatus => self.fetcher.json::<Instatus>(url).await?.incidents(),
        };
        incidents.retain(|incident| (1..=ID_MAX).contains(&incident.id.len()) && !incident.title.is_empty());
        incidents.truncate(INCIDENTS_MAX);
        Ok(incidents)
    }
}

/// <https://metastatuspage.com/api/v2/>: `incidents` are unresolved ones, `scheduled_maintenances` include future ones.
#[derive(Deserialize)]
struct Statuspage {
    #[serde(default)]
    incidents: Vec<StatuspageEvent>,
    #[serde(default)]
    scheduled_maintenances: Vec<StatuspageEvent>,
}

#[derive(Deserialize)]
struct StatuspageEvent {
    id: String,
    name: String,
    status: String,
    #[serde(default)]
    shortlink: Option<String>,
    #[serde(default)]
    started_at: Option<String>,
    #[serde(default)]
    created_at: Option<String>,
    #[serde(default)]
    scheduled_for: Option<String>,
}

impl Statuspage {
    fn incidents(self) -> Vec<Incident> {
        let is_over = |event: &StatuspageEvent| matches!(event.status.as_str(), "resolved" | "postmortem");
        let runs = |event: &StatuspageEvent| matches!(event.status.as_str(), "in_progress" | "verifying");
        let broken = self.incidents.into_iter().filter(|event| !is_over(event)).map(|event| {
            let started = event.started_at.or(event.created_at);
            incident(event.id, IncidentKind::Incident, &event.name, event.shortlink, started)
        });
        let changing = self.scheduled_maintenances.into_iter().filter(runs).map(|event| {
            incident(event.id, IncidentKind::Maintenance, &event.name, event.shortlink, event.scheduled_for)
        });
        broken.chain(changing).collect()
    }
}

/// <https://instatus.com/help/api/status-page>: an event has a page of its own, and an id only in some responses.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Instatus {
    #[serde(default)]
    active_incidents: Vec<InstatusEvent>,
    #[serde(default)]
    active_maintenances: Vec<InstatusEvent>,
}

#[derive(Deserialize)]
struct InstatusEvent {
    #[serde(default)]
    id: Option<String>,
    name: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    url: Option<String>,
    #[serde(default)]
    started: Option<String>,
    #[serde(default)]
    start: Option<String>,
}

impl Instatus {
    fn incidents(self) -> Vec<Incident> {
        let incident_of = |kind: IncidentKind| {
            move |event: InstatusEvent| {
                let id = event.id.or_else(|| event.url.clone()).unwrap_or_else(|| event.name.clone());
                incident(id, kind, &event.name, event.url, event.started.or(event.start))
            }
        };
        let incidents = self.active_incidents.into_iter().filter(|event| event.status != "RESOLVED");
        let runs = |event: &InstatusEvent| matches!(event.status.as_str(), "INPROGRESS" | "VERIFYING");
        let changing = self.active_maintenances.into_iter().filter(runs);
        incidents
            .map(incident_of(IncidentKind::Incident))
            .chain(changing.map(incident_of(IncidentKind::Maintenance)))
            .collect()
    }
}

fn incident(id: String, kind: IncidentKind, title: &str, url: Option<String>, started_at: Option<String>) -> Incident {
    Incident {
        id,
        kind,
        title: title.trim().chars().take(TITLE_MAX).collect(),
        url: url.and_then(|url| web_address(&url)).filter(|url| url.len() <= URL_MAX).unwrap_or_default(),
        started_at: started_at.filter(|time| time.parse::<jiff::Timestamp>().is_ok()),
        affected: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{from_value, json};

    #[test]
    fn statuspage_incidents_are_those_in_progress() {
        let event = |id: &str, status: &str| {
            json!({"id": id, "name": format!(" {id} "), "status": status, "impact": "major", "shortlink": "https://stspg.io/x",
                "created_at": "2026-11-24T08:00:00.000Z", "started_at": "2026-11-24T07:50:00.000Z",
                "scheduled_for": "2026-11-24T07:00:00.000Z", "incident_updates": [{"body": "We look into it."}]})
        };
        let summary = json!({
            "page": {"id": "p", "name": "Meadow", "url": "https://status.meadow.example"},
            "status": {"indicator": "major", "description": "Partial System Outage"},
            "components": [],
            "incidents": [event("investigating", "investigating"), event("monitoring", "monitoring"), event("over", "resolved")],
            "scheduled_maintenances": [event("coming", "scheduled"), event("running", "in_progress"), event("done", "completed")],
        });
        let incidents = from_value::<Statuspage>(summary).unwrap().incidents();
        let found: Vec<(&str, IncidentKind, Option<&str>)> = incidents
            .iter()
            .map(|incident| (incident.title.as_str(), incident.kind, incident.started_at.as_deref()))
            .collect();
        let (broken, changing) = (Some("2026-11-24T07:50:00.000Z"), Some("2026-11-24T07:00:00.000Z"));
        assert_eq!(
            found,
            [
                ("investigating", IncidentKind::Incident, broken),
                ("monitoring", IncidentKind::Incident, broken),
                ("running", IncidentKind::Maintenance, changing),
            ]
        );
        assert_eq!(incidents[0].url, "https://stspg.io/x");
    }

    #[test]
    fn instatus_incidents_are_read_with_and_without_ids() {
        let summary = json!({
            "page": {"name": "Meadow", "url": "https://meadow.instatus.com", "status": "HASISSUES"},
            "activeIncidents": [{"name": "Slow queries", "started": "2026-11-24T07:50:00.000Z", "status": "INVESTIGATING",
                "impact": "MAJOROUTAGE", "url": "https://meadow.instatus.com/a"}],
            "activeMaintenances": [
                {"id": "m1", "name": "Disks", "start": "2026-11-24T07:00:00.000Z", "status": "INPROGRESS", "duration": "60"},
                {"id": "m2", "name": "Later", "start": "2026-11-30T07:00:00.000Z", "status": "NOTSTARTEDYET", "duration": "60"},
            ],
        });
        let incidents = from_value::<Instatus>(summary).unwrap().incidents();
        let summary_of: Vec<(&str, &str, IncidentKind)> =
            incidents.iter().map(|incident| (incident.id.as_str(), incident.title.as_str(), incident.kind)).collect();
        assert_eq!(
            summary_of,
            [
                ("https://meadow.instatus.com/a", "Slow queries", IncidentKind::Incident),
                ("m1", "Disks", IncidentKind::Maintenance),
            ]
        );
        assert_eq!(from_value::<Instatus>(json!({"page": {"status": "UP"}})).unwrap().incidents(), []);
    }

    #[test]
    fn links_of_status_pages_are_web_addresses() {
        let found_incident = incident(
            "a".into(),
            IncidentKind::Incident,
            &"x".repeat(300),
            Some("javascript:alert(1)".into()),
            Some("soon".into()),
        );
        assert_eq!(
            (found_incident.url.as_str(), found_incident.started_at, found_incident.title.len()),
            ("", None, TITLE_MAX)
        );
        for (page, provider, summary) in [
            (
                "https://status.x.example/",
                StatusPageProvider::Statuspage,
                "https://status.x.example/api/v2/summary.json",
            ),
            ("https://x.example/status?a=b", StatusPageProvider::Instatus, "https://x.example/status/summary.json"),
        ] {
            assert_eq!(StatusPage::new(provider, page, false).unwrap().url.as_str(), summary);
        }
        assert!(StatusPage::new(StatusPageProvider::Instatus, "http://status.x.example", false).is_err());
    }
}
