//! Middleware that identifies clients, charges requests and rejects those above a limit.

use deskbell_core::ids::SiteKey;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, MatchedPath, RawPathParams, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::api::hooks::SignedEvent;
use super::api::routes::Route;
use super::client::{self, Client};
use super::edge::Edge;
use super::requester;
use crate::guard::{Charge, Guard};
use crate::http::problem::Refusal;

/// The charge of each route of the API, by path and method.
pub type Charges = BTreeMap<&'static str, Vec<(Method, Charge)>>;

/// The charges of these routes.
pub fn charges(routes: &[Route]) -> Charges {
    let mut charges = Charges::new();
    for route in routes {
        charges.entry(route.path).or_default().push((route.method.clone(), route.charge));
    }
    charges
}

/// Determines the client of a request.
pub async fn identify(State(edge): State<Edge>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
    let proxies = &edge.proxies;
    // Health probes come from inside the network, bypassing the proxy.
    if !super::operations::PROBES.contains(&request.uri().path()) {
        edge.proxy_watch.note(proxies, peer, client::is_forwarded(request.headers()));
    }
    let client = Client::behind_proxies(proxies, peer, request.headers());
    request.extensions_mut().insert(client);
    next.run(request).await
}

/// Charges a request of the API and admits it if it is within the limits. An unknown route is charged as a read.
pub async fn enforce(
    State((guard, api)): State<(Arc<Guard>, Arc<Charges>)>,
    path: RawPathParams,
    client: Client,
    mut request: Request,
    next: Next,
) -> Response {
    let charge = declared(&api, &request).unwrap_or(Charge::Read);
    let site = path.iter().find_map(|(name, value)| (name == "site").then_some(value)).unwrap_or_default();
    let claimed = requester::claimed(&SiteKey::new(site), request.headers());
    if let Err(wait) = guard.admit(charge, client.address, claimed).await {
        return Refusal::from(wait).into_response();
    }
    // The time limit depends on it.
    request.extensions_mut().insert(charge);
    let response = next.run(request).await;
    let is_signed = response.extensions().get::<SignedEvent>().is_some();
    if charge == Charge::Hook && !is_signed && response.status().is_client_error() {
        guard.charge_failure(client.address);
    }
    response
}

/// Charges and admits a request outside of the API.
pub async fn hold_other(
    State((guard, charge)): State<(Arc<Guard>, Charge)>,
    client: Client,
    request: Request,
    next: Next,
) -> Response {
    match guard.admit(charge, client.address, None).await {
        Ok(()) => next.run(request).await,
        Err(wait) => Refusal::from(wait).into_response(),
    }
}

fn declared(api: &Charges, request: &Request) -> Option<Charge> {
    let path = request.extensions().get::<MatchedPath>()?.as_str();
    let methods = api.get(path.strip_prefix(super::VERSION_1).unwrap_or(path))?;
    let method = if *request.method() == Method::HEAD { &Method::GET } else { request.method() };
    methods.iter().find_map(|(declared_method, charge)| (declared_method == method).then_some(*charge))
}
