//! Space reserved for uploads in progress, and the disk space that they leave free.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::ids::{CustomerId, SessionHash, SiteKey};
use crate::ports::{FileOwner, UploadUsage, Usage};
use crate::rules::upload_quotas::{Admission, Exceeded, Reserved};

/// How many bytes an upload reserves ahead of those received.
const STEP: u64 = 256 * 1024;
/// The maximum number of concurrent uploads: of one session or customer (or as many as one message of the site may have files, if more), and of
/// the anonymous sessions of one network address.
const OWNER_AT_ONCE: u64 = 10;
const ADDRESS_AT_ONCE: u64 = 50;

/// Space reserved for uploads in progress, so that concurrent uploads together stay within the quotas.
#[derive(Clone, Debug, Default)]
pub struct Reservations(Arc<Mutex<HashMap<Scope, Usage>>>);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Scope {
    Person(SiteKey, CustomerId),
    Session(SiteKey, SessionHash),
    Address([u8; 32]),
    Site(SiteKey),
    Disk,
}

/// Why no space can be reserved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoRoom {
    /// A quota is exceeded.
    Quota(Exceeded),
    /// The disk reserve would be used.
    Disk,
    /// Other uploads in progress hold the space.
    UnderWay,
}

/// Space that is reserved until this is dropped: one step more than was received.
#[derive(Debug)]
pub struct Reservation {
    reservations: Reservations,
    owner: Scope,
    address: Option<Scope>,
    site: Scope,
    /// The largest size that the upload may reach, in bytes.
    max: u64,
    /// The reserved bytes; 0 if nothing is reserved.
    bytes: u64,
    is_taken: bool,
}

/// The site, owner and network address of an upload.
#[derive(Clone, Copy, Debug)]
pub struct Uploader<'a> {
    /// The site.
    pub site: &'a SiteKey,
    /// The owner of the file.
    pub owner: FileOwner<'a>,
    /// The pseudonym of the network address, under which uploads are counted.
    pub address: Option<[u8; 32]>,
}

/// The largest size of an upload, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct UploadSize {
    /// As announced by the client, if it was.
    pub announced: Option<u64>,
    /// The limit of the site.
    pub max: u64,
}

impl Reservations {
    /// Reserves space for the beginning of an upload; its announced size has to fit beside the stored files. `free` is the free disk space in
    /// bytes; none if it is unknown.
    pub fn reserve(
        &self,
        admission: &Admission<'_>,
        by: &Uploader<'_>,
        usage: &UploadUsage,
        free: Option<u64>,
        size: UploadSize,
    ) -> Result<Reservation, NoRoom> {
        let announced = size.announced.unwrap_or_default().min(size.max);
        admission.check(usage, &Reserved::default(), announced).map_err(NoRoom::Quota)?;
        let mut reservation = Reservation {
            reservations: self.clone(),
            owner: owner(by),
            address: by.address.map(Scope::Address),
            site: Scope::Site(by.site.clone()),
            max: size.announced.map_or(size.max, |_| announced),
            bytes: 0,
            is_taken: false,
        };
        let mut usages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let under_way = reservation.others(&usages);
        let of_owner = OWNER_AT_ONCE.max(admission.site.max_count.into());
        let is_one_too_many = under_way.owner.files >= of_owner || under_way.address.files >= ADDRESS_AT_ONCE;
        let result = if is_one_too_many {
            Err(NoRoom::UnderWay)
        } else {
            reservation.take(&mut usages, admission, usage, free, announced)
        };
        drop(usages);
        result.map(|()| reservation)
    }
}

impl Reservation {
    /// Raises the reservation to `bytes` in all, if it is smaller.
    pub fn grow(
        &mut self,
        admission: &Admission<'_>,
        usage: &UploadUsage,
        free: impl FnOnce() -> Option<u64>,
        length: u64,
    ) -> Result<(), NoRoom> {
        if length <= self.bytes {
            return Ok(());
        }
        let reservations = self.reservations.clone();
        let mut usages = reservations.0.lock().unwrap_or_else(PoisonError::into_inner);
        self.take(&mut usages, admission, usage, free(), length)
    }

