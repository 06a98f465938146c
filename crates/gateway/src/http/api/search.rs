//! `GET /v1/sites/{site}/search`: the questions that match a text.

use std::sync::Arc;

use aide::transform::TransformOperation;
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, header};
use axum::response::IntoResponse;
use schemars::JsonSchema;
use serde::Deserialize;

use super::describe::Describe;
use super::limit::check_limit;
use crate::http::client::Client;
use crate::http::problem::Refusal;
use crate::http::requester::Requesters;
use deskbell_core::ids::SiteKey;
use deskbell_core::use_cases::search::counting::Counting;
use deskbell_core::use_cases::search::{Indexes, NotReady};
use domain::event::is_visit;
use domain::question::Hits;
use domain::search_miss;
use redaction::Rules;

/// The default and the maximum number of results.
const LIMIT_DEFAULT: u32 = 5;
const LIMIT_MAX: u32 = 20;

/// The parameters. `lang` is allowed too, and nothing depends on it until there are questions in several languages.
#[derive(Deserialize, JsonSchema)]
pub struct Parameters {
    /// The search text.
    #[serde(default)]
    q: String,
    /// Maximum number of results, 1 to 20. Default: 5.
    #[schemars(range(min = 1, max = LIMIT_MAX))]
    limit: Option<u32>,
    /// The id of the draft that is being written.
    #[serde(default)]
    visit: String,
}

/// Describes the route.
pub fn docs(operation: TransformOperation<'_>) -> TransformOperation<'_> {
    operation
        .summary("Searches questions, best match first. Search texts are never logged.")
        .query::<Parameters>()
        .response::<200, Json<Hits>>()
        .refused(&[400])
}

/// Handles the request.
pub async fn answer(
    State(requesters): State<Arc<Requesters>>,
    State(indexes): State<Arc<Indexes>>,
    State(counting): State<Arc<Counting>>,
    Path(site): Path<SiteKey>,
    client: Client,
    headers: HeaderMap,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<impl IntoResponse, Refusal> {
    let site = requesters.site(&site)?;
    let Query(Parameters { q, limit, visit }) = parameters.map_err(|error| Refusal::InvalidQuery(error.body_text()))?;
    let limit = check_limit(limit, LIMIT_DEFAULT, LIMIT_MAX)?;
    let hits = indexes.search(&site.key, &q, limit as usize).await;
    let hits = hits.map_err(|NotReady| Refusal::Busy)?;
    if is_visit(&visit) {
        let redact = &site.config.redact;
        let rules = Rules {
            names: redact.names.clone(),
            ip_addresses: redact.ip_addresses,
            social_security: redact.social_security,
            own_emails: Vec::new(),
        };
        let missing = if hits.is_empty() { search_miss::normalize_query(&q, &rules) } else { None };
        let requester = requesters.counted(&client, &headers, site).await;
        counting.add_search(&site.key, &visit, &requester, missing);
    }
    // The search text is part of the URL, so no cache should store it.
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(Hits { hits })))
}
