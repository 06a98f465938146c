//! Rate limits. Requests above a limit are rejected for a while, with the time to wait; nobody is locked out.
//! A request is charged twice. Before its body is read, to its claimed address and session ([`Guard::admit`]). And once it is known to be valid
//! and new, just before it is stored, to the verified customer and the site ([`SiteLimits::charge_site`]): rejected and repeated requests cost a
//! site nothing of its quota.
//! What the limits of this gateway reject ends there. What they admit is then charged to the buckets that all gateways on the database share, if
//! there may be several, so that the limits hold for all of them together and no client can cause more work for the database than its limit.
//! Requests that change something wait for that charge. Those that only read, and inbound events, do not: a refusal holds for the next ones.
//! Pages and files of the panel are charged here only, because they are served without a database; connections and streams, because what
//! they use up is the gateway's.

mod buckets;
pub mod cell_retention;
mod charge;
mod guesses;
mod large_bodies;
mod open_files;
mod permits;
mod proxy_watch;
mod refusals;
mod shared_charges;

use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use sha2::{Digest, Sha256};

use super::config::Limits;
use buckets::{BucketHash, Buckets};
pub use charge::Charge;
pub use guesses::Guess;
use guesses::{Guesses, Judgement, guess_digest, judge_once};
pub use large_bodies::{HookSender, LargeBodies};
pub use open_files::{connections_max, open_files};
pub use permits::{NetworkPermit, NetworkPermits, Permit, Permits};
pub use proxy_watch::ProxyWatch;
use shared_charges::SharedCharges;

