//! A site: who may embed it, and its configuration.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use serde::Deserialize;

use super::destinations::DestinationTable;
use super::error::SettingsError;
use super::hours::HoursTable;
use super::imports::ImportTable;
use super::incidents::IncidentsTable;
use super::mail::MailTable;
use super::origins::Origins;
use super::panel::{self, PanelTable};
use super::rota::{self, RotationTable};
use super::signers::SignerTable;
use deskbell_core::rules::business_hours::BusinessHours;
use deskbell_core::rules::on_call::OnCallRotas;
use deskbell_core::rules::retention::Retention;
use domain::attachment::Attachments;
use domain::config::{self, Config};
use domain::identifier;
use domain::targets::{Target, default_targets};
use domain::ticket::Priority;
use wire::Pairs;

/// The fields of a site's table.
pub const FIELDS: &[&str] = &[
    "origins",
    "hours",
    "rota",
    "support_engineers",
    "sensitive_topics",
    "plans",
    "targets",
    "attachments",
    "trust_page",
    "signers",
    "incidents",
    "mail",
    "destinations",
    "imports",
    "keep",
    "panel",
];

/// A site as configured.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SiteTable {
    origins: Vec<String>,
    hours: Option<HoursTable>,
    #[serde(default)]
    rota: BTreeMap<String, RotationTable>,
    #[serde(default)]
    support_engineers: Vec<String>,
    #[serde(default)]
    sensitive_topics: Vec<String>,
    #[serde(default)]
    plans: Pairs<Priority>,
    #[serde(default = "default_targets")]
    targets: Vec<Target>,
    #[serde(default)]
    attachments: Attachments,
    #[serde(default)]
    trust_page: bool,
    #[serde(default)]
    signers: Vec<SignerTable>,
    incidents: Option<IncidentsTable>,
    mail: Option<MailTable>,
    #[serde(default)]
    destinations: BTreeMap<String, DestinationTable>,
    #[serde(default)]
    imports: Vec<ImportTable>,
    keep: Option<String>,
    #[serde(default)]
    panel: PanelTable,
}

/// A site whose fields are valid, as far as that can be checked without creating clients from them.
#[derive(Clone, Debug)]
pub struct SiteConfig {
    /// The pages that may use it.
    pub origins: Origins,
    /// The configuration for the panel and the gateway.
    pub config: Config,
    /// The business hours; without them no due time is promised.
    pub hours: Option<BusinessHours>,
    /// The support hero rota.
    pub rota: OnCallRotas,
    /// The topics that a support engineer answers first, instead of a support hero.
    pub support_engineers: Vec<String>,
    /// The topics whose tickets are sensitive: the audit log has who reads them.
    pub sensitive_topics: Vec<String>,
    /// How long solved tickets are stored after their last update; without it for good.
    pub keep: Option<Retention>,
    /// The signers of customer identities.
    pub signers: Vec<SignerTable>,
    /// The source of incidents.
    pub incidents: Option<IncidentsTable>,
    /// How it sends e-mail.
    pub mail: Option<MailTable>,
    /// Its destinations, by name.
    pub destinations: BTreeMap<String, DestinationTable>,
    /// The sources of its questions.
    pub imports: Vec<ImportTable>,
}

/// The sites of a file, or the first error in them.
pub fn check_all(
    tables: BTreeMap<String, SiteTable>,
    location: &impl Fn(&str) -> String,
) -> Result<BTreeMap<String, SiteConfig>, SettingsError> {
    tables.into_iter().map(|(name, table)| Ok((name.clone(), check(&name, table, location)?))).collect()
}

fn check(name: &str, table: SiteTable, location: &impl Fn(&str) -> String) -> Result<SiteConfig, SettingsError> {
    let invalid = |field: &str, message: String| {
        let dot = if field.is_empty() { "" } else { "." };
        Err(SettingsError::Value { location: location(&format!("sites.{name}{dot}{field}")), message })
    };
    if identifier::parse_identifier(name).is_none_or(|name| name.contains(['/', ':']) || !name.is_ascii()) {
        return invalid("", "not a site name; use 1 to 64 letters, digits or -_.".into());
    }
    let origins = match Origins::read(&table.origins) {
        Ok(origins) => origins,
        Err(error) => return invalid("origins", error.to_string()),
    };
    for pattern in origins.shared() {
        tracing::warn!(site = name, %pattern, "anybody can publish a page at this origin");
    }
    let SiteTable { plans, targets, attachments, trust_page, .. } = table;
    let incidents_are_named = table.incidents.is_some();
    let config =
        Config { plans, targets, attachments, trust_page, incidents: incidents_are_named, ..Config::default() };
    let config = table.panel.into_config(config);
    if let Some(problem) = config::check(&config).first() {
        let (field, message) = problem.split_once(": ").unwrap_or(("", problem));
        let first = field.split(['.', '[']).next().unwrap_or_default();
        let table = if panel::PANEL_OPTIONS.contains(&first) { "panel." } else { "" };
        return invalid(&format!("{table}{field}"), message.into());
    }
    let hours = match table.hours.as_ref().map(HoursTable::read).transpose() {
        Ok(hours) => hours,
        Err((field, message)) => return invalid(&format!("hours.{field}"), message),
    };
    let zone = hours.as_ref().map_or(TimeZone::UTC, |hours| hours.zone.clone());
    let rota = match rota::parse_rotas(&table.rota, zone) {
        Ok(rota) => rota,
        Err((field, message)) => return invalid(&format!("rota.{field}"), message),
    };
    let is_topic = |id: &&String| !config.topics.iter().any(|topic| topic.id == **id);
    if let Some(unknown) = table.support_engineers.iter().find(is_topic) {
        return invalid("support_engineers", format!("{unknown:?} is not the id of a topic"));
    }
    if let Some(unknown) = table.sensitive_topics.iter().find(is_topic) {
        return invalid("sensitive_topics", format!("{unknown:?} is not the id of a topic"));
    }
    let is_named =
        |to: &str| identifier::parse_identifier(to).is_some_and(|to| !to.contains(['/', ':', '.']) && to.is_ascii());
    if let Some(to) = table.destinations.keys().find(|to| !is_named(to)) {
        let message = "not a destination name; use 1 to 64 letters, digits or -_".into();
        return invalid(&format!("destinations.{to}"), message);
    }
    let keep = match table.keep.as_deref().map(Retention::parse).transpose() {
        Ok(keep) => keep,
        Err(message) => return invalid("keep", message),
    };
    let SiteTable { support_engineers, sensitive_topics, signers, incidents, mail, destinations, imports, .. } = table;
    Ok(SiteConfig {
        origins,
        config,
        hours,
        rota,
        support_engineers,
        sensitive_topics,
        keep,
        signers,
        incidents,
        mail,
        destinations,
        imports,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_of_a_site_is_listed_for_suggestions() {
        let error = toml::from_str::<SiteTable>("nothing = 1").unwrap_err();
        assert_eq!(error.message().split('`').skip(3).step_by(2).collect::<Vec<_>>(), FIELDS);
    }
}
