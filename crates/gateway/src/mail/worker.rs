//! Sends due mails one after the other, one worker per site.
//!
//! An attempt is counted before it starts, and its mail is claimed while it runs. If the gateway dies between the server's answer and the record of it,
//! the mail is sent again after [`LEASE`], with the same Message-ID: rather twice than never.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::letter::{Proof, letter};
use super::{CODE_LIFE, Codes, MailWakers, Mailer};
use crate::pauses;
use crate::supervisor::supervise;
use ::mail::{SendError, Sender, message};
use deskbell_core::clock;
use deskbell_core::ports::{DueMail, MailOutcome, OutgoingMail, StoreError};
use deskbell_core::site::Site;

/// The lease of a mail that is being sent. Short, because a killed gateway cannot end its leases; extended while the mail is sent.
const LEASE: Duration = Duration::from_secs(30);
const RENEW: Duration = Duration::from_secs(10);
/// The pause after the store could not be used.
const STORE_RETRY: Duration = Duration::from_secs(1);
/// How long a mail is retried. After that nobody expects a receipt.
const GIVEN_UP: Duration = Duration::from_secs(24 * 60 * 60);
/// How often the store is checked for work that another gateway on the same database has left behind.
const LOOK: Duration = Duration::from_secs(60);

/// The outcome of an attempt.
enum Sent {
    Taken,
    Later(String),
    Never(String),
    NoMailbox(String),
}

/// The envelope sender of mail about a ticket, to which bounces are returned; none if they go to the sender's address.
pub type ReturnPath = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// How the mail of one site is written and sent.
#[derive(Clone)]
pub struct SiteMail {
    /// The site.
    pub site: Site,
    /// Its mailer.
    pub mailer: Mailer,
    /// The envelope senders.
    pub return_path: ReturnPath,
}

/// Sends due mail.
#[derive(Clone)]
pub struct SendMail {
    outgoing: Arc<dyn OutgoingMail>,
    sites: Arc<Vec<SiteMail>>,
    codes: Codes,
    wakers: Arc<MailWakers>,
}

impl SendMail {
    /// Sends the mail of these sites from a store.
    pub fn new(
        outgoing: Arc<dyn OutgoingMail>,
        sites: Vec<SiteMail>,
        codes: Codes,
        wakers: Arc<MailWakers>,
    ) -> SendMail {
        SendMail { outgoing, sites: Arc::new(sites), codes, wakers }
    }

    /// Sends until it is cancelled; a mail that is being sent is then completed and recorded.
    pub async fn run(self, stop: CancellationToken) {
        let mut workers = JoinSet::new();
        for mail in self.sites.iter().cloned() {
            let Some(woken) = self.wakers.watch(&mail.site.key) else { continue };
            let (sender, stop, name) = (self.clone(), stop.clone(), format!("mail {}", mail.site.key));
            workers.spawn(async move {
                let start = || {
                    let (sender, mail, woken, stop) = (sender.clone(), mail.clone(), woken.clone(), stop.clone());
                    async move { sender.work(&mail, woken, &stop).await }
                };
                supervise(&name, &stop, start).await;
            });
        }
        while workers.join_next().await.is_some() {}
    }

    async fn work(&self, mail: &SiteMail, mut woken: watch::Receiver<()>, stop: &CancellationToken) {
        while !stop.is_cancelled() {
            woken.mark_unchanged();
            let wait = match send_due(self.outgoing.as_ref(), mail, &self.codes, stop).await {
                Ok(wait) => wait,
                Err(error) => {
                    tracing::error!(site = mail.site.key, %error, "claiming mail failed");
                    STORE_RETRY
                }
            };
            tokio::select! {
                _ = timeout(wait.min(LOOK), woken.changed()) => {}
                () = stop.cancelled() => {}
            }
        }
    }
}

