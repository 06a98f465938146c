//! `GET /v1/openapi.json`: what the API takes and answers, from the types that read and write it.

use std::sync::LazyLock;

use axum::http::header;
use axum::response::IntoResponse;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::deployment::Arrived;
use domain::attachment::Attachment;
use domain::config::Config;
use domain::conversation::{ConfirmationCode, Draft, Message, Messages, Patch, Reply, Summaries, Summary};
use domain::event::Event;
use domain::incident::{Affected, Incident, Incidents};
use domain::problem::Problem;
use domain::question::{Hits, Question};
use domain::ticket::{NewTicket, Receipt};

/// Answers the request.
pub async fn answer() -> impl IntoResponse {
    static DOCUMENT: LazyLock<String> = LazyLock::new(|| document().to_string());
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "public, max-age=60")];
    (headers, DOCUMENT.as_str())
}

/// Who may ask.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asks {
    /// Everybody.
    Anybody,
    /// A session, or a person whom the host has signed.
    Somebody,
}

/// One call.
struct Call {
    method: &'static str,
    /// Below `/v1/sites/{site}`.
    path: &'static str,
    says: &'static str,
    asks: Asks,
    /// Parameters of the query, with what they mean.
    query: &'static [(&'static str, &'static str)],
    /// Whether it takes an `Idempotency-Key`.
    key: bool,
    body: Option<Value>,
    status: &'static str,
    /// What is answered; `None` for an empty body.
    answer: Option<Value>,
    /// The statuses of what is refused.
    refused: &'static [&'static str],
}

impl Call {
    /// A call that everybody may make, and that is answered with nothing yet.
    fn get(path: &'static str, says: &'static str) -> Call {
        Call {
            method: "get",
            path,
            says,
            asks: Asks::Anybody,
            query: &[],
            key: false,
            body: None,
            status: "200",
            answer: None,
            refused: &["404"],
        }
    }
}

/// The document (OpenAPI 3.1).
fn document() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut generator = settings.into_generator();
    let mut paths = Map::new();
    for call in calls(&mut generator) {
        let path = format!("/v1/sites/{{site}}{}", call.path);
        let methods = paths.entry(path).or_insert_with(|| json!({}));
        if let Some(methods) = methods.as_object_mut() {
            methods.insert(call.method.into(), operation(&call));
        }
    }
    paths.extend(without_site(&mut generator));
    let problem = schema::<Problem>(&mut generator);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Deskbell gateway API",
            "version": env!("CARGO_PKG_VERSION"),
            "license": {"name": "MIT", "identifier": "MIT"},
            "description": "Errors are problem documents (RFC 9457) with a stable code. Times are RFC 3339 in UTC.",
        },
        "paths": paths,
        "components": {
            "schemas": generator.take_definitions(true),
            "responses": {
                "Refused": {
                    "description": "The reason, with a stable code, and the errors in the body, if any.",
                    "content": {"application/problem+json": {"schema": problem}},
                },
            },
            "securitySchemes": {
                "person": {
                    "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
                    "description": "Signed by the host's server (HS256 or EdDSA, aud is the site, exp within 15 minutes) or by the site's identity \
                        provider. A rejected token is answered with 401 and one of these codes: token_malformed, token_unconfigured, token_key, \
                        token_keys_unavailable, token_algorithm, token_signature, token_audience, token_issuer, token_expired, \
                        token_not_yet_valid, token_lifetime or token_claims.",
                },
                "session": {
                    "type": "apiKey", "in": "header", "name": "Deskbell-Session",
                    "description": "128 random bits, as 32 hexadecimal digits or 22 characters of base64url. It gives access only to what it created.",
                },
            },
        },
    })
}

