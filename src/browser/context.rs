//! Builds the context from a snapshot of the page, as the loader holds it.

use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

use super::loader::Loader;
use super::read::{property, text_of, texts_of};
use domain::config::Config;
use domain::context::document::Value;
use domain::context::{Organization, User};
use markdown::find::find;
use redaction::Rules;
use wire::Read;

const USER_FIELDS: &[&str] = &["id", "name", "email", "plan", "role", "organization", "verified"];

/// A snapshot (`loader/moment.d.ts`) in wire format, neither redacted nor cut.
pub fn describe(loader: &Loader, snapshot: &JsValue) -> Value {
    Value::read(&loader.describe(snapshot))
}

/// The redaction rules of this site for a user.
pub fn rules(config: &Config, user: Option<&User>) -> Rules {
    Rules {
        names: config.redact.names.clone(),
        ip_addresses: config.redact.ip_addresses,
        social_security: config.redact.social_security,
        own_emails: user.map(|user| user.email.clone()).into_iter().filter(|email| !email.is_empty()).collect(),
    }
}

/// Waits until a snapshot has what takes time to collect; at most a second.
pub async fn gathered(loader: &Loader, snapshot: &JsValue) {
    // It never rejects.
    let _ = JsFuture::from(loader.complete(snapshot)).await;
}

/// The user that the host declared.
pub fn user(value: &JsValue) -> Option<User> {
    if !value.is_object() {
        return None;
    }
    let organization = property(value, "organization");
    Some(User {
        id: text_of(value, "id"),
        name: text_of(value, "name"),
        email: text_of(value, "email"),
        plan: text_of(value, "plan"),
        role: text_of(value, "role"),
        organization: Organization { id: text_of(&organization, "id"), name: text_of(&organization, "name") },
        attributes: texts_of(value, USER_FIELDS),
        verified: false,
    })
}

/// Whether an error comes from a browser extension.
pub fn is_foreign(error: &JsValue) -> bool {
    ["stack", "location"].iter().any(|place| find(&text_of(error, place), "-extension://").is_some())
}

/// How many entries a list of a snapshot has.
pub fn count(snapshot: &JsValue, list: &str) -> u32 {
    js_sys::Array::from(&property(snapshot, list)).length()
}
