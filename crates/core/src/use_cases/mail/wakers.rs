//! Wakes the workers that send mail.

use std::collections::BTreeMap;

use tokio::sync::watch;

/// Wakes the mail workers of sites.
#[derive(Debug)]
pub struct MailWakers(BTreeMap<String, watch::Sender<()>>);

impl MailWakers {
    /// Creates one for each of these sites, which send mail.
    pub fn new<'a>(sites: impl IntoIterator<Item = &'a String>) -> MailWakers {
        MailWakers(sites.into_iter().map(|site| (site.clone(), watch::Sender::new(()))).collect())
    }

    /// Wakes the mail worker of a site.
    pub fn wake(&self, site: &str) {
        if let Some(waker) = self.0.get(site) {
            waker.send_replace(());
        }
    }

    /// Changes when mail of a site may be due; none if the site sends no mail.
    pub fn watch(&self, site: &str) -> Option<watch::Receiver<()>> {
        self.0.get(site).map(watch::Sender::subscribe)
    }
}
