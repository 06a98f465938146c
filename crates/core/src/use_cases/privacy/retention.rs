//! Erases solved tickets after the retention time of their site. Open tickets are never erased automatically.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use super::log::empty_log;
use crate::clock::Clock;
use crate::ids::SiteKey;
use crate::ports::{Attachments, Erasure, ErasureCounts, Files, StoreError, TicketHead};
use crate::site::Sites;
use crate::timestamp::Timestamp;
use crate::use_cases::attachments::remove_deleted;
use domain::ticket::Status;

const EVERY: Duration = Duration::from_secs(3600);
/// How many tickets are erased per transaction; other writers wait for one transaction at most.
const CHUNK: u32 = 20;
/// The pause between transactions, for other writers.
const PAUSE: Duration = Duration::from_millis(50);
/// How long the keys of erased submissions are stored. A device asks its owner before it sends a submission older than a day.
const REMEMBERED: Duration = Duration::from_secs(180 * 24 * 60 * 60);

/// Erases tickets whose retention time is over.
#[derive(Clone)]
pub struct EnforceRetention {
    erasure: Arc<dyn Erasure>,
    attachments: Arc<dyn Attachments>,
    files: Arc<dyn Files>,
    sites: Arc<Sites>,
    clock: Arc<dyn Clock>,
}

impl EnforceRetention {
    /// Erases tickets of these sites from a store, and their files.
    pub fn new(
        erasure: Arc<dyn Erasure>,
        attachments: Arc<dyn Attachments>,
        files: Arc<dyn Files>,
        sites: Arc<Sites>,
        clock: Arc<dyn Clock>,
    ) -> EnforceRetention {
        EnforceRetention { erasure, attachments, files, sites, clock }
    }

    /// Enforces retention once an hour; never returns.
    pub async fn run(&self) -> Infallible {
        loop {
            if let Err(error) = self.enforce(self.clock.now()).await {
                tracing::warn!(%error, "retention failed");
            }
            tokio::time::sleep(EVERY).await;
        }
    }

    /// Erases the tickets whose retention time is over at this time.
    pub async fn enforce(&self, now: Timestamp) -> Result<ErasureCounts, StoreError> {
        self.erasure.forget_erased_submissions(now - REMEMBERED).await?;
        let mut all = ErasureCounts::default();
        for (site, keep) in self.sites.iter().filter_map(|site| Some((&site.key, site.keep?))) {
            let Some(before) = keep.cutoff(now) else { continue };
            let mut erased = ErasureCounts::default();
            let is_over = |head: &TicketHead| is_over(head, site, before);
            loop {
                let tickets = self.erasure.solved_before(site, before, CHUNK).await?;
                let counts = self.erasure.erase_tickets(&tickets, &is_over).await?;
                erased = erased.plus(counts);
                // Tickets that were reopened meanwhile are not found again. Stopping here rules out an endless loop.
                if counts.tickets == 0 {
                    break;
                }
                tokio::time::sleep(PAUSE).await;
            }
            if erased.tickets > 0 {
                let (tickets, files) = (erased.tickets, erased.files);
                tracing::info!(site = site.as_str(), tickets, files, %before, "retention erased tickets");
            }
            all = all.plus(erased);
        }
        if all.tickets > 0 {
            remove_deleted(self.attachments.as_ref(), self.files.as_ref()).await?;
            empty_log(self.erasure.as_ref()).await?;
        }
        Ok(all)
    }
}

/// Whether a ticket belongs to a site, is solved, and was last updated before a time.
fn is_over(head: &TicketHead, site: &SiteKey, before: Timestamp) -> bool {
    head.site == *site
        && head.status == Some(Status::Solved)
        && head.updated_at.is_some_and(|updated_at| updated_at < before)
}
