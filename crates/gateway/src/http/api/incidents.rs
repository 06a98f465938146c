//! `GET …/incidents`: what is broken now. `POST …/incidents`: somebody has this too, which is counted in a ticket's place.

use std::sync::Arc;

use aide::transform::TransformOperation;
use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;

use super::describe::Describe;
use crate::app::App;
use crate::http::client::Client;
use crate::http::problem::Refusal;
use crate::http::{body, requester};
use crate::json;
use crate::{clock, incidents};
use domain::incident::{Affected, Incident, Incidents};

/// Describes the list.
pub fn list_docs(operation: TransformOperation<'_>) -> TransformOperation<'_> {
    operation.summary("Lists current incidents and maintenance.").response::<200, Json<Incidents>>()
}

/// What is broken.
pub async fn list(State(app): State<Arc<App>>, Path(name): Path<String>) -> Result<impl IntoResponse, Refusal> {
    super::site(&app, &name)?;
    let incidents = incidents::counted(&app, &name).await?;
    Ok(([(header::CACHE_CONTROL, "public, max-age=30")], Json(Incidents { incidents })))
}

/// Describes the route that counts who is affected.
pub fn affected_docs(operation: TransformOperation<'_>) -> TransformOperation<'_> {
    operation
        .summary(
            "Reports that the requester is affected. A verified customer counts once; others count once per network and day.",
        )
        .requires_requester()
        .json_body::<Affected>()
        .response::<202, Json<Incident>>()
}

/// Somebody has it too: a person whom the host has signed counts once, and everybody else once a network and day.
pub async fn affected(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    client: Client,
    headers: HeaderMap,
    body: Body,
) -> Result<impl IntoResponse, Refusal> {
    let body = body::json(&headers, body).await;
    let site = super::site(&app, &name)?;
    let body = body?;
    requester::identify(&headers, &name, site).await?.reader().ok_or(Refusal::Unidentified)?;
    let Affected { id } = json::parse(&body)?;
    if !app.broken.at(&name).iter().any(|incident| incident.id == id) {
        return Err(Refusal::NotFound(": no such incident, or it is over".into()));
    }
    let who = requester::counted(&client, &headers, &name, site).await;
    app.store.affect(&name, &id, &app.counting.affected(&name, &who), &clock::now()).await?;
    let incident = incidents::counted(&app, &name).await?.into_iter().find(|incident| incident.id == id);
    Ok((StatusCode::ACCEPTED, [(header::CACHE_CONTROL, "no-store")], Json(incident)))
}
