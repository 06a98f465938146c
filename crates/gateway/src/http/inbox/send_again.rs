//! `POST /inbox/deliveries`: retries dead letters; and the buttons that submit it.

use std::sync::Arc;

use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Extension, Form};
use maud::{Markup, html};
use serde::Deserialize;

use super::access::{CurrentAgent, InboxAccess};
use super::render::{Failed, message};
use super::{labels, page};
use deskbell_core::ids::{DeliveryId, Reference};
use deskbell_core::ports::{DeadLetters, Delivery};
use deskbell_core::rules::permissions::Permission;
use deskbell_core::use_cases::agents::Audited;
use deskbell_core::use_cases::delivery::ResendDeliveries;
use domain::reference;

const ADDRESS: &str = "/inbox/deliveries";

/// The form: the id of a delivery or `button_for_all`, and the ticket whose page has the button.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct ResendForm {
    id: String,
    all: String,
    ticket: String,
}

/// Handles the form, and redirects to the page with the button.
pub async fn handle(
    State(resend): State<Arc<ResendDeliveries>>,
    State(access): State<Arc<InboxAccess>>,
    Extension(agent): Extension<CurrentAgent>,
    form: Result<Form<ResendForm>, FormRejection>,
) -> Result<Response, Failed> {
    let form = form.map(|Form(form)| form).unwrap_or_default();
    let Some(letters) = dead_letters(&form) else {
        let problem = page::problem_page("The form does not say which delivery to send again.", "", ADDRESS);
        return Ok(message(StatusCode::UNPROCESSABLE_ENTITY, problem));
    };
    let sites = agent.sites(Permission::ResendDeliveries);
    match &letters {
        // Another agent may just have sent it again; and whether there is one on another site, the response does not say.
        DeadLetters::One(id) => {
            if let Some((delivery, reference)) = resend.find(*id).await?
                && sites.includes(&delivery.site)
            {
                let action = Audited::DeliveryResent(&delivery.site, &reference, delivery.destination.as_str());
                agent.record(&access.audit, action).await?;
            }
        }
        DeadLetters::To(_) | DeadLetters::All => agent.record(&access.audit, Audited::AllResent(None, "")).await?,
    }
    resend.resend(&letters, &sites, agent.name()).await?;
    let back_to = reference::parse(&form.ticket).map(|name| format!("/inbox/tickets/{name}#delivery"));
    Ok(Redirect::to(back_to.as_deref().unwrap_or(ADDRESS)).into_response())
}

/// The button for one delivery; on the page of a ticket it redirects back there.
pub fn button_for(delivery: &Delivery, reference: &Reference, on_its_page: bool) -> Markup {
    html! {
        form.again method="post" action=(ADDRESS) {
            input type="hidden" name="id" value=(delivery.id);
            @if on_its_page { input type="hidden" name="ticket" value=(reference); }
            button.button.small type="submit" {
                "Send again" span.unseen { ": " (labels::delivery_kind(delivery.kind)) ", " (reference) ", " (delivery.destination) }
            }
        }
    }
}

/// The button for all of them, which asks for confirmation: permanent failures fail again unless their cause was fixed.
pub fn button_for_all(count: u32) -> Markup {
    html! {
        details.again-all {
            summary.button { "Send all again" }
            form.card method="post" action=(ADDRESS) {
                p { "Has the cause been fixed? Items that fail again return to this list." }
                button.button.main type="submit" name="all" value="yes" { "Send all " (count) " again" }
            }
        }
    }
}

fn dead_letters(form: &ResendForm) -> Option<DeadLetters> {
    match (form.id.parse(), form.all.as_str()) {
        (Ok(id), "") => Some(DeadLetters::One(DeliveryId::new(id))),
        (Err(_), "yes") if form.id.is_empty() => Some(DeadLetters::All),
        _ => None,
    }
}