use deskbell_core::gateway_count::GatewayCount;
use deskbell_core::ids::{CustomerId, SiteKey};
use deskbell_core::ports::{BucketKind, Draw, LimitShare, RetryAfter, SharedBuckets, SiteLimits, StoreError};
use deskbell_core::random;
use deskbell_core::rules::networks::{LimitedNetwork, customer_network, limited_networks};
use deskbell_core::rules::token_buckets::{LAYOUT, PERIOD};

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
    buckets: Buckets,
    hash: BucketHash,
    shared: Option<SharedCharges>,
    /// Recent guesses. Several may be judged at once; the buckets enforce the limit.
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
    /// A guard with these limits, for a gateway with at most so many connections. Half of them may be streams. The limits hold together with those
    /// of all other gateways that use the same buckets; how many they are matters while those do not answer.
    pub async fn open(
        limits: Limits,
        connections: u32,
        shared: Option<(Arc<dyn SharedBuckets>, GatewayCount)>,
    ) -> Result<Guard, StoreError> {
        let Some((shared, count)) = shared else {
            let key: [u8; 32] = random::bytes().map_err(|error| StoreError::Database(error.to_string()))?;
            return Ok(Guard::new(limits, connections, &key));
        };
        let guard = Guard::new(limits, connections, &shared.bucket_key().await?);
        Ok(Guard { shared: Some(SharedCharges::start(shared, count, shared_charges::TIME_LIMIT)), ..guard })
    }

    fn new(limits: Limits, connections: u32, key: &[u8]) -> Guard {
        let max = (connections / 2).max(1);
        let streams = StreamPermits {
            of_requester: Permits::default(),
            from_address: NetworkPermits::new(STREAMS_FROM_ADDRESS.min((max / 2).max(1)), (max / 2).max(1)),
            all_streams: Permits::default(),
            max,
        };
        Guard {
            limits,
            buckets: Buckets::new(LAYOUT),
            hash: BucketHash::new(key),
            shared: None,
            guesses: Mutex::default(),
            streams,
            large_bodies: LargeBodies::default(),
        }
    }

    /// Charges a request before its body is read, to its address and to the session or token that it names, which is not verified yet. Without
    /// either, only the address counts.
    pub async fn admit(
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
            draws.push(self.draw(BucketKind::Client, (purpose, requester), quota, 1));
        }
        match charge {
            Charge::Page => self.buckets.take(&draws),
            Charge::Read | Charge::Inbox | Charge::Hook => self.take_behind(&draws),
            Charge::Ticket | Charge::Upload | Charge::Report | Charge::Mark => self.take(&draws).await,
        }
    }

    /// Charges the change of a [`Charge::Mark`] request that turns out to be more than a mark, like a reply.
    pub async fn charge_change(&self, address: Option<IpAddr>, requester: Option<[u8; 32]>) -> Result<(), RetryAfter> {
        let cost = charge::WRITE - Charge::Mark.requests();
        let mut draws = self.of_address(Purpose::Requests, address, self.limits.address, cost);
        let of_session =
            |requester| self.draw(BucketKind::Client, (Purpose::Tickets, requester), self.limits.session, 1);
        draws.extend(requester.map(of_session));
        self.take(&draws).await
    }

    /// Charges an invalid request to its address as a write, after it was answered.
    pub fn charge_failure(&self, address: Option<IpAddr>) {
        // If the bucket does not hold as much, further requests are rejected anyway.
        let _ = self.take_behind(&self.of_address(Purpose::Requests, address, self.limits.address, charge::WRITE));
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
        self.guesses().was_wrong(address.map(customer_network), guess)
    }

    /// Judges a guess at the inbox token, unless too many from its address were wrong. An address with an earlier right guess is not delayed by
    /// the guesses of others. Equal guesses from a network at the same moment count as one.
    pub async fn guess(&self, address: Option<IpAddr>, guess: &str, is_right: bool) -> Judgement {
        let digest = guess_digest(address.map(customer_network), guess);
        judge_once(&self.guesses, digest, || self.judge(address, guess, is_right)).await
    }

    async fn judge(&self, address: Option<IpAddr>, guess: &str, is_right: bool) -> Judgement {
        let network = address.map(customer_network);
        let draws = self.of_address(Purpose::Guesses, address, at_least_one(GUESSES), 1);
        let probes = probes(&draws);
        let is_known = {
            let guesses = self.guesses();
            self.buckets.take(if is_right { &probes } else { &draws })?;
            guesses.knows(network)
        };
        // Checked and charged at once, so that no number of simultaneous guesses exceeds the limit. A refusal is the same for right and wrong ones.
        if let Err(wait) = self.take_shared(if is_right { &probes } else { &draws }).await {
            // What is left at this gateway must not tell them apart either.
            if is_right {
                let _ = self.buckets.take(&draws);
            }
            return Err(wait);
        }
        let of_all = self.draw(BucketKind::Client, Purpose::Guesses, at_least_one(GUESSES_OF_ALL), 1);
        let of_all = if is_right { of_all.probe() } else { of_all };
        let is_held_up = !is_known && self.take(&[of_all]).await.is_err();
        self.guesses().remember(network, guess, is_right);
        Ok(Guess { is_right, delay: if is_held_up { GUESS_DELAY } else { Duration::ZERO } })
    }

    /// Whether a login at the identity provider may be verified: not if too many from its address failed.
    pub async fn admit_login(&self, address: Option<IpAddr>) -> Result<(), RetryAfter> {
        self.take(&probes(&self.of_address(Purpose::Guesses, address, at_least_one(GUESSES), 1))).await
    }

    /// Charges an address for a login that the identity provider did not confirm.
    pub async fn charge_failed_login(&self, address: Option<IpAddr>) {
        // Whoever has used up the limit cannot be charged more.
        let _ = self.take(&self.of_address(Purpose::Guesses, address, at_least_one(GUESSES), 1)).await;
    }

    fn guesses(&self) -> MutexGuard<'_, Guesses> {
        self.guesses.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes withdrawals from the buckets of this gateway, and from those that it shares without waiting for it.
    fn take_behind(&self, draws: &[Draw]) -> Result<(), RetryAfter> {
        let Some(shared) = &self.shared else { return self.buckets.take(draws) };
        let hash = self.hash.hash(draws);
        shared.check_refusals(hash)?;
        self.buckets.take(draws)?;
        if shared.take_behind(draws, hash) { Ok(()) } else { self.take_for_others(shared, draws) }
    }

    /// Takes withdrawals from the buckets of this gateway, and then from those that it shares.
    async fn take(&self, draws: &[Draw]) -> Result<(), RetryAfter> {
        self.buckets.take(draws)?;
        self.take_shared(draws).await
    }

    async fn take_shared(&self, draws: &[Draw]) -> Result<(), RetryAfter> {
        let Some(shared) = &self.shared else { return Ok(()) };
        match shared.take(draws).await {
            Some(decision) => decision,
            None => self.take_for_others(shared, draws),
        }
    }

    /// Takes from the buckets of this gateway what all others may admit as well while each decides alone.
    fn take_for_others(&self, shared: &SharedCharges, draws: &[Draw]) -> Result<(), RetryAfter> {
        let others = u64::from(shared.gateways() - 1);
        // A full bucket admits at least one.
        let cost = |cost: u64| cost.saturating_mul(others).min((PERIOD.as_nanos() as u64).saturating_sub(cost));
        let draws: Vec<Draw> = draws.iter().map(|draw| Draw { cost: cost(draw.cost), ..*draw }).collect();
        self.buckets.take(&draws)
    }

    /// A withdrawal of `cost` from the bucket of a key that holds `quota` and fills up within [`PERIOD`].
    fn draw(&self, kind: BucketKind, key: impl Hash, quota: NonZeroU32, cost: u32) -> Draw {
        let cost = PERIOD.as_nanos() as u64 / u64::from(quota.get()) * u64::from(cost);
        Draw { kind, bucket: self.hash.hash(key), cost, is_probe: false }
    }

    /// The withdrawals from the bucket of an address and from those of the networks around it.
    fn of_address(&self, purpose: Purpose, address: Option<IpAddr>, quota: NonZeroU32, cost: u32) -> Vec<Draw> {
        let networks = address.map(limited_networks).unwrap_or_default();
        let draw = |network| {
            let LimitedNetwork { start, bits, share } = network;
            let quota = quota.saturating_mul(at_least_one(share));
            self.draw(BucketKind::Client, (purpose, bits, start), quota, cost)
        };
        networks.into_iter().map(draw).collect()
    }
}

