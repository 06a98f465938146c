//! TLS with a mail server.

use std::sync::{Arc, OnceLock};

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

/// TLS with a host. The certificates of the system are loaded for the first connection, because every host has its own copy of them.
#[derive(Clone)]
pub struct HostTls {
    host: String,
    accepts_any: bool,
    parameters: Arc<OnceLock<TlsParameters>>,
}

impl HostTls {
    /// The parameters of a connection.
    pub fn parameters(&self) -> Result<TlsParameters, TlsError> {
        if let Some(parameters) = self.parameters.get() {
            return Ok(parameters.clone());
        }
        let tls = TlsParameters::builder(self.host.clone());
        let any = self.accepts_any;
        let tls = tls.dangerous_accept_invalid_certs(any).dangerous_accept_invalid_hostnames(any).build();
        let tls = tls.map_err(|error| TlsError::Unusable(error.to_string()))?;
        Ok(self.parameters.get_or_init(|| tls).clone())
    }
}

/// TLS with a certificate for the host's name, issued by an authority that this computer trusts or that is in `issuers`, in PEM.
pub fn require_certificate(host: &str, issuers: Option<&str>) -> Result<HostTls, TlsError> {
    let tls = HostTls { host: host.into(), accepts_any: false, parameters: Arc::default() };
    let Some(pem) = issuers else { return Ok(tls) };
    // The library accepts a text without certificates as an empty list.
    if !pem.contains("-----BEGIN CERTIFICATE-----") {
        return Err(TlsError::Certificate("contains no certificate".into()));
    }
    let certificate = Certificate::from_pem(pem.as_bytes());
    let certificate = certificate.map_err(|error| TlsError::Certificate(error.to_string()))?;
    let parameters = TlsParameters::builder(host.into()).add_root_certificate(certificate).build();
    let parameters = parameters.map_err(|error| TlsError::Unusable(error.to_string()))?;
    Ok(HostTls { parameters: Arc::new(OnceLock::from(parameters)), ..tls })
}

/// TLS with any certificate (RFC 7435): protects against passive eavesdropping only.
pub fn accept_any_certificate(host: &str) -> HostTls {
    HostTls { host: host.into(), accepts_any: true, parameters: Arc::default() }
}
