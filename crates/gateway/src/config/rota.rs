//! The turns of the support heroes as they stand in the file.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use serde::Deserialize;

use domain::rota::{Rota, Turns};

/// The turns of a team.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TurnsTable {
    from: String,
    people: Vec<String>,
}

/// The turns of the teams, or the field that is wrong and why.
pub fn read(tables: &BTreeMap<String, TurnsTable>, zone: TimeZone) -> Result<Rota, (String, String)> {
    let turns = |(team, table): (&String, &TurnsTable)| {
        let no_day = |_| (format!("{team}.from"), format!("{:?} is no day; write \"2026-11-23\"", table.from));
        let from = table.from.parse().map_err(no_day)?;
        if table.people.is_empty() {
            return Err((format!("{team}.people"), "is empty; name at least one".to_string()));
        }
        Ok((team.clone(), Turns { from, people: table.people.clone() }))
    };
    Ok(Rota { zone, teams: tables.iter().map(turns).collect::<Result<_, _>>()? })
}
