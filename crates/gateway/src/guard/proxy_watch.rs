//! Detects a proxy that is not configured: all its clients count as one and share the limits of one address.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::config::{Proxies, is_private};

/// How many requests are enough evidence.
const ENOUGH: u32 = 20;
/// The largest number of addresses of a proxy; more addresses mean that clients are told apart.
const ADDRESSES_MAX: usize = 4;
/// How long requests count as evidence.
const WINDOW: Duration = Duration::from_secs(10 * 60);

/// Observes where requests come from.
#[derive(Debug, Default)]
pub struct ProxyWatch {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    window_start: Option<Instant>,
    addresses: BTreeSet<IpAddr>,
    count: u32,
    /// The header that reports the clients.
    header: &'static str,
    /// Whether a request came another way.
    is_refuted: bool,
    warning: Option<String>,
}

impl ProxyWatch {
    /// Records a request, and the header in which it reports another client. Logs a warning once the evidence is sufficient.
    pub fn note(&self, proxies: &Proxies, peer: Option<IpAddr>, header: Option<&'static str>) {
        let Some(peer) = peer.map(|peer| peer.to_canonical()).filter(|peer| !proxies.trust(*peer)) else { return };
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.window_start.is_none_or(|window_start| window_start.elapsed() > WINDOW) {
            let warning = state.warning.take().filter(|_| !state.is_refuted);
            *state = State { window_start: Some(Instant::now()), warning, ..State::default() };
        }
        if state.is_refuted {
            return;
        }
        match header.filter(|_| is_private(peer)) {
            Some(header) if state.addresses.contains(&peer) || state.addresses.len() < ADDRESSES_MAX => {
                state.addresses.insert(peer);
                state.header = header;
                state.count = state.count.saturating_add(1);
            }
            _ => {
                state.is_refuted = true;
                state.warning = None;
            }
        }
        if state.count == ENOUGH && !state.is_refuted && state.warning.is_none() {
            let warning = warning(&state.addresses, state.header);
            tracing::warn!(reason = warning, "proxy not trusted");
            state.warning = Some(warning);
        }
    }

    /// The warning for administrators, if any.
    pub fn warning(&self) -> Option<String> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).warning.clone()
    }
}

fn warning(addresses: &BTreeSet<IpAddr>, header: &str) -> String {
    let from_addresses = if addresses.len() == 1 { "one private address" } else { "a few private addresses" };
    let quoted: Vec<String> = addresses.iter().map(|address| format!("\"{address}\"")).collect();
    let quoted = quoted.join(", ");
    format!(
        "All requests come from {from_addresses}, which forwards other clients in {header}. If this is your proxy, \
         all customers share the limits of one address until it is trusted: [proxy] trusted = [\"loopback\", \
         {quoted}], header = \"{header}\""
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(watch: &ProxyWatch, peer: &str, forwarded: bool) {
        watch.note(&Proxies::default(), Some(peer.parse().unwrap()), forwarded.then_some("x-forwarded-for"));
    }

    #[test]
    fn untrusted_proxies_are_reported_with_the_line_to_write() {
        let watch = ProxyWatch::default();
        for _ in 0..ENOUGH {
            assert_eq!(watch.warning(), None);
            note(&watch, "172.17.0.1", true);
        }
        let warning = watch.warning().unwrap();
        assert!(
            warning.contains(r#"[proxy] trusted = ["loopback", "172.17.0.1"], header = "x-forwarded-for""#),
            "{warning}"
        );
        // A request from elsewhere shows that clients are told apart.
        note(&watch, "203.0.113.9", false);
        assert_eq!(watch.warning(), None);
    }

    #[test]
    fn direct_clients_and_trusted_proxies_cause_no_warning() {
        for (peer, forwarded) in [("127.0.0.1", true), ("10.0.0.5", false), ("203.0.113.7", true)] {
            let watch = ProxyWatch::default();
            for _ in 0..3 * ENOUGH {
                note(&watch, peer, forwarded);
            }
            assert_eq!(watch.warning(), None, "{peer}");
        }
        let watch = ProxyWatch::default();
        for n in 0..3 * ENOUGH {
            note(&watch, &format!("10.0.0.{n}"), true);
        }
        assert_eq!(watch.warning(), None, "an office whose clients write the header themselves");
    }
}
