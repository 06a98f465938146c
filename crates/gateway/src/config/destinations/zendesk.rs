//! A Zendesk account, as configured.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::super::secrets::SecretSource;
use deskbell_core::rules::sender::Unverified;
use domain::targets::Owner;
use domain::ticket::{Kind, Severity};

/// The table of a destination with `to = "zendesk"`; `crates/gateway/src/deskbell.example.toml` documents its fields.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ZendeskTable {
    pub(crate) url: String,
    pub(crate) client_id: Option<String>,
    pub(crate) client_secret: Option<SecretSource>,
    pub(crate) client_secret_file: Option<PathBuf>,
    pub(crate) email: Option<String>,
    pub(crate) api_token: Option<SecretSource>,
    pub(crate) api_token_file: Option<PathBuf>,
    pub(crate) webhook_secret: Option<SecretSource>,
    pub(crate) webhook_secret_file: Option<PathBuf>,
    pub(crate) brand_id: Option<u64>,
    pub(crate) form_id: Option<u64>,
    pub(crate) recipient: Option<String>,
    #[serde(default)]
    pub(crate) unverified: Unverified,
    pub(crate) mails_requester: Option<bool>,
    #[serde(default = "default_tags")]
    pub(crate) tags: Vec<String>,
    #[serde(default)]
    pub(crate) priorities: BTreeMap<Severity, String>,
    #[serde(default)]
    pub(crate) types: BTreeMap<Kind, String>,
    #[serde(default)]
    pub(crate) fields: BTreeMap<String, FieldTable>,
    #[serde(default)]
    pub(crate) groups: BTreeMap<String, u64>,
    #[serde(default)]
    pub(crate) owners: BTreeMap<Owner, u64>,
    #[serde(default)]
    pub(crate) assignees: BTreeMap<String, u64>,
}

/// The value of a field: a text, or a table with a text and a mapping to Zendesk's values.
#[derive(Clone, Debug)]
pub struct FieldTable {
    pub(crate) from: String,
    pub(crate) choices: BTreeMap<String, String>,
}

impl<'de> Deserialize<'de> for FieldTable {
    /// Implemented by hand, because serde's untagged enums lose the reason of an error in the table.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<FieldTable, D::Error> {
        deserializer.deserialize_any(FieldVisitor)
    }
}

struct FieldVisitor;

impl<'de> Visitor<'de> for FieldVisitor {
    type Value = FieldTable;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text such as \"{severity}\", or { from = \"{severity}\", choices = { high = \"sev_high\" } }")
    }

    fn visit_str<E>(self, from: &str) -> Result<FieldTable, E> {
        Ok(FieldTable { from: from.to_string(), choices: BTreeMap::new() })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<FieldTable, A::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Table {
            from: String,
            #[serde(default)]
            choices: BTreeMap<String, String>,
        }
        let Table { from, choices } = Table::deserialize(MapAccessDeserializer::new(map))?;
        Ok(FieldTable { from, choices })
    }
}

impl fmt::Debug for ZendeskTable {
    /// Omits the secrets, which must not be logged.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ZendeskTable({:?})", self.url)
    }
}

fn default_tags() -> Vec<String> {
    vec!["deskbell".into()]
}
