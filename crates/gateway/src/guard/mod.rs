//! Rate limits. Requests above a limit are rejected for a while, with the time to wait; nobody is locked out.
//! A request is charged twice. Before its body is read, to its claimed address and session ([`Guard::admit`]). And once it is known to be valid
//! and new, just before it is stored, to the verified customer and the site ([`SiteLimits::charge_site`]): rejected and repeated requests cost a
//! site nothing of its quota.

mod buckets;
mod charge;
mod guesses;
mod large_bodies;
mod open_files;
mod permits;
mod proxy_watch;

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::config::Limits;
use buckets::{Buckets, Draw, PERIOD};
pub use charge::Charge;
pub use guesses::Guess;
use guesses::Guesses;
pub use large_bodies::{HookSender, LargeBodies};
pub use open_files::{connections_max, open_files};
pub use permits::{NetworkPermit, NetworkPermits, Permit, Permits};
pub use proxy_watch::ProxyWatch;

use deskbell_core::ids::{CustomerId, SiteKey};
use deskbell_core::ports::{LimitShare, RetryAfter, SiteLimits};
use deskbell_core::rules::networks::{LimitedNetwork, customer_network, limited_networks};

/// Cells for addresses and sessions: 4 MiB.
const CLIENT_CELLS: usize = 1 << 18;
/// Cells for sites and other configured names.
const SITE_CELLS: usize = 1 << 12;
/// Guesses at the inbox token per minute from one address.
const GUESSES: u32 = 10;
/// Wrong guesses at the inbox token per minute from all addresses without an earlier right one. Above that every answer is delayed, so that a
/// new agent can still log in.
const GUESSES_OF_ALL: u32 = 200;
/// The delay.
const GUESS_DELAY: Duration = Duration::from_secs(3);
/// How many times as many reports as tickets a session may send.
const REPORTS: u32 = 2;
/// Requests for the inbox per minute from one address.
const INBOX: u32 = 1200;
/// Requests for pages and files of the panel per minute from one address.
const PAGES: u32 = 6000;
/// Inbound events per minute from one address: a change of a thousand tickets arrives within seconds.
const HOOKS: u32 = 12_000;
/// The most streams of one session or customer in a site. A browser needs one; a customer may have several browsers.
const STREAMS: u32 = 20;
/// The most streams from one address, which a whole office may share.
const STREAMS_FROM_ADDRESS: u32 = 500;

/// Charges requests and rejects those above a limit.
pub struct Guard {
    limits: Limits,
    clients: Buckets,
    sites: Buckets,
    /// Held while a guess is checked, so that guesses are checked one at a time.
    guesses: Mutex<Guesses>,
    streams: StreamPermits,
    /// The large bodies of webhooks.
    pub large_bodies: LargeBodies,
}

/// The open streams: per session or customer, per address, and in all.
struct StreamPermits {
    of_requester: Permits<[u8; 32]>,
    from_address: NetworkPermits,
    all_streams: Permits<()>,
    max: u32,
}

/// A stream that counts until this is dropped.
#[derive(Debug)]
pub struct StreamPermit {
    _of_requester: Permit<[u8; 32]>,
    _from_address: Option<NetworkPermit>,
    _of_all: Permit<()>,
}

/// The purpose of a client's bucket; a client has several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Purpose {
    Requests,
    Tickets,
    Files,
    Reports,
    Hooks,
    Pages,
    Inbox,
    Guesses,
}

impl Guard {
    /// A guard with these limits, for a gateway with at most so many connections. Half of them may be streams.
    pub fn new(limits: Limits, connections: u32) -> Guard {
        let max = (connections / 2).max(1);
        let streams = StreamPermits {
            of_requester: Permits::default(),
            from_address: NetworkPermits::new(STREAMS_FROM_ADDRESS.min((max / 2).max(1)), (max / 2).max(1)),
            all_streams: Permits::default(),
            max,
        };
        Guard {
            limits,
            clients: Buckets::new(CLIENT_CELLS),
            sites: Buckets::new(SITE_CELLS),
            guesses: Mutex::default(),
            streams,
            large_bodies: LargeBodies::default(),
        }
    }

