//! What an account has: its custom fields and their choices, known for a while.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::super::Failure;
use super::client::Client;

/// How long what is known of an account is believed.
const FRESH: Duration = Duration::from_secs(10 * 60);
/// How many pages of a list are read, a hundred items each: more than a ticket can have comments.
const PAGES_MAX: usize = 100;

/// What is known of an account.
#[derive(Debug, Default)]
pub struct Account {
    fields: Mutex<Option<(Instant, Arc<Vec<TicketField>>)>>,
}

/// A custom field.
#[derive(Clone, Debug, Deserialize)]
pub struct TicketField {
    /// Its id.
    pub id: u64,
    /// What it is: `tagger`, `text`, `checkbox`, `integer` …
    #[serde(rename = "type")]
    pub kind: String,
    /// What agents read.
    #[serde(default)]
    pub title: String,
    /// Whether it is in use.
    #[serde(default)]
    pub active: bool,
    /// What there is to choose from.
    #[serde(default)]
    pub custom_field_options: Vec<FieldOption>,
}

/// A choice of a field.
#[derive(Clone, Debug, Deserialize)]
pub struct FieldOption {
    /// As it stands in the API: a tag.
    pub value: String,
}

impl Account {
    /// The fields of an account as they are now.
    pub async fn fields_now(&self, client: &Client) -> Result<Arc<Vec<TicketField>>, Failure> {
        *self.fields.lock().await = None;
        self.fields(client).await
    }

    /// The fields of an account.
    pub async fn fields(&self, client: &Client) -> Result<Arc<Vec<TicketField>>, Failure> {
        let mut held = self.fields.lock().await;
        if let Some((_, fields)) = held.as_ref().filter(|(at, _)| at.elapsed() < FRESH) {
            return Ok(fields.clone());
        }
        let fields = Arc::new(all(client, "/api/v2/ticket_fields", "ticket_fields").await?);
        *held = Some((Instant::now(), fields.clone()));
        Ok(fields)
    }
}

/// All of a list, page by page. A list that is longer than any can be is a failure, and never cut off.
pub async fn all<T: for<'de> Deserialize<'de>>(client: &Client, path: &str, name: &str) -> Result<Vec<T>, Failure> {
    let mut list = Vec::new();
    let mut after = String::new();
    for _ in 0..PAGES_MAX {
        let mut page = client.read(&format!("{path}?page[size]=100{after}")).await?;
        list.extend(items(&mut page, name));
        let more = page.pointer("/meta/has_more").and_then(Value::as_bool).unwrap_or(false);
        let cursor = page.pointer("/meta/after_cursor").and_then(Value::as_str).filter(|_| more);
        let Some(cursor) = cursor else { return Ok(list) };
        after = format!("&page[after]={}", form_urlencoded::byte_serialize(cursor.as_bytes()).collect::<String>());
    }
    Err(Failure::Never(format!("Zendesk lists more than {PAGES_MAX} pages at {path}")))
}

/// The items of a page of a list. One that cannot be read is left out alone, and logged.
pub fn items<T: for<'de> Deserialize<'de>>(page: &mut Value, name: &str) -> Vec<T> {
    let Some(Value::Array(all)) = page.get_mut(name).map(Value::take) else { return Vec::new() };
    let mut items = Vec::new();
    for item in all {
        let id = item.get("id").and_then(Value::as_u64);
        match serde_json::from_value(item) {
            Ok(item) => items.push(item),
            Err(error) => tracing::warn!(list = name, id, %error, "item of Zendesk unreadable, left out"),
        }
    }
    items
}

impl TicketField {
    /// A text as the field takes it, or why it does not.
    pub fn read(&self, text: &str) -> Result<Value, String> {
        let Self { id, title, .. } = self;
        if !self.active {
            return Err(format!("the field {id} ({title}) is not active in Zendesk"));
        }
        match self.kind.as_str() {
            "tagger" | "multiselect" => {
                let known = self.custom_field_options.iter().any(|option| option.value == text);
                let value = if self.kind == "tagger" { json!(text) } else { json!([text]) };
                known.then_some(value).ok_or_else(|| format!("the field {id} ({title}) has no choice {text:?}"))
            }
            "checkbox" => Ok(json!(matches!(text, "true" | "yes" | "1"))),
            "integer" | "decimal" => {
                let number = text.parse::<f64>().is_ok_and(f64::is_finite);
                number.then(|| json!(text)).ok_or_else(|| format!("the field {id} ({title}) takes numbers only"))
            }
            _ => Ok(json!(text)),
        }
    }
}
