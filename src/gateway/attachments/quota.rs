//! How many bytes and files may be put, by whom, and how much of the disk they leave free. Rates are limited elsewhere
//! ([`crate::gateway::guard`]); here is what is kept.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use ring::hmac;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::domain::attachment::Attachments;
use crate::gateway::clock;
use crate::gateway::store::{FileOwner, UploadUsage, Usage};

/// How long a file of an anonymous session is kept that goes along with nothing. The client puts it again where it is still needed.
pub const UNSENT_ANONYMOUS: SignedDuration = SignedDuration::from_hours(24);
/// The same for a file of a signed person. Drafts live a day less.
pub const UNSENT: SignedDuration = SignedDuration::from_hours(8 * 24);
/// How many times what one message may carry somebody may have put and not sent: a ticket, a reply, and what was taken back.
const MESSAGES_UNSENT: u64 = 2;
/// How many files for each that one message may carry: a picture that is edited is a new file each time.
const FILES_UNSENT: u64 = 10;
/// Of what a site takes in a day, anonymous sessions leave one part of so many to people whom the host has signed.
const SIGNED_PART: u64 = 5;
/// Whoever has one address of IPv6 commonly has all that begin with the same 56 bits.
const NETWORK_HOST: u32 = Ipv6Addr::BITS - 56;
/// When to ask again where other uploads take the room and may come to nothing.
const UNDER_WAY: SignedDuration = SignedDuration::from_secs(60);

/// The quotas of files, `[quotas]` in the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Quotas {
    /// Bytes that one session or person may have put and not sent. Default: twice what one message of the site may carry.
    pub unsent_bytes: Option<u64>,
    /// And in how many files. Default: ten times what one message of the site may carry.
    pub unsent_files: Option<u64>,
    /// Bytes that anonymous sessions of one network address may put in a day (UTC), sent or not.
    pub address_bytes_per_day: u64,
    /// And in how many files.
    pub address_files_per_day: u64,
    /// Bytes that a site takes in a day (UTC). Anonymous sessions leave a fifth of it to signed people.
    pub site_bytes_per_day: u64,
    /// And in how many files.
    pub site_files_per_day: u64,
    /// Bytes of the disk that files leave free; below, no file is taken, while tickets still are.
    pub disk_reserve_bytes: u64,
}

impl Default for Quotas {
    fn default() -> Quotas {
        Quotas {
            unsent_bytes: None,
            unsent_files: None,
            address_bytes_per_day: 1_000_000_000,
            address_files_per_day: 1_000,
            site_bytes_per_day: 10_000_000_000,
            site_files_per_day: 20_000,
            disk_reserve_bytes: 1_000_000_000,
        }
    }
}

/// Which quota is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quota {
    /// Of unsent files of one session or person.
    Unsent,
    /// Of a network address in a day.
    Address,
    /// Of a site in a day.
    Site,
}

impl Quota {
    /// What it is called in an error.
    pub fn name(self) -> &'static str {
        match self {
            Quota::Unsent => "unsent files of one session or person",
            Quota::Address => "files from one network address in a day",
            Quota::Site => "files to this site in a day",
        }
    }
}

/// A quota that does not admit an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exceeded {
    /// Which.
    pub quota: Quota,
    /// What it allows.
    pub limit: Usage,
    /// When it frees up at the latest.
    pub until: Timestamp,
}

/// What is known of an upload before its bytes come.
#[derive(Clone, Copy, Debug)]
pub struct Admission<'a> {
    /// The quotas.
    pub quotas: &'a Quotas,
    /// What the site says of files.
    pub site: &'a Attachments,
    /// Whether the host has signed whose it is.
    pub is_signed: bool,
    /// When it comes.
    pub now: Timestamp,
}