    fn take(
        &mut self,
        usages: &mut HashMap<Scope, Usage>,
        admission: &Admission<'_>,
        usage: &UploadUsage,
        free: Option<u64>,
        length: u64,
    ) -> Result<(), NoRoom> {
        let received = if self.is_taken { length } else { 0 };
        let bytes = (received / STEP + 1).saturating_mul(STEP).min(self.max.max(received));
        admission.check(usage, &self.others(usages), bytes).map_err(NoRoom::Quota)?;
        // A file exists twice while it is cleaned.
        let disk = usages.get(&Scope::Disk).map_or(0, |disk| disk.bytes).saturating_sub(self.bytes);
        let needed = |bytes: u64| admission.quotas.disk_reserve_bytes.saturating_add(bytes.saturating_mul(2));
        if free.is_some_and(|free| free < needed(bytes.max(length))) {
            return Err(NoRoom::Disk);
        }
        if free.is_some_and(|free| free < needed(disk.saturating_add(bytes))) {
            return Err(NoRoom::UnderWay);
        }
        for scope in self.scopes() {
            let usage = usages.entry(scope).or_default();
            usage.bytes = usage.bytes.saturating_add(bytes - self.bytes);
            usage.files += u64::from(!self.is_taken);
        }
        (self.bytes, self.is_taken) = (bytes, true);
        Ok(())
    }

    fn scopes(&self) -> impl Iterator<Item = Scope> {
        [Some(self.owner.clone()), self.address.clone(), Some(self.site.clone()), Some(Scope::Disk)]
            .into_iter()
            .flatten()
    }

    /// The reservations of other uploads.
    fn others(&self, usages: &HashMap<Scope, Usage>) -> Reserved {
        let others = |scope: &Scope| {
            let usage = usages.get(scope).copied().unwrap_or_default();
            Usage {
                bytes: usage.bytes.saturating_sub(self.bytes),
                files: usage.files.saturating_sub(u64::from(self.is_taken)),
            }
        };
        Reserved {
            owner: others(&self.owner),
            address: self.address.as_ref().map(others).unwrap_or_default(),
            site: others(&self.site),
        }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if !self.is_taken {
            return;
        }
        let mut usages = self.reservations.0.lock().unwrap_or_else(PoisonError::into_inner);
        for scope in self.scopes() {
            if let Some(usage) = usages.get_mut(&scope) {
                usage.bytes = usage.bytes.saturating_sub(self.bytes);
                usage.files = usage.files.saturating_sub(1);
                if usage.files == 0 {
                    usages.remove(&scope);
                }
            }
        }
    }
}

