//! `deskbell site` and `deskbell reload`: sites that are configured in the database, while gateways run or not.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::time::{Instant, sleep};
use toml::{Table, Value};

use super::DataError;
use super::actor::current_user;
use crate::config::{self, Settings, SettingsError};
use crate::wire_up;
use deskbell_core::ids::SiteKey;
use deskbell_core::ports::{ReloadReport, SiteContents, SiteTable, Store, StoreError};
use deskbell_core::timestamp::Timestamp;
use deskbell_core::use_cases::agents::{Audit, Audited};

/// How long a reload waits for the first gateway, and after that for others.
const FIRST_REPORT: Duration = Duration::from_secs(15);
const OTHER_REPORTS: Duration = Duration::from_secs(8);
/// How often it looks for reports.
const POLL_EVERY: Duration = Duration::from_millis(200);

/// Where a site is configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// In the configuration file, or in what takes its place.
    File,
    /// In the database.
    Database,
    /// In both; the file wins.
    Both,
}

/// A configured site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConfiguredSite {
    /// Its key.
    pub site: SiteKey,
    /// Where it is configured.
    pub place: Place,
    /// When its table in the database was written.
    pub updated_at: Option<Timestamp>,
    /// What is wrong with its table in the database, apart from its secrets.
    pub error: Option<String>,
}

