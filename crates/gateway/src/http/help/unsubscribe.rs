//! Ends the mails about a ticket, by the link that each of them has. Opening the page changes nothing, because programs that scan links open it
//! before people do; its button does, and so does the request that mail programs send by themselves (RFC 8058). The link shows nothing of the
//! ticket but its reference.

use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use maud::html;

use super::HelpState;
use super::linked::Linked;
use super::page::ticket_page;
use crate::http::problem::Refusal;
use deskbell_core::ids::{SiteKey, TicketId};
use domain::texts::GatewayText;

/// The page with the button.
pub async fn show_form(
    State(help): State<HelpState>,
    Path((site, id)): Path<(SiteKey, TicketId)>,
    Query(Linked { key }): Query<Linked>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let ticket = help.unsubscribe.open(&site, &id, &key).await?;
    Ok(ticket_page(&headers, ticket.as_ref(), GatewayText::UnsubscribeNotValid, |_, texts| {
        html! {
            p { (texts.text(GatewayText::UnsubscribeAsk)) }
            // To this address, whose query has the key.
            form method="post" { button type="submit" { (texts.text(GatewayText::UnsubscribeButton)) } }
        }
    }))
}

/// Ends the mails. The body says nothing that matters.
pub async fn end(
    State(help): State<HelpState>,
    Path((site, id)): Path<(SiteKey, TicketId)>,
    Query(Linked { key }): Query<Linked>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let ticket = help.unsubscribe.end(&site, &id, &key).await?;
    Ok(ticket_page(&headers, ticket.as_ref(), GatewayText::UnsubscribeNotValid, |_, texts| {
        html! { p role="status" { (texts.text(GatewayText::Unsubscribed)) } }
    }))
}
