//! Mails the links that open the tickets of anonymous senders. Each attempt makes a token of its own, so that nobody has to store one.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::Receipts;
use super::link_letter::link_letter;
use super::send::{CHECK_EVERY, CLAIM_RETRY, LEASE, RENEW, STORE_RETRY, SiteOutbox};
use crate::clock::Clock;
use crate::ids::SiteKey;
use crate::ports::{
    AccessLinkOutcome, AccessLinks, AddressedMail, DueAccessLink, LinkTerms, MailFailure, MailLimits, StoreError,
};
use crate::random;
use crate::rules::access_link::{GIVE_UP_AFTER, LIFE, LinkToken};
use crate::rules::backoff;

/// Mails due links.
#[derive(Clone)]
pub struct SendLinks {
    links: Arc<dyn AccessLinks>,
    receipts: Receipts,
    clock: Arc<dyn Clock>,
}

impl SendLinks {
    /// Mails links of a store, which has this clock, within the limits of each site.
    pub fn new(links: Arc<dyn AccessLinks>, receipts: Receipts, clock: Arc<dyn Clock>) -> SendLinks {
        SendLinks { links, receipts, clock }
    }

    /// Sends all due mails with links of a site, and returns the time until the next is due. `count` counts the attempts.
    pub async fn send_due(
        &self,
        outbox: &SiteOutbox,
        stop: &CancellationToken,
        count: &(dyn Fn(AccessLinkOutcome) + Send + Sync),
    ) -> Result<Duration, StoreError> {
        let site = &outbox.site.key;
        let limits = self.receipts.limits(site).unwrap_or(MailLimits { site: 0, ..MailLimits::default() });
        while !stop.is_cancelled() {
            // Checked with a read, so that an idle worker does not block writers.
            match self.links.next_access_link(site).await? {
                Some(Duration::ZERO) => {}
                next => return Ok(next.unwrap_or(CHECK_EVERY)),
            }
            let bits = random::bytes().map_err(|error| StoreError::Database(error.to_string()))?;
            let token = LinkToken::new(bits);
            let terms = LinkTerms { token_hash: token.hash(), life: LIFE, limits };
            // Another gateway is about to claim it, or there was nothing to send.
            let Some(due) = self.links.claim_access_link(site, LEASE, &terms).await? else { return Ok(CLAIM_RETRY) };
            let outcome = tokio::select! {
                outcome = self.attempt(outbox, &due, &token) => outcome,
                () = self.lose_claim(&due, site) => {
                    tracing::warn!(site = site.as_str(), "link not mailed: claim lost");
                    continue;
                }
            };
            count(outcome);
            self.record(&due, outcome, site).await;
        }
        Ok(CHECK_EVERY)
    }

    /// Extends a claim until somebody else has it, or the link is not wanted any more.
    async fn lose_claim(&self, due: &DueAccessLink, site: &SiteKey) {
        let mut pause = RENEW;
        loop {
            sleep(pause).await;
            match self.links.extend_access_link(&due.id, &due.claim, LEASE).await {
                Ok(true) => pause = RENEW,
                Ok(false) => return,
                Err(error) => {
                    tracing::warn!(site = site.as_str(), %error, "extending a claim failed");
                    pause = STORE_RETRY;
                }
            }
        }
    }

    /// Records the outcome of an attempt, retrying until the store can be used. Nothing else is sent before.
    async fn record(&self, due: &DueAccessLink, outcome: AccessLinkOutcome, site: &SiteKey) {
        loop {
            match self.links.record_access_link(&due.id, &due.claim, outcome).await {
                Ok(true) => return,
                Ok(false) => return tracing::warn!(site = site.as_str(), "mailed link not recorded: claim lost"),
                Err(error) => {
                    tracing::warn!(site = site.as_str(), %error, "recording a mailed link failed; will retry");
                    sleep(STORE_RETRY).await;
                }
            }
        }
    }

    /// Makes an attempt.
    async fn attempt(&self, outbox: &SiteOutbox, due: &DueAccessLink, token: &LinkToken) -> AccessLinkOutcome {
        let site = &outbox.site.key;
        let Some(link) = outbox.url.as_ref().and_then(|url| link_url(url, site, token)) else {
            tracing::warn!(site = site.as_str(), error = "mail.url is missing", "link not mailed");
            return AccessLinkOutcome::Dropped;
        };
        let mail = AddressedMail {
            address: &due.address,
            id: &format!("link.{}.{}", due.id, due.attempts),
            content: link_letter(&due.language, &link, outbox.reads_replies),
            thread: None,
            return_path: None,
        };
        let Err(error) = outbox.mailer.send(mail).await else { return AccessLinkOutcome::Sent };
        if matches!(error, MailFailure::Temporary(_)) {
            let now = self.clock.now();
            let retry_at = backoff::next_attempt_at(due.attempts, due.since, GIVE_UP_AFTER, now, random::jitter());
            if let Some(after) = retry_at.map(|retry_at| retry_at.since(now)) {
                tracing::warn!(site = site.as_str(), %error, retry_in = ?after, "link not mailed");
                return AccessLinkOutcome::Retry { after };
            }
        }
        tracing::warn!(site = site.as_str(), %error, "link dropped");
        AccessLinkOutcome::Dropped
    }
}

/// The address of the page that opens a link.
fn link_url(url: &Url, site: &SiteKey, token: &LinkToken) -> Option<String> {
    let mut link = url.join(&format!("help/{site}/access/open")).ok()?;
    link.query_pairs_mut().append_pair("key", &token.text());
    Some(link.to_string())
}
