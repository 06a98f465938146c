//! Checks every response of the API in the tests against the API's own OpenAPI document.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use axum::http::Method;
use boon::{Compiler, Draft, SchemaIndex, Schemas};
use gateway::http::api::openapi;
use serde_json::Value;

use crate::support::Answer;

/// The base URI of the document for the validator; nothing is fetched from it.
const PLACE: &str = "https://deskbell.example/openapi.json";

struct Document {
    paths: BTreeMap<String, Value>,
    refused: Value,
    schemas: Schemas,
    /// The schema of each JSON response, by its JSON pointer.
    compiled: BTreeMap<String, SchemaIndex>,
}

/// A documented response, and its JSON pointer.
struct Response<'a> {
    value: &'a Value,
    pointer: String,
}

/// Returns what is undocumented about a response, if anything is.
pub fn check(method: &Method, path: &str, answer: &Answer) -> Result<(), String> {
    static DOCUMENT: LazyLock<Document> = LazyLock::new(|| Document::read(openapi::document()));
    DOCUMENT.check(method, path, answer)
}

impl Document {
    fn read(text: &str) -> Document {
        let mut document: Value = serde_json::from_str(text).unwrap();
        close(&mut document["components"]["schemas"]);
        let mut pointers = Vec::new();
        let paths = members(&document["paths"]);
        for (path, operations) in &paths {
            for (method, operation) in members(operations) {
                let pointer = format!("/paths/{}/{method}/responses", escape(path));
                pointers.extend(json_schemas(&pointer, &operation["responses"]));
            }
        }
        pointers.extend(json_schemas("/components/responses", &document["components"]["responses"]));
        let refused = document["components"]["responses"]["Refused"].clone();
        let (mut compiler, mut schemas) = (Compiler::new(), Schemas::new());
        compiler.set_default_draft(Draft::V2020_12);
        compiler.add_resource(PLACE, document).unwrap();
        let mut compile = |pointer: String| {
            let location = format!("{PLACE}#{}", pointer.replace('{', "%7B").replace('}', "%7D"));
            let schema =
                compiler.compile(&location, &mut schemas).unwrap_or_else(|error| panic!("{pointer}: {error:#}"));
            (pointer, schema)
        };
        let compiled = pointers.into_iter().map(&mut compile).collect();
        Document { paths, refused, schemas, compiled }
    }

    fn check(&self, method: &Method, path: &str, answer: &Answer) -> Result<(), String> {
        let Some(response) = self.response(method, path, answer)? else { return Ok(()) };
        let media = answer.header("content-type").split(';').next().unwrap_or_default().trim();
        let content = members(&response.value["content"]);
        if content.is_empty() || *method == Method::HEAD {
            return if answer.body.is_empty() { Ok(()) } else { Err("a body that is not documented".into()) };
        }
        if !content.contains_key(media) {
            return Err(format!("{media:?} is not documented, but {:?}", content.keys()));
        }
        let Some(schema) = self.compiled.get(&format!("{}/content/{}/schema", response.pointer, escape(media))) else {
            return Ok(());
        };
        let body = serde_json::from_slice(&answer.body).map_err(|error| format!("no JSON: {error}"))?;
        self.schemas.validate(&body, *schema).map_err(|error| format!("{error:#}"))
    }

