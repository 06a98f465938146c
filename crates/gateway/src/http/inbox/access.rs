//! Authentication of the inbox.
//! Agents log in at the company's identity provider, with a token of their own or, for one more version, with the token that all share; then
//! they have a session for as long as the configuration has what they logged in with. Scripts send a token with each request. Requests that
//! change anything must come from the inbox's own pages. Sessions require HTTPS, except on this computer or if the configuration allows HTTP.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{Extensions, HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};

use super::login::{self, login_address};
use super::oidc::OidcLogin;
use super::page;
use super::render::{Failed, SentForm, message};
use super::texts::PageTexts;
use crate::config::{AgentLogins, PERSONAL_TOKEN_PREFIX, Proxies, Token};
use crate::guard::{Guard, Guess};
use crate::http::body::read_body;
use crate::http::client::{Client, is_forwarded};
use deskbell_core::clock::Clock;
use deskbell_core::ids::{AgentId, AgentSessionHash, AgentSessionId, SiteKey};
use deskbell_core::ports::RetryAfter;
use deskbell_core::ports::{Agent, AgentSession, LoginMethod, SiteScope, StoreError};
use deskbell_core::rules::agent_sessions::LIFETIME;
use deskbell_core::rules::permissions::{Permission, all_grants, is_permitted, permitted_sites};
use deskbell_core::use_cases::agents::{
    Audit, Audited, HandleSessions, Login, SessionError, is_opened_with, session_hash,
};
use deskbell_core::use_cases::tickets::UNNAMED_AGENT;

/// The cookie of a session that requires HTTPS: no other host can set it (RFC 6265bis, section 4.1.3.2).
const SECURE_COOKIE: &str = "__Host-deskbell_inbox";
/// The cookie of a session that may use HTTP.
const PLAIN_COOKIE: &str = "deskbell_inbox";
/// The largest form, in bytes: ten thousand characters of four bytes each, three times as long when escaped.
pub const FORM_MAX: usize = 192 * 1024;

/// The agent who makes a request.
#[derive(Clone, Debug)]
pub struct CurrentAgent {
    /// The agent.
    pub agent: Agent,
    /// Their session; none for scripts, and in a demo.
    pub session: Option<AgentSessionId>,
    /// Their network address; empty if it is not known.
    pub address: String,
}

impl CurrentAgent {
    /// The name that customers and other agents see.
    pub fn name(&self) -> &str {
        &self.agent.name
    }

    /// Whether they have a permission, on any site.
    pub fn may(&self, permission: Permission) -> bool {
        is_permitted(&self.agent.grants, permission)
    }

    /// Whether they have a permission on a site.
    pub fn may_on(&self, permission: Permission, site: &SiteKey) -> bool {
        self.sites(permission).includes(site)
    }

    /// The sites on which they have a permission.
    pub fn sites(&self, permission: Permission) -> SiteScope {
        permitted_sites(&self.agent.grants, permission)
    }

    /// Writes what they do to the audit log, before they do it.
    pub async fn record(&self, audit: &Audit, action: Audited<'_>) -> Result<(), StoreError> {
        audit.record(&self.agent, &self.address, action).await
    }
}

/// How a request is authenticated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Credential {
    /// By the token itself, which no page elsewhere can send.
    Bearer,
    /// By a session, whose cookie browsers add to requests of other pages too; or as a request to the demo from this computer.
    Browser,
}

/// What a token gives access to.
pub enum TokenOwner<'a> {
    /// The agent whose token it is.
    Agent(&'a Agent, &'a Token),
    /// Whoever knows the token that all share.
    Anybody(&'a Token),
}

/// Who may log in, and how.
pub struct InboxAccess {
    /// How agents log in; if in no way, the inbox is closed.
    pub logins: AgentLogins,
    /// Logs in at the identity provider, if there is one.
    pub oidc: Option<Arc<OidcLogin>>,
    /// Whether the demo is served, whose inbox is open to this computer.
    pub is_demo: bool,
    /// Whether sessions may use HTTP from other computers.
    pub allows_http: bool,
    /// The sessions of agents who have logged in.
    pub sessions: Arc<HandleSessions>,
    /// The audit log.
    pub audit: Audit,
    /// The clock of the store, by which the tokens of the identity provider are valid: that of this computer may be wrong.
    pub clock: Arc<dyn Clock>,
    /// Limits guesses of tokens.
    pub guard: Arc<Guard>,
    /// The trusted proxies, which report the base path.
    pub proxies: Arc<Proxies>,
    /// The address of the inbox in browsers, if it is configured.
    pub url: Option<String>,
}

