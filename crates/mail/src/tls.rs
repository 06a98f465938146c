//! TLS with a mail server.

use lettre::transport::smtp::client::{Certificate, TlsParameters};

/// Why TLS cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlsError {
    /// The issuers' certificates cannot be parsed.
    #[error("{0}")]
    Certificate(String),
    /// The library rejects the parameters.
    #[error("cannot be used: {0}")]
    Unusable(String),
}

/// TLS with a certificate for the host's name, issued by an authority that this computer trusts or that is in `issuers`, in PEM.
pub fn require_certificate(host: &str, issuers: Option<&str>) -> Result<TlsParameters, TlsError> {
    let mut tls = TlsParameters::builder(host.into());
    if let Some(pem) = issuers {
        // The library accepts a text without certificates as an empty list.
        if !pem.contains("-----BEGIN CERTIFICATE-----") {
            return Err(TlsError::Certificate("contains no certificate".into()));
        }
        let certificate = Certificate::from_pem(pem.as_bytes());
        tls = tls.add_root_certificate(certificate.map_err(|error| TlsError::Certificate(error.to_string()))?);
    }
    tls.build().map_err(|error| TlsError::Unusable(error.to_string()))
}

/// TLS with any certificate (RFC 7435): protects against passive eavesdropping only.
pub fn accept_any_certificate(host: &str) -> Result<TlsParameters, TlsError> {
    let tls = TlsParameters::builder(host.into());
    let tls = tls.dangerous_accept_invalid_certs(true).dangerous_accept_invalid_hostnames(true).build();
    tls.map_err(|error| TlsError::Unusable(error.to_string()))
}
