//! `POST …/hooks/{destination}`: inbound events of destinations.

use std::net::IpAddr;
use std::sync::Arc;

use aide::transform::TransformOperation;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};

use super::describe::Describe;
use crate::body_limits::BODY_MAX;
use crate::guard::{Guard, HookSender};
use crate::http::body;
use crate::http::client::Client;
use crate::http::problem::Refusal;
use crate::http::requester::Requesters;
use deskbell_core::ids::{DestinationName, QueueName, SiteKey};
use deskbell_core::ports::destination::{Destination, InboundHeaders};
use deskbell_core::rules::networks::customer_network;
use deskbell_core::timestamp::Timestamp;
use deskbell_core::use_cases::delivery::blocking;
use deskbell_core::use_cases::inbound::TakeInboundEvent;

/// Marks the response to a signed event: its errors do not count against its sender.
#[derive(Clone, Copy)]
pub struct SignedEvent;

/// Describes the route.
pub fn docs(operation: TransformOperation<'_>) -> TransformOperation<'_> {
    operation
        .summary(
            "Receives webhooks of a destination, signed its own way. A mail to a reply address or a support address is sent as `to`, `authenticated` (whether DMARC passes) and \
             `raw`, the unchanged mail in base64 or as text; or as `from`, `subject`, `text`, `html`, `message_id`, `envelope_from`, `headers` \
             (lines, pairs, objects with `name` and `value`, or an object) and `attachments` (`name`, `content` in base64, `content_type` for the parts of a bounce). A bounce counts if it names a mail that the gateway \
             sent or arrives at an address that the gateway made for bounces. Rejected with `too_many_messages` or `too_many_notes` (422) \
             if the ticket has reached its limit.",
        )
        .untyped_json_body::<Map<String, Value>>()
        .response_with::<204, (), _>(|answer| answer.description("Accepted."))
        .refused(&[401])
}

/// Handles an event completely before answering.
pub async fn answer(
    State(requesters): State<Arc<Requesters>>,
    State(guard): State<Arc<Guard>>,
    State(events): State<Arc<TakeInboundEvent>>,
    Path((site, destination)): Path<(SiteKey, DestinationName)>,
    client: Client,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let to = events.destination(&site, &destination);
    let network = client.address.map(customer_network);
    let sender = HookSender { site: site.clone(), destination: destination.clone(), network };
    let headers = inbound_headers(&headers);
    let large =
        to.and_then(|to| Some(LargeHook { to: to.as_ref(), bytes_max: to.hook_bytes_max()?, now: requesters.now() }));
    let body = read(&guard, large, &sender, client.address, &headers, body).await;
    requesters.site(&site)?;
    let to = to.ok_or_else(|| Refusal::NotFound("; the site has no such destination".into()))?;
    let (body, reader, now) = (body?, to.clone(), requesters.now());
    let is_large = to.hook_bytes_max().is_some();
    let result = match is_large {
        true => blocking(move || reader.read_event(&headers, &body, now)).await?,
        false => to.read_event(&headers, &body, now),
    };
    let result = result.map_err(|reason| {
        tracing::warn!(site = site.as_str(), destination = destination.as_str(), %reason, "webhook rejected");
        Refusal::from(reason)
    })?;
    if is_large {
        guard.large_bodies.remember(sender);
    }
    let taken_in = events.take(&QueueName { site, destination }, result).await;
    let mut response = taken_in.map(|()| StatusCode::NO_CONTENT).map_err(Refusal::from).into_response();
    response.extensions_mut().insert(SignedEvent);
    Ok(response)
}

/// The headers of a request, in the form that destinations read.
fn inbound_headers(headers: &HeaderMap) -> InboundHeaders {
    headers.keys().filter_map(|name| Some((name.as_str(), headers.get(name)?.to_str().ok()?))).collect()
}

/// A destination whose events may be larger than usual.
struct LargeHook<'a> {
    to: &'a dyn Destination,
    bytes_max: usize,
    /// When the event arrives.
    now: Timestamp,
}

/// Reads the body. A body that is larger than usual is in memory before its sender is known: it requires a signature header, and only a few are
/// read at a time.
async fn read(
    guard: &Guard,
    large: Option<LargeHook<'_>>,
    sender: &HookSender,
    address: Option<IpAddr>,
    headers: &InboundHeaders,
    body: Body,
) -> Result<Vec<u8>, Refusal> {
    let Some(LargeHook { to, bytes_max, now }) = large.filter(|_| body::is_large(&body)) else {
        return body::read_body(body, BODY_MAX).await;
    };
    if !to.may_be_signed(headers, now) {
        body::drain(body, BODY_MAX).await;
        return Err(Refusal::Unsigned);
    }
    let Some(_permit) = guard.large_bodies.acquire(sender) else {
        // A sender of an earlier signed body only has to wait.
        if !guard.large_bodies.knows(sender) {
            guard.charge_failure(address);
        }
        body::drain(body, BODY_MAX).await;
        return Err(Refusal::Busy);
    };
    body::read_large(body, bytes_max).await
}