impl InboxAccess {
    /// Whose token it is.
    pub fn owner_of(&self, token: &str) -> Option<TokenOwner<'_>> {
        if token.starts_with(PERSONAL_TOKEN_PREFIX) {
            let personal = self.logins.agents.iter().find(|personal| personal.token.equals(token))?;
            return Some(TokenOwner::Agent(&personal.agent, &personal.token));
        }
        self.logins.shared_token.as_ref().filter(|shared| shared.equals(token)).map(TokenOwner::Anybody)
    }

    /// The agent of a session, if what they logged in with is still configured. Their roles are those of the configuration, or what the
    /// identity provider said.
    fn agent_of(&self, session: AgentSession, secret: &str) -> Option<Agent> {
        let is_of = |token: &Token| is_opened_with(&session, secret, token.digest());
        match session.method {
            LoginMethod::SharedToken => {
                self.logins.shared_token.as_ref().filter(|token| is_of(token))?;
                Some(Agent { grants: all_grants(), ..session.agent })
            }
            LoginMethod::PersonalToken => {
                let mut configured = self.logins.agents.iter();
                let personal = configured.find(|personal| personal.agent.id == session.agent.id)?;
                is_of(&personal.token).then(|| personal.agent.clone())
            }
            LoginMethod::Oidc => {
                let oidc = self.oidc.as_ref()?;
                is_opened_with(&session, secret, oidc.credential()).then_some(session.agent)
            }
        }
    }
}

/// An agent without an account, who may do everything: in a demo, and in scripts with the shared token.
fn unnamed_agent() -> Agent {
    Agent { id: AgentId::from("shared:"), name: UNNAMED_AGENT.into(), grants: all_grants() }
}

/// The agent of a name who logs in with the shared token.
pub fn shared_agent(name: &str) -> Agent {
    Agent { id: AgentId::new(format!("shared:{name}")), name: name.into(), grants: all_grants() }
}

/// Admits authenticated requests. Their bodies are read only afterwards.
pub async fn guard(
    State(access): State<Arc<InboxAccess>>,
    client: Client,
    texts: PageTexts,
    request: Request,
    next: Next,
) -> Response {
    let (parts, body) = request.into_parts();
    let authenticated = match authenticate(&access, &client, texts, &parts.extensions, &parts.headers).await {
        Ok(authenticated) => authenticated,
        Err(refused) => {
            // Without the store nobody knows whose form it is, but it goes back to the browser that has sent it.
            if refused.status() == StatusCode::SERVICE_UNAVAILABLE && is_own(&client, &parts.headers) {
                SentForm::keep(&parts.extensions, &read_body(body, FORM_MAX).await.unwrap_or_default());
            }
            return refused;
        }
    };
    let Some((agent, credential)) = authenticated else {
        return match (access.logins.is_empty(), &parts.method) {
            (true, _) => message(StatusCode::FORBIDDEN, page::closed(access.is_demo)),
            (false, &Method::GET) => Redirect::to(&login_address(&parts.uri)).into_response(),
            (false, _) => login::return_text(texts, body).await,
        };
    };
    let changes = !matches!(parts.method, Method::GET | Method::HEAD);
    if changes && credential == Credential::Browser && !is_own(&client, &parts.headers) {
        return message(StatusCode::FORBIDDEN, page::foreign());
    }
    let body = match read_body(body, FORM_MAX).await {
        Ok(bytes) => {
            if is_own(&client, &parts.headers) {
                SentForm::keep(&parts.extensions, &bytes);
            }
            Body::from(bytes)
        }
        Err(refusal) => return message(refusal.status(), page::unreadable(&refusal.to_string())),
    };
    let mut request = Request::from_parts(parts, body);
    request.extensions_mut().insert(agent);
    next.run(request).await
}

/// Opens a session in place of a replaced one, logs that, and returns its cookie.
pub async fn open(
    access: &InboxAccess,
    client: &Client,
    headers: &HeaderMap,
    (agent, method, credential): (Agent, LoginMethod, &[u8; 32]),
    (is_plain, replaced): (bool, Option<AgentSessionHash>),
) -> Result<HeaderValue, Failed> {
    let browser = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let address = address(client);
    let (name, id) = (agent.name.clone(), agent.id.clone());
    let login = Login { agent, method, credential: *credential, address: &address, browser };
    let opened = access.sessions.log_in(login, replaced).await;
    let secret = opened.map_err(|error| match error {
        SessionError::NoRandomness(_) => Failed::Internal,
        SessionError::Store(error) => error.into(),
    })?;
    tracing::info!(agent = name, %id, address = client.logged_address(), "inbox login");
    Ok(cookie(&secret, LIFETIME.as_secs(), is_plain))
}

/// The session that a browser sends with a request.
pub fn sent_session(headers: &HeaderMap, is_plain: bool) -> Option<AgentSessionHash> {
    secret(headers, is_plain).map(session_hash)
}

/// Ends the session of a request, and returns the cookie that deletes it.
pub async fn close(
    access: &InboxAccess,
    client: &Client,
    headers: &HeaderMap,
    is_plain: bool,
) -> Result<HeaderValue, StoreError> {
    if let Some(secret) = secret(headers, is_plain) {
        access.sessions.log_out(secret, &address(client)).await?;
    }
    Ok(cookie("", 0, is_plain))
}

