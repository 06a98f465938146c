//! What is broken now, for everybody: above everything else, so that nobody has to write what is known.

use serde::{Deserialize, Serialize};

use wire::words;

words! {
    /// What goes on.
    IncidentKind else Incident {
        /// Something is broken.
        Incident = "incident",
        /// Something is being changed, as announced.
        Maintenance = "maintenance",
    }
}

wire::types! {
    /// Something that is broken or being changed now.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Incident {
        /// Its id, as the status page has it.
        pub id: String,
        pub kind: IncidentKind,
        pub title: String,
        /// Where more is said; empty where nothing is.
        pub url: String,
        /// Since when, RFC 3339; none where that is not said.
        pub started_at: Option<String>,
        /// How many have said that they have it too.
        pub affected: u32,
    }

    /// The answer to `GET …/incidents`.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct Incidents {
        /// Incidents first, then maintenance; each in the order of the status page.
        pub incidents: Vec<Incident>,
    }
}

/// Somebody has this too (`POST …/incidents`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Affected {
    /// The id of the incident.
    pub id: String,
}
