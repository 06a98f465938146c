//! A receiver of webhooks that checks their signatures and their times.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use deskbell_core::clock;
use deskbell_core::ports::destination::InboundHeaders;
use standard_webhooks::{ID, Secret};
use tokio::net::TcpListener;
use tokio::time::Instant;

use super::Outcome;

const KEY: &[u8] = b"0123456789abcdef0123456789abcdef";

/// The received events.
#[derive(Debug, Default)]
pub struct Received {
    /// When each event was received, by its id.
    pub events: BTreeMap<String, Vec<Instant>>,
    /// How many were refused because of their signature or their time.
    pub refused: usize,
}

/// Shared with the receiver.
pub type Webhooks = Arc<Mutex<Received>>;

/// The secret that signs them.
pub fn secret() -> String {
    format!("whsec_{}", BASE64_STANDARD.encode(KEY))
}

/// Starts it, and returns the events with its address.
pub async fn start() -> Outcome<(Webhooks, String)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let (webhooks, address) = (Webhooks::default(), format!("http://{}/", listener.local_addr()?));
    let (received, secret) = (webhooks.clone(), Secret::read(&secret())?);
    let router = Router::new().fallback(async move |headers: HeaderMap, body: Bytes| {
        let headers: InboundHeaders =
            headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap_or_default())).collect();
        let mut received = received.lock().unwrap_or_else(PoisonError::into_inner);
        match headers.get(ID).filter(|_| secret.is_signed(&headers, &body, clock::now())) {
            Some(id) => {
                received.events.entry(id.into()).or_default().push(Instant::now());
                StatusCode::NO_CONTENT
            }
            None => {
                received.refused += 1;
                StatusCode::UNAUTHORIZED
            }
        }
    });
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok((webhooks, address))
}
