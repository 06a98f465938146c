//! Common settings of all clients: user agent, cryptography, and allowed redirects.

use std::sync::Arc;

use reqwest::ClientBuilder;
use reqwest::redirect::{Action, Attempt, Policy};

use crate::address::is_local;
use crate::public::{PublicOnly, is_public, literal};

/// The `User-Agent` of all requests.
pub const USER_AGENT: &str = concat!("deskbell/", env!("CARGO_PKG_VERSION"));
const REDIRECTS_MAX: usize = 5;

/// Installs the cryptography for all TLS connections of the process. Idempotent.
pub fn install_crypto() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Makes a client connect to public addresses only, after redirects and name resolution as well. With `private` it may also connect to a
/// private network. Redirects from elsewhere to this computer, or from https to http, are never followed.
pub fn guard_redirects(client: ClientBuilder, private: bool) -> ClientBuilder {
    let client = client.redirect(Policy::custom(move |attempt| redirect(attempt, private)));
    // A proxy would resolve names itself and bypass the check.
    if private { client } else { client.no_proxy().dns_resolver(Arc::new(PublicOnly { localhost: true })) }
}

fn redirect(attempt: Attempt<'_>, private: bool) -> Action {
    if attempt.previous().len() > REDIRECTS_MAX {
        return attempt.error("too many redirects");
    }
    let from_here = attempt.previous().iter().all(is_local);
    if from_here && is_local(attempt.url()) {
        return attempt.follow();
    }
    if attempt.url().scheme() != "https" {
        return attempt.error("redirected to an address without https");
    }
    let is_here = attempt.url().host_str() == Some("localhost");
    if !private && (is_here || literal(attempt.url()).is_some_and(|address| !is_public(address))) {
        return attempt.error("redirected to this computer or a private network");
    }
    attempt.follow()
}

/// The innermost cause of an error, without the address, which is reported separately.
pub fn cause(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "timed out".into();
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
