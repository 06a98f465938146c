//! `POST …/tickets/link`: asks for a link by e-mail that shows the tickets of an anonymous sender on another device, as the form of the help page does.

use std::sync::Arc;

use aide::transform::TransformOperation;
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
use deskbell_core::use_cases::access::RequestAccessLink;
use domain::conversation::LinkRequest;
use domain::texts;

/// Describes the route.
pub fn docs(operation: TransformOperation<'_>) -> TransformOperation<'_> {
    operation
        .summary(
            "Asks for a one-time link by e-mail, which shows the tickets that anonymous senders have sent with an address. \
             The response is the same for every address. `not_found` (404) if the site mails no links, see `access_links` \
             of its configuration.",
        )
        .json_body::<LinkRequest>()
        .response_with::<202, (), _>(|answer| {
            answer.description("Accepted. A mail is sent if there are tickets, within the limits of mails.")
        })
}

/// Handles the request, whoever sends it.
pub async fn request(
    State(requesters): State<Arc<Requesters>>,
    State(request): State<Arc<RequestAccessLink>>,
    Path(site): Path<SiteKey>,
    client: Client,
    headers: HeaderMap,
    body: Body,
) -> Result<impl IntoResponse, Refusal> {
    let body = body::json(&headers, body).await;
    requesters.site(&site)?;
    let LinkRequest { email, locale } = json::parse(&body?)?;
    let language = texts::language(&locale).map_or("en", |language| language.tag);
    request.request(&site, &email, language, client.address).await?;
    Ok((StatusCode::ACCEPTED, [(header::CACHE_CONTROL, "no-store")]))
}
