//! Requests and responses as plain data, so that handling them needs no waiting.

use axum::body::Bytes;
use axum::http::{HeaderMap, Method};
use serde_json::Value;

use super::errors::Refusal;

/// A request with its whole body.
pub struct Call {
    pub method: Method,
    /// Without `.json`, which is optional.
    pub path: String,
    pub query: Vec<(String, String)>,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// Path and query as received.
    pub path_and_query: String,
}

/// A response.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
}

impl Call {
    /// The segments of the path.
    pub fn segments(&self) -> Vec<&str> {
        self.path.split('/').filter(|part| !part.is_empty()).collect()
    }

    /// A query parameter that is not empty.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// A header with a text value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The body as JSON.
    pub fn json(&self) -> Result<Value, Refusal> {
        let typed = self.header("content-type").is_some_and(|kind| kind.starts_with("application/json"));
        if !typed {
            return Err(Refusal::NotJson);
        }
        serde_json::from_slice(&self.body).map_err(|_| Refusal::Unreadable)
    }

    /// An object in the body, such as `ticket`.
    pub fn object(&self, name: &str) -> Result<Value, Refusal> {
        let mut body = self.json()?;
        match body.get_mut(name).map(Value::take) {
            Some(object) if object.is_object() => Ok(object),
            _ => Err(Refusal::Missing(name.into())),
        }
    }
}

impl Reply {
    pub fn json(status: u16, body: &Value) -> Reply {
        Reply {
            status,
            headers: vec![("content-type".into(), "application/json; charset=utf-8".into())],
            body: body.to_string().into(),
        }
    }

    pub fn text(status: u16, kind: &str, body: &str) -> Reply {
        Reply { status, headers: vec![("content-type".into(), kind.into())], body: body.to_string().into() }
    }

    pub fn empty(status: u16) -> Reply {
        Reply { status, headers: Vec::new(), body: Bytes::new() }
    }

    pub fn with(mut self, name: &str, value: &str) -> Reply {
        self.headers.push((name.into(), value.into()));
        self
    }
}
