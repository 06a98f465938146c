//! Logs agents in at the company's identity provider. The browser keeps the secret of the login in a cookie until it comes back.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Query, State};
use axum::http::{Extensions, HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use identity::oidc::{Flow, Identified, OidcClient, OidcError};
use maud::html;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::access::{self, InboxAccess};
use super::login::{self, own_page, too_many, with_problem};
use super::page;
use super::render::{Failed, message};
use super::texts::{PageTexts, filled};
use crate::http::client::{Client, prefix};
use deskbell_core::ids::{AgentId, AgentSessionHash};
use deskbell_core::ports::{Agent, Grant, LoginMethod, RetryAfter};
use deskbell_core::use_cases::agents::Audited;

/// The path to which the provider sends the browser back, below the address of the inbox.
const CALLBACK: &str = "/login/oidc/callback";
/// The cookie of a login over HTTPS, and of one that may use HTTP.
const SECURE_COOKIE: &str = "__Host-deskbell_login";
const PLAIN_COOKIE: &str = "deskbell_login";
/// How long a login may take, in seconds.
const FLOW_SECONDS: u32 = 15 * 60;

/// Logs in at a provider.
#[derive(Debug)]
pub struct OidcLogin {
    client: OidcClient,
    /// The name of the provider on the login page.
    name: String,
    /// What the members of a group may do.
    grants: Vec<(String, Grant)>,
    /// A digest of the provider, from which the ids of agents are derived.
    fingerprint: [u8; 32],
    /// A digest of the provider and of what groups may do: sessions end when either changes.
    credential: [u8; 32],
}

/// The page to show after the login.
#[derive(Deserialize)]
pub struct StartQuery {
    #[serde(default)]
    next: String,
    /// Set if the browser was sent here from another address.
    #[serde(default)]
    moved: String,
}

/// The provider's response.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct CallbackQuery {
    state: String,
    code: String,
    error: String,
    iss: Option<String>,
}

impl OidcLogin {
    /// Logs in at a provider with a name; members of its groups have these grants.
    pub fn new(client: OidcClient, name: String, grants: Vec<(String, Grant)>) -> OidcLogin {
        let fingerprint = client.fingerprint();
        let credential = Sha256::new().chain_update(fingerprint).chain_update(format!("{grants:?}")).finalize().into();
        OidcLogin { client, name, grants, fingerprint, credential }
    }

    /// The name of the provider.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the provider responds as configured.
    pub async fn check(&self) -> Result<(), OidcError> {
        self.client.check().await
    }

    /// A digest of what the login depends on.
    pub fn credential(&self) -> &[u8; 32] {
        &self.credential
    }

    /// The link that begins a login.
    pub fn start_address(&self, next: &str) -> String {
        let query = form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
        format!("/inbox/login/oidc?{query}")
    }

    /// The agent whom the provider has identified.
    fn agent(&self, identified: &Identified) -> Agent {
        let Identified { subject, name, groups } = identified;
        let digest = Sha256::new().chain_update(self.fingerprint).chain_update(subject).finalize();
        let id = AgentId::new(format!("oidc:{}", BASE64_URL_SAFE_NO_PAD.encode(digest)));
        Agent { id, name: name.clone(), grants: grants_of(&self.grants, groups) }
    }
}

/// What the members of groups may do.
fn grants_of(grants: &[(String, Grant)], groups: &BTreeSet<String>) -> Vec<Grant> {
    let of_groups = grants.iter().filter(|(group, _)| groups.contains(group));
    of_groups.map(|(_, grant)| grant.clone()).collect()
}

/// Sends the browser to the provider.
pub async fn start(
    State(access): State<Arc<InboxAccess>>,
    client: Client,
    texts: PageTexts,
    extensions: Extensions,
    headers: HeaderMap,
    Query(query): Query<StartQuery>,
) -> Result<Response, Failed> {
    let Some(oidc) = &access.oidc else { return Ok(message(StatusCode::NOT_FOUND, page::not_found())) };
    let is_plain = access::is_plain(&access, &client, &extensions, &headers);
    // Browsers tell it only where they trust the connection, whatever a proxy reports.
    let is_https = client.is_https || headers.contains_key("sec-fetch-site");
    // The provider sends the browser to the configured address, where the cookie of a login at another one is not known. It is sent there once,
    // because a proxy may hide the name that the browser has asked for.
    if let Some(url) = access.url.as_deref().filter(|url| query.moved.is_empty() && !is_at(url, &client.host, is_https))
    {
        let next = form_urlencoded::Serializer::new(String::new())
            .append_pair("next", own_page(&query.next))
            .append_pair("moved", "yes")
            .finish();
        return Ok(Redirect::to(&format!("{url}/login/oidc?{next}")).into_response());
    }
    if !is_https && !is_plain {
        return Ok(login::refuse_http(&access, texts, &query.next));
    }
    let flow = Flow::begin().map_err(|_| Failed::Internal)?;
    let redirect_uri = redirect_uri(&access, &client, &extensions, &headers);
    match oidc.client.authorization_url(&flow, &redirect_uri).await {
        Ok(url) => {
            let replaced = access::sent_session(&headers, is_plain);
            let value = flow_cookie(&flow, own_page(&query.next), replaced);
            let cookie = cookie(&value, FLOW_SECONDS, is_plain);
            Ok(([(header::SET_COOKIE, cookie)], Redirect::to(url.as_str())).into_response())
        }
        Err(error) => Ok(refuse(&access, oidc, &client, texts, &error)),
    }
}

