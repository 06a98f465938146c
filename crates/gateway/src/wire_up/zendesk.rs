//! A Zendesk account, created from its table in the configuration.

use std::collections::BTreeMap;

use crate::config::{ZendeskTable, secret};
use ::zendesk::{FieldRule, Login, Mapping, RateLimiters, Zendesk, known_names, unknown_names};
use domain::ticket::{Kind, Severity};
use outbound_http::{SharedClients, source_url};

const PRIORITIES: &[&str] = &["urgent", "high", "normal", "low"];
const TYPES: &[&str] = &["problem", "incident", "question", "task"];

/// The account of a table, or the invalid field and the reason. `client_secret` comes from the environment and wins.
pub fn zendesk(
    table: &ZendeskTable,
    client_secret: Option<&str>,
    clients: &SharedClients,
    limiters: &RateLimiters,
) -> Result<Zendesk, (String, String)> {
    let wrong = |field: &str, message: String| (field.to_string(), message);
    let url = source_url(&table.url).ok().filter(|url| url.path() == "/" && url.query().is_none());
    let url = url.ok_or_else(|| {
        wrong("url", format!("{:?} is not the address of an account; use https://SUBDOMAIN.zendesk.com", table.url))
    })?;
    let login = login(table, client_secret)?;
    let hook = secret(("webhook_secret", table.webhook_secret.as_ref()), table.webhook_secret_file.as_ref(), None)?;
    let mapping = mapping(table)?;
    let requester = (table.unverified, table.mails_requester);
    Zendesk::new(url, login, mapping, requester, hook, clients, limiters).map_err(|error| wrong("url", error))
}

fn login(table: &ZendeskTable, client_secret: Option<&str>) -> Result<Login, (String, String)> {
    let wrong = |field: &str, message: &str| Err((field.to_string(), message.to_string()));
    match (&table.client_id, &table.email) {
        (Some(_), Some(_)) => wrong("email", "cannot be combined with client_id; keep one of the two"),
        (Some(id), None) => {
            let inline = ("client_secret", table.client_secret.as_ref());
            match secret(inline, table.client_secret_file.as_ref(), client_secret)? {
                Some(secret) => Ok(Login::oauth(id, &secret)),
                None => wrong(
                    "client_secret",
                    "missing; use { file = \"PATH\" } with the secret of the OAuth client, or set DESKBELL_ZENDESK_SECRET",
                ),
            }
        }
        (None, Some(email)) => {
            match secret(("api_token", table.api_token.as_ref()), table.api_token_file.as_ref(), None)? {
                Some(token) => Ok(Login::ApiToken { email: email.clone(), token }),
                None => wrong("api_token", "missing; use { file = \"PATH\" } with the API token of the agent in email"),
            }
        }
        (None, None) => wrong(
            "client_id",
            "missing; use the identifier of an OAuth client (Admin Center, Apps and integrations, OAuth clients), or \
             email and api_token if the account still has an API token",
        ),
    }
}

fn mapping(table: &ZendeskTable) -> Result<Mapping, (String, String)> {
    let mut priorities: BTreeMap<Severity, String> =
        Severity::ALL.iter().zip(PRIORITIES).map(|(severity, priority)| (*severity, priority.to_string())).collect();
    priorities.extend(table.priorities.clone());
    let mut types = BTreeMap::from([(Kind::Question, "question".into()), (Kind::Bug, "incident".into())]);
    types.extend(table.types.clone());
    let one_of = |field: &str, value: &String, known: &[&str]| match known.contains(&value.as_str()) {
        true => Ok(()),
        false => Err((field.to_string(), format!("{value:?} is unknown to Zendesk; use one of {}", known.join(", ")))),
    };
    for priority in priorities.values() {
        one_of("priorities", priority, PRIORITIES)?;
    }
    for kind in types.values() {
        one_of("types", kind, TYPES)?;
    }
    let mut fields = BTreeMap::new();
    for (id, field) in &table.fields {
        let number = id.parse::<u64>();
        let number = number.map_err(|_| {
            ("fields".to_string(), format!("{id:?} is not a field id; use the number from Admin Center, Fields"))
        })?;
        let rule = FieldRule { from: field.from.clone(), choices: field.choices.clone() };
        named(&format!("fields.{id}"), &rule.from)?;
        fields.insert(number, rule);
    }
    for tag in &table.tags {
        named("tags", tag)?;
    }
    Ok(Mapping {
        brand: table.brand_id,
        form: table.form_id,
        recipient: table.recipient.clone(),
        tags: table.tags.clone(),
        priorities,
        types,
        fields,
        groups: table.groups.clone(),
        owners: table.owners.clone(),
        assignees: table.assignees.clone(),
    })
}

/// Checks that every name in a text is that of a value.
fn named(field: &str, text: &str) -> Result<(), (String, String)> {
    match unknown_names(text).first() {
        None => Ok(()),
        Some(name) if name.starts_with('{') => Err((field.into(), format!("{name} has no closing brace"))),
        Some(name) => {
            let known = known_names();
            Err((field.into(), format!("{{{name}}} is not a value of a ticket; use one of {known}")))
        }
    }
}
