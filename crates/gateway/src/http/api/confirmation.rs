//! `POST …/tickets/{id}/confirmation` and `POST …/tickets/{id}/confirmation/code`: confirms the address of the sender, or sends another code to
//! it.

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
use deskbell_core::ids::{SiteKey, TicketId};
use deskbell_core::use_cases::tickets::{ConfirmAddress, RequestCode};
use domain::conversation::{ConfirmationCode, Summary};

/// Describes the confirmation by a code.
pub fn confirm_docs(operation: TransformOperation<'_>) -> TransformOperation<'_> {
    operation
        .summary(
            "Confirms the sender's address with the code that was mailed to it, so that replies can be read. \
             `wrong_code` (422) gives the remaining attempts; `no_code` (409: none was mailed, or it has expired) and \
             `too_many_attempts` (409) mean that a new code is needed.",
        )
        .requires_requester()
        .json_body::<ConfirmationCode>()
        .response::<200, Json<Summary>>()
        .refused(&[409])
}

/// Confirms an address by a code.
pub async fn confirm(
    State(requesters): State<Arc<Requesters>>,
    State(confirm): State<Arc<ConfirmAddress>>,
    Path((site, id)): Path<(SiteKey, TicketId)>,
    headers: HeaderMap,
    body: Body,
) -> Result<impl IntoResponse, Refusal> {
    let body = body::json(&headers, body).await;
    let requester = requesters.identify(&headers, requesters.site(&site)?).await?;
    let reader = requesters.reader(&site, &requester).await?;
    let ticket = confirm.confirm(&site, reader, &id, &body?).await?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(ticket)))
}

/// Describes the request of another code.
pub fn request_docs(operation: TransformOperation<'_>) -> TransformOperation<'_> {
    operation
        .summary(
            "Mails a new code. Rejected with `code_too_soon` (429) within a minute of the last one and `code_quota` \
             (429) if the daily limit of mails is reached, both with Retry-After; `too_many_codes` (409) after five \
             for a ticket; `address_bounced` (409) if a mail server reported that the address does not exist.",
        )
        .requires_requester()
        .response::<202, Json<Summary>>()
        .refused(&[409])
}

/// Sends another code.
pub async fn request(
    State(requesters): State<Arc<Requesters>>,
    State(request): State<Arc<RequestCode>>,
    Path((site, id)): Path<(SiteKey, TicketId)>,
    client: Client,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Refusal> {
    let requester = requesters.identify(&headers, requesters.site(&site)?).await?;
    let reader = requesters.reader(&site, &requester).await?;
    let ticket = request.request(&site, reader, &id, client.address).await?;
    Ok((StatusCode::ACCEPTED, [(header::CACHE_CONTROL, "no-store")], Json(ticket)))
}