/// What belongs to no site.
fn without_site(generator: &mut SchemaGenerator) -> Map<String, Value> {
    let done = |content: Value| json!({"200": {"description": "Done.", "content": content}});
    let get = |summary: &str, content: Value| json!({"summary": summary, "responses": done(content)});
    let health =
        get("Health check, open to every origin.", json!({"application/json": {"schema": {"type": "object"}}}));
    let events = get(
        "A few server-sent events, for `deskbell check URL`.",
        json!({"text/event-stream": {"schema": {"type": "string"}}}),
    );
    let take = json!({
        "summary": "Discards a body of up to the largest file size of any site and reports what of the request arrived.",
        "requestBody": {"required": true, "content": {"application/octet-stream": {"schema": bytes()}}},
        "responses": done(json!({"application/json": {"schema": schema::<Arrived>(generator)}})),
    });
    Map::from_iter([
        ("/v1/health".to_string(), json!({"get": health})),
        ("/v1/probe".to_string(), json!({"get": events, "post": take})),
    ])
}

fn calls(generator: &mut SchemaGenerator) -> Vec<Call> {
    let get = |path, says, answer| Call { answer: Some(answer), ..Call::get(path, says) };
    let post = |path, says, body, status, answer| Call {
        method: "post",
        body: Some(body),
        status,
        answer,
        refused: &["400", "404", "413", "415", "422"],
        ..Call::get(path, says)
    };
    let mine = |call: Call, refused| Call { asks: Asks::Somebody, refused, ..call };
    let g = generator;
    vec![
        get(
            "/config",
            "Returns the site configuration; for a verified customer also their response targets.",
            schema::<Config>(g),
        ),
        Call {
            query: &[
                ("q", "The search text."),
                ("limit", "Maximum number of results, 1 to 20."),
                ("visit", "The id of the draft that is being written."),
            ],
            refused: &["400", "404"],
            ..get("/search", "Searches questions, best match first. Search texts are never logged.", schema::<Hits>(g))
        },
        get("/questions/{id}", "Returns a question with its answers in Markdown.", schema::<Question>(g)),
        post(
            "/events",
            "Counts how questions were used: once per visit, and only questions of the site.",
            schema::<Event>(g),
            "202",
            None,
        ),
        get("/incidents", "Lists current incidents and maintenance.", schema::<Incidents>(g)),
        mine(
            post(
                "/incidents",
                "Reports that the requester is affected. A verified customer counts once; others count once per network and day.",
                schema::<Affected>(g),
                "202",
                Some(schema::<Incident>(g)),
            ),
            &["400", "401", "404", "415", "422"],
        ),
        mine(
            Call {
                method: "put",
                query: &[("name", "The file name.")],
                body: Some(bytes()),
                status: "201",
                answer: Some(schema::<Attachment>(g)),
                ..Call::get(
                    "/attachments/{id}",
                    "Uploads a file; its type is detected from its content. The client chooses the id, a UUID; repeating the upload returns the same result. \
                     Rejected with `too_many_uploads` (429) while others are in progress, `upload_quota` (429) if the quota of the day or of unsent \
                     files is used up, and `storage_full` (507) if the disk has no room for files.",
                )
            },
            &["400", "401", "404", "408", "413", "415", "507"],
        ),
        Call {
            query: &[("until", "When the address expires."), ("signature", "The signature of the address.")],
            refused: &["403", "404"],
            ..get("/attachments/{id}", "Downloads a file from the signed address in its message.", bytes())
        },
        Call {
            method: "post",
            body: Some(json!({"type": "object"})),
            status: "204",
            refused: &["400", "401", "404", "408", "413", "422"],
            ..Call::get(
                "/hooks/{destination}",
                "Receives webhooks of a destination, signed its own way. A mail to a reply address is sent as `to`, `authenticated` (whether DMARC passes) and \
                 `raw`, the unchanged mail in base64 or as text; or as `from`, `subject`, `text`, `html`, `message_id`, `envelope_from`, `headers` \
                 (lines, pairs, objects with `name` and `value`, or an object) and `attachments` (`name`, `content` in base64, `content_type` for the parts of a bounce). A bounce counts if it names a mail that the gateway \
                 sent or arrives at an address that the gateway made for bounces. Rejected with `too_many_messages` or `too_many_notes` (422) \
                 if the ticket has reached its limit.",
            )
        },
        Call {
            key: true,
            refused: &["400", "401", "404", "409", "410", "413", "415", "422", "507"],
            ..post(
                "/tickets",
                "Creates a ticket, once per idempotency key. Without a session or token nobody can follow it. Unverified tickets are rejected with \
                 `ticket_quota` (429) if the quota of the day of their network or the site is used up, and with `disk_full` (507). The answer is 201 \
                 if every destination has the ticket within three seconds, and 202 otherwise.",
                schema::<NewTicket>(g),
                "201",
                Some(schema::<Receipt>(g)),
            )
        },
        mine(
            Call {
                query: &[("cursor", "`next` of the previous page."), ("limit", "Page size, 1 to 100. Default: 100.")],
                ..get("/tickets", "Lists the requester's tickets, open ones first, in pages.", schema::<Summaries>(g))
            },
            &["400", "401", "404"],
        ),
        mine(
            post(
                "/tickets/alike",
                "Finds the requester's open tickets that are similar to a draft.",
                schema::<Draft>(g),
                "200",
                Some(schema::<Summaries>(g)),
            ),
            &["400", "401", "404", "415", "422"],
        ),
        mine(
            Call::get(
                "/tickets/stream",
                "Streams changes of the requester's tickets as server-sent events: `state`, and `ticket` for each changed ticket.",
            ),
            &["401", "404"],
        ),
        mine(get("/tickets/{id}", "Returns a ticket.", schema::<Summary>(g)), &["401", "404"]),
        mine(
            Call {
                method: "patch",
                body: Some(schema::<Patch>(g)),
                answer: Some(schema::<Summary>(g)),
                ..Call::get("/tickets/{id}", "Solves or reopens a ticket, or records which messages were read.")
            },
            &["400", "401", "404", "415", "422"],
        ),
        mine(
            post(
                "/tickets/{id}/confirmation",
                "Confirms the sender's address with the code that was mailed there, so that answers can be read. `wrong_code` (422) \
                 names the remaining attempts; `no_code` (409: none was mailed, or it has expired) and `too_many_attempts` (409) mean \
                 that a new code is needed.",
                schema::<ConfirmationCode>(g),
                "200",
                Some(schema::<Summary>(g)),
            ),
            &["400", "401", "404", "409", "413", "415", "422"],
        ),
        mine(
            Call {
                method: "post",
                status: "202",
                answer: Some(schema::<Summary>(g)),
                ..Call::get(
                    "/tickets/{id}/confirmation/code",
                    "Mails a new code. Rejected with `code_too_soon` (429) within a minute of the last one and `code_quota` (429) if the mails of the day \
                     are used up, both with Retry-After; `too_many_codes` (409) after five for a ticket; `address_bounced` (409) if a mail server \
                     reported that the address does not exist.",
                )
            },
            &["401", "404", "409"],
        ),
        mine(
            Call {
                query: &[
                    ("after", "A message number; only later messages are returned."),
                    ("limit", "Page size, 1 to 100. Default: 100. Long messages make a page shorter."),
                ],
                ..get("/tickets/{id}/messages", "Lists the messages of a ticket, in pages.", schema::<Messages>(g))
            },
            &["400", "401", "404"],
        ),
        mine(
            Call {
                key: true,
                ..post(
                    "/tickets/{id}/messages",
                    "Adds a reply, once per idempotency key; this reopens a solved ticket. Rejected as tickets are, and with `too_many_messages` (422) \
                     if the ticket has reached its limit.",
                    schema::<Reply>(g),
                    "201",
                    Some(schema::<Message>(g)),
                )
            },
            &["400", "401", "404", "409", "413", "415", "422", "507"],
        ),
    ]
}

