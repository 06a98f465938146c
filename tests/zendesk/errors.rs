//! Refusals, in the several formats of Zendesk.

use serde_json::{Map, Value, json};

use super::http::Reply;

/// Why a request is refused.
#[derive(Clone, Debug)]
pub enum Refusal {
    /// Credentials are missing or wrong.
    Unauthenticated,
    /// The bearer token is unknown or has expired.
    BadToken,
    /// The token has none of these scopes.
    Scope(Vec<String>),
    /// The caller lacks the permission.
    Forbidden(String),
    NotFound,
    /// The record is invalid.
    Invalid(Vec<Detail>),
    /// Somebody else has changed it since.
    Conflict,
    /// The idempotency key was used for another request.
    KeyReused,
    /// A query parameter is invalid.
    BadParameter(String),
    /// This member is missing in the body.
    Missing(String),
    /// The body is not JSON.
    Unreadable,
    /// The content type is not JSON.
    NotJson,
    TooLarge,
    /// Refused by the OAuth endpoint: status, code, description.
    OAuth(u16, &'static str, String),
}

/// An error in a member of a record.
#[derive(Clone, Debug)]
pub struct Detail {
    pub field: String,
    pub description: String,
    pub error: &'static str,
}

/// A record with a single error.
pub fn invalid(field: &str, description: &str, error: &'static str) -> Refusal {
    Refusal::Invalid(vec![Detail { field: field.into(), description: description.into(), error }])
}

/// The response to a refused request.
pub fn reply(refusal: &Refusal) -> Reply {
    match refusal {
        Refusal::Unauthenticated => Reply::json(401, &json!({ "error": "Couldn't authenticate you" })),
        Refusal::BadToken => {
            Reply::json(401, &oauth("invalid_token", "The access token is expired, revoked or malformed."))
                .with("www-authenticate", "Bearer realm=\"Zendesk\", error=\"invalid_token\"")
        }
        Refusal::Scope(scopes) => {
            let missing = format!("You are missing the following required scopes: {}", scopes.join(", "));
            Reply::json(403, &error_body("Forbidden", &missing))
        }
        Refusal::Forbidden(message) => {
            Reply::json(403, &json!({ "error": { "title": "Forbidden", "message": message } }))
        }
        Refusal::NotFound => Reply::json(404, &error_body("RecordNotFound", "Not found")),
        Refusal::Invalid(details) => Reply::json(422, &record_invalid(details)),
        Refusal::Conflict => {
            Reply::json(409, &error_body("UpdateConflict", "The ticket has been updated since updated_stamp."))
        }
        Refusal::KeyReused => Reply::json(
            400,
            &error_body("IdempotentRequestError", "Request parameters don't match the given idempotency key"),
        ),
        Refusal::BadParameter(parameter) => Reply::json(400, &error_body("InvalidPaginationParameter", parameter)),
        Refusal::Missing(name) => Reply::json(
            400,
            &json!({ "error": { "title": "Invalid attribute", "message": format!("{name} is missing") } }),
        ),
        Refusal::Unreadable => Reply::json(
            422,
            &json!({ "error": "Unprocessable Entity", "message": "Server could not parse JSON", "location": null }),
        ),
        Refusal::NotJson => {
            Reply::json(415, &error_body("Unsupported Media Type", "Content-Type has to be application/json"))
        }
        Refusal::TooLarge => {
            Reply::text(413, "text/html", "<html><body><h1>413 Request Entity Too Large</h1></body></html>")
        }
        Refusal::OAuth(status, error, description) => Reply::json(*status, &oauth(error, description)),
    }
}

fn error_body(error: &str, description: &str) -> Value {
    json!({ "error": error, "description": description })
}

fn oauth(error: &str, description: &str) -> Value {
    json!({ "error": error, "error_description": description })
}

fn record_invalid(details: &[Detail]) -> Value {
    let mut by_field: Map<String, Value> = Map::new();
    for Detail { field, description, error } in details {
        let list = by_field.entry(field.as_str()).or_insert_with(|| json!([]));
        if let Some(list) = list.as_array_mut() {
            list.push(json!({ "description": description, "error": error }));
        }
    }
    json!({ "error": "RecordInvalid", "description": "Record validation errors", "details": by_field })
}
