//! Authentication: OAuth clients by `client_credentials`, and API tokens if the account still has one.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::State;
use super::errors::Refusal;
use super::http::{Call, Reply};

/// An issued OAuth token.
pub struct Token {
    pub scopes: Vec<String>,
    /// When it expires, by the stand-in's clock.
    pub until: i64,
}

/// The caller of a request.
pub enum Caller {
    Anonymous,
    Bearer { scopes: Vec<String> },
    Basic { user: u64 },
}

const RESOURCES: [&str; 13] = [
    "tickets",
    "users",
    "auditlogs",
    "organizations",
    "hc",
    "apps",
    "triggers",
    "automations",
    "targets",
    "webhooks",
    "zis",
    "requests",
    "macros",
];

/// `POST /oauth/tokens`, in JSON or as a form.
pub fn grant(state: &mut State, call: &Call) -> Result<Reply, Refusal> {
    let input = parameters(call)?;
    let text = |name: &str| input.get(name).and_then(Value::as_str).unwrap_or_default();
    if text("grant_type") != "client_credentials" {
        return Err(refused(400, "unsupported_grant_type", "Only client_credentials is supported"));
    }
    let account = &state.account;
    if text("client_id") != account.client_id || text("client_secret") != account.client_secret {
        return Err(refused(401, "invalid_client", "The client is unknown or its secret is wrong"));
    }
    let scope = if text("scope").is_empty() { "read write" } else { text("scope") };
    let scopes: Vec<String> = scope.split_whitespace().map(Into::into).collect();
    if let Some(unknown) = scopes.iter().find(|scope| !exists(scope)) {
        return Err(refused(400, "invalid_scope", &format!("The scope {unknown} is unknown")));
    }
    let seconds = seconds(input.get("expires_in"))
        .ok_or_else(|| refused(400, "invalid_request", "expires_in has to be between 300 and 172800"))?;
    let token = uuid::Uuid::new_v4().simple().to_string();
    state.tokens.insert(token.clone(), Token { scopes, until: state.now() + seconds * 1000 });
    state.grants += 1;
    let answer = json!({ "access_token": token, "token_type": "bearer", "scope": scope, "expires_in": seconds });
    Ok(Reply::json(200, &answer).with("cache-control", "no-store"))
}

/// The caller of a request.
pub fn caller(state: &State, call: &Call) -> Result<Caller, Refusal> {
    let Some(header) = call.header("authorization") else { return Ok(Caller::Anonymous) };
    if let Some(token) = header.strip_prefix("Bearer ") {
        let token = state.tokens.get(token).filter(|token| token.until > state.now()).ok_or(Refusal::BadToken)?;
        return Ok(Caller::Bearer { scopes: token.scopes.clone() });
    }
    basic(state, header).ok_or(Refusal::Unauthenticated)
}

/// The user of the caller, if the caller has any of these scopes.
pub fn need(state: &State, caller: &Caller, any_of: &[&str]) -> Result<u64, Refusal> {
    match caller {
        Caller::Anonymous => Err(Refusal::Unauthenticated),
        Caller::Basic { user } => Ok(*user),
        Caller::Bearer { scopes } if scopes.iter().any(|scope| any_of.contains(&scope.as_str())) => {
            Ok(state.account.client_user)
        }
        Caller::Bearer { .. } => Err(Refusal::Scope(any_of.iter().map(ToString::to_string).collect())),
    }
}

fn basic(state: &State, header: &str) -> Option<Caller> {
    let decoded = BASE64_STANDARD.decode(header.strip_prefix("Basic ")?).ok()?;
    let decoded = String::from_utf8(decoded).ok()?;
    let (email, token) = decoded.split_once("/token:")?;
    let user = state.by_email.get(&email.to_lowercase())?;
    let staff = state.users.get(user)?.role != "end-user";
    (staff && state.account.legacy_token.as_deref() == Some(token)).then_some(Caller::Basic { user: *user })
}

fn parameters(call: &Call) -> Result<Value, Refusal> {
    if call.header("content-type").is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded")) {
        let pairs = form_urlencoded::parse(&call.body);
        return Ok(Value::Object(pairs.map(|(key, value)| (key.into(), Value::String(value.into()))).collect()));
    }
    call.json()
}

fn exists(scope: &str) -> bool {
    let one = |permission: &str| matches!(permission, "read" | "write");
    match scope.split_once(':') {
        Some((resource, permission)) => RESOURCES.contains(&resource) && one(permission),
        None => one(scope) || scope == "impersonate",
    }
}

fn seconds(input: Option<&Value>) -> Option<i64> {
    let seconds = match input {
        None | Some(Value::Null) => 7200,
        Some(Value::String(text)) => text.parse().ok()?,
        Some(number) => number.as_i64()?,
    };
    (300..=172_800).contains(&seconds).then_some(seconds)
}

fn refused(status: u16, error: &'static str, description: &str) -> Refusal {
    Refusal::OAuth(status, error, description.into())
}
