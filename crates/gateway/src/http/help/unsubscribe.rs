//! Ends the mails about a ticket, by the link that each of them has. Opening the page changes nothing, because programs that scan links open it
//! before people do; its button does, and so does the request that mail programs send by themselves (RFC 8058). The link shows nothing of the
//! ticket but its reference.

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use maud::html;

use super::HelpState;
use super::linked::{Linked, answer, language, not_valid, tag};
use crate::http::problem::Refusal;
use deskbell_core::ids::{SiteKey, TicketId};
use domain::texts::{self, GatewayText, fill};

/// The page with the button.
pub async fn show_form(
    State(help): State<HelpState>,
    Path((site, id)): Path<(SiteKey, TicketId)>,
    Query(Linked { key }): Query<Linked>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let ticket = help.unsubscribe.open(&site, &id, &key).await?;
    let language = language(&headers, ticket.as_ref());
    let Some(ticket) = ticket else { return Ok(not_valid(language, GatewayText::UnsubscribeNotValid)) };
    let t = |text| texts::text_in(tag(language), text);
    let reference = ticket.reference.as_str();
    let content = html! {
        h1 { (fill(&t(GatewayText::LinkTitle), "{reference}", reference)) }
        p { (t(GatewayText::UnsubscribeAsk)) }
        // To this address, whose query has the key.
        form method="post" { button type="submit" { (t(GatewayText::UnsubscribeButton)) } }
    };
    Ok(answer(StatusCode::OK, language, reference, &content))
}

/// Ends the mails. The body says nothing that matters.
pub async fn end(
    State(help): State<HelpState>,
    Path((site, id)): Path<(SiteKey, TicketId)>,
    Query(Linked { key }): Query<Linked>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let ticket = help.unsubscribe.end(&site, &id, &key).await?;
    let language = language(&headers, ticket.as_ref());
    let Some(ticket) = ticket else { return Ok(not_valid(language, GatewayText::UnsubscribeNotValid)) };
    let t = |text| texts::text_in(tag(language), text);
    let reference = ticket.reference.as_str();
    let content = html! {
        h1 { (fill(&t(GatewayText::LinkTitle), "{reference}", reference)) }
        p role="status" { (t(GatewayText::Unsubscribed)) }
    };
    Ok(answer(StatusCode::OK, language, reference, &content))
}
