//! Logs people in at an identity provider: OpenID Connect, the code flow with PKCE (OpenID Connect Core 1.0, 3.1; RFC 7636; RFC 9700).
//!
//! Nothing is stored between the two halves of a login: a [`Flow`] is one secret in a cookie of the browser, and `state`, `nonce` and the code
//! verifier are derived from it.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use deskbell_core::random::{self, NoRandomness};
use deskbell_core::timestamp::Timestamp;
use domain::attachment::is_invisible;
use form_urlencoded::{Serializer, byte_serialize};
use outbound_http::{
    AddressError, FetchError, Fetcher, Limits, USER_AGENT, cause, guard_redirects, install_crypto, is_public, literal,
    source_url,
};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder};
use serde::Deserialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use tokio::sync::{Mutex, Semaphore};
use url::Url;

use crate::error::TokenError;
use crate::jwks::Jwks;
use crate::limits::ID_MAX;
use crate::signer::TokenSigner;
use crate::token;

/// How long the provider's metadata are used before they are fetched again.
const FRESH: Duration = Duration::from_secs(3600);
/// How long a failure to fetch them is remembered, so that a provider that is down is not asked by everybody who wants to log in.
const FAILURE_LIFETIME: Duration = Duration::from_secs(30);
/// The timeout of a request to the provider.
const PATIENCE: Duration = Duration::from_secs(10);
/// The largest response, in bytes.
const RESPONSE_MAX: usize = 256 << 10;
/// How many logins are verified at the same time: each makes requests, and anybody can begin one.
const CONCURRENT_MAX: usize = 8;
/// How long an ID token may be valid. The standard sets no limit (OpenID Connect Core 1.0, 3.1.3.7): the token comes from the provider itself, is
/// used once, and is bound to the login by its nonce; the session ends by our rules. So this only bounds arithmetic.
const ID_TOKEN_LIFETIME: Duration = Duration::from_secs(100 * 365 * 24 * 3600);
/// The longest code, in bytes.
const CODE_MAX: usize = 4096;
/// The most groups that are read, and the longest name of a person in characters.
const GROUPS_MAX: usize = 1000;
const NAME_MAX: usize = 80;
const LIMITS: Limits = Limits {
    body: RESPONSE_MAX,
    answer: PATIENCE,
    attempts: 1,
    pause: Duration::from_secs(1),
    wait: Duration::from_secs(1),
};

/// How the gateway is known to a provider.
#[derive(Clone, Default)]
pub struct OidcOptions {
    /// The issuer of the provider.
    pub issuer: String,
    /// The id of the gateway.
    pub client_id: String,
    /// Its secret; public clients have none.
    pub client_secret: Option<String>,
    /// The requested scopes besides `openid`.
    pub scopes: Vec<String>,
    /// The claim with the groups of a person: its name, or a JSON Pointer, which begins with a slash.
    pub groups_claim: String,
    /// Whether the provider may be in a private network.
    pub private: bool,
}

/// Why somebody is not logged in.
#[derive(Debug, thiserror::Error)]
pub enum OidcError {
    /// Too many logins are being verified.
    #[error("too many logins at the same time")]
    Busy,
    /// The provider does not respond.
    #[error("{0}")]
    Unreachable(String),
    /// The provider's response violates the protocol, or its configuration is not as expected.
    #[error("{0}")]
    Invalid(String),
    /// The ID token is not valid.
    #[error("the ID token is not valid: {0}")]
    Token(#[from] TokenError),
}

/// Somebody whom a provider has identified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identified {
    /// The provider's id for them, which never changes.
    pub subject: String,
    /// Their name, which customers see.
    pub name: String,
    /// Their groups.
    pub groups: BTreeSet<String>,
}

/// A login that has begun.
#[derive(Clone, PartialEq, Eq)]
pub struct Flow(String);

/// A provider at which people log in.
pub struct OidcClient {
    options: OidcOptions,
    issuer: Url,
    provider: Mutex<Known>,
    permits: Semaphore,
}

/// The provider as it was last fetched, and when and why that last failed.
#[derive(Default)]
struct Known {
    fetched: Option<(Instant, Arc<Provider>)>,
    failure: Option<(Instant, String)>,
}

/// What is known of a provider (OpenID Connect Discovery 1.0, 3).
struct Provider {
    authorization: Url,
    token: Url,
    userinfo: Option<Url>,
    /// Whether the secret is sent in the body, because the provider does not accept it in a header.
    posts_secret: bool,
    /// Where its keys are published.
    keys: Url,
    signer: TokenSigner,
}

