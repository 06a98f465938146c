//! `POST …/tickets/{id}/confirmation` and `POST …/tickets/{id}/confirmation/code`: the address of the sender is confirmed, or another code is
//! sent to it.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;

use crate::app::App;
use crate::http::client::Client;
use crate::http::problem::Refusal;
use crate::http::{body, requester};
use crate::tickets::{confirmation, conversation};

/// Takes a code.
pub async fn confirm(
    State(app): State<Arc<App>>,
    Path((name, id)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<impl IntoResponse, Refusal> {
    let body = body::json(&headers, body).await;
    let site = super::site(&app, &name)?;
    let who = requester::identify(&headers, &name, site).await?;
    let reader = conversation::reader(&app, &name, &who).await?;
    let ticket = confirmation::confirm(&app, (&name, site), reader, &id, &body?).await?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(ticket)))
}

/// Sends another.
pub async fn request(
    State(app): State<Arc<App>>,
    Path((name, id)): Path<(String, String)>,
    client: Client,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Refusal> {
    let site = super::site(&app, &name)?;
    let who = requester::identify(&headers, &name, site).await?;
    let reader = conversation::reader(&app, &name, &who).await?;
    let ticket = confirmation::request(&app, (&name, site), reader, &id, client.address).await?;
    Ok((StatusCode::ACCEPTED, [(header::CACHE_CONTROL, "no-store")], Json(ticket)))
}
