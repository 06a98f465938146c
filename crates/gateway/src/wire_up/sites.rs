//! Creates the parts of sites from their configuration; the only module that knows every kind of destination, source and signer by name.

use std::collections::BTreeMap;
use std::sync::Arc;

use uuid::Uuid;

use super::imports::ImportConfig;
use super::incidents::IncidentSource;
use super::mail::SiteMails;
use super::{email, imports, incidents, mail, signers, webhook, zendesk};
use crate::config::{DestinationTable, LineNumbers, Origins, Secrets, SettingsError, SiteConfig};
use deskbell_core::destinations::{Destinations, SiteDestinations};
use deskbell_core::ids::{DestinationName, SiteKey, TicketId};
use deskbell_core::ports::StatusPage;
use deskbell_core::ports::destination::Destination;
use deskbell_core::site::{Site, Sites};
use domain::incident::Incident;
use identity::TokenSigner;

/// The sites and what was created from their configuration, by their public keys.
#[derive(Clone, Debug, Default)]
pub struct SiteParts {
    /// The sites as the rules know them.
    pub sites: Sites,
    /// The pages that may use them.
    pub origins: BTreeMap<SiteKey, Origins>,
    /// The signers of customer identities.
    pub signers: BTreeMap<SiteKey, Vec<TokenSigner>>,
    /// How they send mail; without that, receipts are shown and not sent.
    pub mails: SiteMails,
    /// Their destinations; without one, tickets are only stored here.
    pub destinations: Destinations,
    /// Their configured incidents.
    pub incidents: BTreeMap<SiteKey, Vec<Incident>>,
    /// Their status pages.
    pub status_pages: BTreeMap<SiteKey, Arc<dyn StatusPage>>,
    /// Their scheduled imports.
    pub imports: BTreeMap<SiteKey, Vec<ImportConfig>>,
}

/// The invalid field, and the reason.
type TableError = (String, String);

/// Creates the parts of all sites.
pub fn make(
    all: &BTreeMap<String, SiteConfig>,
    secrets: &Secrets,
    lines: &LineNumbers,
) -> Result<SiteParts, SettingsError> {
    let mut parts = SiteParts::default();
    let mut sites = Vec::new();
    let mut destinations = Vec::new();
    for (key, table) in all {
        let wrong = |(field, message): TableError| SettingsError::Value {
            location: lines.location(&format!("sites.{key}.{field}")),
            message,
        };
        let key = SiteKey::new(key);
        let made = site(&key, table, secrets, &mut parts).map_err(wrong)?;
        sites.push(made.0);
        destinations.push((key, made.1));
    }
    parts.sites = sites.into_iter().collect();
    parts.destinations = destinations.into_iter().collect();
    Ok(parts)
}

/// Creates a site with its destinations; its other parts are added to `parts`.
fn site(
    key: &SiteKey,
    site: &SiteConfig,
    secrets: &Secrets,
    parts: &mut SiteParts,
) -> Result<(Site, SiteDestinations), TableError> {
    let prefix = |table: &str, (field, message): (&str, String)| (format!("{table}.{field}"), message);
    parts.signers.insert(key.clone(), signers::signers(&site.signers)?);
    if let Some(table) = &site.incidents {
        match incidents::source(table).map_err(|wrong| prefix("incidents", wrong))? {
            IncidentSource::Configured(incident) => drop(parts.incidents.insert(key.clone(), vec![incident])),
            IncidentSource::StatusPage(page) => drop(parts.status_pages.insert(key.clone(), Arc::new(page))),
        }
    }
    let password = secrets.smtp_password.as_deref();
    let mail = site.mail.as_ref().map(|table| mail::site_mail(table, password)).transpose();
    let mail = mail.map_err(|wrong| prefix("mail", wrong))?;
    let destinations = destinations(&site.destinations, secrets)?;
    if let Some(name) = mail.as_ref().and_then(|mail| mail.bounces.as_ref())
        && destinations.get(name).is_none_or(|to| to.return_path(&TicketId::new(Uuid::nil())).is_none())
    {
        let message = format!("{name:?} is not a destination of this site with to = \"email\" and reply_address");
        return Err(("mail.bounces".into(), message));
    }
    parts.mails.extend(mail.map(|mail| (key.clone(), mail)));
    parts.imports.insert(key.clone(), imports(site)?);
    let SiteConfig { origins, config, hours, rota, support_engineers, sensitive_topics, keep, .. } = site.clone();
    parts.origins.insert(key.clone(), origins);
    Ok((Site { key: key.clone(), config, hours, rota, support_engineers, sensitive_topics, keep }, destinations))
}

fn destinations(
    tables: &BTreeMap<String, DestinationTable>,
    secrets: &Secrets,
) -> Result<SiteDestinations, TableError> {
    let mut destinations = SiteDestinations::new();
    for (name, table) in tables {
        let made = destination(table, secrets);
        let made = made.map_err(|(field, message)| (format!("destinations.{name}.{field}"), message))?;
        let account = made.account();
        let same = destinations.iter().find(|(_, other)| account.is_some() && other.account() == account);
        if let Some((other, _)) = same {
            let message =
                format!("is the same as {other}, so everything would be delivered twice; keep one of the two");
            return Err((format!("destinations.{name}"), message));
        }
        destinations.insert(DestinationName::new(name), made);
    }
    Ok(destinations)
}

fn destination(table: &DestinationTable, secrets: &Secrets) -> Result<Arc<dyn Destination>, TableError> {
    Ok(match table {
        DestinationTable::Zendesk(table) => Arc::new(zendesk::zendesk(table, secrets.zendesk_secret.as_deref())?),
        DestinationTable::Webhook(table) => Arc::new(webhook::webhook(table)?),
        DestinationTable::Email(table) => Arc::new(email::destination(table, secrets.smtp_password.as_deref())?),
        DestinationTable::Slack(table) => Arc::new(webhook::slack(table)?),
    })
}

fn imports(site: &SiteConfig) -> Result<Vec<ImportConfig>, TableError> {
    let mut all: Vec<ImportConfig> = Vec::new();
    for (index, import) in site.imports.iter().enumerate() {
        let wrong = |(field, message): (&str, String)| (format!("imports[{index}].{field}"), message);
        let import = imports::import(import).map_err(wrong)?;
        if all.iter().any(|other| other.source.name() == import.source.name()) {
            return Err(wrong(("url", "imported twice; list each source once".into())));
        }
        all.push(import);
    }
    Ok(all)
}