#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    userinfo_endpoint: Option<String>,
    jwks_uri: String,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
    access_token: Option<String>,
}

impl fmt::Debug for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Flow(…)")
    }
}

impl fmt::Debug for OidcClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OidcClient({}, {:?})", self.issuer, self.options.client_id)
    }
}

impl Flow {
    /// A new login.
    pub fn begin() -> Result<Flow, NoRandomness> {
        Ok(Flow(BASE64_URL_SAFE_NO_PAD.encode(random::bytes::<32>()?)))
    }

    /// The login whose secret a browser has.
    pub fn resume(secret: &str) -> Option<Flow> {
        (BASE64_URL_SAFE_NO_PAD.decode(secret).ok()?.len() == 32).then(|| Flow(secret.into()))
    }

    /// The secret, for a cookie of the browser.
    pub fn secret(&self) -> &str {
        &self.0
    }

    /// The `state`, with which the provider's response names the login.
    pub fn state(&self) -> String {
        self.derived("state")
    }

    fn nonce(&self) -> String {
        self.derived("nonce")
    }

    fn verifier(&self) -> String {
        self.derived("verifier")
    }

    fn derived(&self, purpose: &str) -> String {
        let digest = Sha256::new().chain_update(purpose).chain_update("\n").chain_update(&self.0).finalize();
        BASE64_URL_SAFE_NO_PAD.encode(digest)
    }
}

impl OidcClient {
    /// A client of a provider.
    pub fn new(options: OidcOptions) -> Result<OidcClient, AddressError> {
        let issuer = source_url(&options.issuer)?;
        Ok(OidcClient { options, issuer, provider: Mutex::default(), permits: Semaphore::new(CONCURRENT_MAX) })
    }

    /// The host of the provider.
    pub fn host(&self) -> &str {
        self.issuer.host_str().unwrap_or_default()
    }

    /// A digest of who vouches for people, and to whom.
    pub fn fingerprint(&self) -> [u8; 32] {
        let OidcOptions { issuer, client_id, .. } = &self.options;
        Sha256::new().chain_update(issuer).chain_update("\n").chain_update(client_id).finalize().into()
    }

