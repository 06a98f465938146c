//! Sends due mails one after the other, one worker per site.
//!
//! An attempt is counted before it starts, and its mail is claimed while it runs. If the gateway dies between the server's answer and the record of it,
//! the mail is sent again after [`LEASE`], with the same Message-ID: rather twice than never.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use url::Url;

use super::letter::{CodeNotice, letter};
use super::{BlockedMailboxes, CODE_LIFE, Codes, MailWakers, SendAnswers, SendLinks};
use crate::attempt_counts::AttemptResult;
use crate::clock::Clock;
use crate::ids::SiteKey;
use crate::ports::destination::Destination;
use crate::ports::{
    AccessLinkOutcome, AddressedMail, AnswerMailOutcome, DueMail, MailFailure, MailOutcome, Mailer, OutgoingMail,
    StoreError,
};
use crate::random;
use crate::rules::backoff;
use crate::site::Site;

/// The lease of a mail that is being sent. Short, because a killed gateway cannot end its leases; extended while the mail is sent.
pub(super) const LEASE: Duration = Duration::from_secs(30);
pub(super) const RENEW: Duration = Duration::from_secs(10);
/// The pause after the store could not be used.
pub(super) const STORE_RETRY: Duration = Duration::from_secs(1);
/// How long is waited if something is due that cannot be claimed.
pub(super) const CLAIM_RETRY: Duration = Duration::from_millis(200);
/// How long a mail is retried. After that nobody expects a receipt.
const GIVE_UP_AFTER: Duration = Duration::from_secs(24 * 60 * 60);
/// How often the store is checked for work that another gateway on the same database has left behind.
pub(super) const CHECK_EVERY: Duration = Duration::from_secs(60);

/// How the mail of one site is written and sent.
#[derive(Clone, Debug)]
pub struct SiteOutbox {
    /// The site.
    pub site: Site,
    /// Its mail server.
    pub mailer: Arc<dyn Mailer>,
    /// Whether somebody reads replies to its mail.
    pub reads_replies: bool,
    /// The destination whose webhook receives bounces; none if bounces go to the sender's address.
    pub bounces_to: Option<Arc<dyn Destination>>,
    /// The public URL of the gateway, for links; without it mails contain none, and answers are not mailed.
    pub url: Option<Url>,
    /// The destinations to which replies by mail may come.
    pub replies_to: Vec<Arc<dyn Destination>>,
}

/// Sends due mail.
#[derive(Clone)]
pub struct SendMail {
    outgoing: Arc<dyn OutgoingMail>,
    answers: SendAnswers,
    links: SendLinks,
    blocked: BlockedMailboxes,
    outboxes: Arc<Vec<SiteOutbox>>,
    codes: Codes,
    wakers: Arc<MailWakers>,
    clock: Arc<dyn Clock>,
}

impl SendMail {
    /// Sends the mail of these sites from a store, which has this clock.
    pub fn new(
        outgoing: Arc<dyn OutgoingMail>,
        (answers, links, blocked): (SendAnswers, SendLinks, BlockedMailboxes),
        outboxes: Vec<SiteOutbox>,
        codes: Codes,
        wakers: Arc<MailWakers>,
        clock: Arc<dyn Clock>,
    ) -> SendMail {
        SendMail { outgoing, answers, links, blocked, outboxes: Arc::new(outboxes), codes, wakers, clock }
    }

    /// The sites that send mail.
    pub fn outboxes(&self) -> &[SiteOutbox] {
        &self.outboxes
    }

    /// Sends the mail of a site until it is cancelled; a mail that is being sent is then completed and recorded.
    pub async fn work(&self, outbox: &SiteOutbox, stop: &CancellationToken) {
        let Some(mut woken) = self.wakers.watch(&outbox.site.key) else { return };
        while !stop.is_cancelled() {
            woken.mark_unchanged();
            let wait = match self.send_all_due(outbox, stop).await {
                Ok(wait) => wait,
                Err(error) => {
                    tracing::error!(site = outbox.site.key.as_str(), %error, "claiming mail failed");
                    STORE_RETRY
                }
            };
            tokio::select! {
                _ = timeout(wait.min(CHECK_EVERY), woken.changed()) => {}
                () = stop.cancelled() => {}
            }
        }
    }