impl Admission<'_> {
    /// Whether a file of so many bytes is within the quotas, beside what is counted and what is reserved for uploads under way.
    pub fn check(&self, usage: &UploadUsage, reserved: &Reserved, bytes: u64) -> Result<(), Exceeded> {
        self.limits().into_iter().try_for_each(|(quota, limit)| {
            let (used, under_way) = match quota {
                Quota::Unsent => (usage.owner, reserved.owner),
                Quota::Address => (usage.address, reserved.address),
                Quota::Site => (usage.site, reserved.site),
            };
            let fits = |held: Usage| {
                held.bytes.saturating_add(bytes) <= limit.bytes && held.files.saturating_add(1) <= limit.files
            };
            if !fits(used) {
                return Err(Exceeded { quota, limit, until: self.frees_up(quota, usage) });
            }
            let all = Usage {
                bytes: used.bytes.saturating_add(under_way.bytes),
                files: used.files.saturating_add(under_way.files),
            };
            if fits(all) { Ok(()) } else { Err(Exceeded { quota, limit, until: self.now + UNDER_WAY }) }
        })
    }

    fn limits(&self) -> Vec<(Quota, Usage)> {
        let Quotas { unsent_bytes, unsent_files, .. } = *self.quotas;
        // A site that takes none says so itself.
        let (max_bytes, max_count) = (u64::from(self.site.max_bytes), u64::from(self.site.max_count.max(1)));
        let unsent = Usage {
            bytes: unsent_bytes.unwrap_or(MESSAGES_UNSENT * max_count * max_bytes),
            files: unsent_files.unwrap_or(FILES_UNSENT * max_count),
        };
        let address = Usage { bytes: self.quotas.address_bytes_per_day, files: self.quotas.address_files_per_day };
        let site = Usage { bytes: self.quotas.site_bytes_per_day, files: self.quotas.site_files_per_day };
        let shared = |count: u64| if self.is_signed { count } else { count - count / SIGNED_PART };
        let site = Usage { bytes: shared(site.bytes), files: shared(site.files) };
        // Behind one address there may be a whole office; of whom the host has signed, each has a quota of their own.
        let address = (!self.is_signed).then_some((Quota::Address, address));
        [Some((Quota::Unsent, unsent)), address, Some((Quota::Site, site))].into_iter().flatten().collect()
    }

    fn frees_up(&self, quota: Quota, usage: &UploadUsage) -> Timestamp {
        let kept = if self.is_signed { UNSENT } else { UNSENT_ANONYMOUS };
        match quota {
            Quota::Unsent => {
                let oldest = usage.owner_oldest.as_deref().and_then(|at| at.parse::<Timestamp>().ok());
                oldest.unwrap_or(self.now) + kept
            }
            Quota::Address | Quota::Site => tomorrow(self.now),
        }
    }
}

/// The day of a time in UTC, `2026-11-28`.
pub fn day(time: Timestamp) -> String {
    time.to_zoned(TimeZone::UTC).date().to_string()
}

fn tomorrow(time: Timestamp) -> Timestamp {
    let date = time.to_zoned(TimeZone::UTC).date();
    let next = date.checked_add(1.day()).and_then(|date| date.to_zoned(TimeZone::UTC));
    next.map_or(time + SignedDuration::from_hours(24), |next| next.timestamp())
}

/// A network address as it is counted on a day: nobody without the key can tell which it is, and nobody can tell it on another day.
pub fn address_key(key: &hmac::Key, day: &str, address: IpAddr) -> [u8; 32] {
    let network = match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> NETWORK_HOST << NETWORK_HOST).into(),
    };
    let tag = hmac::sign(key, format!("upload\n{day}\n{network}").as_bytes());
    Sha256::digest(tag.as_ref()).into()
}

/// What is reserved for uploads under way, as one of them sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reserved {
    /// By the same session or person.
    pub owner: Usage,
    /// From the same network address.
    pub address: Usage,
    /// To the same site.
    pub site: Usage,
}

/// Room for uploads under way, so that many at once do not go past a quota that each of them alone is within.
#[derive(Clone, Debug, Default)]
pub struct Reservations(Arc<Mutex<HashMap<Scope, Usage>>>);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Scope {
    Owner([u8; 32]),
    Address([u8; 32]),
    Site(String),
    Disk,
}

/// Why there is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoRoom {
    /// A quota is used up.
    Quota(Exceeded),
    /// The disk has to keep its reserve.
    Disk,
}

