//! An account of Zendesk, as it stands in the file.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::super::{Destination, Unverified};
use super::values::unknown_names;
use super::{FieldRule, Login, Mapping, Zendesk};
use crate::fetch::source_url;
use crate::settings::secret;
use domain::targets::Owner;
use domain::ticket::{Kind, Severity};

const PRIORITIES: &[&str] = &["urgent", "high", "normal", "low"];
const TYPES: &[&str] = &["problem", "incident", "question", "task"];

/// The table of a destination with `to = "zendesk"`; `crates/gateway/src/deskbell.example.toml` says what each field is for.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ZendeskTable {
    url: String,
    client_id: Option<String>,
    client_secret: Option<String>,
    client_secret_file: Option<PathBuf>,
    email: Option<String>,
    api_token_file: Option<PathBuf>,
    webhook_secret: Option<String>,
    webhook_secret_file: Option<PathBuf>,
    brand_id: Option<u64>,
    form_id: Option<u64>,
    recipient: Option<String>,
    #[serde(default)]
    unverified: Unverified,
    #[serde(default = "default_tags")]
    tags: Vec<String>,
    #[serde(default)]
    priorities: BTreeMap<Severity, String>,
    #[serde(default)]
    types: BTreeMap<Kind, String>,
    #[serde(default)]
    fields: BTreeMap<String, FieldTable>,
    #[serde(default)]
    groups: BTreeMap<String, u64>,
    #[serde(default)]
    owners: BTreeMap<Owner, u64>,
    #[serde(default)]
    assignees: BTreeMap<String, u64>,
}

/// What goes into a field: a text, or a table with a text and what stands in Zendesk for its values.
#[derive(Clone, Debug)]
struct FieldTable {
    from: String,
    choices: BTreeMap<String, String>,
}

impl<'de> Deserialize<'de> for FieldTable {
    /// By hand, because serde forgets in an untagged enum what an error in the table is about.
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
    /// Without its secrets, which must not end up in a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ZendeskTable({:?})", self.url)
    }
}

impl ZendeskTable {
    /// The account, or the field that is wrong and why.
    pub fn read(&self, client_secret: Option<&str>) -> Result<Arc<dyn Destination>, (String, String)> {
        let wrong = |field: &str, message: String| (field.to_string(), message);
        let url = source_url(&self.url).ok().filter(|url| url.path() == "/" && url.query().is_none());
        let url = url.ok_or_else(|| {
            wrong("url", format!("{:?} is no address of an account; write https://SUBDOMAIN.zendesk.com", self.url))
        })?;
        let login = self.login(client_secret)?;
        let hook = secret(("webhook_secret", self.webhook_secret.as_deref()), self.webhook_secret_file.as_ref(), None)?;
        let mapping = self.mapping()?;
        let zendesk = Zendesk::new(url, login, mapping, self.unverified, hook);
        Ok(Arc::new(zendesk.map_err(|error| wrong("url", error))?))
    }

    fn login(&self, client_secret: Option<&str>) -> Result<Login, (String, String)> {
        let wrong = |field: &str, message: &str| Err((field.to_string(), message.to_string()));
        match (&self.client_id, &self.email) {
            (Some(_), Some(_)) => wrong("email", "stands beside client_id; keep one of the two"),
            (Some(id), None) => {
                let inline = ("client_secret", self.client_secret.as_deref());
                match secret(inline, self.client_secret_file.as_ref(), client_secret)? {
                    Some(secret) => Ok(Login::oauth(id, &secret)),
                    None => wrong(
                        "client_secret_file",
                        "is missing; name the file with the secret of the OAuth client, or set DESKBELL_ZENDESK_SECRET",
                    ),
                }
            }
            (None, Some(email)) => match secret(("api_token", None), self.api_token_file.as_ref(), None)? {
                Some(token) => Ok(Login::ApiToken { email: email.clone(), token }),
                None => wrong("api_token_file", "is missing; name the file with the API token of the agent in email"),
            },
            (None, None) => wrong(
                "client_id",
                "is missing; write the identifier of an OAuth client (Admin Center, Apps and integrations, OAuth clients), or email and \
                 api_token_file where the account still has an API token",
            ),
        }
    }

    fn mapping(&self) -> Result<Mapping, (String, String)> {
        let mut priorities: BTreeMap<Severity, String> = Severity::ALL
            .iter()
            .zip(PRIORITIES)
            .map(|(severity, priority)| (*severity, priority.to_string()))
            .collect();
        priorities.extend(self.priorities.clone());
        let mut types = BTreeMap::from([(Kind::Question, "question".into()), (Kind::Bug, "incident".into())]);
        types.extend(self.types.clone());
        let one_of = |field: &str, value: &String, known: &[&str]| match known.contains(&value.as_str()) {
            true => Ok(()),
            false => {
                Err((field.to_string(), format!("{value:?} is not known to Zendesk; one of {}", known.join(", "))))
            }
        };
        for priority in priorities.values() {
            one_of("priorities", priority, PRIORITIES)?;
        }
        for kind in types.values() {
            one_of("types", kind, TYPES)?;
        }
        let mut fields = BTreeMap::new();
        for (id, table) in &self.fields {
            let number = id.parse::<u64>();
            let number = number.map_err(|_| {
                ("fields".to_string(), format!("{id:?} is no id of a field; take the number from Admin Center, Fields"))
            })?;
            let rule = FieldRule { from: table.from.clone(), choices: table.choices.clone() };
            named(&format!("fields.{id}"), &rule.from)?;
            fields.insert(number, rule);
        }
        for tag in &self.tags {
            named("tags", tag)?;
        }
        Ok(Mapping {
            brand: self.brand_id,
            form: self.form_id,
            recipient: self.recipient.clone(),
            tags: self.tags.clone(),
            priorities,
            types,
            fields,
            groups: self.groups.clone(),
            owners: self.owners.clone(),
            assignees: self.assignees.clone(),
        })
    }
}

/// Whether every name in a text is one of a value.
fn named(field: &str, text: &str) -> Result<(), (String, String)> {
    match unknown_names(text).first() {
        None => Ok(()),
        Some(name) if name.starts_with('{') => Err((field.into(), format!("{name} has no closing brace"))),
        Some(name) => {
            let known = super::values::known_names();
            Err((field.into(), format!("{{{name}}} is no value of a ticket; one of {known}")))
        }
    }
}

fn default_tags() -> Vec<String> {
    vec!["deskbell".into()]
}
