//! `POST /v1/sites/{site}/tickets`: submits a ticket.

use std::sync::Arc;

use aide::transform::TransformOperation;
use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::IntoResponse;

use super::describe::{Describe, PERSON, SESSION};
use crate::http::body;
use crate::http::client::Client;
use crate::http::problem::Refusal;
use crate::http::requester::Requesters;
use deskbell_core::ids::{IdempotencyKey, SiteKey};
use deskbell_core::use_cases::tickets::TakeTicket;
use domain::ticket::{NewTicket, Receipt};

/// The header with the idempotency key of a submission.
pub const KEY_HEADER: &str = "idempotency-key";
const KEY_MAX: usize = 255;

/// Describes the route.
pub fn docs(operation: TransformOperation<'_>) -> TransformOperation<'_> {
    operation
        .summary(
            "Creates a ticket, once per idempotency key. Without a session or token nobody can follow it. Unverified \
             tickets are rejected with `ticket_quota` (429) if the daily quota of their network or of the site is \
             exceeded, and with `disk_full` (507). The gateway answers 201 if every destination has the ticket within \
             three seconds, and 202 otherwise.",
        )
        .accepts(&[SESSION, PERSON])
        .idempotency_key()
        .json_body::<NewTicket>()
        .response_with::<201, Json<Receipt>, _>(|answer| answer.description("Every destination has it."))
        .response_with::<202, Json<Receipt>, _>(|answer| answer.description("Stored; delivery is in progress."))
        .refused(&[410])
}

/// Handles the request.
pub async fn answer(
    State(requesters): State<Arc<Requesters>>,
    State(take): State<Arc<TakeTicket>>,
    Path(site): Path<SiteKey>,
    client: Client,
    headers: HeaderMap,
    body: Body,
) -> Result<impl IntoResponse, Refusal> {
    // Read first, because a client that is still sending may not read a response that comes before.
    let body = body::json(&headers, body).await;
    let site = requesters.site(&site)?;
    let body = body?;
    let key = key(&headers).ok_or(Refusal::MissingKey)?;
    let requester = requesters.identify(&headers, site).await?;
    let (receipt, delivered) = take.take(site, key, requester, client.address, &body).await?;
    let location = format!("/v1/sites/{}/tickets/{}", site.key, receipt.id);
    Ok((
        super::accepted_status(delivered),
        [(header::LOCATION, location), (header::CACHE_CONTROL, "no-store".into())],
        Json(receipt),
    ))
}

/// The idempotency key of a request, as a structured-field string (RFC 9651) or plain.
pub fn key(headers: &HeaderMap) -> Option<IdempotencyKey> {
    let value = headers.get(KEY_HEADER)?.to_str().ok()?.trim();
    let key = match value.strip_prefix('"') {
        Some(rest) => rest.strip_suffix('"')?,
        None => value,
    };
    let visible = key.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"');
    (visible && (1..=KEY_MAX).contains(&key.len())).then(|| IdempotencyKey::new(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &str) -> Option<IdempotencyKey> {
        let mut headers = HeaderMap::new();
        headers.insert(KEY_HEADER, value.parse().unwrap());
        key(&headers)
    }

    #[test]
    fn keys_are_equal_with_and_without_quotes() {
        assert_eq!(read("\"8e03978e\""), Some("8e03978e".into()));
        assert_eq!(read("8e03978e"), Some("8e03978e".into()));
        assert_eq!(read(&"k".repeat(255)).map(|key| key.as_str().len()), Some(255));
        for invalid in ["", "\"\"", "a b", "\"a", "a\"", &"k".repeat(256)] {
            assert_eq!(read(invalid), None, "{invalid}");
        }
        assert_eq!(key(&HeaderMap::new()), None);
    }
}
