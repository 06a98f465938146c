//! Quotas for uploads, in bytes and files.

use std::time::Duration;

use jiff::ToSpan;
use jiff::tz::TimeZone;

use crate::ports::{UploadUsage, Usage};
use crate::rules::quotas::Quotas;
use crate::timestamp::Timestamp;
use domain::attachment::Attachments;

/// How long an unsent file of an anonymous session is stored. A client that still needs it uploads it again.
pub const UNSENT_ANONYMOUS: Duration = DAY;
/// The same for a verified customer. Drafts expire a day earlier.
pub const UNSENT: Duration = Duration::from_secs(8 * 24 * 60 * 60);
/// How many messages' worth of bytes an owner may have uploaded and not sent: a ticket, a reply, and what was removed from them.
const MESSAGES_UNSENT: u64 = 2;
/// How many times the files of one message an owner may have uploaded and not sent: each edit of a picture is a new file.
const FILES_UNSENT: u64 = 10;
/// One part in so many of a site's daily quota is reserved for verified customers.
const SIGNED_PART: u64 = 5;
/// When to retry if other uploads hold the space and may still fail.
pub const UNDER_WAY: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The quota that is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quota {
    /// The unsent files of one session or customer.
    Unsent,
    /// The uploads from a network address per day.
    Address,
    /// The uploads to a site per day.
    Site,
}

impl Quota {
    /// Its name in errors.
    pub fn name(self) -> &'static str {
        match self {
            Quota::Unsent => "unsent files per session or person",
            Quota::Address => "files per network address and day",
            Quota::Site => "files per site and day",
        }
    }
}

/// A quota that an upload exceeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exceeded {
    /// The quota.
    pub quota: Quota,
    /// Its limit.
    pub limit: Usage,
    /// When space is available again at the latest.
    pub until: Timestamp,
}

/// What is known about an upload before its first byte.
#[derive(Clone, Copy, Debug)]
pub struct Admission<'a> {
    /// The quotas.
    pub quotas: &'a Quotas,
    /// The attachment rules of the site.
    pub site: &'a Attachments,
    /// Whether its owner is a verified customer.
    pub is_signed: bool,
    /// When it starts.
    pub now: Timestamp,
}

impl Admission<'_> {
    /// Whether a file of `bytes` bytes is within the quotas, in addition to stored files and to the space reserved for other uploads.
    pub fn check(&self, usage: &UploadUsage, reserved: &Reserved, bytes: u64) -> Result<(), Exceeded> {
        self.limits().into_iter().try_for_each(|(quota, limit)| {
            let (used, under_way) = match quota {
                Quota::Unsent => (usage.owner, reserved.owner),
                Quota::Address => (usage.address, reserved.address),
                Quota::Site => (usage.site, reserved.site),
            };
            let fits = |usage: Usage| {
                usage.bytes.saturating_add(bytes) <= limit.bytes && usage.files.saturating_add(1) <= limit.files
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
        // A site that accepts no files has an error of its own.
        let (max_bytes, max_count) = (u64::from(self.site.max_bytes), u64::from(self.site.max_count.max(1)));
        let unsent = Usage {
            bytes: unsent_bytes.unwrap_or(MESSAGES_UNSENT * max_count * max_bytes),
            files: unsent_files.unwrap_or(FILES_UNSENT * max_count),
        };
        let address = Usage { bytes: self.quotas.address_bytes_per_day, files: self.quotas.address_files_per_day };
        let site = Usage { bytes: self.quotas.site_bytes_per_day, files: self.quotas.site_files_per_day };
        let shared = |count: u64| if self.is_signed { count } else { count - count / SIGNED_PART };
        let site = Usage { bytes: shared(site.bytes), files: shared(site.files) };
        // A whole office may share an address; verified customers have quotas of their own.
        let address = (!self.is_signed).then_some((Quota::Address, address));
        [Some((Quota::Unsent, unsent)), address, Some((Quota::Site, site))].into_iter().flatten().collect()
    }

    fn frees_up(&self, quota: Quota, usage: &UploadUsage) -> Timestamp {
        let lifetime = if self.is_signed { UNSENT } else { UNSENT_ANONYMOUS };
        match quota {
            Quota::Unsent => usage.owner_oldest.unwrap_or(self.now) + lifetime,
            Quota::Address | Quota::Site => tomorrow(self.now),
        }
    }
}

/// The beginning of the next day in UTC.
pub fn tomorrow(time: Timestamp) -> Timestamp {
    let date = time.to_jiff().to_zoned(TimeZone::UTC).date();
    let next = date.checked_add(1.day()).and_then(|date| date.to_zoned(TimeZone::UTC));
    next.map_or(time + DAY, |next| next.timestamp().into())
}

/// The space reserved for other uploads, as seen by one upload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reserved {
    /// By the same session or customer.
    pub owner: Usage,
    /// From the same network address.
    pub address: Usage,
    /// To the same site.
    pub site: Usage,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::time;

    const MB: u64 = 1_000_000;

    fn admission<'a>(quotas: &'a Quotas, site: &'a Attachments, is_signed: bool) -> Admission<'a> {
        Admission { quotas, site, is_signed, now: "2026-11-28T20:00:00Z".parse().unwrap() }
    }

    fn used(megabytes: u64, files: u64) -> Usage {
        Usage { bytes: megabytes * MB, files }
    }

    fn exceeded(quotas: &Quotas, is_signed: bool, usage: &UploadUsage) -> Option<(Quota, Timestamp)> {
        let site = Attachments::default();
        let checked = admission(quotas, &site, is_signed).check(usage, &Reserved::default(), 10 * MB);
        checked.err().map(|exceeded| (exceeded.quota, exceeded.until))
    }

    #[test]
    fn a_used_up_quota_names_itself_and_when_it_frees_up() {
        let quotas = Quotas::default();
        let midnight = time("2026-11-29T00:00:00Z");
        let oldest = Some(time("2026-11-28T08:00:00Z"));
        for (usage, is_signed, expected) in [
            (UploadUsage::default(), false, None),
            (UploadUsage { owner: used(190, 99), ..Default::default() }, false, None),
            (
                UploadUsage { owner: used(191, 20), owner_oldest: oldest, ..Default::default() },
                false,
                Some((Quota::Unsent, time("2026-11-29T08:00:00Z"))),
            ),
            (
                UploadUsage { owner: used(1, 100), owner_oldest: oldest, ..Default::default() },
                true,
                Some((Quota::Unsent, time("2026-12-06T08:00:00Z"))),
            ),
            (UploadUsage { address: used(990, 1), ..Default::default() }, false, None),
            (UploadUsage { address: used(991, 1), ..Default::default() }, false, Some((Quota::Address, midnight))),
            (UploadUsage { address: used(1, 1000), ..Default::default() }, false, Some((Quota::Address, midnight))),
            // Verified customers are not counted by address, and can use what anonymous sessions leave of the site's quota.
            (UploadUsage { address: used(5000, 5000), ..Default::default() }, true, None),
            (UploadUsage { site: used(7_991, 1), ..Default::default() }, false, Some((Quota::Site, midnight))),
            (UploadUsage { site: used(7_991, 1), ..Default::default() }, true, None),
            (UploadUsage { site: used(9_991, 1), ..Default::default() }, true, Some((Quota::Site, midnight))),
        ] {
            assert_eq!(exceeded(&quotas, is_signed, &usage), expected, "{usage:?} {is_signed}");
        }
    }
}
