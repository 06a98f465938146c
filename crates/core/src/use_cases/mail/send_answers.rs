//! Mails due answers. What is mailed is decided when the mail is sent: what the customer has read in the panel by then is left out.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::answer_letter::AnswerLetter;
use super::send::{CHECK_EVERY, CLAIM_RETRY, LEASE, RENEW, STORE_RETRY, SiteOutbox};
use super::{Codes, MailAnswers};
use crate::clock::Clock;
use crate::ids::{SiteKey, TicketId};
use crate::ports::{
    Activity, ActivityKind, AddressedMail, AnswerMailOutcome, AnswerMails, Attachments, Conversations, DueAnswerMail,
    FileError, Files, MailFailure, MailFile, MailThread, StoreError, read_file,
};
use crate::random;
use crate::rules::answer_mail::{answer_delay, has_expired, is_to_mail};
use crate::rules::{backoff, file_formats};
use domain::conversation::Message;

/// The most bytes of files in a mail; encoded they are a third larger. Some mailboxes accept no more than 20 MB.
const FILES_MAX: u64 = 10_000_000;
/// How long a mail is retried.
const GIVE_UP_AFTER: Duration = Duration::from_secs(3 * 24 * 60 * 60);

/// Mails due answers.
#[derive(Clone)]
pub struct SendAnswers {
    mails: Arc<dyn AnswerMails>,
    conversations: Arc<dyn Conversations>,
    attachments: Arc<dyn Attachments>,
    files: Arc<dyn Files>,
    answers: MailAnswers,
    codes: Codes,
    clock: Arc<dyn Clock>,
}

/// The address, files and answers of a mail.
struct Contents<'a> {
    address: &'a str,
    /// The number of the last answer.
    until: u32,
    answers: Vec<Message>,
    files: Vec<MailFile>,
    missing_files: Vec<String>,
}

impl SendAnswers {
    /// Mails answers of a store, which has this clock, with the bytes of their files; `answers` decides which are mailed.
    pub fn new(
        mails: Arc<dyn AnswerMails>,
        conversations: Arc<dyn Conversations>,
        attachments: Arc<dyn Attachments>,
        files: Arc<dyn Files>,
        answers: MailAnswers,
        codes: Codes,
        clock: Arc<dyn Clock>,
    ) -> SendAnswers {
        SendAnswers { mails, conversations, attachments, files, answers, codes, clock }
    }

    /// Sends all due mails with answers of a site, and returns the time until the next is due. `count` counts the attempts.
    pub async fn send_due(
        &self,
        outbox: &SiteOutbox,
        stop: &CancellationToken,
        count: &(dyn Fn(&AnswerMailOutcome) + Send + Sync),
    ) -> Result<Duration, StoreError> {
        let site = &outbox.site.key;
        while !stop.is_cancelled() {
            // Checked with a read, so that an idle worker does not block writers.
            match self.mails.next_answer_mail(site).await? {
                Some(Duration::ZERO) => {}
                next => return Ok(next.unwrap_or(CHECK_EVERY)),
            }
            // Another gateway is about to claim it.
            let Some(due) = self.mails.claim_answer_mail(site, LEASE).await? else { return Ok(CLAIM_RETRY) };
            let outcome = tokio::select! {
                outcome = self.attempt(outbox, &due) => outcome,
                () = self.lose_claim(&due, site) => {
                    tracing::warn!(site = site.as_str(), reference = due.ticket.reference.as_str(), "mail aborted: claim lost");
                    continue;
                }
            };
            count(&outcome);
            self.record(&due.ticket.id, &due, &outcome).await;
        }
        Ok(CHECK_EVERY)
    }