fn operation(call: &Call) -> Value {
    let named = |name: &str, place: &str, says: &str| json!({"name": name, "in": place, "required": place != "query", "description": says, "schema": {"type": "string"}});
    let mut parameters = vec![named("site", "path", "The public key of the site.")];
    if call.path.contains("{id}") {
        parameters.push(named("id", "path", "The id."));
    }
    if call.path.contains("{destination}") {
        parameters.push(named("destination", "path", "The destination's name in the site configuration."));
    }
    parameters.extend(call.query.iter().map(|(name, says)| named(name, "query", says)));
    if call.key {
        let says = "1 to 255 visible ASCII characters. Repeating a key with the same body returns the same answer.";
        parameters.push(named("Idempotency-Key", "header", says));
    }
    let content = |schema: &Value| {
        let media = if *schema == bytes() { "application/octet-stream" } else { "application/json" };
        json!({media: {"schema": schema}})
    };
    let mut done = Map::from_iter([("description".to_string(), json!("Done."))]);
    if let Some(answer) = &call.answer {
        done.insert("content".into(), content(answer));
    } else if call.path.ends_with("/stream") {
        done.insert("content".into(), json!({"text/event-stream": {"schema": {"type": "string"}}}));
    }
    let mut responses = Map::from_iter([(call.status.to_string(), Value::Object(done.clone()))]);
    if call.key {
        done.insert("description".into(), json!("Stored; delivery is in progress."));
        responses.insert("202".into(), Value::Object(done));
    }
    // Whoever asks too much, and whoever asks while the gateway is busy, is told when to ask again.
    for status in call.refused.iter().chain(&["429", "503"]) {
        responses.insert(status.to_string(), json!({"$ref": "#/components/responses/Refused"}));
    }
    let mut operation = Map::from_iter([
        ("summary".to_string(), json!(call.says)),
        ("parameters".to_string(), json!(parameters)),
        ("responses".to_string(), Value::Object(responses)),
    ]);
    if let Some(body) = &call.body {
        operation.insert("requestBody".into(), json!({"required": true, "content": content(body)}));
    }
    if call.asks == Asks::Somebody {
        operation.insert("security".into(), json!([{"session": []}, {"person": []}]));
    } else if call.key {
        operation.insert("security".into(), json!([{}, {"session": []}, {"person": []}]));
    }
    operation.into()
}

