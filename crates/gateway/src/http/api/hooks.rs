//! `POST …/hooks/{destination}`: what a destination tells by itself.

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::body_limits::BODY_MAX;
use crate::delivery::{Destination, HookHeaders, hook, reading};
use crate::guard::HookSender;
use crate::http::body;
use crate::http::client::Client;
use crate::http::problem::Refusal;
use crate::network::customer_network;

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
    let headers = hook_headers(&headers);
    let body = read(&app, to.map(|to| to.as_ref()), &sender, client.address, &headers, body).await;
    super::site(&app, &name)?;
    let to = to.ok_or_else(|| Refusal::NotFound(": no destination".into()))?;
    let (body, reader) = (body?, to.clone());
    let result = match to.hook_bytes_max() > BODY_MAX {
        true => reading::blocking(move || reader.hear(&headers, &body)).await?,
        false => to.hear(&headers, &body),
    };
    let result = result.map_err(|reason| {
        tracing::warn!(site = name, destination, %reason, "webhook rejected");
        Refusal::from(reason)
    })?;
    if to.hook_bytes_max() > BODY_MAX {
        app.guard.large_bodies.remember(sender);
    }
    let taken_in = hook::take_in(&app, (&name, &destination), result).await;
    let mut response = taken_in.map(|()| StatusCode::NO_CONTENT).map_err(Refusal::from).into_response();
    response.extensions_mut().insert(Signed);
    Ok(response)
}

/// The headers of a request, as destinations read them.
fn hook_headers(headers: &HeaderMap) -> HookHeaders {
    headers.keys().filter_map(|name| Some((name.as_str(), headers.get(name)?.to_str().ok()?))).collect()
}

/// Reads the body. A larger one than usual lies in memory before anybody knows whose it is: its headers have to carry a signature, and only a
/// few are read at a time.
async fn read(
    app: &App,
    to: Option<&dyn Destination>,
    sender: &HookSender,
    address: Option<IpAddr>,
    headers: &HookHeaders,
    body: Body,
) -> Result<Vec<u8>, Refusal> {
    let large = to.filter(|to| to.hook_bytes_max() > BODY_MAX && body::is_large(&body));
    let Some(to) = large else { return body::read_body(body, BODY_MAX).await };
    if !to.may_be_signed(headers) {
        body::drain(body, BODY_MAX).await;
        return Err(Refusal::Unsigned);
    }
    let Some(_permit) = app.guard.large_bodies.acquire(sender) else {
        // Who has signed one before only comes too early.
        if !app.guard.large_bodies.knows(sender) {
            app.guard.charge_failure(address);
        }
        body::drain(body, BODY_MAX).await;
        return Err(Refusal::Busy);
    };
    body::read_large(body, to.hook_bytes_max()).await
}