    /// Extends a claim until somebody else has it, or the customer has unsubscribed.
    async fn lose_claim(&self, due: &DueAnswerMail, site: &SiteKey) {
        let mut pause = RENEW;
        loop {
            sleep(pause).await;
            match self.mails.extend_answer_mail(&due.ticket.id, &due.claim, LEASE).await {
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
    async fn record(&self, ticket: &TicketId, due: &DueAnswerMail, outcome: &AnswerMailOutcome) {
        loop {
            match self.mails.record_answer_mail(ticket, &due.claim, outcome).await {
                Ok(true) => return,
                Ok(false) => return tracing::warn!(ticket = ticket.as_str(), "mail not recorded: claim lost"),
                Err(error) => {
                    tracing::warn!(ticket = ticket.as_str(), %error, "recording a mail failed; will retry");
                    sleep(STORE_RETRY).await;
                }
            }
        }
    }

    /// Makes an attempt. Whether the gateway mails the answers at all is decided again, because the configuration may have changed while they waited.
    async fn attempt(&self, outbox: &SiteOutbox, due: &DueAnswerMail) -> AnswerMailOutcome {
        let (site, reference) = (outbox.site.key.as_str(), due.ticket.reference.as_str());
        let pause = |is_sent| answer_delay(self.answers.delay(&outbox.site.key), due.mails_sent + u32::from(is_sent));
        let finished = |until, is_sent| AnswerMailOutcome::Finished { until, is_sent, pause: pause(is_sent) };
        let Some(address) = self.answers.recipient(&due.ticket) else { return finished(due.queued_until, false) };
        let sent = match self.waiting_answers(due).await {
            Ok(answers) if answers.is_empty() => return finished(due.queued_until, false),
            Ok(_) if due.is_blocked => Err(MailFailure::Permanent("the mailbox does not exist".into())),
            Ok(answers) => self.send(outbox, due, &address, answers).await,
            Err(reason) => Err(MailFailure::Temporary(reason)),
        };
        let error = match sent {
            Ok(until) => return finished(until, true),
            Err(error) => error,
        };
        if matches!(error, MailFailure::Temporary(_)) {
            let now = self.clock.now();
            let retry_at = backoff::next_attempt_at(due.attempts, due.since, GIVE_UP_AFTER, now, random::jitter());
            if let Some(after) = retry_at.map(|retry_at| retry_at.since(now)) {
                tracing::warn!(site, reference, %error, retry_in = ?after, "mail failed");
                return AnswerMailOutcome::Retry { after };
            }
        }
        tracing::warn!(site, reference, %error, "mail dropped");
        let text = format!("The answer was not mailed to {address}: {error}");
        AnswerMailOutcome::DeadLetter {
            until: due.queued_until,
            pause: pause(false),
            activity: Activity { actor: "Mail".into(), kind: ActivityKind::Bounced, text, at: self.clock.now() },
            is_address_dead: matches!(error, MailFailure::UnknownRecipient(_)),
        }
    }

    /// The answers that are to be mailed now.
    async fn waiting_answers(&self, due: &DueAnswerMail) -> Result<Vec<Message>, String> {
        let (read_until, now) = (due.ticket.handling.read_until, self.clock.now());
        let messages = self.conversations.messages(&due.ticket.id, due.mailed_until).await.map_err(unreadable)?;
        let waiting = |message: &Message| {
            is_to_mail(message, due.mailed_until, read_until) && !has_expired(message, due.since, now)
        };
        Ok(messages.into_iter().filter(waiting).collect())
    }

    /// The files of answers that fit into a mail, and the names of the others.
    async fn files(&self, ticket: &TicketId, answers: &[Message]) -> Result<(Vec<MailFile>, Vec<String>), String> {
        let (mut files, mut missing_files, mut room) = (Vec::new(), Vec::new(), FILES_MAX);
        let attachments = self.attachments.attachments(ticket).await.map_err(unreadable)?;
        let is_of_answer = |number: Option<u32>| answers.iter().any(|answer| Some(answer.number) == number);
        for file in attachments.into_iter().filter(|file| is_of_answer(file.number)) {
            let remaining = room.checked_sub(u64::from(file.size));
            let bytes = match remaining {
                Some(_) => read_file(self.files.as_ref(), &file.file, file.size.into()).await.map(Some),
                None => Ok(None),
            };
            match (bytes, remaining) {
                (Ok(Some(bytes)), Some(remaining)) => {
                    room = remaining;
                    files.push(MailFile { media: file_formats::media(file.media, &file.name), name: file.name, bytes });
                }
                (Err(error @ FileError::Unavailable(_)), _) => return Err(format!("a file cannot be read: {error}")),
                _ => missing_files.push(file.name),
            }
        }
        Ok((files, missing_files))
    }

    /// Sends answers, and returns the number of the last.
    async fn send(
        &self,
        outbox: &SiteOutbox,
        due: &DueAnswerMail,
        address: &str,
        answers: Vec<Message>,
    ) -> Result<u32, MailFailure> {
        let (files, missing_files) = self.files(&due.ticket.id, &answers).await.map_err(MailFailure::Temporary)?;
        let until = answers.last().map_or(due.queued_until, |answer| answer.number);
        let mut contents = Contents { address, until, answers, files, missing_files };
        match self.send_once(outbox, due, &contents).await {
            Err(MailFailure::Permanent(_)) if !contents.files.is_empty() => {
                // Perhaps because of them: servers say so in many ways.
                let names = std::mem::take(&mut contents.files).into_iter().map(|file| file.name);
                contents.missing_files = names.chain(std::mem::take(&mut contents.missing_files)).collect();
                self.send_once(outbox, due, &contents).await
            }
            sent => sent,
        }?;
        Ok(until)
    }

    async fn send_once(
        &self,
        outbox: &SiteOutbox,
        due: &DueAnswerMail,
        Contents { address, until, answers, files, missing_files }: &Contents<'_>,
    ) -> Result<(), MailFailure> {
        let id = &due.ticket.id;
        let no_url = || MailFailure::Permanent("mail.url is missing, so nobody could unsubscribe".into());
        let unsubscribe = outbox.url.as_ref().and_then(|url| self.unsubscribe_url(url, &outbox.site.key, id));
        let unsubscribe = unsubscribe.ok_or_else(no_url)?;
        let reply_to = outbox.replies_to.iter().find_map(|destination| destination.reply_address(id));
        let letter = AnswerLetter {
            site: &outbox.site,
            ticket: &due.ticket,
            messages: answers,
            missing_files,
            reads_replies: outbox.reads_replies || reply_to.is_some(),
            unsubscribe: &unsubscribe,
        };
        let (content, html) = letter.render();
        let thread = MailThread { references: self.references(due), reply_to, html, files: files.clone(), unsubscribe };
        let mail = AddressedMail {
            address,
            id: &self.codes.answer_name(id, *until),
            content,
            thread: Some(thread),
            return_path: outbox.bounces_to.as_ref().and_then(|to| to.return_path(id)),
        };
        outbox.mailer.send(mail).await
    }

    /// The receipts of a ticket, one for each code, and the last mail with answers.
    fn references(&self, due: &DueAnswerMail) -> Vec<String> {
        let id = &due.ticket.id;
        let receipts = due.code.min(1)..=due.code;
        let receipts = receipts.map(|number| self.codes.mail_name(id, number));
        receipts.chain(due.last_mail.map(|number| self.codes.answer_name(id, number))).collect()
    }

    fn unsubscribe_url(&self, url: &Url, site: &SiteKey, id: &TicketId) -> Option<String> {
        let mut link = url.join(&format!("help/{site}/tickets/{id}/unsubscribe")).ok()?;
        link.query_pairs_mut().append_pair("key", &self.codes.unsubscribe_link(id));
        Some(link.to_string())
    }
}

fn unreadable(error: StoreError) -> String {
    format!("the ticket cannot be read: {error}")
}