/// A file, and no JSON.
fn bytes() -> Value {
    json!({"type": "string", "format": "binary"})
}

fn schema<T: JsonSchema>(generator: &mut SchemaGenerator) -> Value {
    generator.subschema_for::<T>().to_value()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::Charge;
    use axum::http::Method;
    use std::collections::BTreeSet;

    #[test]
    fn every_route_is_in_it_and_nothing_else() {
        let declared = super::super::version_1().charges;
        let operations = |(path, methods): (&str, Vec<(Method, Charge)>)| {
            let operation =
                |(method, _): (Method, Charge)| format!("{} /v1{path}", method.as_str().to_ascii_lowercase());
            methods.into_iter().map(operation).collect::<Vec<String>>()
        };
        let routes: BTreeSet<String> =
            declared.into_iter().filter(|(path, _)| *path != "/openapi.json").flat_map(operations).collect();
        let document = document();
        let paths = document["paths"].as_object().unwrap().iter();
        let documented: BTreeSet<String> = paths
            .flat_map(|(path, item)| item.as_object().unwrap().keys().map(move |method| format!("{method} {path}")))
            .filter(|operation| !operation.starts_with("parameters "))
            .collect();
        assert_eq!(documented, routes);
    }

    #[test]
    fn whatever_it_refers_to_is_in_it() {
        fn visit(value: &Value, document: &Value) {
            match value {
                Value::Object(members) => {
                    if let Some(Value::String(at)) = members.get("$ref") {
                        let pointer = at.strip_prefix('#').unwrap_or_else(|| panic!("{at}"));
                        assert!(document.pointer(pointer).is_some(), "{at}");
                    }
                    members.values().for_each(|value| visit(value, document));
                }
                Value::Array(items) => items.iter().for_each(|value| visit(value, document)),
                _ => {}
            }
        }
        let document = document();
        visit(&document, &document);
    }

    #[test]
    fn a_ticket_needs_in_it_what_the_gateway_needs() {
        let document = document();
        let ticket = &document["components"]["schemas"]["NewTicket"];
        assert_eq!(ticket["required"], json!(["kind", "severity", "message", "client"]));
        let kind = &document["components"]["schemas"]["Kind"];
        let words: BTreeSet<&str> =
            kind["oneOf"].as_array().unwrap().iter().filter_map(|word| word["const"].as_str()).collect();
        assert_eq!(words, ["bug", "feedback", "question"].into());
    }
}