/// Why a site was not shown or changed.
#[derive(Debug, thiserror::Error)]
pub enum SitesError {
    /// Its configuration is invalid.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// It is in the file, which wins.
    #[error("site {0} is in the configuration file, which wins over the database; change it there")]
    InFile(SiteKey),
    /// It is in the database already.
    #[error("site {0} is in the database already; use `deskbell site set` to change it, or --replace")]
    Exists(SiteKey),
    /// It is not in the database.
    #[error("site {0} is not in the database; `deskbell site list` shows all")]
    Unknown(SiteKey),
    /// Somebody else changed it meanwhile.
    #[error("site {0} was changed by somebody else meanwhile; try again")]
    Changed(SiteKey),
    /// The text of a field cannot be used.
    #[error("{0:?}: {1}")]
    Field(String, &'static str),
    /// The text cannot be written.
    #[error("the table cannot be written: {0}")]
    Text(#[from] toml::ser::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The sites of a gateway's file and database.
pub struct ConfiguredSites {
    store: Arc<dyn Store>,
    settings: Settings,
    audit: Audit,
}

impl ConfiguredSites {
    /// Opens the database of the settings; neither creates nor migrates it.
    pub async fn open(settings: Settings) -> Result<ConfiguredSites, DataError> {
        if !settings.database.may_exist() {
            return Err(DataError::NoDatabase(settings.database.to_string()));
        }
        let store = wire_up::open_current_store(&settings).await?;
        Ok(ConfiguredSites::new(store, settings))
    }

    /// Opens the database of the settings, which is created if it does not exist: a gateway needs a site to start.
    pub async fn open_or_create(settings: Settings) -> Result<ConfiguredSites, StoreError> {
        let store = wire_up::open_store(&settings).await?;
        Ok(ConfiguredSites::new(store, settings))
    }

    fn new(store: Arc<dyn Store>, settings: Settings) -> ConfiguredSites {
        let audit = wire_up::audit(&settings, &store);
        ConfiguredSites { store, settings, audit }
    }

    /// All sites in the order of their keys.
    pub async fn list(&self) -> Result<Vec<ConfiguredSite>, SitesError> {
        let of_file = |site: &String| ConfiguredSite {
            site: SiteKey::new(site.as_str()),
            place: Place::File,
            updated_at: None,
            error: None,
        };
        let mut sites: BTreeMap<SiteKey, ConfiguredSite> =
            self.settings.sites.keys().map(of_file).map(|one| (one.site.clone(), one)).collect();
        for SiteTable { site, text, updated_at } in self.store.site_tables().await? {
            let place = if sites.contains_key(&site) { Place::Both } else { Place::Database };
            let error = config::parse_site(site.as_str(), &text, &name_of(&site)).err().map(|error| error.to_string());
            sites.insert(site.clone(), ConfiguredSite { site, place, updated_at: Some(updated_at), error });
        }
        Ok(sites.into_values().collect())
    }

    /// The table of a site in the database.
    pub async fn text(&self, site: &SiteKey) -> Result<String, SitesError> {
        let tables = self.store.site_tables().await?;
        let table = tables.into_iter().find(|table| table.site == *site);
        table.map(|table| table.text).ok_or_else(|| SitesError::Unknown(site.clone()))
    }

    /// Adds a site, or with `replace` also writes over it; `name` is the name of the text in errors. Returns warnings.
    pub async fn add(&self, site: &SiteKey, text: &str, name: &str, replace: bool) -> Result<Vec<String>, SitesError> {
        if self.settings.sites.contains_key(site.as_str()) {
            return Err(SitesError::InFile(site.clone()));
        }
        let warnings = self.check(site, text, name)?;
        let present = self.store.site_tables().await?.into_iter().find(|table| table.site == *site);
        match present {
            None => {
                self.audit.record(&current_user(), "", Audited::SiteAdded(site)).await?;
                let written = self.store.write_site_table(site, None, text).await?;
                written.ok_or_else(|| SitesError::Exists(site.clone()))?;
            }
            Some(_) if !replace => return Err(SitesError::Exists(site.clone())),
            Some(present) => self.write(site, &present.text, text).await?,
        }
        Ok(warnings)
    }

    /// Changes fields of a site, each as `FIELD=VALUE`. Returns warnings.
    pub async fn set(&self, site: &SiteKey, fields: &[String]) -> Result<Vec<String>, SitesError> {
        if self.settings.sites.contains_key(site.as_str()) {
            return Err(SitesError::InFile(site.clone()));
        }
        let before = self.text(site).await?;
        let after = with_fields(site, &before, fields)?;
        let warnings = self.check(site, &after, &name_of(site))?;
        self.write(site, &before, &after).await?;
        Ok(warnings)
    }

    /// What is stored for a site of the database, and stays if it is removed.
    pub async fn contents(&self, site: &SiteKey) -> Result<SiteContents, SitesError> {
        self.text(site).await?;
        Ok(self.store.site_contents(site).await?)
    }

    /// Removes a site.
    pub async fn remove(&self, site: &SiteKey) -> Result<(), SitesError> {
        self.text(site).await?;
        self.audit.record(&current_user(), "", Audited::SiteRemoved(site)).await?;
        self.store.remove_site_table(site).await?.map(drop).ok_or_else(|| SitesError::Unknown(site.clone()))
    }

    /// Makes running gateways read their configuration again, and returns what they report; nothing if none runs.
    pub async fn reload(&self) -> Result<Vec<ReloadReport>, SitesError> {
        let revision = self.store.request_reload().await?;
        let mut end = Instant::now() + FIRST_REPORT;
        let mut reports: Vec<ReloadReport> = Vec::new();
        while Instant::now() < end {
            sleep(POLL_EVERY).await;
            let found = self.store.reload_reports(revision).await?;
            if reports.is_empty() && !found.is_empty() {
                end = Instant::now() + OTHER_REPORTS;
            }
            reports = found;
        }
        Ok(reports)
    }

    /// Checks the text of a site like the gateway, and returns warnings. What depends on secrets that only the gateway can read is one of them.
    fn check(&self, site: &SiteKey, text: &str, name: &str) -> Result<Vec<String>, SitesError> {
        config::parse_site(site.as_str(), text, name)?;
        let literal = config::literal_secrets(text).into_iter().map(|field| {
            format!(
                "{field} contains the secret itself, so that everybody who can read the database or a backup has it; use \
                 {{ file = \"PATH\" }} or {{ env = \"NAME\" }}"
            )
        });
        let unreadable = config::unreadable_secrets(text);
        let is_complete = unreadable.is_empty();
        let unreadable = unreadable.into_iter().map(|error| format!("{error}; only the gateway can check this site"));
        let warnings = literal.chain(unreadable).collect();
        match wire_up::check_site(site.as_str(), text, name, &self.settings.secrets) {
            Err(error) if is_complete => Err(error.into()),
            _ => Ok(warnings),
        }
    }

    async fn write(&self, site: &SiteKey, before: &str, after: &str) -> Result<(), SitesError> {
        self.audit.record(&current_user(), "", Audited::SiteChanged(site)).await?;
        let written = self.store.write_site_table(site, Some(before), after).await?;
        written.map(drop).ok_or_else(|| SitesError::Changed(site.clone()))
    }
}

fn name_of(site: &SiteKey) -> String {
    format!("site {site} in the database")
}

/// The text of a site with fields changed: `panel.theme.accent="#336699"`, `signers.0.kid=new`, `keep=` to remove one.
fn with_fields(site: &SiteKey, text: &str, fields: &[String]) -> Result<String, SitesError> {
    let unreadable = || {
        SitesError::Field(site.to_string(), "its table cannot be read; replace it with `deskbell site add --replace`")
    };
    let mut tables: Table = toml::from_str(text).map_err(|_| unreadable())?;
    let table = tables.get_mut("sites").and_then(|sites| sites.get_mut(site.as_str())).ok_or_else(unreadable)?;
    for field in fields {
        let wrong = |reason| SitesError::Field(field.clone(), reason);
        let (path, value) = field.split_once('=').ok_or_else(|| wrong("use FIELD=VALUE"))?;
        set(table, path.trim(), value).map_err(wrong)?;
    }
    Ok(toml::to_string(&tables)?)
}

fn set(table: &mut Value, path: &str, value: &str) -> Result<(), &'static str> {
    let (tables, last) = path.rsplit_once('.').map_or((None, path), |(tables, last)| (Some(tables), last));
    let mut inner = table;
    for segment in tables.into_iter().flat_map(|tables| tables.split('.')) {
        inner = match inner {
            Value::Table(table) => table.entry(segment.to_string()).or_insert_with(|| Value::Table(Table::new())),
            Value::Array(values) => {
                let index: Option<usize> = segment.parse().ok();
                index.and_then(|index| values.get_mut(index)).ok_or("there is no such entry; the first one is 0")?
            }
            _ => return Err("is inside a field that is not a table"),
        };
    }
    let Value::Table(fields) = inner else { return Err("is inside a field that is not a table") };
    match value {
        "" => drop(fields.remove(last)),
        text => drop(fields.insert(last.into(), value_of(text))),
    }
    Ok(())
}

/// A value in TOML; anything else is a text.
fn value_of(text: &str) -> Value {
    let mut table: Table = toml::from_str(&format!("value = {text}")).unwrap_or_default();
    let value = if table.len() == 1 { table.remove("value") } else { None };
    value.unwrap_or_else(|| Value::String(text.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_set_and_removed_by_their_paths() {
        let site = SiteKey::new("acme");
        let text = "[sites.acme]\norigins = [\"https://a.example\"]\nkeep = \"90 days\"\n\
            [[sites.acme.signers]]\nalgorithm = \"HS256\"\nkid = \"old\"\n";
        let change = |fields: &[&str]| {
            let fields: Vec<String> = fields.iter().map(|field| field.to_string()).collect();
            with_fields(&site, text, &fields).map_err(|error| error.to_string())
        };
        let fields = ["origins=[\"https://b.example\"]", "keep=", "panel.theme.accent=#369", "signers.0.kid=new"];
        let changed: Table = toml::from_str(&change(&fields).unwrap()).unwrap();
        let expected: Table = toml::from_str(
            "[sites.acme]\norigins = [\"https://b.example\"]\n[sites.acme.panel.theme]\naccent = \"#369\"\n\
             [[sites.acme.signers]]\nalgorithm = \"HS256\"\nkid = \"new\"\n",
        )
        .unwrap();
        assert_eq!(changed, expected);
        for (field, expected) in [
            ("keep", "use FIELD=VALUE"),
            ("keep.days=1", "is inside a field that is not a table"),
            ("signers.7.kid=x", "there is no such entry"),
        ] {
            assert!(change(&[field]).unwrap_err().contains(expected), "{field}");
        }
        assert_eq!(value_of("true"), Value::Boolean(true));
        assert_eq!(value_of("1\nx = 2"), Value::String("1\nx = 2".into()));
    }
}
