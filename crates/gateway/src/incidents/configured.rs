//! Where a site says what is broken, made from its table in the configuration.

use super::{Told, address};
use crate::config::IncidentsTable;
use domain::incident::{Incident, IncidentKind};
use markdown::safe_url;

impl Told {
    /// Where it is said by a table, or the field that is wrong and why.
    pub fn configured(table: &IncidentsTable) -> Result<Told, (&'static str, String)> {
        match (table.from, &table.say) {
            (Some(_), Some(_)) => Err(("say", "stands beside from; keep one of the two".into())),
            (None, None) => Err(("from", "is missing; name statuspage or instatus, or say what is broken".into())),
            (Some(_), None) if table.kind.is_some() => Err(("kind", "goes with say only".into())),
            (Some(maker), None) => {
                address(maker, &table.url, table.private).map(Told::Page).map_err(|error| ("url", error.to_string()))
            }
            (None, Some(_)) if table.private => Err(("private", "goes with from only".into())),
            (None, Some(say)) => {
                let title = say.trim();
                if title.is_empty() {
                    return Err(("say", "is empty; leave the table out where nothing is broken".into()));
                }
                if !table.url.is_empty() && safe_url(&table.url).is_none() {
                    return Err(("url", format!("{:?} is no https:, http: or mailto: address", table.url)));
                }
                let kind = table.kind.unwrap_or(IncidentKind::Incident);
                // Who says something else speaks of something else, which is counted anew.
                let incident = Incident {
                    id: format!("said: {title}").chars().take(200).collect(),
                    kind,
                    title: title.into(),
                    url: table.url.clone(),
                    started_at: None,
                    affected: 0,
                };
                Ok(Told::Here(incident))
            }
        }
    }
}
