//! TLS with a mail server.

use lettre::transport::smtp::client::{Certificate, TlsParameters};

/// Why TLS cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlsError {
    /// The certificates of issuers cannot be read.
    #[error("{0}")]
    Certificate(String),
    /// The library refuses.
    #[error("cannot be used: {0}")]
    Unusable(String),
}

/// TLS with a certificate of the host's name, of an issuer that this computer knows or that `issuers` names, in PEM.
pub fn require_certificate(host: &str, issuers: Option<&str>) -> Result<TlsParameters, TlsError> {
    let mut tls = TlsParameters::builder(host.into());
    if let Some(pem) = issuers {
        // The library takes a text without any for one with none.
        if !pem.contains("-----BEGIN CERTIFICATE-----") {
            return Err(TlsError::Certificate("holds no certificate".into()));
        }
        let certificate = Certificate::from_pem(pem.as_bytes());
        tls = tls.add_root_certificate(certificate.map_err(|error| TlsError::Certificate(error.to_string()))?);
    }
    tls.build().map_err(|error| TlsError::Unusable(error.to_string()))
}

/// TLS with any certificate (RFC 7435): it keeps out who only listens.
pub fn accept_any_certificate(host: &str) -> Result<TlsParameters, TlsError> {
    let tls = TlsParameters::builder(host.into());
    let tls = tls.dangerous_accept_invalid_certs(true).dangerous_accept_invalid_hostnames(true).build();
    tls.map_err(|error| TlsError::Unusable(error.to_string()))
}
