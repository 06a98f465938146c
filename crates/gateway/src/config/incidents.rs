//! The incidents of a site, as configured.

use serde::Deserialize;

use domain::incident::IncidentKind;

/// The table `incidents` of a site: a status page, or a text.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IncidentsTable {
    pub(crate) from: Option<Provider>,
    pub(crate) say: Option<String>,
    pub(crate) kind: Option<IncidentKind>,
    #[serde(default)]
    pub(crate) url: String,
    #[serde(default)]
    pub(crate) private: bool,
}

/// The software of a status page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// Atlassian Statuspage: `GET /api/v2/summary.json`.
    Statuspage,
    /// Instatus: `GET /summary.json`.
    Instatus,
}
