//! The source of a site's incidents, created from its table in the configuration.

use std::sync::OnceLock;

use async_trait::async_trait;

use crate::config::{IncidentsTable, Provider};
use deskbell_core::ports::{StatusPage, StatusPageError};
use domain::incident::{Incident, IncidentKind};
use markdown::safe_url;
use sources::{StatusPageClient, StatusPageProvider};

/// The source of a site's incidents.
pub enum IncidentSource {
    /// On a status page.
    StatusPage(ConfiguredPage),
    /// In the configuration.
    Configured(Incident),
}

/// A configured status page.
#[derive(Debug)]
pub struct ConfiguredPage {
    page: sources::StatusPage,
    /// Created for the first poll; or why that was not possible.
    client: OnceLock<Result<StatusPageClient, String>>,
}

#[async_trait]
impl StatusPage for ConfiguredPage {
    fn address(&self) -> String {
        self.page.url.to_string()
    }

    async fn open_incidents(&self) -> Result<Vec<Incident>, StatusPageError> {
        let client = self.client.get_or_init(|| self.page.client().map_err(|error| error.to_string()));
        let client = client.as_ref().map_err(|error| StatusPageError(error.clone()))?;
        client.open_incidents().await.map_err(|error| StatusPageError(error.to_string()))
    }
}

/// The source of a table, or the invalid field and the reason.
pub fn source(table: &IncidentsTable) -> Result<IncidentSource, (&'static str, String)> {
    match (table.from, &table.say) {
        (Some(_), Some(_)) => Err(("say", "cannot be combined with from; keep one of the two".into())),
        (None, None) => Err(("from", "missing; use statuspage or instatus, or describe the incident in say".into())),
        (Some(_), None) if table.kind.is_some() => Err(("kind", "can be used with say only".into())),
        (Some(provider), None) => {
            let page = sources::StatusPage::new(provider_of(provider), &table.url, table.private);
            page.map(|page| IncidentSource::StatusPage(ConfiguredPage { page, client: OnceLock::new() }))
                .map_err(|error| ("url", error.to_string()))
        }
        (None, Some(_)) if table.private => Err(("private", "can be used with from only".into())),
        (None, Some(title)) => {
            let title = title.trim();
            if title.is_empty() {
                return Err(("say", "must not be empty; remove the table if there is no incident".into()));
            }
            if !table.url.is_empty() && safe_url(&table.url).is_none() {
                return Err(("url", format!("{:?} is not an https:, http: or mailto: address", table.url)));
            }
            let kind = table.kind.unwrap_or(IncidentKind::Incident);
            // Another text is another incident, with a count of its own.
            let incident = Incident {
                id: format!("said: {title}").chars().take(200).collect(),
                kind,
                title: title.into(),
                url: table.url.clone(),
                started_at: None,
                affected: 0,
            };
            Ok(IncidentSource::Configured(incident))
        }
    }
}

fn provider_of(provider: Provider) -> StatusPageProvider {
    match provider {
        Provider::Statuspage => StatusPageProvider::Statuspage,
        Provider::Instatus => StatusPageProvider::Instatus,
    }
}
