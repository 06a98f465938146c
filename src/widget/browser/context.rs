//! Collecting the context: what the loader froze, and what stays the same as long as the page does.

use wasm_bindgen::JsValue;

use super::read::{property, text_of, texts_of};
use crate::domain::context::{self, Context, Device, ErrorRecord, Organization, Page, User};

const USER_FIELDS: &[&str] = &["id", "name", "email", "plan", "role", "organization", "verified"];

/// The context of a snapshot of the loader's (`src/loader/state.js`).
pub fn collect(snapshot: &JsValue) -> Context {
    context::fit(Context {
        version: context::VERSION,
        frozen_at: text_of(snapshot, "at"),
        page: Some(Page {
            url: text_of(snapshot, "url"),
            title: text_of(snapshot, "title"),
            referrer: text_of(snapshot, "referrer"),
        }),
        user: user(&property(snapshot, "user")),
        device: Some(device(property(snapshot, "online").as_bool().unwrap_or(true))),
        errors: js_sys::Array::from(&property(snapshot, "errors")).iter().map(|error| error_record(&error)).collect(),
        page_values: texts_of(&property(snapshot, "values"), &[]),
        cut: Vec::new(),
    })
}

/// The person that the host declared.
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

/// How many errors a snapshot holds.
pub fn error_count(snapshot: &JsValue) -> u32 {
    js_sys::Array::from(&property(snapshot, "errors")).length()
}

fn error_record(error: &JsValue) -> ErrorRecord {
    ErrorRecord {
        source: text_of(error, "source"),
        name: text_of(error, "name"),
        message: text_of(error, "message"),
        stack: text_of(error, "stack"),
        location: text_of(error, "location"),
        at: text_of(error, "at"),
        count: property(error, "count").as_f64().unwrap_or(1.0) as u32,
    }
}

fn device(online: bool) -> Device {
    let Some(window) = web_sys::window() else { return Device::default() };
    let dark = window.match_media("(prefers-color-scheme: dark)").ok().flatten().is_some_and(|query| query.matches());
    let options = js_sys::Intl::DateTimeFormat::default().resolved_options();
    Device {
        browser: window.navigator().user_agent().unwrap_or_default(),
        viewport: [&text_of(&window, "innerWidth"), "x", &text_of(&window, "innerHeight")].concat(),
        pixel_ratio: text_of(&window, "devicePixelRatio"),
        language: window.navigator().language().unwrap_or_default(),
        time_zone: text_of(&options, "timeZone"),
        theme: if dark { "dark" } else { "light" }.into(),
        online,
    }
}
