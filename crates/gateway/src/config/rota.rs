//! The support hero rota, as configured.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use serde::Deserialize;

use deskbell_core::rules::on_call::{OnCallRotas, Rotation};

/// The turns of a team, as configured.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RotationTable {
    from: String,
    people: Vec<String>,
}

/// The rota of all teams, or the invalid field and the reason.
pub fn parse_rotas(tables: &BTreeMap<String, RotationTable>, zone: TimeZone) -> Result<OnCallRotas, (String, String)> {
    let rotation = |(team, table): (&String, &RotationTable)| {
        let no_day = |_| (format!("{team}.from"), format!("{:?} is not a day; use \"2026-11-23\"", table.from));
        let start = table.from.parse().map_err(no_day)?;
        if table.people.is_empty() {
            return Err((format!("{team}.people"), "must not be empty; add at least one name".to_string()));
        }
        Ok((team.clone(), Rotation { from: start, people: table.people.clone() }))
    };
    Ok(OnCallRotas { zone, teams: tables.iter().map(rotation).collect::<Result<_, _>>()? })
}