    /// The address at the provider where a person logs in; they come back to `redirect_uri`.
    pub async fn authorization_url(&self, flow: &Flow, redirect_uri: &str) -> Result<Url, OidcError> {
        let mut url = self.provider().await?.authorization.clone();
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(flow.verifier()));
        let scopes: Vec<&str> = ["openid"].into_iter().chain(self.options.scopes.iter().map(String::as_str)).collect();
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.options.client_id)
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("scope", &scopes.join(" "))
            .append_pair("state", &flow.state())
            .append_pair("nonce", &flow.nonce())
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        Ok(url)
    }

    /// The person for whom the provider has issued a code in a login. The caller has compared the `state`; `issuer` is the `iss` of the response
    /// (RFC 9207), if it has one. `now` decides whether the ID token is valid.
    pub async fn identify(
        &self,
        flow: &Flow,
        redirect_uri: &str,
        code: &str,
        issuer: Option<&str>,
        now: Timestamp,
    ) -> Result<Identified, OidcError> {
        if issuer.is_some_and(|issuer| issuer != self.options.issuer) {
            return Err(OidcError::Invalid("the response is from another issuer".into()));
        }
        if code.is_empty() || code.len() > CODE_MAX {
            return Err(OidcError::Invalid("the response has no code".into()));
        }
        let _permit = self.permits.try_acquire().map_err(|_| OidcError::Busy)?;
        let provider = self.provider().await?;
        let tokens = self.exchange(&provider, flow, redirect_uri, code).await?;
        let raw = token::read_claims(&tokens.id_token, &provider.signer, now.as_seconds()).await?;
        let claims = raw.into_iter().filter_map(|(name, raw)| Some((name, serde_json::from_str(raw.get()).ok()?)));
        let mut claims: Map<String, Value> = claims.collect();
        check_id_token(&claims, &flow.nonce(), &self.options.client_id)?;
        // Many providers put groups into the user info only.
        if self.groups(&claims).is_none()
            && let (Some(userinfo), Some(access_token)) = (&provider.userinfo, &tokens.access_token)
        {
            let more = self.user_info(userinfo, access_token).await?;
            // It may describe somebody else (OpenID Connect Core 1.0, 5.3.2).
            if more.get("sub") != claims.get("sub") {
                return Err(OidcError::Invalid("the user info is about somebody else".into()));
            }
            for (name, value) in more {
                claims.entry(name).or_insert(value);
            }
        }
        let subject = claims.get("sub").and_then(Value::as_str).unwrap_or_default().to_string();
        let Some(name) = name_of(&claims) else {
            let missing = "the provider does not say the name that customers see; request the scope \"profile\"";
            return Err(OidcError::Invalid(missing.into()));
        };
        Ok(Identified { name, groups: self.groups(&claims).unwrap_or_default(), subject })
    }

    /// Fetches what the provider says about itself, to find mistakes of the configuration early.
    pub async fn check(&self) -> Result<(), OidcError> {
        self.provider().await.map(|_| ())
    }

    /// The provider; one request fetches its metadata, the others wait.
    async fn provider(&self) -> Result<Arc<Provider>, OidcError> {
        let mut known = self.provider.lock().await;
        let stale = match &known.fetched {
            Some((fetched_at, provider)) if fetched_at.elapsed() < FRESH => return Ok(provider.clone()),
            Some((_, provider)) => Some(provider.clone()),
            None => None,
        };
        if let Some((failed_at, reason)) = &known.failure
            && failed_at.elapsed() < FAILURE_LIFETIME
        {
            return stale.ok_or_else(|| OidcError::Unreachable(reason.clone()));
        }
        match self.discover(stale.as_deref()).await {
            Ok(provider) => {
                let provider = Arc::new(provider);
                *known = Known { fetched: Some((Instant::now(), provider.clone())), failure: None };
                Ok(provider)
            }
            Err(error) => {
                known.failure = Some((Instant::now(), error.to_string()));
                // Metadata rarely change.
                stale.ok_or(error)
            }
        }
    }

    /// Fetches the metadata. The cached keys of the provider as it was known before stay, unless they are published elsewhere now.
    async fn discover(&self, previous: Option<&Provider>) -> Result<Provider, OidcError> {
        let OidcOptions { issuer, client_id, private, .. } = &self.options;
        let address = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let address = source_url(&address).map_err(|error| OidcError::Invalid(error.to_string()))?;
        let fetcher =
            Fetcher::new(LIMITS, *private).map_err(|error| OidcError::Unreachable(format!("{address}: {error}")))?;
        let metadata: Metadata = fetcher.json(&address).await.map_err(|error| match error {
            FetchError::Shape(_) | FetchError::Html => OidcError::Invalid(format!("{address}: {error}")),
            error => OidcError::Unreachable(format!("{address}: {error}")),
        })?;
        if metadata.issuer != *issuer {
            let found: String = metadata.issuer.chars().take(200).collect();
            return Err(OidcError::Invalid(format!("the provider says that its issuer is {found:?}, not {issuer:?}")));
        }
        let methods = &metadata.token_endpoint_auth_methods_supported;
        let accepts = |method: &str| methods.iter().any(|supported| supported == method);
        let keys = self.endpoint(&metadata.jwks_uri)?;
        let signer = match previous.filter(|previous| previous.keys == keys) {
            Some(previous) => previous.signer.clone(),
            None => {
                let jwks = Jwks::new(keys.as_str(), *private);
                let jwks = jwks.map_err(|error| OidcError::Invalid(error.to_string()))?;
                TokenSigner {
                    issuer: Some(issuer.clone()),
                    audience: vec![client_id.clone()],
                    lifetime: ID_TOKEN_LIFETIME,
                    ..TokenSigner::published(jwks)
                }
            }
        };
        Ok(Provider {
            keys,
            authorization: self.endpoint(&metadata.authorization_endpoint)?,
            token: self.endpoint(&metadata.token_endpoint)?,
            userinfo: metadata.userinfo_endpoint.as_deref().map(|text| self.endpoint(text)).transpose()?,
            posts_secret: accepts("client_secret_post") && !accepts("client_secret_basic"),
            signer,
        })
    }

    /// An endpoint of the provider: https, or on this computer if the provider is.
    fn endpoint(&self, text: &str) -> Result<Url, OidcError> {
        let url = source_url(text).ok().filter(|url| url.scheme() == "https" || self.issuer.scheme() == "http");
        let url = url.filter(|url| {
            let is_private = literal(url).is_some_and(|address| !is_public(address));
            !is_private || self.options.private || self.issuer.scheme() == "http"
        });
        let named: String = text.chars().take(200).collect();
        url.ok_or_else(|| OidcError::Invalid(format!("the provider names an endpoint that is not allowed: {named:?}")))
    }

    async fn exchange(
        &self,
        provider: &Provider,
        flow: &Flow,
        redirect_uri: &str,
        code: &str,
    ) -> Result<Tokens, OidcError> {
        let request = self.client()?.post(provider.token.clone());
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let (request, login) = match &self.options.client_secret {
            // Both are form-encoded before (RFC 6749, 2.3.1).
            Some(secret) if !provider.posts_secret => {
                (request.basic_auth(encoded(&self.options.client_id), Some(encoded(secret))), None)
            }
            secret => (request, Some((self.options.client_id.as_str(), secret.as_deref()))),
        };
        self.send(request.body(token_request(flow, redirect_uri, code, login)), "token endpoint").await
    }

    async fn user_info(&self, address: &Url, access_token: &str) -> Result<Map<String, Value>, OidcError> {
        self.send(self.client()?.get(address.clone()).bearer_auth(access_token), "userinfo endpoint").await
    }

    fn client(&self) -> Result<Client, OidcError> {
        install_crypto();
        let client = guard_redirects(Client::builder(), self.options.private);
        let client = client.user_agent(USER_AGENT).timeout(PATIENCE).redirect(Policy::none()).build();
        client.map_err(|error| OidcError::Unreachable(format!("{}: {}", self.host(), cause(&error))))
    }

    async fn send<T: for<'a> Deserialize<'a>>(&self, request: RequestBuilder, name: &str) -> Result<T, OidcError> {
        let unreachable =
            |error: reqwest::Error| OidcError::Unreachable(format!("{} ({name}): {}", self.host(), cause(&error)));
        let mut response = request.header("accept", "application/json").send().await.map_err(unreachable)?;
        let status = response.status();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
            body.extend_from_slice(&chunk);
            if body.len() > RESPONSE_MAX {
                return Err(OidcError::Invalid(format!("the {name} sent more than {RESPONSE_MAX} bytes")));
            }
        }
        if !status.is_success() {
            let problem: Value = serde_json::from_slice(&body).unwrap_or_default();
            // Only the code: descriptions may contain secrets.
            let code = problem.get("error").and_then(Value::as_str).unwrap_or_default();
            let code: String = code.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(40).collect();
            let message = format!("the {name} answered {} {code}", status.as_u16());
            return Err(match status.is_server_error() {
                true => OidcError::Unreachable(message),
                false => OidcError::Invalid(message),
            });
        }
        serde_json::from_slice(&body)
            .map_err(|_| OidcError::Invalid(format!("the response of the {name} is not as expected")))
    }

    /// The groups in some claims; none if they do not say.
    fn groups(&self, claims: &Map<String, Value>) -> Option<BTreeSet<String>> {
        let name = &self.options.groups_claim;
        let groups = match name.strip_prefix('/') {
            None => claims.get(name)?,
            Some(path) => {
                let mut parts = path.split('/').map(|part| part.replace("~1", "/").replace("~0", "~"));
                let first = claims.get(&parts.next()?)?;
                parts.try_fold(first, |value, part| value.get(part))?
            }
        };
        match groups {
            Value::String(group) => Some([group.clone()].into()),
            Value::Array(groups) => {
                Some(groups.iter().take(GROUPS_MAX).filter_map(Value::as_str).map(str::to_string).collect())
            }
            _ => None,
        }
    }
}

