//! A site: who may embed it, and its configuration.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeSeed, Error, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use uuid::Uuid;

use super::SettingsError;
use super::destinations::{DestinationTable, Secrets};
use super::hours::HoursTable;
use super::incidents::IncidentsTable;
use super::mail::MailTable;
use super::origins::Origins;
use super::rota::{self, TurnsTable};
use super::signers::{self, SignerTable};
use crate::delivery::Destination;
use crate::identity::Signer;
use crate::incidents::Told;
use crate::mail::Mailer;
use crate::privacy::Retention;
use crate::search::import::timer::{EVERY_DEFAULT, EVERY_MAX, EVERY_MIN, Plan};
use crate::search::import::{Columns, Format, Source, SourceError};
use domain::config::{self, Config};
use domain::hours::Hours;
use domain::link;
use domain::rota::Rota;

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

/// A site as it stands in the file: `origins`, `hours`, `rota`, `support_engineers`, `signers`, `incidents`, `mail`, `destinations`, `imports` and `keep`, and beside them the fields of [`Config`].
#[derive(Clone, Debug)]
pub struct SiteTable {
    origins: Vec<String>,
    hours: Option<HoursTable>,
    rota: BTreeMap<String, TurnsTable>,
    support_engineers: Vec<String>,
    signers: Vec<SignerTable>,
    incidents: Option<IncidentsTable>,
    mail: Option<MailTable>,
    destinations: BTreeMap<String, DestinationTable>,
    imports: Vec<ImportTable>,
    keep: Option<String>,
    config: Config,
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
    if let Some(problem) = config::check(&table.config).first() {
        let (field, message) = problem.split_once(": ").unwrap_or(("", problem));
        return wrong(field, message.into());
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
    let is_topic = |id: &&String| !table.config.topics.iter().any(|topic| topic.id == **id);
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
        config: Config { incidents: incidents.is_some(), ..table.config },
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

impl<'de> Deserialize<'de> for SiteTable {
    /// By hand, because serde cannot flatten a struct that denies unknown fields.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<SiteTable, D::Error> {
        deserializer.deserialize_map(TableVisitor)
    }
}

struct TableVisitor;

impl<'de> Visitor<'de> for TableVisitor {
    type Value = SiteTable;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the table of a site")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<SiteTable, A::Error> {
        let mut own = Own::default();
        let config = Config::deserialize(MapAccessDeserializer::new(WithoutOwn { map, own: &mut own }))?;
        let origins = own.origins.ok_or_else(|| A::Error::missing_field("origins"))?;
        let Own { hours, rota, support_engineers, signers, incidents, mail, destinations, imports, keep, .. } = own;
        Ok(SiteTable {
            origins,
            hours,
            rota,
            support_engineers,
            signers,
            incidents,
            mail,
            destinations,
            imports,
            keep,
            config,
        })
    }
}

/// The fields of a table that are the gateway's alone.
#[derive(Default)]
struct Own {
    origins: Option<Vec<String>>,
    hours: Option<HoursTable>,
    rota: BTreeMap<String, TurnsTable>,
    support_engineers: Vec<String>,
    signers: Vec<SignerTable>,
    incidents: Option<IncidentsTable>,
    mail: Option<MailTable>,
    destinations: BTreeMap<String, DestinationTable>,
    imports: Vec<ImportTable>,
    keep: Option<String>,
}

const OWN: &[&str] = &[
    "origins",
    "hours",
    "rota",
    "support_engineers",
    "signers",
    "incidents",
    "mail",
    "destinations",
    "imports",
    "keep",
];

impl Own {
    fn read<'de, A: MapAccess<'de>>(&mut self, field: &str, map: &mut A) -> Result<(), A::Error> {
        match field {
            "origins" => self.origins = Some(map.next_value()?),
            "hours" => self.hours = Some(map.next_value()?),
            "rota" => self.rota = map.next_value()?,
            "support_engineers" => self.support_engineers = map.next_value()?,
            "signers" => self.signers = map.next_value()?,
            "incidents" => self.incidents = Some(map.next_value()?),
            "mail" => self.mail = Some(map.next_value()?),
            "destinations" => self.destinations = map.next_value()?,
            "keep" => self.keep = Some(map.next_value()?),
            _ => self.imports = map.next_value()?,
        }
        Ok(())
    }
}

/// The fields of a table but the gateway's own, which are kept aside.
struct WithoutOwn<'a, A> {
    map: A,
    own: &'a mut Own,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for WithoutOwn<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, mut seed: K) -> Result<Option<K::Value>, A::Error> {
        loop {
            match self.map.next_key_seed(Key(seed))? {
                None => return Ok(None),
                Some(KeyRead::Other(value)) => return Ok(Some(value)),
                Some(KeyRead::Own(field, unused)) => {
                    self.own.read(&field, &mut self.map)?;
                    seed = unused;
                }
            }
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.map.next_value_seed(seed)
    }
}

/// A key that is read where it stands, so that an error about it has its line.
struct Key<K>(K);

enum KeyRead<K, V> {
    Own(String, K),
    Other(V),
}

impl<'de, K: DeserializeSeed<'de>> DeserializeSeed<'de> for Key<K> {
    type Value = KeyRead<K, K::Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        let key = String::deserialize(deserializer)?;
        if OWN.contains(&key.as_str()) {
            return Ok(KeyRead::Own(key, self.0));
        }
        self.0.deserialize(key.into_deserializer()).map(KeyRead::Other)
    }
}
