//! OAuth tokens for mail servers (XOAUTH2): requested from a token endpoint with client credentials or a refresh token (RFC 6749, 4.4 and 6), kept
//! until shortly before they expire, and requested again when a server rejects one.

use std::time::{Duration, Instant};

use reqwest::Client;
use reqwest::redirect::Policy;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Mutex;
use url::Url;

use crate::send_error::cause;
use outbound_http::{USER_AGENT, install_crypto};

/// The timeout of a request to the endpoint.
const PATIENCE: Duration = Duration::from_secs(30);
/// The largest response, in bytes.
const ANSWER_MAX: usize = 64 << 10;
/// How long before its expiry a token is not used any more; longer than sending a message takes.
const MARGIN: Duration = Duration::from_secs(5 * 60);
/// The assumed lifetime of a token if the endpoint does not say.
const LIFE: u64 = 30 * 60;

/// How tokens are requested.
pub struct Grant {
    /// The token endpoint.
    pub token_url: Url,
    /// The application's id.
    pub client_id: String,
    /// Its secret; some applications have none.
    pub client_secret: Option<String>,
    /// The consent of the mailbox's owner; without it the application acts for itself.
    pub refresh_token: Option<String>,
    /// The scope of the token.
    pub scope: Option<String>,
}

/// Provides tokens.
pub struct Tokens {
    grant: Grant,
    cached: Mutex<CachedToken>,
}

#[derive(Default)]
struct CachedToken {
    token: String,
    expires_at: Option<Instant>,
    /// Endpoints may rotate it with each response.
    refresh_token: Option<String>,
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    /// A number of seconds, which some endpoints send as a string.
    #[serde(default)]
    expires_in: Value,
    refresh_token: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Denied {
    error: String,
}

impl Tokens {
    /// Provides tokens for a grant.
    pub fn new(grant: Grant) -> Tokens {
        Tokens { grant, cached: Mutex::default() }
    }

    /// A token that is valid for a while; the error says why there is none. One request fetches it, the others wait.
    pub async fn token(&self) -> Result<String, String> {
        let mut cached = self.cached.lock().await;
        if cached.expires_at.is_some_and(|expires_at| expires_at > Instant::now()) {
            return Ok(cached.token.clone());
        }
        let granted = self.request_token(cached.refresh_token.as_deref()).await?;
        let seconds = match &granted.expires_in {
            Value::String(text) => text.parse().ok(),
            number => number.as_u64(),
        };
        let life = Duration::from_secs(seconds.unwrap_or(LIFE));
        // A short lifetime is used up to its half.
        cached.expires_at = Instant::now().checked_add(life.saturating_sub(MARGIN.min(life / 2)));
        cached.token = granted.access_token;
        cached.refresh_token = granted.refresh_token.or(cached.refresh_token.take());
        Ok(cached.token.clone())
    }

    /// Forgets the token, because a server rejected it.
    pub async fn forget(&self) {
        self.cached.lock().await.expires_at = None;
    }

    fn form(&self, newer: Option<&str>) -> String {
        let Grant { client_id, client_secret, refresh_token, scope, .. } = &self.grant;
        let mut form = form_urlencoded::Serializer::new(String::new());
        match newer.or(refresh_token.as_deref()) {
            Some(token) => form.append_pair("grant_type", "refresh_token").append_pair("refresh_token", token),
            None => form.append_pair("grant_type", "client_credentials"),
        };
        form.append_pair("client_id", client_id);
        for (name, value) in [("client_secret", client_secret), ("scope", scope)] {
            if let Some(value) = value {
                form.append_pair(name, value);
            }
        }
        form.finish()
    }

    async fn request_token(&self, newer: Option<&str>) -> Result<Granted, String> {
        let (token_url, form) = (&self.grant.token_url, self.form(newer));
        let host = token_url.host_str().unwrap_or_default();
        install_crypto();
        let client = Client::builder().user_agent(USER_AGENT).timeout(PATIENCE).redirect(Policy::none()).build();
        let client = client.map_err(|error| format!("cannot connect to {host}: {}", cause(&error)))?;
        let request = client.post(token_url.clone()).header("content-type", "application/x-www-form-urlencoded");
        let answer = request.body(form).send().await;
        let mut answer = answer.map_err(|error| format!("no response from {host}: {}", cause(&error)))?;
        let status = answer.status();
        let mut body = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(|error| format!("{host}: {}", cause(&error)))? {
            body.extend_from_slice(&part);
            if body.len() > ANSWER_MAX {
                return Err(format!("{host} sent more than {ANSWER_MAX} bytes"));
            }
        }
        if !status.is_success() {
            let denied: Denied = serde_json::from_slice(&body).unwrap_or_default();
            // Only the code: descriptions may contain ids of people.
            let code: String =
                denied.error.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(40).collect();
            return Err(format!("{host} refused to issue a token: {} {code}{}", status.as_u16(), denial(&code)));
        }
        serde_json::from_slice(&body).map_err(|_| format!("{host} did not return a token; check oauth.token_url"))
    }
}

/// How to fix an error of a token endpoint (RFC 6749, 5.2).
fn denial(code: &str) -> &'static str {
    match code {
        "invalid_client" | "unauthorized_client" => "; check oauth.client_id and oauth.client_secret",
        "invalid_grant" => "; the refresh token has expired or was revoked: get a new one",
        "invalid_scope" | "invalid_request" | "invalid_resource" => "; check oauth.scope",
        _ => "",
    }
}
