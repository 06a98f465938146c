//! The claims of a token about a customer, parsed as hosts and identity providers write them.
//!
//! `exp`, `aud` and `sub` decide whether a token is valid and are parsed strictly. All other claims are optional: null and empty strings are
//! absent, numbers and booleans are accepted as strings and the other way round, and an invalid value costs only its own claim.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::RawValue;

use crate::error::{ClaimError, TokenError};
use crate::limits::ID_MAX;
use domain::context::{Organization, User};
use domain::ticket::Priority;

/// The most characters of a name or a role; the rest is cut.
const NAME_MAX: usize = 200;
/// The longest plan, in characters. A longer one is dropped, because a part of it would be another plan.
const PLAN_MAX: usize = 200;
/// The longest address (RFC 5321, 4.5.3.1.3), in bytes; a longer one is dropped.
const EMAIL_MAX: usize = 254;
/// The most channels, and the longest name of one in characters.
const CHANNELS_MAX: usize = 20;
const CHANNEL_MAX: usize = 64;
/// Larger times are in milliseconds: this one is in the year 5138.
const SECONDS_MAX: f64 = 1e11;

/// The claims that can be read from claims with other names.
pub const CLAIMS: [&str; 12] = [
    "sub",
    "aud",
    "name",
    "email",
    "email_verified",
    "plan",
    "role",
    "organization",
    "organization_id",
    "organization_name",
    "priority",
    "channels",
];

/// The source of each of our claims: the name of a claim, or a JSON Pointer (RFC 6901), which begins with a slash.
pub type ClaimNames = BTreeMap<String, String>;

/// The claims of a token as raw JSON.
pub type RawClaims = BTreeMap<String, Box<RawValue>>;

/// The claims about the customer, without the times.
#[derive(Debug, Default, PartialEq)]
pub struct PersonClaims {
    /// The customer; the id is never empty.
    pub user: User,
    /// Whether the provider has verified the address; `None` if the token does not say. An invalid value means no.
    pub email_verified: Option<bool>,
    /// Their priority.
    pub priority: Option<Priority>,
    /// The kinds of the channels available to them; `None` if the token does not say.
    pub channels: Option<Vec<String>>,
}

/// The claims of a token under our names.
pub struct Claims<'a> {
    raw: &'a RawClaims,
    names: &'a ClaimNames,
}

impl<'a> Claims<'a> {
    /// Wraps `raw`, with the claim names of the token's signer.
    pub fn new(raw: &'a RawClaims, names: &'a ClaimNames) -> Claims<'a> {
        Claims { raw, names }
    }

    /// The customer. Fails only if `sub` is missing or no id.
    pub fn person(&self) -> Result<PersonClaims, TokenError> {
        let user = User {
            id: self.id()?,
            name: self.line("name"),
            email: self.email(),
            plan: self.text("plan").filter(|plan| plan.chars().count() <= PLAN_MAX).unwrap_or_default(),
            role: self.line("role"),
            organization: self.organization(),
            verified: true,
            ..User::default()
        };
        let priority = self.text("priority").and_then(|text| match text.to_ascii_lowercase().as_str() {
            "high" => Some(Priority::High),
            "medium" => Some(Priority::Medium),
            "low" => Some(Priority::Low),
            _ => None,
        });
        Ok(PersonClaims { user, email_verified: self.email_verified(), priority, channels: self.channels() })
    }

    /// A time, in seconds since 1970, of a claim that cannot be renamed; `None` if it is absent or null.
    pub fn time(&self, claim: &'static str) -> Result<Option<i64>, TokenError> {
        let Some(value) = self.raw.get(claim).and_then(|raw| value(raw.get())) else { return Ok(None) };
        let seconds = match &value {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.trim().parse::<f64>().ok(),
            _ => None,
        };
        match seconds.filter(|seconds| seconds.is_finite()) {
            Some(seconds) if seconds.abs() >= SECONDS_MAX => Err(ClaimError::Milliseconds(claim).into()),
            Some(seconds) => Ok(Some(seconds.floor() as i64)),
            None => Err(ClaimError::NoTime(claim).into()),
        }
    }

    /// The audience.
    pub fn audience(&self) -> Vec<String> {
        match self.find("aud").as_deref().and_then(value) {
            Some(Value::Array(values)) => values.iter().filter_map(|entry| scalar(entry, &entry.to_string())).collect(),
            _ => self.text("aud").into_iter().collect(),
        }
    }

    /// The issuer.
    pub fn issuer(&self) -> Option<String> {
        self.raw.get("iss").and_then(|raw| text(raw.get()))
    }

    /// `sub` as written; all digits of a number.
    fn id(&self) -> Result<String, TokenError> {
        let raw = self.find("sub").ok_or(ClaimError::NoId)?;
        let id = match value(&raw).ok_or(ClaimError::NoId)? {
            Value::String(text) => text,
            Value::Number(_) => digits(&raw),
            _ => return Err(ClaimError::NoId.into()),
        };
        if id.trim().is_empty() || id.len() > ID_MAX {
            return Err(ClaimError::NoId.into());
        }
        Ok(id)
    }

    fn email(&self) -> String {
        let is_address = |text: &String| {
            text.len() <= EMAIL_MAX && text.contains('@') && !text.chars().any(|c| c.is_whitespace() || c.is_control())
        };
        self.text("email").filter(is_address).unwrap_or_default()
    }

    fn email_verified(&self) -> Option<bool> {
        let text = self.text("email_verified")?.to_ascii_lowercase();
        Some(matches!(text.as_str(), "true" | "1" | "yes"))
    }

    fn organization(&self) -> Organization {
        let mut organization =
            self.find("organization").as_deref().and_then(value).map(organization).unwrap_or_default();
        organization.id = self.text("organization_id").unwrap_or(organization.id);
        organization.name = self.text("organization_name").unwrap_or(organization.name);
        if organization.id.len() > ID_MAX {
            organization.id.clear();
        }
        organization.name = shorten(&organization.name);
        organization
    }

    fn channels(&self) -> Option<Vec<String>> {
        let channels: Vec<String> = match value(&self.find("channels")?)? {
            Value::Array(channels) => channels.iter().filter_map(|entry| scalar(entry, &entry.to_string())).collect(),
            Value::String(text) => text.split([',', ' ']).map(str::to_string).collect(),
            _ => Vec::new(),
        };
        let is_name = |name: &String| (1..=CHANNEL_MAX).contains(&name.chars().count());
        Some(channels.into_iter().filter(is_name).take(CHANNELS_MAX).collect())
    }

    /// A string for people on one line, cut if it is too long.
    fn line(&self, claim: &str) -> String {
        self.text(claim).map(|text| shorten(&text)).unwrap_or_default()
    }

    /// The string value of a claim; `None` if it is absent, null or empty, or no string, number or boolean.
    fn text(&self, claim: &str) -> Option<String> {
        text(&self.find(claim)?)
    }

    /// The JSON of a claim.
    fn find(&self, claim: &str) -> Option<String> {
        let name = self.names.get(claim).map_or(claim, String::as_str);
        let Some(pointer) = name.strip_prefix('/') else { return Some(self.raw.get(name)?.get().to_string()) };
        let (first, rest) = pointer.split_once('/').unwrap_or((pointer, ""));
        let raw = self.raw.get(&first.replace("~1", "/").replace("~0", "~"))?.get();
        if rest.is_empty() {
            return Some(raw.to_string());
        }
        value(raw)?.pointer(&format!("/{rest}")).map(Value::to_string)
    }
}