/// Sends all due mail, and returns the time until the next is due.
async fn send_due(
    store: &dyn OutgoingMail,
    mail: &SiteMail,
    codes: &Codes,
    stop: &CancellationToken,
) -> Result<Duration, StoreError> {
    let name = mail.site.key.as_str();
    while !stop.is_cancelled() {
        // Checked with a read, so that an idle worker does not block writers.
        match store.next_mail(name).await? {
            Some(Duration::ZERO) => {}
            next => return Ok(next.unwrap_or(LOOK)),
        }
        let Some(due) = store.claim_mail(name, LEASE).await? else { continue };
        let Some(sent) = send_claimed(store, mail, codes, &due).await else { continue };
        let reference = &due.ticket.reference;
        let retry_in = match &sent {
            Sent::Later(_) => {
                let now = clock::timestamp();
                let since = due.since.parse().unwrap_or(now);
                pauses::next(due.attempts, since, GIVEN_UP, now, pauses::random())
                    .map(|again| clock::between(now, again))
            }
            Sent::Taken | Sent::Never(_) | Sent::NoMailbox(_) => None,
        };
        let bounced;
        let outcome = match (&sent, retry_in) {
            (Sent::Taken, _) => MailOutcome::Sent,
            (Sent::Later(error) | Sent::Never(error) | Sent::NoMailbox(error), Some(after)) => {
                tracing::warn!(site = name, reference, error, retry_in = ?after, "mail failed");
                MailOutcome::Retry { after }
            }
            (Sent::Later(error), None) => {
                tracing::warn!(site = name, reference, error, reason = "expired", "mail given up");
                MailOutcome::DeadLetter
            }
            (Sent::NoMailbox(error), None) => {
                tracing::warn!(site = name, reference, error, reason = "bounced", "mail given up");
                bounced = format!("Mail to {} bounced: {error}", due.address);
                MailOutcome::Bounced { text: &bounced }
            }
            (Sent::Never(error), None) => {
                tracing::warn!(site = name, reference, error, reason = "refused", "mail given up");
                MailOutcome::DeadLetter
            }
        };
        record(store, &due, outcome).await;
    }
    Ok(LOOK)
}

/// Sends a mail while its claim is extended; `None` if another worker has claimed it meanwhile.
async fn send_claimed(store: &dyn OutgoingMail, mail: &SiteMail, codes: &Codes, due: &DueMail) -> Option<Sent> {
    let lost = async {
        let mut pause = RENEW;
        loop {
            sleep(pause).await;
            match store.extend_mail(&due.ticket.id, &due.claim, LEASE).await {
                Ok(true) => pause = RENEW,
                Ok(false) => return,
                Err(error) => {
                    tracing::warn!(site = due.ticket.site, %error, "extending a claim failed");
                    pause = STORE_RETRY;
                }
            }
        }
    };
    tokio::select! {
        sent = send(mail, codes, due) => Some(sent),
        () = lost => {
            tracing::warn!(site = due.ticket.site, reference = due.ticket.reference, "mail ended: its claim was lost");
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
            Ok(false) => return tracing::warn!(ticket, "mail not recorded: its claim was lost"),
            Err(error) => {
                tracing::warn!(ticket, %error, "recording a mail failed; it is tried again");
                sleep(STORE_RETRY).await;
            }
        }
    }
}

/// The proof that a mail contains.
fn proof(mailer: &Mailer, codes: &Codes, due: &DueMail, number: u32) -> Proof {
    let ticket = &due.ticket;
    let sent: Timestamp = due.since.parse().unwrap_or_else(|_| clock::timestamp());
    let link = mailer.url.as_ref().and_then(|url| {
        let mut link = url.join(&format!("help/{}/tickets/{}", ticket.site, ticket.id)).ok()?;
        link.query_pairs_mut().append_pair("key", &codes.link(&ticket.id, number));
        Some(link.to_string())
    });
    let until = clock::written(sent.checked_add(CODE_LIFE).unwrap_or(sent));
    Proof { code: codes.code(&ticket.id, number), until, link }
}

async fn send(SiteMail { site, mailer, return_path }: &SiteMail, codes: &Codes, due: &DueMail) -> Sent {
    let proof = due.code.map(|number| proof(mailer, codes, due, number));
    let letter = letter(site, &due.ticket, mailer.reply_to.is_some(), proof.as_ref());
    // A mail with another code is another mail.
    let id = codes.mail_name(&due.ticket.id, due.code.unwrap_or_default());
    let sender = Sender { from: &mailer.from, reply_to: mailer.reply_to.as_ref() };
    let message = match message(sender, &due.address, &id, letter, return_path(&due.ticket.id)) {
        Ok(message) => message,
        Err(error) => return Sent::Never(error.to_string()),
    };
    match mailer.server.send(&message).await {
        Ok(()) => Sent::Taken,
        Err(SendError::Unreachable(reason) | SendError::Temporary(reason)) => Sent::Later(reason),
        Err(SendError::TooLarge(reason) | SendError::Permanent(reason)) => Sent::Never(reason),
        Err(SendError::UnknownRecipient(reason)) => Sent::NoMailbox(reason),
    }
}
