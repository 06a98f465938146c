//! Quotas for unverified submissions: per network and site, and by free disk space.

use std::net::IpAddr;
use std::sync::Arc;

use crate::clock::Clock;
use crate::ids::{CustomerId, SiteKey};
use crate::ports::{Disk, LimitShare, RetryAfter, SiteLimits, SubmissionExceeded, SubmissionQuota, Usage};
use crate::pseudonym::Pseudonyms;
use crate::rules::address::mailbox;
use crate::rules::networks::kept_networks;
use crate::rules::quotas::Quotas;

/// New tickets by mail from one mailbox in a day (UTC). Two programs that answer each other without saying so write more.
const MAILBOX_TICKETS_PER_DAY: u64 = 100;

/// Why an unverified submission is rejected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuotaError {
    /// The free space on the database's disk has reached its floor.
    #[error("the disk of the database is full")]
    DiskFull,
    /// The daily quota of a network or of the site is used up.
    #[error("the daily quota of the {} is exceeded", .0.scope.name())]
    Exceeded(SubmissionExceeded),
}

/// Limits the submissions of customers.
#[derive(Clone)]
pub struct SubmissionLimits {
    rates: Arc<dyn SiteLimits>,
    quotas: Quotas,
    /// The disk of the database.
    disk: Arc<dyn Disk>,
    pseudonyms: Pseudonyms,
    clock: Arc<dyn Clock>,
}

impl SubmissionLimits {
    /// Limits by rates and quotas; on `disk`, that of the database, a floor of free space is kept.
    pub fn new(
        rates: Arc<dyn SiteLimits>,
        quotas: Quotas,
        disk: Arc<dyn Disk>,
        pseudonyms: Pseudonyms,
        clock: Arc<dyn Clock>,
    ) -> SubmissionLimits {
        SubmissionLimits { rates, quotas, disk, pseudonyms, clock }
    }

    /// Charges a site, and the customer if verified, for a ticket or reply.
    pub async fn charge(&self, site: &SiteKey, person: Option<&CustomerId>) -> Result<(), RetryAfter> {
        self.rates.charge_site(LimitShare::Tickets, site, person).await
    }

    /// The quotas for an anonymous submission of `bytes` bytes from an address; an error if the free space on the database's disk has reached
    /// its floor. If the system does not report the free space, this is not checked.
    pub fn of_anonymous(&self, from: Option<IpAddr>, bytes: usize) -> Result<SubmissionQuota, QuotaError> {
        let quotas = &self.quotas;
        let free = self.disk.free_bytes();
        if free.is_some_and(|free| free < quotas.disk_floor_bytes) {
            tracing::error!(reason = "disk full", free, floor = quotas.disk_floor_bytes, "ticket refused");
            return Err(QuotaError::DiskFull);
        }
        let day = self.clock.now().day();
        Ok(SubmissionQuota {
            networks: from.map(|address| self.networks(&day, address)).unwrap_or_default(),
            day,
            bytes: bytes as u64,
            per_site: Usage { bytes: quotas.site_ticket_bytes_per_day, files: quotas.site_tickets_per_day },
        })
    }

    /// The quotas for a ticket of `bytes` bytes by mail, whose sender is counted instead of a network; an error as for anonymous submissions.
    pub fn of_mail(&self, from: &str, bytes: usize) -> Result<SubmissionQuota, QuotaError> {
        let mut quota = self.of_anonymous(None, bytes)?;
        let limit = Usage {
            bytes: self.quotas.address_ticket_bytes_per_day,
            files: self.quotas.address_tickets_per_day.min(MAILBOX_TICKETS_PER_DAY),
        };
        quota.networks.push((self.pseudonyms.of_mailbox("ticket", &quota.day, &mailbox(from)), limit));
        Ok(quota)
    }

    /// The networks of an address with their daily quotas: the network of one customer of a provider, and for IPv6 the network around it,
    /// because one person may have that as well.
    fn networks(&self, day: &str, address: IpAddr) -> Vec<([u8; 32], Usage)> {
        let quotas = &self.quotas;
        let counted = kept_networks(address).into_iter().map(|network| {
            let share = u64::from(network.share);
            let limit = Usage {
                bytes: quotas.address_ticket_bytes_per_day.saturating_mul(share),
                files: quotas.address_tickets_per_day.saturating_mul(share),
            };
            (self.pseudonyms.of_kept_network("ticket", day, network), limit)
        });
        counted.collect()
    }
}

/// Logs that a daily quota is used up for a submission.
pub fn log_exceeded(site: &SiteKey, exceeded: SubmissionExceeded) -> QuotaError {
    tracing::info!(site = site.as_str(), quota = exceeded.scope.name(), "ticket refused");
    QuotaError::Exceeded(exceeded)
}