/// The value of a piece of JSON; `None` if it is null, or nested too deeply.
fn value(raw: &str) -> Option<Value> {
    serde_json::from_str(raw).ok().filter(|value: &Value| !value.is_null())
}

fn text(raw: &str) -> Option<String> {
    match value(raw)? {
        // Claims that may have several values, such as roles, are reduced to one.
        Value::Array(values) => {
            let values: Vec<String> = values.iter().filter_map(|entry| scalar(entry, &entry.to_string())).collect();
            Some(values.join(", ")).filter(|text| !text.is_empty())
        }
        value => scalar(&value, raw),
    }
}

/// A string, number or boolean as a string; `raw` is its JSON.
fn scalar(value: &Value, raw: &str) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim().to_string(),
        Value::Number(_) => digits(raw),
        Value::Bool(value) => value.to_string(),
        _ => return None,
    };
    Some(text).filter(|text| !text.is_empty())
}

/// A JSON number as JavaScript would print it, but with all the digits of a whole one: `7.0` and `7e0` are `7`.
fn digits(raw: &str) -> String {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let raw = raw.trim();
    match raw.parse::<f64>() {
        _ if raw.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') && raw != "-0" => raw.to_string(),
        Ok(number) if number.fract() == 0.0 && number.abs() <= EXACT => (number as i64).to_string(),
        Ok(number) if number.abs() <= EXACT => number.to_string(),
        _ => raw.to_string(),
    }
}

/// An organization as a string, as `{id, name}`, or by its alias as Keycloak writes it: `["acme"]` or `{"acme": {"id": "…"}}`.
fn organization(value: Value) -> Organization {
    let text = |value: Option<&Value>| value.and_then(|value| scalar(value, &value.to_string())).unwrap_or_default();
    match &value {
        Value::Object(members) if members.contains_key("id") || members.contains_key("name") => {
            Organization { id: text(members.get("id")), name: text(members.get("name")) }
        }
        Value::Object(members) => match members.iter().next() {
            Some((alias, Value::Object(members))) => {
                let id = text(members.get("id"));
                Organization { id: if id.is_empty() { alias.clone() } else { id }, name: alias.clone() }
            }
            _ => Organization::default(),
        },
        Value::Array(values) => Organization { id: text(values.first()), name: String::new() },
        value => Organization { id: text(Some(value)), name: String::new() },
    }
}

/// A string as one line, cut to its limit.
fn shorten(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(NAME_MAX).collect();
    line.trim().to_string()
}