/// Room that is taken until this is dropped.
#[derive(Debug)]
pub struct Reservation {
    of: Reservations,
    scopes: Vec<Scope>,
    bytes: u64,
}

/// Who an upload is by, to whom it goes and from where it comes.
#[derive(Clone, Copy, Debug)]
pub struct Uploader<'a> {
    /// The site.
    pub site: &'a str,
    /// Whose file it is.
    pub owner: FileOwner<'a>,
    /// The network address as it is counted.
    pub address: Option<[u8; 32]>,
}

impl Reservations {
    /// Takes room for a file of so many bytes at most. `free` is what is free on the disk, in bytes; none where that cannot be told.
    pub fn reserve(
        &self,
        admission: &Admission<'_>,
        by: &Uploader<'_>,
        usage: &UploadUsage,
        free: Option<u64>,
        bytes: u64,
    ) -> Result<Reservation, NoRoom> {
        let owner = Scope::Owner(digest(by));
        let address = by.address.map(Scope::Address);
        let site = Scope::Site(by.site.into());
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of = |scope: &Scope| held.get(scope).copied().unwrap_or_default();
        let reserved =
            Reserved { owner: of(&owner), address: address.as_ref().map(of).unwrap_or_default(), site: of(&site) };
        admission.check(usage, &reserved, bytes).map_err(NoRoom::Quota)?;
        // While it is cleaned a file is there twice.
        let needed = of(&Scope::Disk).bytes.saturating_add(bytes).saturating_mul(2);
        let reserve = admission.quotas.disk_reserve_bytes;
        if free.is_some_and(|free| free < reserve.saturating_add(needed)) {
            return Err(NoRoom::Disk);
        }
        let scopes: Vec<Scope> = [Some(owner), address, Some(site), Some(Scope::Disk)].into_iter().flatten().collect();
        for scope in &scopes {
            let usage = held.entry(scope.clone()).or_default();
            usage.bytes = usage.bytes.saturating_add(bytes);
            usage.files += 1;
        }
        Ok(Reservation { of: self.clone(), scopes, bytes })
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let mut held = self.of.0.lock().unwrap_or_else(PoisonError::into_inner);
        for scope in &self.scopes {
            if let Some(usage) = held.get_mut(scope) {
                usage.bytes = usage.bytes.saturating_sub(self.bytes);
                usage.files = usage.files.saturating_sub(1);
                if usage.files == 0 {
                    held.remove(scope);
                }
            }
        }
    }
}

fn digest(by: &Uploader<'_>) -> [u8; 32] {
    let digest = Sha256::new().chain_update(by.site).chain_update([0]);
    match by.owner {
        FileOwner::Person(person) => digest.chain_update([1]).chain_update(person).finalize().into(),
        FileOwner::Session(session) => digest.chain_update([2]).chain_update(session).finalize().into(),
    }
}

/// How many bytes are free on the disk of a folder, to whoever is not root; none where the system does not tell.
pub fn free_bytes(folder: &Path) -> Option<u64> {
    match rustix::fs::statvfs(folder) {
        Ok(disk) => Some(disk.f_bavail.saturating_mul(disk.f_frsize)),
        Err(error) => {
            tracing::warn!(%error, "free space of the disk is not known");
            None
        }
    }
}