    /// Charges a request before its body is read, to its address and to the session or token that it names, which is not verified yet. Without
    /// either, only the address counts.
    pub fn admit(
        &self,
        charge: Charge,
        address: Option<IpAddr>,
        requester: Option<[u8; 32]>,
    ) -> Result<(), RetryAfter> {
        let mut draws = match charge {
            Charge::Hook => {
                let writes = self.of_address(Purpose::Requests, address, self.limits.address, charge::WRITE);
                let mut draws: Vec<Draw> = writes.into_iter().map(Draw::probe).collect();
                draws.extend(self.of_address(Purpose::Hooks, address, at_least_one(HOOKS), 1));
                draws
            }
            Charge::Page => self.of_address(Purpose::Pages, address, at_least_one(PAGES), 1),
            Charge::Inbox => self.of_address(Purpose::Inbox, address, at_least_one(INBOX), 1),
            _ => self.of_address(Purpose::Requests, address, self.limits.address, charge.requests()),
        };
        let of_session = match charge {
            Charge::Ticket => Some((Purpose::Tickets, self.limits.session)),
            Charge::Upload => Some((Purpose::Files, self.limits.uploads)),
            Charge::Report | Charge::Mark => {
                Some((Purpose::Reports, self.limits.session.saturating_mul(at_least_one(REPORTS))))
            }
            Charge::Read | Charge::Hook | Charge::Page | Charge::Inbox => None,
        };
        if let (Some((purpose, quota)), Some(requester)) = (of_session, requester) {
            draws.push(self.clients.draw((purpose, requester), quota, 1));
        }
        self.clients.take(&draws)
    }

    /// Charges the change of a [`Charge::Mark`] request that turns out to be more than a mark, like a reply.
    pub fn charge_change(&self, address: Option<IpAddr>, requester: Option<[u8; 32]>) -> Result<(), RetryAfter> {
        let cost = charge::WRITE - Charge::Mark.requests();
        let mut draws = self.of_address(Purpose::Requests, address, self.limits.address, cost);
        draws.extend(
            requester.map(|requester| self.clients.draw((Purpose::Tickets, requester), self.limits.session, 1)),
        );
        self.clients.take(&draws)
    }

    /// Charges an invalid request to its address as a write, after it was answered.
    pub fn charge_failure(&self, address: Option<IpAddr>) {
        // If the bucket does not hold as much, further requests are rejected anyway.
        let _ = self.clients.take(&self.of_address(Purpose::Requests, address, self.limits.address, charge::WRITE));
    }

    /// Opens a stream for a requester.
    pub fn open_stream(&self, address: Option<IpAddr>, requester: [u8; 32]) -> Result<StreamPermit, RetryAfter> {
        let StreamPermits { of_requester, from_address, all_streams, max } = &self.streams;
        let full = RetryAfter(PERIOD);
        Ok(StreamPermit {
            _of_requester: of_requester.acquire(requester, STREAMS).ok_or(full)?,
            _from_address: address.map(|address| from_address.acquire(address).ok_or(full)).transpose()?,
            _of_all: all_streams.acquire((), *max).ok_or(full)?,
        })
    }

    /// How many streams are open.
    pub fn open_streams(&self) -> u32 {
        self.streams.all_streams.held(&())
    }

    /// Whether a guess at the inbox token was wrong recently. A proxy may add the same credentials to every request; repeating them reveals
    /// nothing, so they need not be charged again.
    pub fn was_wrong(&self, address: Option<IpAddr>, guess: &str) -> bool {
        let guesses = self.guesses.lock().unwrap_or_else(PoisonError::into_inner);
        guesses.was_wrong(address.map(customer_network), guess)
    }

    /// Checks a guess at the inbox token, unless too many from its address were wrong. An address with an earlier right guess is not delayed by
    /// the guesses of others.
    pub fn guess(
        &self,
        address: Option<IpAddr>,
        guess: &str,
        is_right: impl FnOnce() -> bool,
    ) -> Result<Guess, RetryAfter> {
        let mut guesses = self.guesses.lock().unwrap_or_else(PoisonError::into_inner);
        let network = address.map(customer_network);
        let draws = self.of_address(Purpose::Guesses, address, at_least_one(GUESSES), 1);
        let probes: Vec<Draw> = draws.iter().map(|draw| draw.probe()).collect();
        self.clients.take(&probes)?;
        let is_right = is_right();
        let mut of_all = self.clients.draw(Purpose::Guesses, at_least_one(GUESSES_OF_ALL), 1);
        if is_right {
            of_all = of_all.probe();
        } else {
            let _ = self.clients.take(&draws);
        }
        let is_held_up = !guesses.knows(network) && self.clients.take(&[of_all]).is_err();
        guesses.remember(network, guess, is_right);
        Ok(Guess { is_right, delay: if is_held_up { GUESS_DELAY } else { Duration::ZERO } })
    }

    /// Whether a login at the identity provider may be verified: not if too many from its address failed.
    pub fn admit_login(&self, address: Option<IpAddr>) -> Result<(), RetryAfter> {
        let draws = self.of_address(Purpose::Guesses, address, at_least_one(GUESSES), 1);
        self.clients.take(&draws.into_iter().map(Draw::probe).collect::<Vec<_>>())
    }