    /// Sends all due receipts, links and answers, and returns the time until the next is due. A queue that fails does not hold up the others.
    async fn send_all_due(&self, outbox: &SiteOutbox, stop: &CancellationToken) -> Result<Duration, StoreError> {
        let receipts = self.send_due(outbox, stop).await;
        let count = |outcome: &AnswerMailOutcome| {
            let result = match outcome {
                AnswerMailOutcome::Finished { is_sent: true, .. } => AttemptResult::Delivered,
                AnswerMailOutcome::Finished { is_sent: false, .. } => return,
                AnswerMailOutcome::Retry { .. } => AttemptResult::Retry,
                AnswerMailOutcome::DeadLetter { .. } => AttemptResult::DeadLetter,
            };
            if let Some(attempts) = self.wakers.attempts(&outbox.site.key) {
                attempts.add(result);
            }
        };
        let count_link = |outcome: AccessLinkOutcome| {
            let result = match outcome {
                AccessLinkOutcome::Sent => AttemptResult::Delivered,
                AccessLinkOutcome::Retry { .. } => AttemptResult::Retry,
                AccessLinkOutcome::Dropped => AttemptResult::DeadLetter,
            };
            if let Some(attempts) = self.wakers.attempts(&outbox.site.key) {
                attempts.add(result);
            }
        };
        let links = self.links.send_due(outbox, stop, &count_link).await;
        let answers = self.answers.send_due(outbox, stop, &count).await;
        Ok(receipts?.min(links?).min(answers?))
    }

    /// Sends all due receipts, and returns the time until the next is due.
    async fn send_due(&self, outbox: &SiteOutbox, stop: &CancellationToken) -> Result<Duration, StoreError> {
        let (store, site) = (self.outgoing.as_ref(), &outbox.site.key);
        while !stop.is_cancelled() {
            // Checked with a read, so that an idle worker does not block writers.
            match store.next_mail(site).await? {
                Some(Duration::ZERO) => {}
                next => return Ok(next.unwrap_or(CHECK_EVERY)),
            }
            // Another gateway is about to claim it.
            let Some(due) = store.claim_mail(site, LEASE).await? else { return Ok(CLAIM_RETRY) };
            // A code proves that the mailbox exists again. The attempt is counted already, so it is made if that cannot be read.
            let is_blocked = due.code.is_none()
                && self.blocked.has(site, &due.address).await.unwrap_or_else(|error| {
                    tracing::warn!(site = site.as_str(), %error, "blocked mailboxes not read");
                    false
                });
            let sent = match is_blocked {
                true => Some(Err(MailFailure::Permanent("the mailbox does not exist".into()))),
                false => send_claimed(store, outbox, &self.codes, &due).await,
            };
            let Some(sent) = sent else { continue };
            let reference = due.ticket.reference.as_str();
            let retry_in = match &sent {
                Err(MailFailure::Temporary(_)) => {
                    let now = self.clock.now();
                    let retry_at =
                        backoff::next_attempt_at(due.attempts, due.since, GIVE_UP_AFTER, now, random::jitter());
                    retry_at.map(|retry_at| retry_at.since(now))
                }
                Ok(()) | Err(MailFailure::Permanent(_) | MailFailure::UnknownRecipient(_)) => None,
            };
            let (bounced, recipient);
            let outcome = match (&sent, retry_in) {
                (Ok(()), _) => MailOutcome::Sent,
                (Err(error), Some(after)) => {
                    tracing::warn!(site = site.as_str(), reference, %error, retry_in = ?after, "mail failed");
                    MailOutcome::Retry { after }
                }
                (Err(error @ MailFailure::Temporary(_)), None) => {
                    tracing::warn!(site = site.as_str(), reference, %error, reason = "expired", "mail dropped");
                    MailOutcome::DeadLetter
                }
                (Err(error @ MailFailure::UnknownRecipient(_)), None) => {
                    tracing::warn!(site = site.as_str(), reference, %error, reason = "bounced", "mail dropped");
                    bounced = format!("Mail to {} bounced: {error}", due.address);
                    recipient = self.codes.recipient(&due.address);
                    MailOutcome::Bounced { text: &bounced, recipient: &recipient }
                }
                (Err(error @ MailFailure::Permanent(_)), None) => {
                    tracing::warn!(site = site.as_str(), reference, %error, reason = "refused", "mail dropped");
                    MailOutcome::DeadLetter
                }
            };
            self.count(site, outcome);
            record(store, &due, outcome).await;
        }
        Ok(CHECK_EVERY)
    }

