//! A site: who may embed it, and its configuration.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use serde::Deserialize;
use uuid::Uuid;

use super::SettingsError;
use super::destinations::{DestinationTable, Secrets};
use super::hours::HoursTable;
use super::incidents::IncidentsTable;
use super::mail::MailTable;
use super::origins::Origins;
use super::panel::{self, PanelTable};
use super::rota::{self, TurnsTable};
use super::signers::{self, SignerTable};
use crate::delivery::Destination;
use crate::identity::Signer;
use crate::incidents::Told;
use crate::mail::Mailer;
use crate::privacy::Retention;
use crate::search::import::timer::{EVERY_DEFAULT, EVERY_MAX, EVERY_MIN, Plan};
use crate::search::import::{Columns, Format, Source, SourceError};
use domain::attachment::Attachments;
use domain::config::{self, Config};
use domain::hours::Hours;
use domain::link;
use domain::rota::Rota;
use domain::targets::{Target, default_targets};
use domain::ticket::Priority;
use wire::Pairs;

/// One product that embeds the panel.
#[derive(Clone, Debug)]
pub struct Site {
    /// The pages that may ask for it.
    pub origins: Origins,
    /// What it was told.
    pub config: Config,
    /// When somebody is there; without it no time is promised.
    pub hours: Option<Hours>,
    /// Who is support hero.
    pub rota: Rota,
    /// The topics that a support engineer covers, before they go to a team.
    pub support_engineers: Vec<String>,
    /// The keys of the host, which sign who somebody is.
    pub signers: Vec<Signer>,
    /// Where it says what is broken.
    pub incidents: Option<Told>,
    /// How it sends e-mail; without it receipts are shown and not sent.
    pub mail: Option<Mailer>,
    /// Where its tickets are brought to, by name; without any they are kept here.
    pub destinations: BTreeMap<String, Arc<dyn Destination>>,
    /// Where its questions come from while the gateway serves.
    pub imports: Vec<Plan>,
    /// How long solved tickets are kept after their last update; without it for good.
    pub keep: Option<Retention>,
}

/// The fields of a site's table.
pub const FIELDS: &[&str] = &[
    "origins",
    "hours",
    "rota",
    "support_engineers",
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

/// A site as it stands in the file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SiteTable {
    origins: Vec<String>,
    hours: Option<HoursTable>,
    #[serde(default)]
    rota: BTreeMap<String, TurnsTable>,
    #[serde(default)]
    support_engineers: Vec<String>,
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

/// An import as it stands in the file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ImportTable {
    from: Format,
    url: String,
    pages: Option<String>,
    every: Option<String>,
    #[serde(default)]
    prune: bool,
    #[serde(default)]
    private: bool,
    #[serde(default)]
    columns: Columns,
}

/// The sites of a file, or what is wrong with the first that is not as it should be.
pub fn check_all(
    tables: BTreeMap<String, SiteTable>,
    secrets: Secrets<'_>,
    place: &impl Fn(&str) -> String,
) -> Result<BTreeMap<String, Site>, SettingsError> {
    tables.into_iter().map(|(name, table)| Ok((name.clone(), check(&name, table, secrets, place)?))).collect()
}