    /// The documented response for a response; `None` for a method without an operation, which is for browsers.
    fn response(&self, method: &Method, path: &str, answer: &Answer) -> Result<Option<Response<'_>>, String> {
        if *method == Method::OPTIONS {
            return Ok(None);
        }
        let refused = Response { value: &self.refused, pointer: "/components/responses/Refused".into() };
        let status = answer.status.as_u16();
        let Some((template, operations)) = self.operations(path) else {
            // Limits are checked first, so that probing for operations is not free.
            return if matches!(status, 404 | 429 | 431) {
                Ok(Some(refused))
            } else {
                Err("the path is not documented".into())
            };
        };
        let name = if *method == Method::HEAD { "get".into() } else { method.as_str().to_ascii_lowercase() };
        let Some(operation) = operations.get(&name) else {
            return if matches!(status, 405 | 429 | 431) {
                Ok(Some(refused))
            } else {
                Err("the method is not documented".into())
            };
        };
        let value = &operation["responses"][status.to_string()];
        if value.is_null() {
            return Err(format!("the status {status} is not documented"));
        }
        if value["$ref"].is_string() {
            return Ok(Some(refused));
        }
        Ok(Some(Response { value, pointer: format!("/paths/{}/{name}/responses/{status}", escape(template)) }))
    }

    /// The operations of a path: of all matching templates, the one with the fewest parameters.
    fn operations(&self, path: &str) -> Option<(&str, &Value)> {
        let fits = |template: &str| {
            let (mut template, mut path) = (template.split('/'), path.split('/'));
            loop {
                match (template.next(), path.next()) {
                    (None, None) => return true,
                    (Some(wanted), Some(found)) if wanted == found || wanted.starts_with('{') && !found.is_empty() => {}
                    _ => return false,
                }
            }
        };
        let known = self.paths.iter().filter(|(template, _)| fits(template));
        known
            .min_by_key(|(template, _)| template.matches('{').count())
            .map(|(template, value)| (template.as_str(), value))
    }
}

/// Forbids undocumented members, which a client could not know of.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            members.values_mut().for_each(close);
            if members.contains_key("properties") {
                members.entry("unevaluatedProperties").or_insert(false.into());
            }
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

/// The JSON pointers of the JSON schemas in these responses. A file has none, whatever its type.
fn json_schemas(pointer: &str, responses: &Value) -> Vec<String> {
    let mut pointers = Vec::new();
    for (status, response) in members(responses) {
        for (media, content) in members(&response["content"]) {
            let is_json = media.ends_with("/json") || media.ends_with("+json");
            if is_json && content["schema"]["format"] != "binary" {
                pointers.push(format!("{pointer}/{status}/content/{}/schema", escape(&media)));
            }
        }
    }
    pointers
}

fn members(value: &Value) -> BTreeMap<String, Value> {
    value.as_object().into_iter().flatten().map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// A member's name within a JSON pointer (RFC 6901).
fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderMap, HeaderValue, StatusCode};
    use serde_json::json;

    fn answer(status: u16, media: &'static str, body: &str) -> Answer {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static(media));
        Answer { status: StatusCode::from_u16(status).unwrap(), headers, body: body.into() }
    }

    #[test]
    fn responses_are_documented_with_status_type_and_shape() {
        const JSON: &str = "application/json";
        const PROBLEM: &str = "application/problem+json";
        let hits = json!({"hits": []}).to_string();
        let problem = |status: u16| json!({"status": status, "code": "not_found", "title": "not found"}).to_string();
        let search = "/v1/sites/acme/search";
        for (name, method, path, answer, documented) in [
            ("as it is", Method::GET, search, answer(200, JSON, &hits), true),
            ("with a charset", Method::GET, search, answer(200, "application/json; charset=utf-8", &hits), true),
            ("a problem", Method::GET, search, answer(404, PROBLEM, &problem(404)), true),
            ("no such path", Method::GET, "/v1/sites/acme/nothing", answer(404, PROBLEM, &problem(404)), true),
            ("no such method", Method::DELETE, search, answer(405, PROBLEM, &problem(405)), true),
            ("a path", Method::GET, "/v1/sites/acme/nothing", answer(200, JSON, &hits), false),
            ("a method", Method::DELETE, search, answer(200, JSON, &hits), false),
            ("a status", Method::GET, search, answer(201, JSON, &hits), false),
            ("a type", Method::GET, search, answer(200, "text/plain", &hits), false),
            ("a problem that is none", Method::GET, search, answer(404, PROBLEM, "{}"), false),
            ("no JSON", Method::GET, search, answer(200, JSON, "hits"), false),
            ("another shape", Method::GET, search, answer(200, JSON, r#"{"hits": [{}]}"#), false),
            ("a member", Method::GET, search, answer(200, JSON, r#"{"hits": [], "total": 0}"#), false),
            ("a body", Method::POST, "/v1/sites/acme/events", answer(202, JSON, "{}"), false),
            ("no body", Method::POST, "/v1/sites/acme/events", answer(202, JSON, ""), true),
        ] {
            let checked = check(&method, path, &answer);
            assert_eq!(checked.is_ok(), documented, "{name}: {checked:?}");
        }
    }
}
