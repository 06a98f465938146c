//! `POST /v1/sites/{site}/events`: counts the outcomes of suggested questions.

use std::sync::Arc;

use aide::transform::TransformOperation;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};

use super::describe::Describe;
use crate::http::body;
use crate::http::client::Client;
use crate::http::problem::Refusal;
use crate::http::requester::Requesters;
use deskbell_core::ids::SiteKey;
use deskbell_core::json;
use deskbell_core::use_cases::search::counting::Counting;
use domain::event::Event;

/// The largest body, in bytes.
const BODY_MAX: usize = 8 * 1024;

/// Describes the route.
pub fn docs(operation: TransformOperation<'_>) -> TransformOperation<'_> {
    operation
        .summary("Counts how questions were used: once per visit, and only questions of the site.")
        .json_body::<Event>()
        .response_with::<202, (), _>(|answer| answer.description("Accepted."))
}

/// Handles the request.
pub async fn answer(
    State(requesters): State<Arc<Requesters>>,
    State(counting): State<Arc<Counting>>,
    Path(site): Path<SiteKey>,
    client: Client,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, Refusal> {
    let body = body::json_or_text(&headers, body).await;
    let site = requesters.site(&site)?;
    let body = body?;
    if body.len() > BODY_MAX {
        return Err(Refusal::TooLarge(BODY_MAX));
    }
    let event: Event = json::parse(&body)?;
    let errors = event.errors();
    if !errors.is_empty() {
        return Err(Refusal::Invalid(errors));
    }
    let sender = requesters.counted(&client, &headers, site).await;
    counting.add_event(&site.key, event, &sender);
    Ok(StatusCode::ACCEPTED)
}
