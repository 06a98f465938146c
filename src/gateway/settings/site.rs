//! A site: who may embed it, and its configuration.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeSeed, Error, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::SettingsError;
use crate::domain::config::{self, Config};
use crate::domain::link;

/// One product that embeds the panel.
#[derive(Clone, Debug)]
pub struct Site {
    /// The pages that may ask for it.
    pub origins: Origins,
    /// What it was told.
    pub config: Config,
}

/// The pages that may ask for a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origins {
    /// Every page.
    Any,
    /// The pages of these origins, each `scheme://host` or `scheme://host:port`.
    Listed(Vec<String>),
}

/// A site as it stands in the file: `origins`, and beside it the fields of [`Config`].
#[derive(Clone, Debug)]
pub struct SiteTable {
    origins: Vec<String>,
    config: Config,
}

impl Origins {
    /// Whether pages of an origin may ask.
    pub fn allow(&self, origin: &str) -> bool {
        match self {
            Origins::Any => true,
            Origins::Listed(listed) => listed.iter().any(|listed| listed == origin),
        }
    }
}

/// The sites of a file, or what is wrong with the first that is not as it should be.
pub fn check_all(
    tables: BTreeMap<String, SiteTable>,
    place: &impl Fn(&str) -> String,
) -> Result<BTreeMap<String, Site>, SettingsError> {
    tables.into_iter().map(|(name, table)| Ok((name.clone(), check(&name, table, place)?))).collect()
}

fn check(name: &str, table: SiteTable, place: &impl Fn(&str) -> String) -> Result<Site, SettingsError> {
    let wrong = |field: &str, message: String| {
        let dot = if field.is_empty() { "" } else { "." };
        Err(SettingsError::Value { place: place(&format!("sites.{name}{dot}{field}")), message })
    };
    if link::word(name).is_none_or(|name| name.contains(['/', ':']) || !name.is_ascii()) {
        return wrong("", "is no name of a site; 1 to 64 letters, digits or -_.".into());
    }
    let any = table.origins.iter().any(|origin| origin == "*");
    if table.origins.is_empty() || any && table.origins.len() > 1 {
        return wrong(
            "origins",
            r#"name the pages that embed it, ["https://app.example.com"], or all of them, ["*"]"#.into(),
        );
    }
    if let Some(bad) = table.origins.iter().find(|origin| !any && !is_origin(origin)) {
        return wrong(
            "origins",
            format!("{bad:?} is no origin; write https://HOST or https://HOST:PORT, nothing behind it"),
        );
    }
    if let Some(problem) = config::check(&table.config).first() {
        let (field, message) = problem.split_once(": ").unwrap_or(("", problem));
        return wrong(field, message.into());
    }
    let origins = if any { Origins::Any } else { Origins::Listed(table.origins) };
    Ok(Site { origins, config: table.config })
}

/// Whether a text can be what a browser sends as `Origin`.
fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let plain =
        |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-' | ':' | '[' | ']' | '_');
    host.is_some_and(|host| !host.is_empty() && host.chars().all(plain))
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
        let mut origins = None;
        let config = Config::deserialize(MapAccessDeserializer::new(WithoutOrigins { map, origins: &mut origins }))?;
        let origins = origins.ok_or_else(|| A::Error::missing_field("origins"))?;
        Ok(SiteTable { origins, config })
    }
}

/// The fields of a table but `origins`, which is kept aside.
struct WithoutOrigins<'a, A> {
    map: A,
    origins: &'a mut Option<Vec<String>>,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for WithoutOrigins<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, mut seed: K) -> Result<Option<K::Value>, A::Error> {
        loop {
            match self.map.next_key_seed(Key(seed))? {
                None => return Ok(None),
                Some(KeyRead::Other(value)) => return Ok(Some(value)),
                Some(KeyRead::Origins(unused)) => seed = unused,
            }
            *self.origins = Some(self.map.next_value()?);
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.map.next_value_seed(seed)
    }
}

/// A key that is read where it stands, so that an error about it has its line.
struct Key<K>(K);

enum KeyRead<K, V> {
    Origins(K),
    Other(V),
}

impl<'de, K: DeserializeSeed<'de>> DeserializeSeed<'de> for Key<K> {
    type Value = KeyRead<K, K::Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        let key = String::deserialize(deserializer)?;
        if key == "origins" {
            return Ok(KeyRead::Origins(self.0));
        }
        self.0.deserialize(key.into_deserializer()).map(KeyRead::Other)
    }
}