/// The network address of a client as text; empty if it is not known.
pub fn address(client: &Client) -> String {
    client.address.map(|address| address.to_string()).unwrap_or_default()
}

/// Whether a session may use HTTP: on this computer, or if the configuration allows it.
pub fn is_plain(access: &InboxAccess, client: &Client, extensions: &Extensions, headers: &HeaderMap) -> bool {
    !client.is_https && (access.allows_http || is_local(extensions, headers))
}

/// Whether a request comes from a page of this address, and not from another site that makes use of the visitor's session. Browsers report it
/// (Fetch Metadata); older ones send the origin.
pub fn is_own(client: &Client, headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match (text("sec-fetch-site"), text("origin")) {
        (Some(site), _) => site == "same-origin",
        (None, Some(origin)) => {
            !client.host.is_empty() && origin.split_once("://").is_some_and(|(_, host)| host == client.host)
        }
        // Every browser sends one of the headers with a form, so a request without either is not from one of our pages.
        (None, None) => false,
    }
}

/// The agent of a request and how it is authenticated; or the response if it is not.
async fn authenticate(
    access: &InboxAccess,
    client: &Client,
    texts: PageTexts,
    extensions: &Extensions,
    headers: &HeaderMap,
) -> Result<Option<(CurrentAgent, Credential)>, Response> {
    let current = |agent, session| CurrentAgent { agent, session, address: address(client) };
    if access.logins.is_empty() {
        let local = access.is_demo && is_local(extensions, headers);
        return Ok(local.then(|| (current(unnamed_agent(), None), Credential::Browser)));
    }
    let is_plain = is_plain(access, client, extensions, headers);
    // Sessions first: a proxy may add an authorization header of its own to the requests of a browser.
    if let Some(secret) = secret(headers, is_plain) {
        let found = match access.sessions.find(secret).await {
            // Nobody can repair it, but its agent can log in again.
            Err(error) if error.concerns_row() => {
                tracing::warn!(%error, "agent session unreadable");
                None
            }
            found => found.map_err(|error| Failed::from(error).into_response())?,
        };
        if let Some(session) = found {
            let id = session.id;
            if let Some(agent) = access.agent_of(session, secret) {
                return Ok(Some((current(agent, Some(id)), Credential::Browser)));
            }
        }
    }
    let Some(bearer) = bearer(headers).filter(|bearer| !access.guard.was_wrong(client.address, bearer)) else {
        return Ok(None);
    };
    let owner = access.owner_of(bearer);
    let attempt = access.guard.guess(client.address, bearer, owner.is_some()).await;
    let Guess { delay, .. } = attempt.map_err(|RetryAfter(wait)| login::too_many(access, texts, wait, "", ""))?;
    // Even a sleep of zero takes a millisecond.
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    if owner.is_none() {
        tracing::warn!(address = client.logged_address(), with = "bearer token", "inbox login failed");
    }
    Ok(owner.map(|owner| {
        let agent = match owner {
            TokenOwner::Agent(agent, _) => agent.clone(),
            TokenOwner::Anybody(_) => unnamed_agent(),
        };
        (current(agent, None), Credential::Bearer)
    }))
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, credentials) = value.split_once(' ')?;
    Some(credentials.trim()).filter(|credentials| scheme.eq_ignore_ascii_case("bearer") && !credentials.is_empty())
}

fn cookie_name(is_plain: bool) -> &'static str {
    if is_plain { PLAIN_COOKIE } else { SECURE_COOKIE }
}

fn secret(headers: &HeaderMap, is_plain: bool) -> Option<&str> {
    cookie_value(headers, cookie_name(is_plain))
}

/// The value of a cookie.
pub fn cookie_value<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies
        .flat_map(|cookies| cookies.split(';'))
        .find_map(|cookie| cookie.trim().strip_prefix(name)?.strip_prefix('='))
}

fn cookie(secret: &str, seconds: u64, is_plain: bool) -> HeaderValue {
    let name = cookie_name(is_plain);
    let scope = if is_plain { "Path=/inbox" } else { "Path=/; Secure" };
    let text = format!("{name}={secret}; {scope}; Max-Age={seconds}; HttpOnly; SameSite=Strict");
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
}

/// Whether a request comes from this computer and was addressed to it. A page elsewhere can point its own name at our address (DNS rebinding),
/// so the requested name counts too; and a proxy on this computer forwards the requests of others.
fn is_local(extensions: &Extensions, headers: &HeaderMap) -> bool {
    let peer = extensions.get::<ConnectInfo<SocketAddr>>();
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host
        .rsplit_once(':')
        .filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()))
        .map_or(host, |(name, _)| name);
    let proxied = is_forwarded(headers).is_some() || headers.contains_key("x-forwarded-host");
    peer.is_some_and(|ConnectInfo(peer)| peer.ip().to_canonical().is_loopback())
        && matches!(name.to_ascii_lowercase().as_str(), "localhost" | "127.0.0.1" | "[::1]")
        && !proxied
}