    fn count(&self, site: &SiteKey, outcome: MailOutcome<'_>) {
        let Some(attempts) = self.wakers.attempts(site) else { return };
        attempts.add(match outcome {
            MailOutcome::Sent => AttemptResult::Delivered,
            MailOutcome::Retry { .. } => AttemptResult::Retry,
            MailOutcome::DeadLetter | MailOutcome::Bounced { .. } => AttemptResult::DeadLetter,
        });
    }
}

/// Sends a mail while its claim is extended; `None` if another worker has claimed it meanwhile.
async fn send_claimed(
    store: &dyn OutgoingMail,
    outbox: &SiteOutbox,
    codes: &Codes,
    due: &DueMail,
) -> Option<Result<(), MailFailure>> {
    let lost = async {
        let mut pause = RENEW;
        loop {
            sleep(pause).await;
            match store.extend_mail(&due.ticket.id, &due.claim, LEASE).await {
                Ok(true) => pause = RENEW,
                Ok(false) => return,
                Err(error) => {
                    tracing::warn!(site = due.ticket.site.as_str(), %error, "extending a claim failed");
                    pause = STORE_RETRY;
                }
            }
        }
    };
    tokio::select! {
        sent = send(outbox, codes, due) => Some(sent),
        () = lost => {
            tracing::warn!(
                site = due.ticket.site.as_str(),
                reference = due.ticket.reference.as_str(),
                "mail aborted: claim lost"
            );
            None
        }
    }
}

/// Records the outcome of an attempt, retrying until the store can be used. Nothing else is sent before.
async fn record(store: &dyn OutgoingMail, due: &DueMail, outcome: MailOutcome<'_>) {
    let ticket = &due.ticket.id;
    loop {
        match store.record_mail(ticket, &due.claim, outcome).await {
            Ok(true) => return,
            Ok(false) => return tracing::warn!(ticket = ticket.as_str(), "mail not recorded: claim lost"),
            Err(error) => {
                tracing::warn!(ticket = ticket.as_str(), %error, "recording a mail failed; will retry");
                sleep(STORE_RETRY).await;
            }
        }
    }
}

/// The notice of the code that a mail contains.
fn code_notice(url: Option<&Url>, codes: &Codes, due: &DueMail, number: u32) -> CodeNotice {
    let ticket = &due.ticket;
    let link = url.and_then(|url| {
        let mut link = url.join(&format!("help/{}/tickets/{}", ticket.site, ticket.id)).ok()?;
        link.query_pairs_mut().append_pair("key", &codes.link(&ticket.id, number));
        Some(link.to_string())
    });
    CodeNotice { code: codes.code(&ticket.id, number), until: due.since + CODE_LIFE, link }
}

async fn send(outbox: &SiteOutbox, codes: &Codes, due: &DueMail) -> Result<(), MailFailure> {
    let SiteOutbox { site, mailer, reads_replies, bounces_to, url, .. } = outbox;
    let code_notice = due.code.map(|number| code_notice(url.as_ref(), codes, due, number));
    let content = letter(site, &due.ticket, *reads_replies, code_notice.as_ref());
    // A mail with another code is another mail.
    let id = codes.mail_name(&due.ticket.id, due.code.unwrap_or_default());
    let return_path = bounces_to.as_ref().and_then(|to| to.return_path(&due.ticket.id));
    mailer.send(AddressedMail { address: &due.address, id: &id, content, thread: None, return_path }).await
}