fn owner(by: &Uploader<'_>) -> Scope {
    match by.owner {
        FileOwner::Person(person) => Scope::Person(by.site.clone(), person.clone()),
        FileOwner::Session(session) => Scope::Session(by.site.clone(), *session),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::quotas::Quotas;
    use crate::rules::upload_quotas::{Quota, UNDER_WAY};
    use domain::attachment::Attachments;

    const MB: u64 = 1_000_000;

    fn admission<'a>(quotas: &'a Quotas, site: &'a Attachments, is_signed: bool) -> Admission<'a> {
        Admission { quotas, site, is_signed, now: "2026-11-28T20:00:00Z".parse().unwrap() }
    }

    const ADDRESS: [u8; 32] = [7; 32];

    fn reserve(
        reservations: &Reservations,
        admission: &Admission<'_>,
        session: u8,
        free: Option<u64>,
        announced: Option<u64>,
    ) -> Result<Reservation, NoRoom> {
        let by =
            Uploader { site: &"acme".into(), owner: FileOwner::Session(&[session; 32].into()), address: Some(ADDRESS) };
        let size = UploadSize { announced, max: 10 * MB };
        reservations.reserve(admission, &by, &UploadUsage::default(), free, size)
    }

    fn grow(reservation: &mut Reservation, admission: &Admission<'_>, length: u64) -> Result<(), NoRoom> {
        reservation.grow(admission, &UploadUsage::default(), || None, length)
    }

    #[test]
    fn received_bytes_count_until_the_upload_ends_and_announced_bytes_do_not() {
        let (quotas, site) = (Quotas { address_bytes_per_day: 25 * MB, ..Quotas::default() }, Attachments::default());
        let (admission, reservations) = (admission(&quotas, &site, false), Reservations::default());
        let upload = |session| reserve(&reservations, &admission, session, None, Some(10 * MB)).unwrap();
        let (mut one, mut two, mut three) = (upload(1), upload(2), upload(3));
        for upload in [&mut one, &mut two] {
            assert_eq!(
                (0..=10).map(|megabytes| grow(upload, &admission, megabytes * MB)).filter(Result::is_ok).count(),
                11
            );
        }
        assert_eq!(grow(&mut three, &admission, 4 * MB), Ok(()));
        let Err(NoRoom::Quota(exceeded)) = grow(&mut three, &admission, 6 * MB) else { panic!("it is let through") };
        assert_eq!((exceeded.quota, exceeded.until), (Quota::Address, admission.now + UNDER_WAY));
        drop(one);
        assert_eq!(grow(&mut three, &admission, 10 * MB), Ok(()));
        let used = |scope| reservations.0.lock().unwrap().get(&scope).copied().unwrap_or_default();
        assert_eq!(used(Scope::Disk), Usage { bytes: 20 * MB, files: 2 });
        drop((two, three));
        assert!(reservations.0.lock().unwrap().is_empty());
    }

    #[test]
    fn announced_uploads_must_fit_beside_stored_files() {
        let (quotas, site) = (Quotas { address_bytes_per_day: 5 * MB, ..Quotas::default() }, Attachments::default());
        let (admission, reservations) = (admission(&quotas, &site, false), Reservations::default());
        let refused = reserve(&reservations, &admission, 1, None, Some(6 * MB)).unwrap_err();
        assert!(matches!(refused, NoRoom::Quota(Exceeded { quota: Quota::Address, .. })), "{refused:?}");
        let mut unknown = reserve(&reservations, &admission, 1, None, None).unwrap();
        assert!(grow(&mut unknown, &admission, 4 * MB).is_ok() && grow(&mut unknown, &admission, 6 * MB).is_err());
        drop(unknown);
        drop(reserve(&reservations, &admission, 1, None, Some(0)).unwrap());
        assert!(reservations.0.lock().unwrap().is_empty());
    }

    #[test]
    fn a_full_disk_is_reported_only_if_it_is_full_now() {
        let quotas = Quotas { disk_reserve_bytes: 100 * MB, ..Quotas::default() };
        let site = Attachments::default();
        let (admission, reservations) = (admission(&quotas, &site, false), Reservations::default());
        let upload = |session, free| reserve(&reservations, &admission, session, Some(free), Some(10 * MB));
        // A file exists twice while it is cleaned.
        assert_eq!(upload(1, 120 * MB - 1).unwrap_err(), NoRoom::Disk);
        let mut other = upload(1, 120 * MB).unwrap();
        grow(&mut other, &admission, 10 * MB).unwrap();
        let first_step = 2 * STEP;
        assert_eq!(upload(2, 120 * MB + first_step - 1).unwrap_err(), NoRoom::UnderWay);
        assert!(upload(2, 120 * MB + first_step).is_ok());
    }

    #[test]
    fn concurrent_uploads_are_limited() {
        let (quotas, site) = (Quotas::default(), Attachments::default());
        let (admission, reservations) = (admission(&quotas, &site, false), Reservations::default());
        let upload = |session| reserve(&reservations, &admission, session, None, Some(1));
        let of_one: Vec<Reservation> = (0..20).filter_map(|_| upload(0).ok()).collect();
        assert_eq!((of_one.len() as u64, upload(0).unwrap_err()), (OWNER_AT_ONCE, NoRoom::UnderWay));
        let of_address: Vec<Reservation> = (1..100).filter_map(|session| upload(session).ok()).collect();
        assert_eq!((of_one.len() + of_address.len()) as u64, ADDRESS_AT_ONCE);
        drop(of_one);
        assert!(upload(0).is_ok());
    }
}
