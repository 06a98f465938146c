//! Tickets and their conversations: `GET …/tickets`, `POST …/tickets/alike`, `GET` and `PATCH …/tickets/{id}`, `GET` and `POST
//! …/tickets/{id}/messages`.

use std::sync::Arc;

use aide::transform::TransformOperation;
use axum::Json;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, header};
use axum::response::IntoResponse;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::describe::Describe;
use super::limit::check_limit;
use super::tickets;
use crate::guard::Guard;
use crate::http::body;
use crate::http::client::Client;
use crate::http::problem::Refusal;
use crate::http::requester::{self, Requesters};
use deskbell_core::ids::{SiteKey, TicketId};
use deskbell_core::ports::CustomerCursor;
use deskbell_core::use_cases::tickets::{
    AmendTicket, FindSimilar, GatherTickets, MESSAGES_MAX, PAGE_MAX, ReadTickets, ReplyToTicket, changes_status,
    listed_summary,
};
use domain::conversation::{Draft, Message, Messages, Patch, Reply, Summaries, Summary};

/// The parameters of `GET …/messages`.
#[derive(Deserialize, JsonSchema)]
pub struct MessagesQuery {
    /// A message number; only later messages are returned.
    after: Option<u32>,
    /// Page size, 1 to 100. Default: 100. Long messages make a page shorter.
    #[schemars(range(min = 1, max = MESSAGES_MAX))]
    limit: Option<u32>,
}

/// The parameters of `GET …/tickets`.
#[derive(Deserialize, JsonSchema)]
pub struct TicketsQuery {
    /// `next` of the previous page.
    cursor: Option<String>,
    /// Page size, 1 to 100. Default: 100.
    #[schemars(range(min = 1, max = PAGE_MAX))]
    limit: Option<u32>,
}

/// Describes the search for similar tickets.
pub fn alike_docs(operation: TransformOperation<'_>) -> TransformOperation<'_> {
    operation
        .summary("Finds the requester's open tickets that are similar to a draft.")
        .requires_requester()
        .json_body::<Draft>()
        .response::<200, Json<Summaries>>()
}

/// The open tickets of the requester that are similar to a draft.
pub async fn find_similar(
    State(requesters): State<Arc<Requesters>>,
    State(gather): State<Arc<GatherTickets>>,
    State(find): State<Arc<FindSimilar>>,
    Path(site): Path<SiteKey>,
    headers: HeaderMap,
    body: Body,
) -> Result<impl IntoResponse, Refusal> {
    let body = body::json(&headers, body).await;
    let site = requesters.site(&site)?;
    let requester = requesters.identify(&headers, site).await?;
    let reader = requesters.reader(&site.key, &requester).await?;
    gather.gather(site, &requester).await;
    let tickets = find.find(&site.key, reader, &body?).await?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(tickets)))
}