/// Takes the browser back from the provider, and opens a session.
pub async fn finish(
    State(access): State<Arc<InboxAccess>>,
    client: Client,
    texts: PageTexts,
    extensions: Extensions,
    headers: HeaderMap,
    Query(query): Query<CallbackQuery>,
) -> Result<Response, Failed> {
    let Some(oidc) = &access.oidc else { return Ok(message(StatusCode::NOT_FOUND, page::not_found())) };
    let is_plain = access::is_plain(&access, &client, &extensions, &headers);
    let refuse_with = |status, text: &str| {
        let page = with_problem(&access, texts.0, status, &filled(text, oidc.name()));
        ([(header::SET_COOKIE, cookie("", 0, is_plain))], page).into_response()
    };
    let pending = pending_login(&headers, is_plain).filter(|pending| pending.flow.state() == query.state);
    let Some(PendingLogin { flow, next, replaced }) = pending else {
        return Ok(refuse_with(StatusCode::BAD_REQUEST, texts.0.login_expired));
    };
    if !query.error.is_empty() {
        let error: String = query.error.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(40).collect();
        tracing::info!(address = client.logged_address(), error, "inbox login refused by the identity provider");
        return Ok(refuse_with(StatusCode::FORBIDDEN, texts.0.login_refused));
    }
    // Anybody can begin a login with a code of their own, and each asks the provider.
    if let Err(RetryAfter(wait)) = access.guard.admit_login(client.address).await {
        return Ok(too_many(&access, texts, wait, "", &next));
    }
    let redirect_uri = redirect_uri(&access, &client, &extensions, &headers);
    let identified =
        oidc.client.identify(&flow, &redirect_uri, &query.code, query.iss.as_deref(), access.clock.now()).await;
    let identified = match identified {
        Ok(identified) => identified,
        Err(error) => {
            if matches!(error, OidcError::Invalid(_) | OidcError::Token(_)) {
                access.guard.charge_failed_login(client.address).await;
            }
            let page = refuse(&access, oidc, &client, texts, &error);
            return Ok(([(header::SET_COOKIE, cookie("", 0, is_plain))], page).into_response());
        }
    };
    let agent = oidc.agent(&identified);
    if agent.grants.is_empty() {
        tracing::warn!(agent = agent.name, id = %agent.id, address = client.logged_address(), "inbox login without a role");
        access.audit.record(&agent, &access::address(&client), Audited::LoginRefused(LoginMethod::Oidc)).await?;
        // Where they have logged in before, they still have the roles of then.
        access.sessions.end_all(&agent.id).await?;
        let text = html! {
            p { (filled(texts.0.no_role, oidc.name())) }
            p { a href="/inbox/login" { (texts.0.log_in) } }
        };
        let page = message(StatusCode::FORBIDDEN, page::notice_in(texts.0, texts.0.no_role_title, text));
        return Ok(([(header::SET_COOKIE, cookie("", 0, is_plain))], page).into_response());
    }
    let login = (agent, LoginMethod::Oidc, oidc.credential());
    let session = access::open(&access, &client, &headers, login, (is_plain, replaced)).await?;
    let mut response = message(StatusCode::OK, page::logged_in(texts.0, &next));
    for cookie in [session, cookie("", 0, is_plain)] {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

fn refuse(access: &InboxAccess, oidc: &OidcLogin, client: &Client, texts: PageTexts, error: &OidcError) -> Response {
    tracing::warn!(address = client.logged_address(), %error, "inbox login at the identity provider failed");
    let (status, text) = match error {
        OidcError::Busy => (StatusCode::SERVICE_UNAVAILABLE, texts.0.provider_busy),
        OidcError::Unreachable(_) => (StatusCode::BAD_GATEWAY, texts.0.provider_unreachable),
        OidcError::Invalid(_) | OidcError::Token(_) => (StatusCode::FORBIDDEN, texts.0.provider_failed),
    };
    with_problem(access, texts.0, status, &filled(text, oidc.name()))
}

/// Whether a host is that of the inbox's address, with HTTPS if the address has it.
fn is_at(url: &str, host: &str, is_https: bool) -> bool {
    let Some((scheme, rest)) = url.split_once("://") else { return true };
    let name =
        |host: &str| host.strip_suffix(if scheme == "https" { ":443" } else { ":80" }).unwrap_or(host).to_string();
    let configured = rest.split('/').next().unwrap_or_default();
    (is_https || scheme == "http") && name(configured).eq_ignore_ascii_case(&name(host))
}

/// The address to which the provider sends browsers back.
fn redirect_uri(access: &InboxAccess, client: &Client, extensions: &Extensions, headers: &HeaderMap) -> String {
    if let Some(url) = &access.url {
        return format!("{url}{CALLBACK}");
    }
    let peer = extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
    let scheme = if client.is_https { "https" } else { "http" };
    format!("{scheme}://{}{}/inbox{CALLBACK}", client.host, prefix(&access.proxies, peer, headers))
}

/// A login that a browser has begun.
struct PendingLogin {
    flow: Flow,
    /// The page to show after it.
    next: String,
    /// The session that the browser had at the beginning. Its own cookie is strict, so the browser does not send it when the provider sends
    /// it back.
    replaced: Option<AgentSessionHash>,
}

fn flow_cookie(flow: &Flow, next: &str, replaced: Option<AgentSessionHash>) -> String {
    let replaced = replaced.map(|hash| BASE64_URL_SAFE_NO_PAD.encode(hash.as_bytes())).unwrap_or_default();
    format!("{}.{}.{replaced}", flow.secret(), BASE64_URL_SAFE_NO_PAD.encode(next))
}

fn pending_login(headers: &HeaderMap, is_plain: bool) -> Option<PendingLogin> {
    let name = if is_plain { PLAIN_COOKIE } else { SECURE_COOKIE };
    let mut parts = access::cookie_value(headers, name)?.split('.');
    let (secret, next, replaced) = (parts.next()?, parts.next()?, parts.next().unwrap_or_default());
    let next = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(next).ok()?).ok()?;
    let replaced: Option<[u8; 32]> =
        BASE64_URL_SAFE_NO_PAD.decode(replaced).ok().and_then(|bytes| bytes.try_into().ok());
    Some(PendingLogin {
        flow: Flow::resume(secret)?,
        next: own_page(&next).to_string(),
        replaced: replaced.map(AgentSessionHash::from),
    })
}

/// The cookie of a login. The provider's page leads back here, so it cannot be strict.
fn cookie(value: &str, seconds: u32, is_plain: bool) -> HeaderValue {
    let (name, scope) = if is_plain { (PLAIN_COOKIE, "Path=/inbox") } else { (SECURE_COOKIE, "Path=/; Secure") };
    let text = format!("{name}={value}; {scope}; Max-Age={seconds}; HttpOnly; SameSite=Lax");
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use deskbell_core::ids::SiteKey;
    use deskbell_core::ports::{Role, SiteScope};

    #[test]
    fn the_address_of_the_inbox_is_recognized() {
        let url = "https://support.example.com/inbox";
        for (host, is_https, expected) in [
            ("support.example.com", true, true),
            ("Support.Example.com:443", true, true),
            ("support.example.com", false, false),
            ("other.example.com", true, false),
            ("support.example.com:8443", true, false),
        ] {
            assert_eq!(is_at(url, host, is_https), expected, "{host} {is_https}");
        }
        assert!(is_at("http://localhost:8383/inbox", "localhost:8383", false));
    }

    #[test]
    fn every_group_of_an_agent_counts() {
        let grant = |role, site: &str| Grant { role, sites: SiteScope::Only([SiteKey::new(site)].into()) };
        let table = vec![
            ("support".to_string(), grant(Role::Agent, "acme")),
            ("leads".to_string(), grant(Role::Lead, "globex")),
            ("admins".to_string(), Grant { role: Role::Administrator, sites: SiteScope::All }),
        ];
        let granted = |groups: &[&str]| grants_of(&table, &groups.iter().map(ToString::to_string).collect());
        assert_eq!(granted(&["leads", "support", "other"]), [grant(Role::Agent, "acme"), grant(Role::Lead, "globex")]);
        assert!(granted(&["other"]).is_empty() && granted(&[]).is_empty());
    }
}
