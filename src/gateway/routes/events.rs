//! `POST /v1/sites/{site}/events`: what has become of questions is counted.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};

use super::super::app::App;
use super::super::problem::Refusal;
use super::super::{clock, json};
use super::body;
use crate::domain::event::{Event, What};

/// The largest body, in bytes.
const BODY_MAX: usize = 8 * 1024;

/// Answers the request.
pub async fn answer(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, Refusal> {
    let body = body::json_or_text(&headers, body).await;
    super::site(&app, &name)?;
    let body = body?;
    if body.len() > BODY_MAX {
        return Err(Refusal::TooLarge(BODY_MAX));
    }
    let event: Event = json::parse(&body)?;
    let errors = event.errors();
    if !errors.is_empty() {
        return Err(Refusal::Invalid(errors));
    }
    app.store.count(&name, &clock::week(0), &event).await?;
    if event.name == What::Sent {
        app.unanswered.keep(app.store.as_ref(), |site, visit| site == name && visit == event.visit).await?;
    }
    Ok(StatusCode::ACCEPTED)
}
