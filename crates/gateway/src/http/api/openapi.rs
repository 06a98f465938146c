//! `GET /v1/openapi.json`: the description of the API (OpenAPI 3.1), generated from the declarations of its routes.

use std::sync::LazyLock;

use aide::axum::ApiRouter;
use aide::axum::routing::ApiMethodDocs;
use aide::generate::in_context;
use aide::openapi::{ApiKeyLocation, Info, License, OpenApi, Operation, ReferenceOr, SecurityScheme};
use aide::transform::{TransformOpenApi, TransformOperation};
use axum::Json;
use axum::http::{Method, header};
use axum::response::IntoResponse;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

use super::describe::{Describe, Docs, PERSON, REFUSED, SESSION, response};
use super::routes::Route;
use crate::http::VERSION_1;
use domain::problem::Problem;

/// The statuses of errors that every route has: too many requests or headers, and a gateway that fails or is busy.
const REFUSED_ANYWHERE: [u16; 4] = [429, 431, 500, 503];

/// The document, as JSON.
pub fn document() -> &'static str {
    static DOCUMENT: LazyLock<String> =
        LazyLock::new(|| serde_json::to_string(&describe(&super::version_1().routes)).unwrap_or_default());
    &DOCUMENT
}

/// Handles the request.
pub async fn answer() -> impl IntoResponse {
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "public, max-age=60")];
    (headers, document())
}

/// Describes the route.
pub fn docs(operation: TransformOperation<'_>) -> TransformOperation<'_> {
    operation
        .summary("Returns this document.")
        .response_with::<200, Json<Map<String, Value>>, _>(|answer| answer.description("The document."))
}

/// Describes routes.
fn describe(routes: &[Route]) -> OpenApi {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    // The context is thread-local; `finish_api` takes the schemas out of it.
    in_context(|context| context.schema = settings.into_generator());
    let mut router = ApiRouter::<()>::new();
    for Route { method, path, docs, .. } in routes {
        let docs = ApiMethodDocs::new(name(method), operation(path, *docs));
        router = router.api_route_docs(&format!("{VERSION_1}{path}"), docs);
    }
    let mut document = OpenApi { info: info(), ..OpenApi::default() };
    let _ = router.finish_api_with(&mut document, components);
    document
}

fn operation(path: &str, docs: Docs) -> Operation {
    let mut operation = Operation::default();
    let described = TransformOperation::new(&mut operation).path_parameters(path).with(docs);
    let described = if path.starts_with("/sites/{site}/") { described.refused(&[404]) } else { described };
    let _ = described.refused(&REFUSED_ANYWHERE);
    if let Some(responses) = &mut operation.responses {
        responses.responses.sort_unstable_keys();
    }
    operation
}

/// A method as the name of a path's member.
fn name(method: &Method) -> &'static str {
    match *method {
        Method::POST => "post",
        Method::PUT => "put",
        Method::PATCH => "patch",
        _ => "get",
    }
}

fn info() -> Info {
    Info {
        title: "Deskbell gateway API".into(),
        description: Some(
            "Errors are problem documents (RFC 9457) with a stable code. Times are RFC 3339 in UTC.".into(),
        ),
        license: Some(License { name: "MIT".into(), identifier: Some("MIT".into()), ..License::default() }),
        version: env!("CARGO_PKG_VERSION").into(),
        ..Info::default()
    }
}

fn components(document: TransformOpenApi<'_>) -> TransformOpenApi<'_> {
    let person = SecurityScheme::Http {
        scheme: "bearer".into(),
        bearer_format: Some("JWT".into()),
        description: Some(
            "Signed by the host's server (HS256 or EdDSA, aud is the site, exp within 15 minutes) or by the site's identity \
             provider. A rejected token is answered with 401 and one of these codes: token_malformed, token_unconfigured, token_key, \
             token_keys_unavailable, token_algorithm, token_signature, token_audience, token_issuer, token_expired, \
             token_not_yet_valid, token_lifetime or token_claims."
                .into(),
        ),
        extensions: Default::default(),
    };
    let session = SecurityScheme::ApiKey {
        location: ApiKeyLocation::Header,
        name: "Deskbell-Session".into(),
        description: Some(
            "128 random bits, as 32 hexadecimal digits or 22 characters of base64url. It gives access only to what it created."
                .into(),
        ),
        extensions: Default::default(),
    };
    let problem = in_context(|context| context.schema.subschema_for::<Problem>());
    let refused = response(
        "The reason, with a stable code, and the errors in the body, if any.",
        [("application/problem+json", problem)],
    );
    let mut document = document.security_scheme(PERSON, person).security_scheme(SESSION, session);
    let components = document.inner_mut().components.get_or_insert_default();
    components.responses.insert(REFUSED.into(), ReferenceOr::Item(refused));
    document
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::collections::BTreeSet;

    fn parsed_document() -> Value {
        serde_json::from_str(document()).unwrap()
    }

    #[test]
    fn every_reference_has_a_target() {
        fn visit(value: &Value, document: &Value) {
            match value {
                Value::Object(members) => {
                    if let Some(Value::String(reference)) = members.get("$ref") {
                        let pointer = reference.strip_prefix('#').unwrap_or_else(|| panic!("{reference}"));
                        assert!(document.pointer(pointer).is_some(), "{reference}");
                    }
                    members.values().for_each(|value| visit(value, document));
                }
                Value::Array(items) => items.iter().for_each(|value| visit(value, document)),
                _ => {}
            }
        }
        let document = parsed_document();
        visit(&document, &document);
    }

    #[test]
    fn required_fields_of_a_ticket_match_the_gateway() {
        let document = parsed_document();
        let ticket = &document["components"]["schemas"]["NewTicket"];
        assert_eq!(ticket["required"], json!(["kind", "severity", "message", "client"]));
        let kind = &document["components"]["schemas"]["Kind"];
        let words: BTreeSet<&str> =
            kind["oneOf"].as_array().unwrap().iter().filter_map(|word| word["const"].as_str()).collect();
        assert_eq!(words, ["bug", "feedback", "question"].into());
    }

    #[test]
    fn every_operation_has_a_summary_and_responses() {
        let document = parsed_document();
        let mut count = 0;
        for (path, methods) in document["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                count += 1;
                assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{method} {path}");
                let responses = operation["responses"].as_object().unwrap();
                assert!(responses.keys().any(|status| status.starts_with('2')), "{method} {path}");
                for (status, response) in responses {
                    let described = response["description"].as_str().is_some_and(|text| !text.is_empty());
                    assert!(described || response["$ref"].is_string(), "{method} {path} {status}");
                }
                let parameters = operation["parameters"].as_array().into_iter().flatten();
                for parameter in parameters {
                    assert!(parameter["description"].is_string(), "{method} {path} {parameter}");
                }
            }
        }
        assert_eq!(count, super::super::version_1().routes.len(), "no route replaces another");
    }
}
