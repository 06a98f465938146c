//! What the workers that send mail share with the rest of the gateway: how they are woken, and how their attempts ended.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::watch;

use crate::attempt_counts::AttemptCounts;
use crate::ids::SiteKey;

/// The mail workers of sites.
#[derive(Debug)]
pub struct MailWakers(BTreeMap<SiteKey, Arc<MailWorker>>);

#[derive(Debug, Default)]
struct MailWorker {
    waker: watch::Sender<()>,
    attempts: AttemptCounts,
}

impl MailWakers {
    /// Creates one for each of these sites, which send mail.
    pub fn new<'a>(sites: impl IntoIterator<Item = &'a SiteKey>) -> MailWakers {
        MailWakers(sites.into_iter().map(|site| (site.clone(), Arc::default())).collect())
    }

    /// The wakers of the sites that send mail after a reload; those that still do have the same.
    pub fn succeeded_by<'a>(&self, sites: impl IntoIterator<Item = &'a SiteKey>) -> MailWakers {
        let waker = |site: &SiteKey| (site.clone(), self.0.get(site).cloned().unwrap_or_default());
        MailWakers(sites.into_iter().map(waker).collect())
    }

    /// Wakes the mail worker of a site.
    pub fn wake(&self, site: &SiteKey) {
        if let Some(worker) = self.0.get(site) {
            worker.waker.send_replace(());
        }
    }

    /// Changes when mail of a site may be due; none if the site sends no mail.
    pub fn watch(&self, site: &SiteKey) -> Option<watch::Receiver<()>> {
        self.0.get(site).map(|worker| worker.waker.subscribe())
    }

    /// The attempts to send mail of a site; none if it sends no mail.
    pub fn attempts(&self, site: &SiteKey) -> Option<&AttemptCounts> {
        self.0.get(site).map(|worker| &worker.attempts)
    }

    /// The sites that send mail, each with its attempts.
    pub fn iter(&self) -> impl Iterator<Item = (&SiteKey, &AttemptCounts)> {
        self.0.iter().map(|(site, worker)| (site, &worker.attempts))
    }
}
