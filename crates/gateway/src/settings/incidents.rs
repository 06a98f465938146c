//! Where a site says what is broken, as it stands in the file.

use serde::Deserialize;

use crate::incidents::{Maker, Told, address};
use domain::incident::{Event, Incident};
use markdown::safe_url;

/// The table `incidents` of a site: a status page, or a line.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IncidentsTable {
    from: Option<Maker>,
    say: Option<String>,
    kind: Option<Event>,
    #[serde(default)]
    url: String,
    #[serde(default)]
    private: bool,
}

impl IncidentsTable {
    /// Where it is said, or the field that is wrong and why.
    pub fn read(&self) -> Result<Told, (&'static str, String)> {
        match (self.from, &self.say) {
            (Some(_), Some(_)) => Err(("say", "stands beside from; keep one of the two".into())),
            (None, None) => Err(("from", "is missing; name statuspage or instatus, or say what is broken".into())),
            (Some(_), None) if self.kind.is_some() => Err(("kind", "goes with say only".into())),
            (Some(maker), None) => {
                address(maker, &self.url, self.private).map(Told::Page).map_err(|error| ("url", error.to_string()))
            }
            (None, Some(_)) if self.private => Err(("private", "goes with from only".into())),
            (None, Some(say)) => {
                let title = say.trim();
                if title.is_empty() {
                    return Err(("say", "is empty; leave the table out where nothing is broken".into()));
                }
                if !self.url.is_empty() && safe_url(&self.url).is_none() {
                    return Err(("url", format!("{:?} is no https:, http: or mailto: address", self.url)));
                }
                let kind = self.kind.unwrap_or(Event::Incident);
                // Who says something else speaks of something else, which is counted anew.
                let incident = Incident {
                    id: format!("said: {title}").chars().take(200).collect(),
                    kind,
                    title: title.into(),
                    url: self.url.clone(),
                    started_at: None,
                    affected: 0,
                };
                Ok(Told::Here(incident))
            }
        }
    }
}
