//! How much anybody may ask for. What is too much is refused for a while, with the time to wait, and nobody is locked out.

mod address;
mod streams;

use std::collections::hash_map::RandomState;
use std::convert::Infallible;
use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use axum::http::{HeaderMap, header};
use governor::clock::{Clock, DefaultClock};
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::identity::SESSION_HEADER;

pub use address::of as address;
use streams::{Stream, Streams};

/// How many requests of its address a ticket, a reply or a file counts for.
const WRITE: NonZeroU32 = NonZeroU32::MIN.saturating_add(9);
/// How often somebody may try to log in from one address, in a minute.
const LOGINS: NonZeroU32 = NonZeroU32::MIN.saturating_add(9);
/// The most streams of one session or person in a site. A browser needs one; a person may have several browsers.
const STREAMS: u32 = 20;
/// The most streams from one address, behind which there may be a whole office.
const STREAMS_FROM_ADDRESS: u32 = 500;
/// How often it is forgotten who has been quiet.
const FORGET: Duration = Duration::from_secs(60);

/// How much may come in a minute; all of it may come at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Requests from one address, where a ticket, a reply or a file counts for ten.
    pub address: NonZeroU32,
    /// Tickets and replies of one session or person.
    pub session: NonZeroU32,
    /// Tickets and replies to one site.
    pub site: NonZeroU32,
    /// Files of one session or person; of a site as many as there are tickets and replies.
    pub uploads: NonZeroU32,
}

impl Default for Limits {
    fn default() -> Limits {
        let [address, session, site, uploads] = [1199, 29, 599, 59].map(|more| NonZeroU32::MIN.saturating_add(more));
        Limits { address, session, site, uploads }
    }
}

type Limiter<K> = RateLimiter<K, DashMapStateStore<K, RandomState>, DefaultClock>;

/// Counts what everybody asks for.
pub struct Guard {
    addresses: Limiter<IpAddr>,
    writers: Limiter<[u8; 32]>,
    sites: Limiter<String>,
    uploaders: Limiter<[u8; 32]>,
    uploads: Limiter<String>,
    logins: Limiter<IpAddr>,
    streams: Streams<[u8; 32]>,
    streams_from: Streams<IpAddr>,
}

/// A stream that counts until this is dropped.
#[derive(Debug)]
pub struct Open(
    #[expect(dead_code, reason = "what counts is that it is there")] (Stream<[u8; 32]>, Option<Stream<IpAddr>>),
);

/// How long to wait before it is not too much any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait(pub Duration);

impl Guard {
    /// A guard that keeps to limits.
    pub fn new(limits: Limits) -> Guard {
        Guard {
            addresses: limiter(limits.address),
            writers: limiter(limits.session),
            sites: limiter(limits.site),
            uploaders: limiter(limits.uploads),
            uploads: limiter(limits.site),
            logins: limiter(LOGINS),
            streams: Streams::new(STREAMS),
            streams_from: Streams::new(STREAMS_FROM_ADDRESS),
        }
    }

    /// Counts a request that changes nothing.
    pub fn read(&self, address: Option<IpAddr>) -> Result<(), Wait> {
        address.map_or(Ok(()), |address| admit(&self.addresses, &address, NonZeroU32::MIN))
    }

    /// Counts a ticket or a reply. Who neither has a session nor is signed counts by the address alone.
    pub fn write(&self, address: Option<IpAddr>, site: &str, headers: &HeaderMap) -> Result<(), Wait> {
        admit_write((&self.addresses, address), (&self.writers, writer(site, headers)), (&self.sites, site))
    }

    /// Counts a file. It takes nothing from what tickets and replies of the same people may come to.
    pub fn upload(&self, address: Option<IpAddr>, site: &str, headers: &HeaderMap) -> Result<(), Wait> {
        admit_write((&self.addresses, address), (&self.uploaders, writer(site, headers)), (&self.uploads, site))
    }

    /// Opens a stream for whoever writes.
    pub fn open(&self, address: Option<IpAddr>, writer: [u8; 32]) -> Result<Open, Wait> {
        let from = address.map(|address| self.streams_from.open(address).ok_or(Wait(FORGET))).transpose()?;
        Ok(Open((self.streams.open(writer).ok_or(Wait(FORGET))?, from)))
    }

    /// Counts somebody who tries to log in.
    pub fn login(&self, address: Option<IpAddr>) -> Result<(), Wait> {
        address.map_or(Ok(()), |address| admit(&self.logins, &address, NonZeroU32::MIN))
    }

