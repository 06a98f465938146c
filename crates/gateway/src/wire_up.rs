//! Makes what a site needs from its configuration: the only place that knows every destination, source and signer by name.

mod email;
mod imports;
mod incidents;
mod mail;
mod signers;
mod webhook;
mod zendesk;

use std::collections::BTreeMap;
use std::sync::Arc;

use uuid::Uuid;

use crate::config::{self, DestinationTable, Lines, Overrides, Secrets, Settings, SettingsError, SiteConfig};
use crate::delivery::Destination;
use crate::search::import::timer::Plan;
use crate::site::Site;

pub use imports::source_format;

/// Settings, and the sites that were made from them.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The settings.
    pub settings: Settings,
    /// The sites by their public key.
    pub sites: BTreeMap<String, Site>,
}

/// The field that is wrong and why.
type Wrong = (String, String);

/// Reads the settings and makes what they name.
pub fn load(overrides: &Overrides) -> Result<Setup, SettingsError> {
    let settings = config::load(overrides)?;
    let sites = sites(&settings.sites, &settings.secrets, &settings.lines)?;
    Ok(Setup { settings, sites })
}

/// The sites of the text of a file; `name` is what errors call it.
pub fn parse(text: &str, name: &str) -> Result<BTreeMap<String, Site>, SettingsError> {
    let file = config::parse(text, name)?;
    let lines = file.lines.clone();
    sites(&config::check_sites(file)?, &Secrets::default(), &lines)
}

fn sites(
    all: &BTreeMap<String, SiteConfig>,
    secrets: &Secrets,
    lines: &Lines,
) -> Result<BTreeMap<String, Site>, SettingsError> {
    let made = all.iter().map(|(name, table)| {
        let site = site(table, secrets).map_err(|(field, message)| SettingsError::Value {
            place: lines.place(&format!("sites.{name}.{field}")),
            message,
        })?;
        Ok((name.clone(), site))
    });
    made.collect()
}

fn site(site: &SiteConfig, secrets: &Secrets) -> Result<Site, Wrong> {
    let within = |table: &str, (field, message): (&str, String)| (format!("{table}.{field}"), message);
    let signers = signers::signers(&site.signers)?;
    let incidents = site.incidents.as_ref().map(incidents::source).transpose();
    let incidents = incidents.map_err(|wrong| within("incidents", wrong))?;
    let password = secrets.smtp_password.as_deref();
    let mail = site.mail.as_ref().map(|table| mail::mailer(table, password)).transpose();
    let mail = mail.map_err(|wrong| within("mail", wrong))?;
    let destinations = destinations(&site.destinations, secrets)?;
    if let Some(name) = mail.as_ref().and_then(|mail| mail.bounces.as_ref())
        && destinations.get(name).is_none_or(|to| to.return_path(&Uuid::nil().to_string()).is_none())
    {
        let message = format!("{name:?} is no destination of this site with to = \"email\" and reply_address");
        return Err(("mail.bounces".into(), message));
    }
    let SiteConfig { origins, config, hours, rota, support_engineers, keep, .. } = site.clone();
    let imports = imports(site)?;
    Ok(Site { origins, config, hours, rota, support_engineers, signers, incidents, mail, destinations, imports, keep })
}

fn destinations(
    tables: &BTreeMap<String, DestinationTable>,
    secrets: &Secrets,
) -> Result<BTreeMap<String, Arc<dyn Destination>>, Wrong> {
    let mut destinations: BTreeMap<String, Arc<dyn Destination>> = BTreeMap::new();
    for (name, table) in tables {
        let made = destination(table, secrets);
        let made = made.map_err(|(field, message)| (format!("destinations.{name}.{field}"), message))?;
        let account = made.account();
        let same = destinations.iter().find(|(_, other)| account.is_some() && other.account() == account);
        if let Some((other, _)) = same {
            let message =
                format!("is the same place as {other}, and everything would be there twice; keep one of the two");
            return Err((format!("destinations.{name}"), message));
        }
        destinations.insert(name.clone(), made);
    }
    Ok(destinations)
}
fn destination(table: &DestinationTable, secrets: &Secrets) -> Result<Arc<dyn Destination>, Wrong> {
    Ok(match table {
        DestinationTable::Zendesk(table) => Arc::new(zendesk::zendesk(table, secrets.zendesk_secret.as_deref())?),
        DestinationTable::Webhook(table) => Arc::new(webhook::webhook(table)?),
        DestinationTable::Email(table) => Arc::new(email::destination(table, secrets.smtp_password.as_deref())?),
        DestinationTable::Slack(table) => Arc::new(webhook::slack(table)?),
    })
}

fn imports(site: &SiteConfig) -> Result<Vec<Plan>, Wrong> {
    let mut plans: Vec<Plan> = Vec::new();
    for (index, import) in site.imports.iter().enumerate() {
        let wrong = |(field, message): (&str, String)| (format!("imports[{index}].{field}"), message);
        let plan = imports::plan(import).map_err(wrong)?;
        if plans.iter().any(|other| other.source.name() == plan.source.name()) {
            return Err(wrong(("url", "is imported already; name each source once".into())));
        }
        plans.push(plan);
    }
    Ok(plans)
}

#[cfg(test)]
mod tests;
