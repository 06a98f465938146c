//! `GET /v1/sites/{site}/search`: the questions that match.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::IntoResponse;
use serde::Deserialize;

use super::super::app::App;
use super::super::problem::Refusal;
use super::super::search::LIMIT_DEFAULT;
use crate::domain::question::Hits;

/// The parameters. `lang` is allowed too, and nothing depends on it until there are questions in several languages.
#[derive(Deserialize)]
pub struct Parameters {
    #[serde(default)]
    q: String,
    limit: Option<usize>,
}

/// Answers the request.
pub async fn answer(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<impl IntoResponse, Refusal> {
    super::site(&app, &name)?;
    let Query(Parameters { q, limit }) = parameters.map_err(|error| Refusal::InvalidQuery(error.body_text()))?;
    let hits = app.indexes.search(&name, &q, limit.unwrap_or(LIMIT_DEFAULT));
    // What somebody typed is part of the address; no cache on the way needs to remember it.
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(Hits { hits })))
}
