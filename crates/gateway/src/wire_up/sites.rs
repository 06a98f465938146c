//! Creates the parts of sites from their configuration; the only module that knows every kind of destination, source and signer by name.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use uuid::Uuid;

use super::imports::ImportConfig;
use super::incidents::IncidentSource;
use super::mail::SiteMails;
use super::{email, imports, incidents, mail, signers, webhook, zendesk};
use crate::config::{DestinationTable, Fingerprint, LineNumbers, Origins, Secrets, SettingsError, SiteConfig};
use ::zendesk::RateLimiters;
use deskbell_core::destinations::{Destinations, SiteDestinations};
use deskbell_core::ids::{DestinationName, SiteKey, TicketId};
use deskbell_core::ports::StatusPage;
use deskbell_core::ports::destination::Destination;
use deskbell_core::site::{Site, Sites};
use domain::incident::Incident;
use identity::TokenSigner;
use outbound_http::SharedClients;

/// The sites and what was created from their configuration, by their public keys.
#[derive(Clone, Debug, Default)]
pub struct SiteParts {
    /// Their versions.
    pub fingerprints: BTreeMap<SiteKey, Fingerprint>,
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
    /// The HTTP clients that they share.
    pub clients: SharedClients,
    /// The rate limiters of the accounts that they share.
    pub limiters: RateLimiters,
}

/// The invalid field, and the reason.
type TableError = (String, String);

/// What the parts of sites are created from.
pub struct Source<'a> {
    /// The sites.
    pub sites: &'a BTreeMap<String, SiteConfig>,
    /// Their versions.
    pub fingerprints: &'a BTreeMap<String, Fingerprint>,
    /// Those that are configured in the database.
    pub stored: &'a BTreeSet<String>,
    /// Secrets for all of them.
    pub secrets: &'a Secrets,
    /// The lines of their fields.
    pub lines: &'a LineNumbers,
}

/// Creates the parts of all sites. A site that has not changed keeps the parts that it has in `previous`, with their connections, caches and
/// rate limits. Also returns what is wrong with sites of the database: these stay as they are in `previous`, or are left out.
pub fn make(source: &Source<'_>, previous: &SiteParts) -> Result<(SiteParts, Vec<SettingsError>), SettingsError> {
    let mut parts = previous.without_sites();
    let (mut sites, mut destinations, mut failed) = (Vec::new(), Vec::new(), Vec::new());
    for (name, table) in source.sites {
        let (key, version) = (SiteKey::new(name), source.fingerprints.get(name).copied().unwrap_or_default());
        let mut own = parts.without_sites();
        let made = if previous.fingerprints.get(&key) == Some(&version) {
            None
        } else {
            match site(&key, table, source.secrets, &mut own) {
                Ok(made) => Some(made),
                Err((field, message)) => {
                    let location = source.lines.location(&format!("sites.{name}.{field}"));
                    let error = SettingsError::Value { location, message };
                    if !source.stored.contains(name) {
                        return Err(error);
                    }
                    failed.push(error);
                    None
                }
            }
        };
        let (from, version) = match &made {
            Some(_) => (&own, Some(version)),
            None => (previous, previous.fingerprints.get(&key).copied()),
        };
        let (Some((site, of_site)), Some(version)) = (made.or_else(|| previous.site(&key)), version) else { continue };
        from.copy_to(&key, &mut parts);
        sites.push(site);
        destinations.push((key.clone(), of_site));
        parts.fingerprints.insert(key, version);
    }
    parts.sites = sites.into_iter().collect();
    parts.destinations = destinations.into_iter().collect();
    Ok((parts, failed))
}

impl SiteParts {
    /// What all sites share.
    fn without_sites(&self) -> SiteParts {
        SiteParts { clients: self.clients.clone(), limiters: self.limiters.clone(), ..SiteParts::default() }
    }

    /// A site with its destinations.
    fn site(&self, key: &SiteKey) -> Option<(Arc<Site>, SiteDestinations)> {
        let destinations = self.destinations.in_site(key).map(|(name, to)| (name.clone(), to.clone()));
        Some((self.sites.shared(key)?, destinations.collect()))
    }

    /// Copies the other parts of a site.
    fn copy_to(&self, key: &SiteKey, parts: &mut SiteParts) {
        fn copy<T: Clone>(key: &SiteKey, from: &BTreeMap<SiteKey, T>, to: &mut BTreeMap<SiteKey, T>) {
            to.extend(from.get(key).map(|part| (key.clone(), part.clone())));
        }
        copy(key, &self.origins, &mut parts.origins);
        copy(key, &self.signers, &mut parts.signers);
        copy(key, &self.mails, &mut parts.mails);
        copy(key, &self.incidents, &mut parts.incidents);
        copy(key, &self.status_pages, &mut parts.status_pages);
        copy(key, &self.imports, &mut parts.imports);
    }
}

/// Creates a site with its destinations; its other parts are added to `parts`.
fn site(
    key: &SiteKey,
    site: &SiteConfig,
    secrets: &Secrets,
    parts: &mut SiteParts,
) -> Result<(Arc<Site>, SiteDestinations), TableError> {
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
    let destinations = destinations(&site.destinations, secrets, parts)?;
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
    let site = Site { key: key.clone(), config, hours, rota, support_engineers, sensitive_topics, keep };
    Ok((Arc::new(site), destinations))
}

fn destinations(
    tables: &BTreeMap<String, DestinationTable>,
    secrets: &Secrets,
    parts: &SiteParts,
) -> Result<SiteDestinations, TableError> {
    let mut destinations = SiteDestinations::new();
    for (name, table) in tables {
        let made = destination(table, secrets, parts);
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

fn destination(
    table: &DestinationTable,
    secrets: &Secrets,
    SiteParts { clients, limiters, .. }: &SiteParts,
) -> Result<Arc<dyn Destination>, TableError> {
    Ok(match table {
        DestinationTable::Zendesk(table) => {
            Arc::new(zendesk::zendesk(table, secrets.zendesk_secret.as_deref(), clients, limiters)?)
        }
        DestinationTable::Webhook(table) => Arc::new(webhook::webhook(table, clients)?),
        DestinationTable::Email(table) => Arc::new(email::destination(table, secrets.smtp_password.as_deref())?),
        DestinationTable::Slack(table) => Arc::new(webhook::slack(table, clients)?),
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
