//! Asks a gateway on this computer whether it can serve.

use std::error::Error;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

/// How long the gateway may take to answer. Shorter than the time limits of health checks in containers.
const ANSWER_TIME: Duration = Duration::from_secs(5);

/// The answer of a gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// Whether it can serve.
    pub is_ready: bool,
    /// What works and what does not, as JSON; or why nobody answered.
    pub text: String,
}

/// Asks the gateway that listens on an address.
pub async fn ask(listen: SocketAddr) -> Health {
    match answer(reachable(listen)).await {
        Ok(health) => health,
        Err(error) => Health { is_ready: false, text: format!("no answer from {listen}: {}", cause(&error)) },
    }
}

async fn answer(address: SocketAddr) -> Result<Health, reqwest::Error> {
    outbound_http::install_crypto();
    let client = reqwest::Client::builder().no_proxy().timeout(ANSWER_TIME).build()?;
    let answer = client.get(format!("http://{address}/readyz")).send().await?;
    let is_ready = answer.status().is_success();
    Ok(Health { is_ready, text: answer.text().await? })
}

/// An address under which a listener can be reached from this computer.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

/// The innermost cause of an error, which is what happened: "connection refused".
fn cause(mut error: &dyn Error) -> String {
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}