/// Checks what only ID tokens have (OpenID Connect Core 1.0, 3.1.3.7).
fn check_id_token(claims: &Map<String, Value>, nonce: &str, client_id: &str) -> Result<(), OidcError> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if text("nonce") != Some(nonce) {
        return Err(OidcError::Invalid("the ID token is for another login: its nonce differs".into()));
    }
    let has_several = matches!(claims.get("aud"), Some(Value::Array(all)) if all.len() > 1);
    let azp = text("azp");
    if azp.is_some_and(|azp| azp != client_id) || (has_several && azp.is_none()) {
        return Err(OidcError::Invalid("the ID token is for another client: its azp differs".into()));
    }
    match text("sub") {
        Some(subject) if !subject.is_empty() && subject.len() <= ID_MAX => Ok(()),
        _ => Err(OidcError::Invalid("the ID token has no sub".into())),
    }
}

/// The name that customers see. Addresses and user names are not for them.
fn name_of(claims: &Map<String, Value>) -> Option<String> {
    let name = claims.get("name").and_then(Value::as_str)?;
    let name: String = name.chars().filter(|c| !is_invisible(*c)).take(NAME_MAX).collect();
    Some(name.trim().to_string()).filter(|name| !name.is_empty())
}

/// The body of a token request, with the id and the secret of the client unless they are in a header.
fn token_request(flow: &Flow, redirect_uri: &str, code: &str, login: Option<(&str, Option<&str>)>) -> String {
    let mut form = Serializer::new(String::new());
    form.append_pair("grant_type", "authorization_code")
        .append_pair("code", code)
        .append_pair("redirect_uri", redirect_uri)
        .append_pair("code_verifier", &flow.verifier());
    if let Some((client_id, secret)) = login {
        form.append_pair("client_id", client_id);
        if let Some(secret) = secret {
            form.append_pair("client_secret", secret);
        }
    }
    form.finish()
}