#[async_trait]
impl SiteLimits for Guard {
    /// The site must exist. Verified customers have a share of the site's limit that nobody else can use up; after that they take from the
    /// common share.
    async fn charge_site(
        &self,
        share: LimitShare,
        site: &SiteKey,
        person: Option<&CustomerId>,
    ) -> Result<(), RetryAfter> {
        let of_all = self.draw(BucketKind::Site, (share, false, site), self.limits.site, 1);
        let Some(person) = person else { return self.take(&[of_all]).await };
        let quota = if share == LimitShare::Files { self.limits.uploads } else { self.limits.session };
        let of_person = self.draw(BucketKind::Client, (share, site, person), quota, 1);
        let of_signed = self.draw(BucketKind::Site, (share, true, site), self.limits.site, 1);
        let (signed, common) = ([of_person, of_signed], [of_person, of_all]);
        self.buckets.take(&signed).or_else(|_| self.buckets.take(&common))?;
        match self.take_shared(&signed).await {
            Ok(()) => Ok(()),
            Err(_) => self.take_shared(&common).await,
        }
    }
}

fn probes(draws: &[Draw]) -> Vec<Draw> {
    draws.iter().map(|draw| draw.probe()).collect()
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
    use futures_util::FutureExt;
    use std::collections::HashMap;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    fn guard(address: u32, session: u32, site: u32) -> Guard {
        let [address, session, site] = [address, session, site].map(at_least_one);
        let limits = Limits { address, session, site, uploads: session, ..Limits::default() };
        Guard { buckets: Buckets::stopped(LAYOUT), ..Guard::new(limits, 1000, &[7; 32]) }
    }

    /// The result of what waits for nothing without a database.
    fn now<T>(future: impl Future<Output = T>) -> T {
        future.now_or_never().unwrap()
    }

    fn address(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn rate_limits_are_by_address_and_a_ticket_costs_ten() {
        let guard = guard(12, 100, 100);
        let [first, second] = ["192.0.2.1", "192.0.2.2"].map(address);
        assert_eq!(now(guard.admit(Charge::Ticket, first, None)), Ok(()));
        assert_eq!(
            [now(guard.admit(Charge::Read, first, None)), now(guard.admit(Charge::Read, first, None))],
            [Ok(()), Ok(())]
        );
        let RetryAfter(wait) = now(guard.admit(Charge::Read, first, None)).unwrap_err();
        assert!(wait > Duration::ZERO && wait <= Duration::from_secs(5), "{wait:?}");
        assert_eq!(now(guard.admit(Charge::Read, second, None)), Ok(()));
        assert_eq!(now(guard.admit(Charge::Read, None, None)), Ok(()));
    }

    #[test]
    fn sessions_have_separate_limits_for_requests_files_and_reports() {
        let guard = guard(1000, 2, 100);
        let [ada, bob] = [Some([1; 32]), Some([2; 32])];
        let admitted = |charge, requester| now(guard.admit(charge, None, requester)).is_ok();
        assert_eq!([1, 2, 3].map(|_| admitted(Charge::Ticket, ada)), [true, true, false]);
        assert_eq!([1, 2, 3].map(|_| admitted(Charge::Upload, ada)), [true, true, false]);
        assert!(admitted(Charge::Report, ada) && admitted(Charge::Ticket, bob) && admitted(Charge::Ticket, None));
        assert!(now(guard.charge_change(None, ada)).is_err() && now(guard.charge_change(None, bob)).is_ok());
    }

    #[test]
    fn anonymous_clients_cannot_use_up_the_limit_of_signed_customers() {
        let guard = guard(1000, 3, 4);
        let stored = |person: Option<&'static str>| {
            let person = person.map(CustomerId::from);
            now(guard.charge_site(LimitShare::Tickets, &"acme".into(), person.as_ref())).is_ok()
        };
        assert_eq!([1, 2, 3, 4, 5].map(|_| stored(None)), [true, true, true, true, false]);
        assert_eq!([1, 2, 3, 4].map(|_| stored(Some("ada"))), [true, true, true, false], "a person has a share");
        assert!(stored(Some("bob")));
        assert!(!stored(Some("bob")), "that of all is used up as well");
        assert!(
            now(guard.charge_site(LimitShare::Files, &"acme".into(), None)).is_ok()
                && now(guard.charge_site(LimitShare::Tickets, &"other".into(), None)).is_ok()
        );
    }

    #[test]
    fn larger_ipv6_networks_have_limits_too() {
        let guard = guard(10, 100, 100);
        let admitted = |text: &str| now(guard.admit(Charge::Ticket, address(text), None)).is_ok();
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
            assert_eq!(now(guard.guess(ana, "right", true)), judged(true, Duration::ZERO));
        }
        for n in 0..GUESSES {
            assert_eq!(now(guard.guess(eve, &n.to_string(), false)), judged(false, Duration::ZERO));
        }
        assert!(now(guard.guess(eve, "right", true)).is_err());
    }

    #[test]
    fn under_an_attack_a_new_agent_waits_and_logs_in() {
        let guard = guard(1000, 1, 1);
        assert_eq!(now(guard.guess(address("192.0.2.2"), "right", true)), judged(true, Duration::ZERO));
        let networks = (0..=255).map(|n| address(&format!("198.51.100.{n}")));
        let delays: Vec<Duration> = networks
            .map(|network| now(guard.guess(network, "wrong", false)).unwrap().delay)
            .filter(|delay| delay.is_zero())
            .collect();
        assert_eq!(delays.len() as u32, GUESSES_OF_ALL);
        let new = address("203.0.113.9");
        assert_eq!(now(guard.guess(new, "right", true)), judged(true, GUESS_DELAY));
        assert_eq!(now(guard.guess(new, "right", true)), judged(true, Duration::ZERO), "it is known from then on");
        assert_eq!(now(guard.guess(address("192.0.2.2"), "right", true)), judged(true, Duration::ZERO));
    }

    #[test]
    fn wrong_guesses_are_remembered_by_network() {
        let guard = guard(1000, 1, 1);
        let [proxied, other] = ["192.0.2.1", "192.0.2.2"].map(address);
        assert!(!guard.was_wrong(proxied, "wrong"));
        assert_eq!(now(guard.guess(proxied, "wrong", false)), judged(false, Duration::ZERO));
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
        assert!((0..100).all(|_| now(guard.admit(Charge::Hook, sender, None)).is_ok()));
        guard.charge_failure(sender);
        assert!(now(guard.admit(Charge::Hook, sender, None)).is_ok());
        guard.charge_failure(sender);
        assert!(now(guard.admit(Charge::Hook, sender, None)).is_err());
    }

    #[test]
    fn costs_above_the_capacity_get_a_wait_too() {
        assert!(now(guard(5, 1, 1).admit(Charge::Ticket, address("192.0.2.1"), None)).is_err());
    }

    /// Buckets in memory that gateways share.
    #[derive(Default)]
    struct MemoryBuckets {
        levels: Mutex<HashMap<usize, u64>>,
        is_away: AtomicBool,
        charged: AtomicUsize,
    }

    #[async_trait]
    impl SharedBuckets for MemoryBuckets {
        async fn bucket_key(&self) -> Result<Vec<u8>, StoreError> {
            Ok(vec![7; 32])
        }

        async fn charge(&self, requests: &[Vec<Draw>]) -> Result<Vec<Result<(), RetryAfter>>, StoreError> {
            if self.is_away.load(Ordering::SeqCst) {
                return std::future::pending().await;
            }
            self.charged.fetch_add(requests.len(), Ordering::SeqCst);
            let mut levels = self.levels.lock().unwrap();
            let take = |draws: &Vec<Draw>| {
                let changed = LAYOUT.take(draws, 0, |cell| levels.get(&cell).copied().unwrap_or_default())?;
                levels.extend(changed);
                Ok(())
            };
            Ok(requests.iter().map(take).collect())
        }

        async fn delete_full_cells(&self) -> Result<(), StoreError> {
            Ok(())
        }
    }

    /// The guards of two gateways on one database.
    fn two_guards(address: u32, session: u32, site: u32) -> ([Guard; 2], Arc<MemoryBuckets>) {
        let buckets = Arc::new(MemoryBuckets::default());
        let shared = |_| {
            let count = GatewayCount::default();
            count.set(2);
            let charges = SharedCharges::start(buckets.clone(), count, shared_charges::TIME_LIMIT);
            Guard { shared: Some(charges), ..guard(address, session, site) }
        };
        ([0, 1].map(shared), buckets)
    }

    /// How many of twenty tickets are admitted by one gateway, and then by the other.
    async fn admitted(guards: &[Guard; 2], session: u8) -> [usize; 2] {
        let mut admitted = [0; 2];
        for number in 0..40 {
            let gateway = number / 20;
            let ticket = guards[gateway].admit(Charge::Ticket, None, Some([session; 32]));
            admitted[gateway] += usize::from(ticket.await.is_ok());
        }
        admitted
    }

    #[tokio::test(start_paused = true)]
    async fn limits_hold_for_all_gateways_together() {
        let (guards, _) = two_guards(1000, 6, 100);
        assert_eq!(admitted(&guards, 1).await, [6, 0]);
        assert_eq!(admitted(&guards, 2).await, [6, 0]);
    }

    #[tokio::test(start_paused = true)]
    async fn requests_that_arrive_together_are_charged_together() {
        let (guards, buckets) = two_guards(1000, 6, 100);
        let tickets = (0..100).map(|number| guards[number % 2].admit(Charge::Ticket, None, Some([1; 32])));
        let results = futures_util::future::join_all(tickets).await;
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 6);
        assert_eq!(buckets.charged.load(Ordering::SeqCst), 12, "what a gateway rejects is not charged to others");
    }

    #[tokio::test(start_paused = true)]
    async fn without_the_database_each_gateway_admits_its_part() {
        let (guards, buckets) = two_guards(1000, 6, 100);
        buckets.is_away.store(true, Ordering::SeqCst);
        let start = tokio::time::Instant::now();
        assert_eq!(admitted(&guards, 1).await, [3, 3]);
        assert!(start.elapsed() < Duration::from_secs(1), "few wait for the database: {:?}", start.elapsed());
        buckets.is_away.store(false, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert_eq!(admitted(&guards, 2).await, [6, 0]);
    }

    #[tokio::test(start_paused = true)]
    async fn reads_the_inbox_and_events_do_not_wait_for_the_database_and_are_charged_behind() {
        let (guards, buckets) = two_guards(20, 100, 100);
        let client = address("192.0.2.1");
        buckets.is_away.store(true, Ordering::SeqCst);
        for charge in [Charge::Read, Charge::Inbox, Charge::Hook] {
            assert_eq!(guards[0].admit(charge, client, None).now_or_never(), Some(Ok(())), "{charge:?}");
        }
        tokio::time::sleep(shared_charges::TIME_LIMIT).await;
        buckets.is_away.store(false, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_secs(2)).await;
        for _ in 1..20 {
            assert_eq!(guards[0].admit(Charge::Read, client, None).now_or_never(), Some(Ok(())));
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
        let mut admitted = 0;
        for _ in 0..20 {
            admitted += usize::from(now(guards[1].admit(Charge::Read, client, None)).is_ok());
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert_eq!(admitted, 2, "the one that was left, and the one that found out");
        assert_eq!(now(guards[1].admit(Charge::Read, address("192.0.2.2"), None)), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn pages_of_the_panel_need_no_database() {
        let (guards, buckets) = two_guards(1000, 6, 100);
        assert_eq!(guards[0].admit(Charge::Page, address("192.0.2.1"), None).await, Ok(()));
        assert_eq!(buckets.charged.load(Ordering::SeqCst), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn wrong_guesses_and_failed_logins_at_any_gateway_count_together() {
        let (guards, _) = two_guards(1000, 1, 1);
        let eve = address("192.0.2.1");
        for number in 0..GUESSES {
            let guard = &guards[number as usize % 2];
            if number < 5 {
                assert_eq!(guard.guess(eve, &number.to_string(), false).await, judged(false, Duration::ZERO));
            } else {
                guard.charge_failed_login(eve).await;
            }
        }
        for guard in &guards {
            assert!(guard.guess(eve, "right", true).await.is_err());
            assert!(guard.guess(eve, "wrong", false).await.is_err());
            assert!(guard.admit_login(eve).await.is_err());
            assert_eq!(guard.guess(address("192.0.2.2"), "right", true).await, judged(true, Duration::ZERO));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn equal_guesses_at_the_same_moment_are_charged_once() {
        let (guards, buckets) = two_guards(1000, 1, 1);
        let eve = address("192.0.2.1");
        let guesses = (0..20).map(|_| guards[0].guess(eve, "wrong", false));
        for judgement in futures_util::future::join_all(guesses).await {
            assert_eq!(judgement, judged(false, Duration::ZERO));
        }
        assert_eq!(buckets.charged.load(Ordering::SeqCst), 2, "its address, and all addresses");
        // A guess whose request ends before it is judged holds no equal one up.
        let mut first = Box::pin(guards[0].guess(eve, "other", false));
        assert!(first.as_mut().now_or_never().is_none());
        let second = guards[0].guess(eve, "other", false);
        drop(first);
        assert_eq!(second.await, judged(false, Duration::ZERO));
    }

    #[tokio::test(start_paused = true)]
    async fn sites_have_one_limit_at_all_gateways() {
        let (guards, _) = two_guards(1000, 100, 4);
        let (site, ada) = (SiteKey::from("acme"), CustomerId::from("ada"));
        let (mut anonymous, mut signed) = ([0; 2], [0; 2]);
        for gateway in [0, 1] {
            for _ in 0..20 {
                let stored = guards[gateway].charge_site(LimitShare::Tickets, &site, None).await;
                anonymous[gateway] += usize::from(stored.is_ok());
                let stored = guards[gateway].charge_site(LimitShare::Tickets, &site, Some(&ada)).await;
                signed[gateway] += usize::from(stored.is_ok());
            }
        }
        assert_eq!(
            (anonymous, signed),
            ([4, 0], [4, 0]),
            "anonymous clients cannot use up the share of verified customers"
        );
    }
}
