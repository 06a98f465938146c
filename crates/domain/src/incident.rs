//! Current incidents. The panel shows them first, so that customers need not report what is known.

use serde::{Deserialize, Serialize};

use wire::words;

words! {
    /// The kind of an incident.
    IncidentKind else Incident {
        /// Something is broken.
        Incident = "incident",
        /// Announced maintenance.
        Maintenance = "maintenance",
    }
}

wire::types! {
    /// A current incident or maintenance.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Incident {
        /// Its id on the status page.
        pub id: String,
        pub kind: IncidentKind,
        pub title: String,
        /// Where to read more; empty if nowhere.
        pub url: String,
        /// When it began, RFC 3339; none if unknown.
        pub started_at: Option<String>,
        /// How many customers reported that they are affected.
        pub affected: u32,
    }

    /// The response to `GET …/incidents`.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct Incidents {
        /// Incidents before maintenance, each in the order of the status page.
        pub incidents: Vec<Incident>,
    }
}

/// A customer reports that they are affected (`POST …/incidents`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Affected {
    /// The id of the incident.
    pub id: String,
}
