//! Authenticates the gateway: with a token from OAuth client credentials (RFC 6749, 4.4), renewed when it expires, or with the API token of an account
//! that still has one.

use std::fmt;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use reqwest::header::HeaderValue;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::Mutex;

use crate::client::{Body, Client, Request};
use crate::pace::Priority;
use deskbell_core::ports::destination::Failure;

/// The requested scope. The narrower scopes (`tickets:read` …) do not cover fields, forms, groups and brands, and the documentation names none
/// for files; the permissions of the agent that the client acts as are a limit all the same.
const SCOPE: &str = "read write";
/// The requested lifetime of a token, in seconds. Zendesk allows 300 to 172,800.
const LIFE: u64 = 7_200;
/// How long before its expiry a token is not used any more.
const MARGIN: Duration = Duration::from_secs(60);

/// The gateway's credentials.
pub enum Login {
    /// OAuth client credentials.
    OAuth {
        /// The identifier of the client.
        client_id: String,
        /// Its secret.
        secret: String,
        /// The current token.
        token: Mutex<Option<Token>>,
    },
    /// An API token, for accounts that still have one.
    ApiToken {
        /// The agent's address.
        email: String,
        /// The token.
        token: String,
    },
}

/// An OAuth token.
pub struct Token {
    value: HeaderValue,
    expires_at: Instant,
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    expires_in: Option<u64>,
}

impl Login {
    /// OAuth client credentials.
    pub fn oauth(client_id: &str, secret: &str) -> Login {
        Login::OAuth { client_id: client_id.into(), secret: secret.into(), token: Mutex::new(None) }
    }

    /// The value of `Authorization`. One request fetches a token, the others wait for it.
    pub async fn header(&self, client: &Client) -> Result<HeaderValue, Failure> {
        let (client_id, secret, cached) = match self {
            Login::ApiToken { email, token } => {
                let user_and_token = BASE64_STANDARD.encode(format!("{email}/token:{token}"));
                return secret_header(&format!("Basic {user_and_token}"));
            }
            Login::OAuth { client_id, secret, token } => (client_id, secret, token),
        };
        let mut cached = cached.lock().await;
        if let Some(token) = cached.as_ref().filter(|token| token.expires_at > Instant::now()) {
            return Ok(token.value.clone());
        }
        let grant = json!({
            "grant_type": "client_credentials", "client_id": client_id, "client_secret": secret,
            "scope": SCOPE, "expires_in": LIFE,
        });
        // Every request waits for it.
        let client = client.with_priority(Priority::Delivery);
        let answer =
            client.send_once(&Request { body: Body::Json(&grant), ..Request::post("/oauth/tokens") }, None).await?;
        if !answer.status.is_success() {
            let message = answer.message();
            return Err(Failure::away(format!(
                "Zendesk issued no token for the client {client_id:?}: {message}. Correct the configuration and \
                 restart the gateway"
            )));
        }
        let granted: Granted = serde_json::from_value(answer.body)
            .map_err(|_| Failure::away("Zendesk did not return a token; is url the address of the account?"))?;
        let life = Duration::from_secs(granted.expires_in.unwrap_or(LIFE));
        let value = secret_header(&format!("Bearer {}", granted.access_token))?;
        let expires_at = Instant::now() + life.saturating_sub(MARGIN);
        *cached = Some(Token { value: value.clone(), expires_at });
        Ok(value)
    }

    /// Forgets a token that was rejected. Returns whether there may be another.
    pub async fn forget(&self, refused: &HeaderValue) -> bool {
        let Login::OAuth { token, .. } = self else { return false };
        let mut cached = token.lock().await;
        if cached.as_ref().is_some_and(|cached| cached.value == *refused) {
            *cached = None;
        }
        true
    }
}

impl fmt::Debug for Login {
    /// Without secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Login::OAuth { client_id, .. } => write!(f, "OAuth({client_id})"),
            Login::ApiToken { email, .. } => write!(f, "ApiToken({email})"),
        }
    }
}

fn secret_header(text: &str) -> Result<HeaderValue, Failure> {
    let mut value = HeaderValue::from_str(text)
        .map_err(|_| Failure::away("the secret contains characters that are not allowed in a Zendesk secret"))?;
    value.set_sensitive(true);
    Ok(value)
}
