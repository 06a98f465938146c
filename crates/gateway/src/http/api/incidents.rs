//! `GET …/incidents`: the current incidents. `POST …/incidents`: a customer reports to be affected, which is counted instead of a ticket.

use std::sync::Arc;

use aide::transform::TransformOperation;
use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;

use super::describe::Describe;
use crate::http::body;
use crate::http::client::Client;
use crate::http::problem::Refusal;
use crate::http::requester::Requesters;
use deskbell_core::ids::SiteKey;
use deskbell_core::json;
use deskbell_core::use_cases::incidents::CurrentIncidents;
use domain::incident::{Affected, Incident, Incidents};

/// Describes the list.
pub fn list_docs(operation: TransformOperation<'_>) -> TransformOperation<'_> {
    operation.summary("Lists current incidents and maintenance.").response::<200, Json<Incidents>>()
}

/// The current incidents.
pub async fn list(
    State(requesters): State<Arc<Requesters>>,
    State(incidents): State<Arc<CurrentIncidents>>,
    Path(site): Path<SiteKey>,
) -> Result<impl IntoResponse, Refusal> {
    requesters.site(&site)?;
    let incidents = incidents.list(&site).await?;
    Ok(([(header::CACHE_CONTROL, "public, max-age=30")], Json(Incidents { incidents })))
}

/// Describes the route for reports.
pub fn affected_docs(operation: TransformOperation<'_>) -> TransformOperation<'_> {
    operation
        .summary(
            "Reports that the requester is affected. A verified customer is counted once; others are counted once per \
             network and day.",
        )
        .requires_requester()
        .json_body::<Affected>()
        .response::<202, Json<Incident>>()
}

/// Counts a report: a verified customer counts once, everybody else once per network and day.
pub async fn affected(
    State(requesters): State<Arc<Requesters>>,
    State(incidents): State<Arc<CurrentIncidents>>,
    Path(site): Path<SiteKey>,
    client: Client,
    headers: HeaderMap,
    body: Body,
) -> Result<impl IntoResponse, Refusal> {
    let body = body::json(&headers, body).await;
    let site = requesters.site(&site)?;
    let body = body?;
    requesters.identify(&headers, site).await?.reader().ok_or(Refusal::Unidentified)?;
    let Affected { id } = json::parse(&body)?;
    let requester = requesters.counted(&client, &headers, site).await;
    let incident = incidents.report(&site.key, &id, &requester).await?;
    Ok((StatusCode::ACCEPTED, [(header::CACHE_CONTROL, "no-store")], Json(incident)))
}