/// Describes the list of tickets.
pub fn list_docs(operation: TransformOperation<'_>) -> TransformOperation<'_> {
    operation
        .summary("Lists the requester's tickets, open ones first, in pages.")
        .requires_requester()
        .query::<TicketsQuery>()
        .response::<200, Json<Summaries>>()
}

/// The tickets of the requester.
pub async fn list(
    State(requesters): State<Arc<Requesters>>,
    State(gather): State<Arc<GatherTickets>>,
    State(read): State<Arc<ReadTickets>>,
    Path(site): Path<SiteKey>,
    parameters: Result<Query<TicketsQuery>, QueryRejection>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Refusal> {
    let site = requesters.site(&site)?;
    let requester = requesters.identify(&headers, site).await?;
    let Query(TicketsQuery { cursor, limit }) = parameters.map_err(|error| Refusal::InvalidQuery(error.body_text()))?;
    let reader = requesters.reader(&site.key, &requester).await?;
    gather.gather(site, &requester).await;
    let limit = check_limit(limit, PAGE_MAX, PAGE_MAX)?;
    let after = cursor.as_deref().map(read_cursor).transpose()?;
    Ok(private(read.list(&site.key, reader, after.as_ref(), limit).await?))
}

/// Describes the route of one ticket.
pub fn one_docs(operation: TransformOperation<'_>) -> TransformOperation<'_> {
    operation.summary("Returns a ticket.").requires_requester().response::<200, Json<Summary>>()
}

/// One ticket of the requester.
pub async fn one(
    State(requesters): State<Arc<Requesters>>,
    State(read): State<Arc<ReadTickets>>,
    Path((site, id)): Path<(SiteKey, TicketId)>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Refusal> {
    let requester = requesters.identify(&headers, requesters.site(&site)?).await?;
    let reader = requesters.reader(&site, &requester).await?;
    Ok(private(listed_summary(&read.one(&site, reader, &id).await?)))
}

/// Describes the list of messages.
pub fn messages_docs(operation: TransformOperation<'_>) -> TransformOperation<'_> {
    operation
        .summary("Lists the messages of a ticket, in pages.")
        .requires_requester()
        .query::<MessagesQuery>()
        .response::<200, Json<Messages>>()
}

/// The messages of a ticket.
pub async fn messages(
    State(requesters): State<Arc<Requesters>>,
    State(read): State<Arc<ReadTickets>>,
    Path((site, id)): Path<(SiteKey, TicketId)>,
    parameters: Result<Query<MessagesQuery>, QueryRejection>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Refusal> {
    let requester = requesters.identify(&headers, requesters.site(&site)?).await?;
    let Query(MessagesQuery { after, limit }) = parameters.map_err(|error| Refusal::InvalidQuery(error.body_text()))?;
    let reader = requesters.reader(&site, &requester).await?;
    let limit = check_limit(limit, MESSAGES_MAX, MESSAGES_MAX)?;
    Ok(private(read.messages(&site, reader, &id, (after, limit)).await?))
}

/// Describes the route for replies.
pub fn reply_docs(operation: TransformOperation<'_>) -> TransformOperation<'_> {
    operation
        .summary(
            "Adds a reply, once per idempotency key; this reopens a solved ticket. Rejected as tickets are, and with `too_many_messages` (422) \
             if the ticket has reached its limit.",
        )
        .requires_requester()
        .idempotency_key()
        .json_body::<Reply>()
        .response_with::<201, Json<Message>, _>(|answer| answer.description("Every destination has it."))
        .response_with::<202, Json<Message>, _>(|answer| answer.description("Stored; delivery is in progress."))
}

/// Stores a reply.
pub async fn reply(
    State(requesters): State<Arc<Requesters>>,
    State(reply): State<Arc<ReplyToTicket>>,
    Path((site, id)): Path<(SiteKey, TicketId)>,
    client: Client,
    headers: HeaderMap,
    body: Body,
) -> Result<impl IntoResponse, Refusal> {
    let body = body::json(&headers, body).await;
    let site = requesters.site(&site)?;
    let requester = requesters.identify(&headers, site).await?;
    let body = body?;
    let key = tickets::key(&headers).ok_or(Refusal::MissingKey)?;
    let reader = requesters.reader(&site.key, &requester).await?;
    let (message, delivered) = reply.reply(site, reader, &id, (key, client.address), &body).await?;
    Ok((super::accepted_status(delivered), private(message)))
}

/// Describes the route that changes a ticket.
pub fn patch_docs(operation: TransformOperation<'_>) -> TransformOperation<'_> {
    operation
        .summary("Solves or reopens a ticket, or records which messages were read.")
        .requires_requester()
        .json_body::<Patch>()
        .response::<200, Json<Summary>>()
}

/// Solves or reopens a ticket, or marks messages as read.
pub async fn patch(
    State(requesters): State<Arc<Requesters>>,
    State(guard): State<Arc<Guard>>,
    State(amend): State<Arc<AmendTicket>>,
    Path((site, id)): Path<(SiteKey, TicketId)>,
    client: Client,
    headers: HeaderMap,
    body: Body,
) -> Result<impl IntoResponse, Refusal> {
    let body = body::json(&headers, body).await;
    let requester = requesters.identify(&headers, requesters.site(&site)?).await?;
    let body = body?;
    if changes_status(&body) {
        guard.charge_change(client.address, requester::claimed(&site, &headers)).await?;
    }
    let reader = requesters.reader(&site, &requester).await?;
    Ok(private(amend.amend(&site, reader, &id, &body).await?))
}

/// The cursor of a page of tickets.
fn read_cursor(cursor: &str) -> Result<CustomerCursor, Refusal> {
    CustomerCursor::parse(cursor).ok_or_else(|| {
        Refusal::InvalidQuery("invalid cursor; use next of an earlier response, or start without a cursor".into())
    })
}

/// A response for one requester only, which must not be cached.
fn private(body: impl Serialize) -> impl IntoResponse {
    ([(header::CACHE_CONTROL, "no-store")], Json(body))
}