fn check(
    name: &str,
    table: SiteTable,
    secrets: Secrets<'_>,
    place: &impl Fn(&str) -> String,
) -> Result<Site, SettingsError> {
    let wrong = |field: &str, message: String| {
        let dot = if field.is_empty() { "" } else { "." };
        Err(SettingsError::Value { place: place(&format!("sites.{name}{dot}{field}")), message })
    };
    if link::word(name).is_none_or(|name| name.contains(['/', ':']) || !name.is_ascii()) {
        return wrong("", "is no name of a site; 1 to 64 letters, digits or -_.".into());
    }
    let origins = match Origins::read(&table.origins) {
        Ok(origins) => origins,
        Err(error) => return wrong("origins", error.to_string()),
    };
    for pattern in origins.shared() {
        tracing::warn!(site = name, %pattern, "anybody can have a page at this origin");
    }
    let SiteTable { plans, targets, attachments, trust_page, .. } = table;
    let incidents_are_named = table.incidents.is_some();
    let config =
        Config { plans, targets, attachments, trust_page, incidents: incidents_are_named, ..Config::default() };
    let config = table.panel.with(config);
    if let Some(problem) = config::check(&config).first() {
        let (field, message) = problem.split_once(": ").unwrap_or(("", problem));
        let first = field.split(['.', '[']).next().unwrap_or_default();
        let table = if panel::FIELDS.contains(&first) { "panel." } else { "" };
        return wrong(&format!("{table}{field}"), message.into());
    }
    let hours = match table.hours.as_ref().map(HoursTable::read).transpose() {
        Ok(hours) => hours,
        Err((field, message)) => return wrong(&format!("hours.{field}"), message),
    };
    let zone = hours.as_ref().map_or(TimeZone::UTC, |hours| hours.zone.clone());
    let rota = match rota::read(&table.rota, zone) {
        Ok(rota) => rota,
        Err((field, message)) => return wrong(&format!("rota.{field}"), message),
    };
    let is_topic = |id: &&String| !config.topics.iter().any(|topic| topic.id == **id);
    if let Some(unknown) = table.support_engineers.iter().find(is_topic) {
        return wrong("support_engineers", format!("{unknown:?} is no id of a topic"));
    }
    let signers = match signers::read(table.signers) {
        Ok(signers) => signers,
        Err((field, message)) => return wrong(&field, message),
    };
    let incidents = match table.incidents.as_ref().map(IncidentsTable::read).transpose() {
        Ok(incidents) => incidents,
        Err((field, message)) => return wrong(&format!("incidents.{field}"), message),
    };
    let mail = match table.mail.as_ref().map(|mail| mail.read(secrets.smtp_password)).transpose() {
        Ok(mail) => mail,
        Err((field, message)) => return wrong(&format!("mail.{field}"), message),
    };
    let mut destinations = BTreeMap::new();
    for (to, table) in table.destinations {
        if link::word(&to).is_none_or(|to| to.contains(['/', ':', '.']) || !to.is_ascii()) {
            return wrong(
                &format!("destinations.{to}"),
                "is no name of a destination; 1 to 64 letters, digits or -_".into(),
            );
        }
        match table.read(secrets) {
            Ok(destination) => {
                let account = destination.account();
                let same = destinations.iter().find(|(_, other): &(&String, &Arc<dyn Destination>)| {
                    account.is_some() && other.account() == account
                });
                if let Some((other, _)) = same {
                    let message = format!(
                        "is the same place as {other}, and everything would be there twice; keep one of the two"
                    );
                    return wrong(&format!("destinations.{to}"), message);
                }
                destinations.insert(to, destination)
            }
            Err((field, message)) => return wrong(&format!("destinations.{to}.{field}"), message),
        };
    }
    if let Some(name) = mail.as_ref().and_then(|mail| mail.bounces.as_ref())
        && destinations.get(name).is_none_or(|to| to.return_path(&Uuid::nil().to_string()).is_none())
    {
        let message = format!("{name:?} is no destination of this site with to = \"email\" and reply_address");
        return wrong("mail.bounces", message);
    }
    let mut imports: Vec<Plan> = Vec::new();
    for (index, import) in table.imports.into_iter().enumerate() {
        let plan = match plan(import) {
            Ok(plan) => plan,
            Err((field, message)) => return wrong(&format!("imports[{index}].{field}"), message),
        };
        if imports.iter().any(|other| other.source.name() == plan.source.name()) {
            return wrong(&format!("imports[{index}].url"), "is imported already; name each source once".into());
        }
        imports.push(plan);
    }
    let keep = match table.keep.as_deref().map(Retention::parse).transpose() {
        Ok(keep) => keep,
        Err(message) => return wrong("keep", message),
    };
    Ok(Site {
        origins,
        config,
        hours,
        rota,
        support_engineers: table.support_engineers,
        signers,
        incidents,
        mail,
        destinations,
        imports,
        keep,
    })
}

/// The plan of an import, or the field that is wrong and why.
fn plan(import: ImportTable) -> Result<Plan, (&'static str, String)> {
    if import.pages.is_some() && import.from != Format::Strapi {
        return Err(("pages", "is for strapi only; the other sources know where their questions can be read".into()));
    }
    let pages = import.pages.as_deref();
    let source = Source::new(import.from, &import.url, pages).map_err(|error| match &error {
        SourceError::Address(text) if Some(text.as_str()) == pages => ("pages", error.to_string()),
        _ => ("url", error.to_string()),
    })?;
    if !import.columns.is_empty() && import.from != Format::Csv {
        return Err(("columns", "is for csv only; the other sources know what their fields are".into()));
    }
    import.columns.check().map_err(|message| ("columns", message))?;
    let source = Source { private: import.private, columns: import.columns, ..source };
    let every = import.every.as_deref().map_or(Some(EVERY_DEFAULT), |text| {
        let every: Duration = text.parse::<SignedDuration>().ok()?.try_into().ok()?;
        (EVERY_MIN..=EVERY_MAX).contains(&every).then_some(every)
    });
    let every = every.ok_or_else(|| {
        let text = import.every.unwrap_or_default();
        ("every", format!("{text:?} is no time from 10 minutes to 1000 hours, such as \"30 minutes\" or \"6 hours\""))
    })?;
    Ok(Plan { source, every, prune: import.prune })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_fields_of_a_site_are_known_to_those_who_look_for_the_right_table() {
        let error = toml::from_str::<SiteTable>("nothing = 1").unwrap_err();
        assert_eq!(error.message().split('`').skip(3).step_by(2).collect::<Vec<_>>(), FIELDS);
    }
}