fn encoded(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn client(groups_claim: &str) -> OidcClient {
        OidcClient::new(OidcOptions {
            issuer: "https://login.example".into(),
            client_id: "deskbell".into(),
            groups_claim: groups_claim.into(),
            ..OidcOptions::default()
        })
        .unwrap()
    }

    fn map(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn what_a_login_derives_from_its_secret_differs_by_purpose_and_login() {
        let flow = Flow::begin().unwrap();
        assert_eq!(Flow::resume(flow.secret()), Some(flow.clone()));
        let texts = [flow.state(), flow.nonce(), flow.verifier(), Flow::begin().unwrap().state()];
        let different: BTreeSet<&String> = texts.iter().collect();
        assert_eq!(different.len(), 4);
        // RFC 7636, 4.1: 43 to 128 characters.
        assert_eq!(flow.verifier().len(), 43);
        assert!(!texts.iter().any(|text| text.contains(flow.secret())));
        for wrong in ["", "abc", "!".repeat(43).as_str(), &"a".repeat(200)] {
            assert_eq!(Flow::resume(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn groups_are_read_from_a_claim_or_by_a_pointer() {
        let claims = map(json!({
            "groups": ["a", "b", 7], "role": "lead", "realm_access": { "roles": ["c"] }, "https://x.example/r": ["d"],
        }));
        for (claim, expected) in [
            ("groups", Some(vec!["a", "b"])),
            ("role", Some(vec!["lead"])),
            ("/realm_access/roles", Some(vec!["c"])),
            ("https://x.example/r", Some(vec!["d"])),
            ("realm_access", None),
            ("/realm_access/none", None),
            ("other", None),
        ] {
            let expected = expected.map(|groups| groups.into_iter().map(String::from).collect::<BTreeSet<_>>());
            assert_eq!(client(claim).groups(&claims), expected, "{claim}");
        }
    }

    #[test]
    fn id_tokens_of_other_logins_and_clients_are_refused() {
        let check = |claims: Value| check_id_token(&map(claims), "n", "deskbell").is_ok();
        assert!(check(json!({ "nonce": "n", "sub": "1", "aud": "deskbell" })));
        assert!(check(json!({ "nonce": "n", "sub": "1", "aud": ["deskbell", "other"], "azp": "deskbell" })));
        for wrong in [
            json!({ "sub": "1", "aud": "deskbell" }),
            json!({ "nonce": "other", "sub": "1", "aud": "deskbell" }),
            json!({ "nonce": "n", "sub": "1", "aud": "deskbell", "azp": "other" }),
            json!({ "nonce": "n", "sub": "1", "aud": ["deskbell", "other"] }),
            json!({ "nonce": "n", "aud": "deskbell" }),
            json!({ "nonce": "n", "sub": "", "aud": "deskbell" }),
            json!({ "nonce": "n", "sub": 7, "aud": "deskbell" }),
        ] {
            assert!(!check(wrong.clone()), "{wrong}");
        }
    }

    #[test]
    fn endpoints_of_a_public_provider_are_public_and_encrypted() {
        let client = client("groups");
        assert!(client.endpoint("https://other.example/token").is_ok());
        for wrong in ["http://127.0.0.1/token", "http://login.example/token", "https://10.0.0.1/token", "javascript:x"]
        {
            assert!(client.endpoint(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn people_are_named_by_the_best_claim() {
        assert_eq!(name_of(&map(json!({ "name": " Ana\u{7} Lima ", "email": "a@b.example" }))).unwrap(), "Ana Lima");
        assert_eq!(name_of(&map(json!({ "name": "Ana\u{202e}\u{200b}" }))).unwrap(), "Ana");
        // Customers see the name, and addresses are not for them.
        assert_eq!(name_of(&map(json!({ "name": "", "preferred_username": "ana", "email": "a@b.example" }))), None);
    }
}