    /// Forgets who has been quiet, for as long as it runs.
    pub async fn forget(&self) -> Infallible {
        loop {
            tokio::time::sleep(FORGET).await;
            self.addresses.retain_recent();
            self.writers.retain_recent();
            self.sites.retain_recent();
            self.uploaders.retain_recent();
            self.uploads.retain_recent();
            self.logins.retain_recent();
        }
    }
}

/// Who writes to a site: the session, or else the token, as a digest. Both are only told apart here, and not believed.
pub fn writer(site: &str, headers: &HeaderMap) -> Option<[u8; 32]> {
    let who = headers.get(SESSION_HEADER).or_else(|| headers.get(header::AUTHORIZATION))?;
    Some(Sha256::new().chain_update(site).chain_update([0]).chain_update(who.as_bytes()).finalize().into())
}

fn limiter<K: Hash + Eq + Clone>(count: NonZeroU32) -> Limiter<K> {
    RateLimiter::dashmap(Quota::per_minute(count))
}

fn admit_write(
    (addresses, address): (&Limiter<IpAddr>, Option<IpAddr>),
    (writers, writer): (&Limiter<[u8; 32]>, Option<[u8; 32]>),
    (sites, site): (&Limiter<String>, &str),
) -> Result<(), Wait> {
    if let Some(address) = address {
        admit(addresses, &address, WRITE)?;
    }
    if let Some(writer) = writer {
        admit(writers, &writer, NonZeroU32::MIN)?;
    }
    admit(sites, &site.to_string(), NonZeroU32::MIN)
}

fn admit<K: Hash + Eq + Clone>(limiter: &Limiter<K>, key: &K, cost: NonZeroU32) -> Result<(), Wait> {
    match limiter.check_key_n(key, cost) {
        Ok(Ok(())) => Ok(()),
        Ok(Err(until)) => Err(Wait(until.wait_time_from(DefaultClock::default().now()))),
        // It costs more than is ever allowed at once.
        Err(_) => Err(Wait(FORGET)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(address: u32, session: u32, site: u32) -> Guard {
        let [address, session, site] = [address, session, site].map(|count| NonZeroU32::new(count).unwrap());
        Guard::new(Limits { address, session, site, uploads: session })
    }

    fn session(name: &str) -> HeaderMap {
        HeaderMap::from_iter([(SESSION_HEADER.parse().unwrap(), name.parse().unwrap())])
    }

    #[test]
    fn each_address_has_its_own_share_and_a_ticket_takes_ten() {
        let guard = guard(12, 100, 100);
        let [one, other] = ["192.0.2.1", "192.0.2.2"].map(|address| Some(address.parse().unwrap()));
        assert_eq!(guard.write(one, "acme", &HeaderMap::new()), Ok(()));
        assert_eq!([guard.read(one), guard.read(one)], [Ok(()), Ok(())]);
        let Wait(wait) = guard.read(one).unwrap_err();
        assert!(wait > Duration::ZERO && wait <= Duration::from_secs(5), "{wait:?}");
        assert_eq!(guard.read(other), Ok(()));
        assert_eq!(guard.read(None), Ok(()));
    }

    #[test]
    fn a_session_has_its_share_in_each_site_and_the_site_has_one_of_all() {
        let guard = guard(1000, 2, 5);
        let (ada, bob) = (session("ada"), session("bob"));
        for (site, who, admitted) in [
            ("acme", &ada, true),
            ("acme", &ada, true),
            ("acme", &ada, false),
            ("other", &ada, true),
            ("acme", &bob, true),
            ("acme", &HeaderMap::new(), true),
            ("acme", &HeaderMap::new(), true),
            ("acme", &bob, false),
        ] {
            assert_eq!(guard.write(None, site, who).is_ok(), admitted, "{site} {who:?}");
        }
    }

    #[test]
    fn files_have_a_share_of_their_own() {
        let guard = guard(1000, 2, 3);
        let (ada, bob) = (session("ada"), session("bob"));
        let put = |who| guard.upload(None, "acme", who).is_ok();
        assert_eq!([put(&ada), put(&ada), put(&ada), put(&bob), put(&bob)], [true, true, false, true, false]);
        assert_eq!(guard.write(None, "acme", &ada), Ok(()));
    }

    #[test]
    fn whoever_guesses_tokens_has_to_wait() {
        let guard = guard(1000, 1, 1);
        let address = Some("192.0.2.1".parse().unwrap());
        for _ in 0..LOGINS.get() {
            assert_eq!(guard.login(address), Ok(()));
        }
        assert!(guard.login(address).is_err());
    }

    #[test]
    fn what_could_never_be_admitted_is_told_to_wait_all_the_same() {
        let address = Some("192.0.2.1".parse().unwrap());
        assert_eq!(guard(5, 1, 1).write(address, "acme", &HeaderMap::new()), Err(Wait(FORGET)));
    }
}
