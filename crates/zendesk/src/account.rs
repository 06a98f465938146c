//! The custom fields of an account and their choices, cached for a while.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::client::{Answer, Client};
use deskbell_core::ports::destination::Failure;

/// How long the cached fields are used.
const FRESH: Duration = Duration::from_secs(10 * 60);
/// The most items of a list that are read; more than the most comments of a ticket.
const ITEMS_MAX: u32 = 10_000;
/// The page size of lists, the largest possible.
const PAGE: u32 = 100;

/// The cached state of an account.
#[derive(Debug, Default)]
pub struct Account {
    fields: Mutex<Option<(Instant, Arc<Vec<TicketField>>)>>,
}

/// A custom field.
#[derive(Clone, Debug, Deserialize)]
pub struct TicketField {
    /// Its id.
    pub id: u64,
    /// Its type: `tagger`, `text`, `checkbox`, `integer` …
    #[serde(rename = "type")]
    pub kind: String,
    /// Its title for agents.
    #[serde(default, deserialize_with = "or_default")]
    pub title: String,
    /// Whether it is active.
    #[serde(default, deserialize_with = "or_default")]
    pub active: bool,
    /// Its options.
    #[serde(default, deserialize_with = "or_default")]
    pub custom_field_options: Vec<FieldOption>,
}

/// An option of a field.
#[derive(Clone, Debug, Deserialize)]
pub struct FieldOption {
    /// Its value in the API: a tag.
    pub value: String,
}

impl Account {
    /// Fetches the fields of an account.
    pub async fn refetch_fields(&self, client: &Client) -> Result<Arc<Vec<TicketField>>, Failure> {
        *self.fields.lock().await = None;
        self.fields(client).await
    }

    /// The fields of an account, from the cache if it is fresh.
    pub async fn fields(&self, client: &Client) -> Result<Arc<Vec<TicketField>>, Failure> {
        let mut cached = self.fields.lock().await;
        if let Some((_, fields)) = cached.as_ref().filter(|(fetched_at, _)| fetched_at.elapsed() < FRESH) {
            return Ok(fields.clone());
        }
        let fields = Arc::new(read_list(client, "/api/v2/ticket_fields", "ticket_fields").await?);
        *cached = Some((Instant::now(), fields.clone()));
        Ok(fields)
    }
}

/// All items of a list. A list that exceeds the limit is a failure, and never truncated.
pub async fn read_list<T: DeserializeOwned>(client: &Client, path: &str, name: &str) -> Result<Vec<T>, Failure> {
    Ok(read_items(raw_items(client, path, name).await?, name))
}

/// All items of a list as JSON, page by page.
pub async fn raw_items(client: &Client, path: &str, name: &str) -> Result<Vec<Value>, Failure> {
    let (mut fetched, mut requested, mut size) = (Vec::new(), 0, PAGE);
    let mut position = String::new();
    while requested < ITEMS_MAX {
        let answer = read_page(client, &mut size, |size| format!("{path}?page[size]={size}{position}")).await?;
        let mut page = answer.body;
        requested += size;
        if let Some(Value::Array(items)) = page.get_mut(name).map(Value::take) {
            fetched.extend(items);
        }
        let has_more = page.pointer("/meta/has_more").and_then(Value::as_bool).unwrap_or(false);
        let cursor = page.pointer("/meta/after_cursor").and_then(Value::as_str).filter(|_| has_more);
        let Some(cursor) = cursor else { return Ok(fetched) };
        position = format!("&page[after]={}", form_urlencoded::byte_serialize(cursor.as_bytes()).collect::<String>());
    }
    Err(Failure::Never(format!("Zendesk lists more than {ITEMS_MAX} items at {path}")))
}

/// A page of a list, with half the page size as long as the response is too large; `size` is the page size in the end.
pub async fn read_page(client: &Client, size: &mut u32, path: impl Fn(u32) -> String) -> Result<Answer, Failure> {
    loop {
        match client.get(&path(*size)).await {
            Err(Failure::TooLarge(_)) if *size > 1 => *size /= 2,
            page => return page,
        }
    }
}

/// The items in a page of a list. Unreadable ones are skipped and logged.
pub fn items<T: DeserializeOwned>(page: &mut Value, name: &str) -> Vec<T> {
    let Some(Value::Array(values)) = page.get_mut(name).map(Value::take) else { return Vec::new() };
    read_items(values, name)
}

/// The readable items; the others are skipped and logged.
pub fn read_items<T: DeserializeOwned>(values: Vec<Value>, name: &str) -> Vec<T> {
    let mut items = Vec::new();
    for item in values {
        let id = item.get("id").and_then(Value::as_u64);
        match serde_json::from_value(item) {
            Ok(item) => items.push(item),
            Err(error) => tracing::warn!(list = name, id, %error, "Zendesk item unreadable, skipped"),
        }
    }
    items
}

/// A value, or the default if it is null.
pub fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(value: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(value)?.unwrap_or_default())
}

impl TicketField {
    /// Converts a text to the field's type; the error says why that is not possible.
    pub fn value_of(&self, text: &str) -> Result<Value, String> {
        let Self { id, title, .. } = self;
        if !self.active {
            return Err(format!("the field {id} ({title}) is not active in Zendesk"));
        }
        match self.kind.as_str() {
            "tagger" | "multiselect" => {
                let has_option = self.custom_field_options.iter().any(|option| option.value == text);
                let value = if self.kind == "tagger" { json!(text) } else { json!([text]) };
                has_option.then_some(value).ok_or_else(|| format!("the field {id} ({title}) has no choice {text:?}"))
            }
            "checkbox" => Ok(json!(matches!(text, "true" | "yes" | "1"))),
            "integer" | "decimal" => {
                let number = text.parse::<f64>().is_ok_and(f64::is_finite);
                number.then(|| json!(text)).ok_or_else(|| format!("the field {id} ({title}) accepts only numbers"))
            }
            _ => Ok(json!(text)),
        }
    }
}
