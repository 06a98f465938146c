//! Who is at the other end of a request.

use std::convert::Infallible;
use std::net::IpAddr;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

/// Who is at the other end of a request, as far as trusted proxies say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Client {
    /// Its address; `None` where nobody knows it.
    pub address: Option<IpAddr>,
    /// Whether it asks over HTTPS.
    pub is_https: bool,
    /// The name and port that it asked for.
    pub host: String,
}

impl<S: Sync> FromRequestParts<S> for Client {
    type Rejection = Infallible;

    /// The client of a request, as it was found out where the request came in.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Client, Infallible> {
        Ok(parts.extensions.get().cloned().unwrap_or_default())
    }
}
