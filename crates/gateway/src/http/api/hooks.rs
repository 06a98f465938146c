//! `POST …/hooks/{destination}`: what a destination tells by itself.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::clock;
use crate::delivery::follow::Stored;
use crate::delivery::{Destination, Heard, NotHeard, inbound, reading, returned};
use crate::guard::{Client, HookSender};
use crate::http::body;
use crate::http::problem::Refusal;
use crate::network::customer_network;
use domain::problem::FieldError;

/// How long it is remembered what was told: longer than its signature is good for, whichever clock is ahead.
const REMEMBERED: Duration = Duration::from_secs(20 * 60);

/// Marks the answer to a hook that was signed: what is wrong with it says nothing about its sender.
#[derive(Clone, Copy)]
pub struct Signed;

/// Takes it in, before it is answered.
pub async fn answer(
    State(app): State<Arc<App>>,
    Path((name, destination)): Path<(String, String)>,
    client: Client,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let to = app.site(&name).and_then(|site| site.destinations.get(&destination));
    let network = client.address.map(customer_network);
    let sender = HookSender { site: name.clone(), destination: destination.clone(), network };
    let body = read(&app, to.map(|to| to.as_ref()), &sender, client.address, &headers, body).await;
    super::site(&app, &name)?;
    let to = to.ok_or_else(|| Refusal::NotFound(": no destination".into()))?;
    let (body, reader) = (body?, to.clone());
    let result = match to.hook_bytes_max() > body::BODY_MAX {
        true => reading::blocking(move || reader.hear(&headers, &body)).await?,
        false => to.hear(&headers, &body),
    };
    let result = result.map_err(|reason| {
        tracing::warn!(site = name, destination, %reason, "webhook rejected");
        match reason {
            NotHeard::NoHook => Refusal::NotFound(format!(": {reason}")),
            NotHeard::Unsigned => Refusal::Unsigned,
            NotHeard::Unreadable(what) => {
                Refusal::InvalidJson(FieldError { pointer: String::new(), detail: what.into() })
            }
        }
    })?;
    if to.hook_bytes_max() > body::BODY_MAX {
        app.guard.large_bodies.remember(sender);
    }
    let mut response = take_in(&app, &name, &destination, result).await.into_response();
    response.extensions_mut().insert(Signed);
    Ok(response)
}

/// Takes in what somebody has signed.
async fn take_in(app: &App, name: &str, destination: &str, result: Heard) -> Result<StatusCode, Refusal> {
    match result {
        Heard::Changed { remote, updated_at, invocation } => {
            let now = clock::timestamp();
            let forget = clock::written(now.checked_sub(REMEMBERED).unwrap_or(now));
            let queue = (name, destination);
            let updated_at = updated_at.map(clock::written);
            let changed = (remote.as_str(), updated_at.as_deref());
            if app.store.told(queue, &invocation, changed, &clock::written(now), &forget).await?
                && let Some(line) = app.lines.line(name, destination)
            {
                line.look();
            }
        }
        Heard::Mail { ticket, mail } => {
            let ticket = app.store.ticket(&ticket).await?.filter(|ticket| ticket.site == name);
            let ticket = ticket.ok_or_else(|| Refusal::NotFound(": no ticket".into()))?;
            if let Some(line) = app.lines.line(name, destination) {
                line.count_mail(mail.authenticated.is_some());
            }
            if let Stored::Refused(limit) = inbound::take_in(app, &ticket, destination, mail).await? {
                return Err(limit.into());
            }
        }
        Heard::Returned(returned) => returned::take_in(app, (name, destination), &returned).await?,
        Heard::Nothing("") => {}
        Heard::Nothing(reason) => tracing::warn!(site = name, destination, reason, "webhook ignored"),
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Reads the body. A larger one than usual lies in memory before anybody knows whose it is: its headers have to carry a signature, and only a
/// few are read at a time.
async fn read(
    app: &App,
    to: Option<&dyn Destination>,
    sender: &HookSender,
    address: Option<IpAddr>,
    headers: &HeaderMap,
    body: Body,
) -> Result<Vec<u8>, Refusal> {
    let large = to.filter(|to| to.hook_bytes_max() > body::BODY_MAX && body::is_large(&body));
    let Some(to) = large else { return body::read_body(body, body::BODY_MAX).await };
    if !to.may_be_signed(headers) {
        body::drain(body, body::BODY_MAX).await;
        return Err(Refusal::Unsigned);
    }
    let Some(_permit) = app.guard.large_bodies.acquire(sender) else {
        // Who has signed one before only comes too early.
        if !app.guard.large_bodies.knows(sender) {
            app.guard.charge_failure(address);
        }
        body::drain(body, body::BODY_MAX).await;
        return Err(Refusal::Busy);
    };
    body::read_large(body, to.hook_bytes_max()).await
}