/// In how many seconds to ask again, for `Retry-After`.
pub fn seconds_until(until: Timestamp) -> u64 {
    clock::left(until).as_secs().saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MB: u64 = 1_000_000;

    fn admission<'a>(quotas: &'a Quotas, site: &'a Attachments, is_signed: bool) -> Admission<'a> {
        Admission { quotas, site, is_signed, now: "2026-11-28T20:00:00Z".parse().unwrap() }
    }

    fn used(megabytes: u64, files: u64) -> Usage {
        Usage { bytes: megabytes * MB, files }
    }

    fn exceeded(quotas: &Quotas, is_signed: bool, usage: &UploadUsage) -> Option<(Quota, String)> {
        let site = Attachments::default();
        let checked = admission(quotas, &site, is_signed).check(usage, &Reserved::default(), 10 * MB);
        checked.err().map(|exceeded| (exceeded.quota, exceeded.until.to_string()))
    }

    #[test]
    fn the_quota_that_is_used_up_is_named_with_when_it_frees_up() {
        let quotas = Quotas::default();
        let midnight = "2026-11-29T00:00:00Z".to_string();
        let oldest = Some("2026-11-28T08:00:00.000Z".to_string());
        for (usage, is_signed, expected) in [
            (UploadUsage::default(), false, None),
            (UploadUsage { owner: used(190, 99), ..Default::default() }, false, None),
            (
                UploadUsage { owner: used(191, 20), owner_oldest: oldest.clone(), ..Default::default() },
                false,
                Some((Quota::Unsent, "2026-11-29T08:00:00Z".to_string())),
            ),
            (
                UploadUsage { owner: used(1, 100), owner_oldest: oldest, ..Default::default() },
                true,
                Some((Quota::Unsent, "2026-12-06T08:00:00Z".to_string())),
            ),
            (UploadUsage { address: used(990, 1), ..Default::default() }, false, None),
            (
                UploadUsage { address: used(991, 1), ..Default::default() },
                false,
                Some((Quota::Address, midnight.clone())),
            ),
            (
                UploadUsage { address: used(1, 1000), ..Default::default() },
                false,
                Some((Quota::Address, midnight.clone())),
            ),
            // Who is signed is not counted by address, and has what anonymous sessions leave of the site.
            (UploadUsage { address: used(5000, 5000), ..Default::default() }, true, None),
            (UploadUsage { site: used(7_991, 1), ..Default::default() }, false, Some((Quota::Site, midnight.clone()))),
            (UploadUsage { site: used(7_991, 1), ..Default::default() }, true, None),
            (UploadUsage { site: used(9_991, 1), ..Default::default() }, true, Some((Quota::Site, midnight))),
        ] {
            assert_eq!(exceeded(&quotas, is_signed, &usage), expected, "{usage:?} {is_signed}");
        }
    }

    #[test]
    fn what_is_under_way_counts_until_it_ends() {
        let quotas = Quotas { address_bytes_per_day: 25 * MB, disk_reserve_bytes: 100 * MB, ..Quotas::default() };
        let site = Attachments::default();
        let admission = admission(&quotas, &site, false);
        let reservations = Reservations::default();
        let put = |session: &[u8; 32], free| {
            let by = Uploader { site: "acme", owner: FileOwner::Session(session), address: Some([7; 32]) };
            reservations.reserve(&admission, &by, &UploadUsage::default(), free, 10 * MB)
        };
        let one = put(&[1; 32], None).unwrap();
        let _two = put(&[2; 32], None).unwrap();
        let Err(NoRoom::Quota(exceeded)) = put(&[3; 32], None) else { panic!("a third is let through") };
        assert_eq!((exceeded.quota, exceeded.until), (Quota::Address, admission.now + UNDER_WAY));
        drop(one);
        // 10 MB of the other and 10 MB of this, each twice.
        assert_eq!(put(&[3; 32], Some(140 * MB - 1)).unwrap_err(), NoRoom::Disk);
        let three = put(&[3; 32], Some(140 * MB)).unwrap();
        drop((_two, three));
        assert!(reservations.0.lock().unwrap().is_empty());
    }

    #[test]
    fn an_address_is_another_each_day_and_for_each_key() {
        let [key, other] = [&b"key"[..], b"other"].map(|key| hmac::Key::new(hmac::HMAC_SHA256, key));
        let address: IpAddr = "192.0.2.1".parse().unwrap();
        let hashed = address_key(&key, "2026-11-28", address);
        assert_eq!(hashed, address_key(&key, "2026-11-28", address));
        assert_ne!(hashed, address_key(&key, "2026-11-29", address));
        assert_ne!(hashed, address_key(&other, "2026-11-28", address));
        let network = |text: &str| address_key(&key, "2026-11-28", text.parse().unwrap());
        assert_eq!(network("2001:db8:1:200::1"), network("2001:db8:1:2ff::9"));
        assert_ne!(network("2001:db8:1:200::1"), network("2001:db8:1:300::1"));
    }
}