    /// Charges an address for a login that the identity provider did not confirm.
    pub fn charge_failed_login(&self, address: Option<IpAddr>) {
        // Whoever has used up the limit cannot be charged more.
        let _ = self.clients.take(&self.of_address(Purpose::Guesses, address, at_least_one(GUESSES), 1));
    }

    /// The withdrawals from the bucket of an address and from those of the networks around it.
    fn of_address(&self, purpose: Purpose, address: Option<IpAddr>, quota: NonZeroU32, cost: u32) -> Vec<Draw> {
        let networks = address.map(limited_networks).unwrap_or_default();
        let draw = |network| {
            let LimitedNetwork { start, bits, share } = network;
            self.clients.draw((purpose, bits, start), quota.saturating_mul(at_least_one(share)), cost)
        };
        networks.into_iter().map(draw).collect()
    }
}

impl SiteLimits for Guard {
    /// The site must exist. Verified customers have a share of the site's limit that nobody else can use up; after that they take from the
    /// common share.
    fn charge_site(&self, share: LimitShare, site: &SiteKey, person: Option<&CustomerId>) -> Result<(), RetryAfter> {
        let of_all = self.sites.draw((share, false, site), self.limits.site, 1);
        let Some(person) = person else { return self.sites.take(&[of_all]) };
        let quota = if share == LimitShare::Files { self.limits.uploads } else { self.limits.session };
        self.clients.take(&[self.clients.draw((share, site, person), quota, 1)])?;
        let of_signed = self.sites.draw((share, true, site), self.limits.site, 1);
        self.sites.take(&[of_signed]).or_else(|_| self.sites.take(&[of_all]))
    }
}

/// The digest of a session or token for a site. It distinguishes senders but is not verified.
pub fn credential_digest(site: &SiteKey, credential: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(site.as_str()).chain_update([0]).chain_update(credential).finalize().into()
}

