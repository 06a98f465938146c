//! Shows a ticket to whoever follows the link of a mail, and so reads the mail of its address. Opening the page changes and shows nothing,
//! because programs that scan links open it before people do; the button shows the ticket. It confirms no address: whoever presses the button
//! may not be the sender of the ticket.

use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use maud::html;
use serde::Deserialize;

use super::HelpState;
use super::page::ticket_page;
use crate::body_limits::BODY_MAX;
use crate::http::body::read_body;
use crate::http::problem::Refusal;
use deskbell_core::ids::{SiteKey, TicketId};
use domain::texts::GatewayText;

/// The parameters of the link.
#[derive(Default, Deserialize)]
pub struct Linked {
    #[serde(default)]
    /// What shows that the gateway made it.
    pub key: String,
}

/// The page with the button.
pub async fn show_form(
    State(help): State<HelpState>,
    Path((site, id)): Path<(SiteKey, TicketId)>,
    Query(Linked { key }): Query<Linked>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let ticket = help.open_link.open(&site, &id, &key).await?;
    Ok(ticket_page(&headers, ticket.as_ref(), GatewayText::LinkNotValid, |_, texts| {
        html! {
            p { (texts.text(GatewayText::LinkAsk)) }
            form method="post" action={ "/help/" (site) "/tickets/" (id) } {
                input type="hidden" name="key" value=(key);
                button type="submit" { (texts.text(GatewayText::LinkOpen)) }
            }
        }
    }))
}

/// The ticket.
pub async fn show_ticket(
    State(help): State<HelpState>,
    Path((site, id)): Path<(SiteKey, TicketId)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let form = form_fields(body).await?;
    let ticket = help.open_link.open(&site, &id, field_value(&form, "key")).await?;
    let messages = match &ticket {
        Some(ticket) => help.read_tickets.all(ticket).await?,
        None => Vec::new(),
    };
    Ok(ticket_page(&headers, ticket.as_ref(), GatewayText::LinkNotValid, |_, texts| {
        html! {
            @for message in &messages { (texts.message(message)) }
            p { (texts.text(GatewayText::LinkReadOnly)) }
        }
    }))
}

/// The fields of a form, in order.
pub async fn form_fields(body: Body) -> Result<Vec<(String, String)>, Refusal> {
    let body = read_body(body, BODY_MAX).await?;
    Ok(form_urlencoded::parse(&body).into_owned().collect())
}

/// The first field with a name; empty if there is none.
pub fn field_value<'a>(form: &'a [(String, String)], name: &str) -> &'a str {
    form.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value)
}