fn at_least_one(count: u32) -> NonZeroU32 {
    NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(address: u32, session: u32, site: u32) -> Guard {
        let [address, session, site] = [address, session, site].map(at_least_one);
        let limits = Limits { address, session, site, uploads: session, ..Limits::default() };
        Guard {
            clients: Buckets::stopped(CLIENT_CELLS),
            sites: Buckets::stopped(SITE_CELLS),
            ..Guard::new(limits, 1000)
        }
    }

    fn address(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn rate_limits_are_by_address_and_a_ticket_costs_ten() {
        let guard = guard(12, 100, 100);
        let [first, second] = ["192.0.2.1", "192.0.2.2"].map(address);
        assert_eq!(guard.admit(Charge::Ticket, first, None), Ok(()));
        assert_eq!([guard.admit(Charge::Read, first, None), guard.admit(Charge::Read, first, None)], [Ok(()), Ok(())]);
        let RetryAfter(wait) = guard.admit(Charge::Read, first, None).unwrap_err();
        assert!(wait > Duration::ZERO && wait <= Duration::from_secs(5), "{wait:?}");
        assert_eq!(guard.admit(Charge::Read, second, None), Ok(()));
        assert_eq!(guard.admit(Charge::Read, None, None), Ok(()));
    }

    #[test]
    fn sessions_have_separate_limits_for_requests_files_and_reports() {
        let guard = guard(1000, 2, 100);
        let [ada, bob] = [Some([1; 32]), Some([2; 32])];
        let admitted = |charge, requester| guard.admit(charge, None, requester).is_ok();
        assert_eq!([1, 2, 3].map(|_| admitted(Charge::Ticket, ada)), [true, true, false]);
        assert_eq!([1, 2, 3].map(|_| admitted(Charge::Upload, ada)), [true, true, false]);
        assert!(admitted(Charge::Report, ada) && admitted(Charge::Ticket, bob) && admitted(Charge::Ticket, None));
        assert!(guard.charge_change(None, ada).is_err() && guard.charge_change(None, bob).is_ok());
    }

    #[test]
    fn anonymous_clients_cannot_use_up_the_limit_of_signed_customers() {
        let guard = guard(1000, 3, 4);
        let stored = |person: Option<&'static str>| {
            let person = person.map(CustomerId::from);
            guard.charge_site(LimitShare::Tickets, &"acme".into(), person.as_ref()).is_ok()
        };
        assert_eq!([1, 2, 3, 4, 5].map(|_| stored(None)), [true, true, true, true, false]);
        assert_eq!([1, 2, 3, 4].map(|_| stored(Some("ada"))), [true, true, true, false], "a person has a share");
        assert!(stored(Some("bob")));
        assert!(!stored(Some("bob")), "that of all is used up as well");
        assert!(
            guard.charge_site(LimitShare::Files, &"acme".into(), None).is_ok()
                && guard.charge_site(LimitShare::Tickets, &"other".into(), None).is_ok()
        );
    }

    #[test]
    fn larger_ipv6_networks_have_limits_too() {
        let guard = guard(10, 100, 100);
        let admitted = |text: &str| guard.admit(Charge::Ticket, address(text), None).is_ok();
        assert!(admitted("2001:db8:0:1::1") && !admitted("2001:db8:0:1:ffff::2"), "one connection");
        assert!(admitted("2001:db8:0:2::1") && !admitted("2001:db8:0:3::1"), "one customer: two connections");
        assert!(admitted("2001:db8:0:100::1") && admitted("2001:db8:0:200::1"), "one organization: four");
        assert!(!admitted("2001:db8:0:300::1") && admitted("2001:db8:1::1"));
    }

    fn judged(is_right: bool, delay: Duration) -> Result<Guess, RetryAfter> {
        Ok(Guess { is_right, delay })
    }

    #[test]
    fn wrong_guesses_wait_and_right_ones_do_not() {
        let guard = guard(1000, 1, 1);
        let [eve, ana] = ["192.0.2.1", "192.0.2.2"].map(address);
        for _ in 0..2 * GUESSES {
            assert_eq!(guard.guess(ana, "right", || true), judged(true, Duration::ZERO));
        }
        for n in 0..GUESSES {
            assert_eq!(guard.guess(eve, &n.to_string(), || false), judged(false, Duration::ZERO));
        }
        assert!(guard.guess(eve, "right", || unreachable!("it is not judged")).is_err());
    }

    #[test]
    fn under_an_attack_a_new_agent_waits_and_logs_in() {
        let guard = guard(1000, 1, 1);
        assert_eq!(guard.guess(address("192.0.2.2"), "right", || true), judged(true, Duration::ZERO));
        let networks = (0..=255).map(|n| address(&format!("198.51.100.{n}")));
        let delays: Vec<Duration> = networks
            .map(|network| guard.guess(network, "wrong", || false).unwrap().delay)
            .filter(|delay| delay.is_zero())
            .collect();
        assert_eq!(delays.len() as u32, GUESSES_OF_ALL);
        let new = address("203.0.113.9");
        assert_eq!(guard.guess(new, "right", || true), judged(true, GUESS_DELAY));
        assert_eq!(guard.guess(new, "right", || true), judged(true, Duration::ZERO), "it is known from then on");
        assert_eq!(guard.guess(address("192.0.2.2"), "right", || true), judged(true, Duration::ZERO));
    }

    #[test]
    fn wrong_guesses_are_remembered_by_network() {
        let guard = guard(1000, 1, 1);
        let [proxied, other] = ["192.0.2.1", "192.0.2.2"].map(address);
        assert!(!guard.was_wrong(proxied, "wrong"));
        assert_eq!(guard.guess(proxied, "wrong", || false), judged(false, Duration::ZERO));
        assert!(
            guard.was_wrong(proxied, "wrong") && !guard.was_wrong(proxied, "right") && !guard.was_wrong(other, "wrong")
        );
    }

    #[test]
    fn streams_are_limited_by_requester_network_and_connections() {
        let guard = guard(1000, 1, 1);
        let open = |from: &str, n: u32| guard.open_stream(address(from), [n as u8; 32]).ok();
        let of_one: Vec<_> = (0..30).filter_map(|_| open("192.0.2.1", 1)).collect();
        assert_eq!(of_one.len() as u32, STREAMS);
        drop(of_one);
        // A /64 and a requester of its own for each.
        let of_network: Vec<_> = (0..400).filter_map(|n| open(&format!("2001:db8:0:{n:x}::1"), n / 2)).collect();
        assert_eq!(of_network.len(), 250);
        let other_streams: Vec<_> = (0..=255).filter_map(|n| open(&format!("198.51.100.{n}"), n)).collect();
        assert_eq!(of_network.len() + other_streams.len(), 500);
        drop((of_network, other_streams));
        assert!(open("198.51.100.1", 1).is_some());
    }

    #[test]
    fn unsigned_webhooks_are_charged_until_they_are_refused() {
        let guard = guard(20, 1, 1);
        let sender = address("192.0.2.1");
        assert!((0..100).all(|_| guard.admit(Charge::Hook, sender, None).is_ok()));
        guard.charge_failure(sender);
        assert!(guard.admit(Charge::Hook, sender, None).is_ok());
        guard.charge_failure(sender);
        assert!(guard.admit(Charge::Hook, sender, None).is_err());
    }

    #[test]
    fn costs_above_the_capacity_get_a_wait_too() {
        assert!(guard(5, 1, 1).admit(Charge::Ticket, address("192.0.2.1"), None).is_err());
    }
}
