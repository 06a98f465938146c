//! Decides what a mail about a ticket becomes: an answer of support, a reply of the customer, or an internal note.

use std::sync::Arc;
use std::time::Duration;

use super::blocking::{BlockingError, blocking};
use super::store_reply::{ReplyOutcome, StoreReply};
use crate::clock;
use crate::ids::DestinationName;
use crate::ports::destination::{ExternalMessage, InboundFile, InboundMail};
use crate::ports::{
    Activity, ActivityKind, Change, ChangeOutcome, Conversations, CurrentTicket, Decision, OutgoingMail, StoreError,
    StoredTicket,
};
use crate::rules::address::{Address, address, mailbox};
use crate::rules::answer_mail::answer_address;
use crate::rules::comment;
use crate::rules::customer_limits::check_mailed_note;
use crate::rules::mail_text::{list_names, shorten};
use crate::site::Sites;
use crate::use_cases::attachments::KeepFile;
use crate::use_cases::mail::BlockedMailboxes;
use domain::conversation::{Author, Turn};
use domain::ticket::{MESSAGE_MAX, Status};
use mail_in::Origin;
use mail_in::reply_text::{self, KnownTexts, ReplyText};

/// The longest mail that is stored in full for agents, in characters.
const WHOLE_MAX: usize = 2 * MESSAGE_MAX;
/// The first line of a note with a mail that was not taken as an answer.
const UNREAD: &str = "This mail could not be read as an answer.";
/// The minimum time between two notices about unread mails to an agent, per ticket.
const NOTICE_EVERY: Duration = Duration::from_secs(24 * 60 * 60);

/// Why a mail is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum InboundMailError {
    /// Its text cannot be parsed.
    #[error(transparent)]
    Reading(#[from] BlockingError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a mail is not part of the conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NoteCause {
    /// The receiving server did not confirm its sender.
    Unauthenticated,
    /// Its sender is neither an agent nor the customer.
    Stranger,
    /// A program wrote it.
    Automatic(&'static str),
    /// It has no text of its own.
    Unread,
}

/// The content of a mail.
struct Content {
    reply: ReplyText,
    /// The names of files that only agents may read; the files are not stored.
    withheld: Vec<String>,
}

/// Handles the mails that destinations receive.
#[derive(Clone)]
pub struct TakeInboundMail {
    conversations: Arc<dyn Conversations>,
    outgoing: Arc<dyn OutgoingMail>,
    blocked: BlockedMailboxes,
    sites: Arc<Sites>,
    replies: StoreReply,
    files: KeepFile,
}

impl TakeInboundMail {
    /// Stores mails about tickets.
    pub fn new(
        conversations: Arc<dyn Conversations>,
        (outgoing, blocked): (Arc<dyn OutgoingMail>, BlockedMailboxes),
        sites: Arc<Sites>,
        replies: StoreReply,
        files: KeepFile,
    ) -> TakeInboundMail {
        TakeInboundMail { conversations, outgoing, blocked, sites, replies, files }
    }

    /// Handles a mail that came to a destination. Mails with the same Message-ID are stored once.
    pub async fn take(
        &self,
        ticket: &StoredTicket,
        from: &DestinationName,
        mut mail: InboundMail,
    ) -> Result<ReplyOutcome, InboundMailError> {
        let known = self.known(ticket).await?;
        let author = author(ticket, &mail);
        if author == Ok(Author::Customer) && mail.origin == Origin::Person {
            self.outgoing.forget_bounces(&ticket.site, &mailbox(&mail.from)).await?;
            // They may write from another spelling of the mailbox than answers go to.
            for address in answer_address(ticket).iter().chain([&mail.from]) {
                self.blocked.unblock(&ticket.site, address).await?;
            }
        }
        let (parts, files) = (std::mem::take(&mut mail.parts), std::mem::take(&mut mail.files));
        let is_support = author == Ok(Author::Support);
        // A mail that quotes a letter to agents may attach its files as well.
        let is_withheld = move |file: &InboundFile, known: &KnownTexts| {
            is_support && reply_text::is_for_agents(&file.name, file.bytes.as_deref().unwrap_or_default(), known)
        };
        let read = move || {
            let reply = reply_text::read(&parts, &known);
            let (withheld, files): (Vec<_>, Vec<_>) = files.into_iter().partition(|file| is_withheld(file, &known));
            (reply, withheld, files)
        };
        let (reply, withheld, files) = blocking(read).await?;
        mail.files = files;
        let withheld: Vec<String> = withheld.into_iter().map(|file| file.name).collect();
        for name in &withheld {
            tracing::warn!(reference = ticket.reference.as_str(), name, "attachment withheld");
        }
        let content = Content { reply, withheld };
        let stored = match (cause_by_origin(mail.origin), author) {
            (Some(cause), _) | (None, Err(cause)) => self.note(ticket, from, &mail, &content, cause).await,
            (None, Ok(_))
                if content.reply.is_without_words() && (mail.files.is_empty() || content.reply.is_withheld) =>
            {
                self.note(ticket, from, &mail, &content, NoteCause::Unread).await
            }
            (None, Ok(author)) => self.store_message(ticket, from, mail, author, &content).await,
        };
        Ok(stored?)
    }

    /// The texts about a ticket that only agents may read, and those that the customer knows.
    async fn known(&self, ticket: &StoredTicket) -> Result<KnownTexts, StoreError> {
        let private = self
            .sites
            .get(&ticket.site)
            .map(|site| comment::private_passages(&site.config, ticket))
            .unwrap_or_default();
        let messages = self.conversations.messages(&ticket.id, 0).await?;
        let bodies = messages.iter().rev().map(|message| message.body.as_str());
        Ok(KnownTexts::new(&private, [ticket.ticket.message.as_str()].into_iter().chain(bodies)))
    }

    async fn store_message(
        &self,
        ticket: &StoredTicket,
        from: &DestinationName,
        mut mail: InboundMail,
        author: Author,
        content: &Content,
    ) -> Result<ReplyOutcome, StoreError> {
        let reply = &content.reply;
        let is_support = author == Author::Support;
        let mut notes: Vec<String> = Vec::new();
        if reply.is_shortened {
            let whole = shorten(&reply.whole, WHOLE_MAX, reply.is_cut);
            notes.push(format!("The complete mail. The customer sees only the answer.\n\n{whole}"));
        }
        if !content.withheld.is_empty() {
            notes.push(withheld(&content.withheld));
        }
        let text = shorten(&reply.text, MESSAGE_MAX, reply.is_cut);
        let body = match is_support {
            true if text == reply.text && !reply.markdown.is_empty() => reply.markdown.clone(),
            true => reply_text::markdown(&text),
            false => text,
        };
        let (external_id, name, at) = (mail.message_id.clone(), mail.name.clone(), mail.at);
        let mut reply = ExternalMessage { external_id, author, name, body, at };
        if self.replies.is_stored(ticket, from, &reply).await? {
            return Ok(ReplyOutcome::Done);
        }
        let files = std::mem::take(&mut mail.files);
        let (ids, missing) = match self.sites.get(&ticket.site) {
            Some(site) => self.files.keep_all(&site.config.attachments, ticket, files).await,
            None => Default::default(),
        };
        if !missing.is_empty() || mail.more_files > 0 {
            let line = list_names(&missing, mail.more_files);
            let shown = if is_support { markdown::escape(&line) } else { line.clone() };
            let body = format!("{}\n\n({shown})", reply.body).trim().to_string();
            // The full mail adds nothing here; agents find it in the note.
            if body.chars().count() <= MESSAGE_MAX {
                reply.body = body;
            } else {
                notes.push(line);
            }
        }
        if reply.body.is_empty() && ids.is_empty() {
            return self.note(ticket, from, &mail, content, NoteCause::Unread).await;
        }
        let (actor, at) = (name_sender(&mail), mail.at);
        let note =
            (!notes.is_empty()).then(|| Activity { actor, kind: ActivityKind::Noted, text: notes.join("\n\n"), at });
        self.replies.store(ticket, from, &reply, ids, note).await
    }

    async fn note(
        &self,
        ticket: &StoredTicket,
        from: &DestinationName,
        mail: &InboundMail,
        Content { reply, withheld: names }: &Content,
        cause: NoteCause,
    ) -> Result<ReplyOutcome, StoreError> {
        let reason = match cause {
            NoteCause::Unauthenticated => "the sender is not authenticated and may be forged",
            NoteCause::Stranger => "the sender is neither an agent nor the customer",
            NoteCause::Automatic(reason) => reason,
            NoteCause::Unread => "it contains no new text",
        };
        let start = if cause == NoteCause::Unread { format!("{UNREAD} ") } else { String::new() };
        let whole = shorten(&reply.whole, MESSAGE_MAX, reply.is_cut);
        let mut text = format!("{start}By e-mail. The customer does not see this: {reason}.\n\n{whole}");
        let files: Vec<&str> = mail.files.iter().map(|file| file.name.as_str()).collect();
        if !files.is_empty() || mail.more_files > 0 {
            text = format!("{}\n\n({})", text.trim_end(), list_names(&files, mail.more_files));
        }
        if !names.is_empty() {
            text = format!("{}\n\n({})", text.trim_end(), withheld(names));
        }
        let note =
            Activity { actor: name_sender(mail), kind: ActivityKind::Noted, text: text.trim_end().into(), at: mail.at };
        let key = format!("{from} {}", mail.message_id);
        let is_automatic = matches!(cause, NoteCause::Automatic(_));
        let notifies = cause == NoteCause::Unread && mail.from_agent && !self.was_notified(ticket, &note.actor).await?;
        let decide = |current: &CurrentTicket| with_note(current, &note, &key, !is_automatic);
        let (reference, is_authenticated) = (ticket.reference.as_str(), mail.authenticated == Some(true));
        match self.conversations.change(&ticket.id, None, &decide).await? {
            ChangeOutcome::Written(changed, _) => {
                tracing::warn!(reference, is_authenticated, reason, "mail stored as an internal note");
                self.replies.bus.ticket_changed(*changed);
                if notifies {
                    self.notify_unread(ticket, from, mail);
                }
                Ok(ReplyOutcome::Done)
            }
            ChangeOutcome::Refused(limit) => {
                tracing::warn!(reference, is_authenticated, limit = limit.name(), "mail rejected");
                // A rejection would cause a bounce, and an answer to the bounce another mail.
                Ok(if is_automatic { ReplyOutcome::Done } else { ReplyOutcome::Refused(limit) })
            }
            _ => Ok(ReplyOutcome::Done),
        }
    }

    /// Whether an agent was sent a notice about an unread mail of this ticket within [`NOTICE_EVERY`].
    async fn was_notified(&self, ticket: &StoredTicket, actor: &str) -> Result<bool, StoreError> {
        let now = clock::now();
        let activities = self.conversations.activities(&ticket.id).await?;
        let is_notice =
            |note: &Activity| note.kind == ActivityKind::Noted && note.actor == actor && note.text.starts_with(UNREAD);
        Ok(activities.iter().any(|note| is_notice(note) && now.since(note.at) < NOTICE_EVERY))
    }

    /// Notifies an agent that their mail was not taken as an answer. Does not wait for the delivery.
    fn notify_unread(&self, ticket: &StoredTicket, from: &DestinationName, mail: &InboundMail) {
        let to = self.replies.destinations.get(&ticket.site, from).cloned();
        let (ticket, mail) = (ticket.clone(), mail.clone());
        if let Some(to) = to {
            tokio::spawn(async move { to.notify_unread(&ticket, &mail).await });
        }
    }
}

fn cause_by_origin(origin: Origin) -> Option<NoteCause> {
    match origin {
        Origin::Person => None,
        Origin::Automatic(sign) => Some(NoteCause::Automatic(sign.reason())),
        Origin::Bounce => Some(NoteCause::Automatic("it is a bounce")),
    }
}

/// The author of a mail; an error if the sender is neither an agent nor the customer, or the receiving server did not confirm the sender: the
/// customer could mistake its author.
fn author(ticket: &StoredTicket, mail: &InboundMail) -> Result<Author, NoteCause> {
    if mail.authenticated != Some(true) {
        return Err(NoteCause::Unauthenticated);
    }
    if mail.from.is_empty() {
        return Err(NoteCause::Stranger);
    }
    if mail.from_agent {
        return Ok(Author::Support);
    }
    match address(&ticket.ticket) {
        Address::Signed(own) | Address::Claimed(own) if mailbox(&own) == mailbox(&mail.from) => Ok(Author::Customer),
        _ => Err(NoteCause::Stranger),
    }
}

/// The name that is shown beside a note.
fn name_sender(mail: &InboundMail) -> String {
    let sender = [mail.name.as_str(), mail.from.as_str()];
    let sender = sender.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ");
    if sender.is_empty() { "Unknown sender, by e-mail".into() } else { sender }
}

/// A ticket with a note that came by mail. With `needs_agent` an open ticket waits for support; an automatic mail only adds the note.
fn with_note(current: &CurrentTicket, note: &Activity, key: &str, needs_agent: bool) -> Decision {
    if let Err(limit) = check_mailed_note(current) {
        return Decision::Refuse(limit);
    }
    let mut change = current.unchanged();
    let handling = &mut change.ticket.handling;
    handling.updated_at = handling.updated_at.max(note.at);
    if needs_agent && current.ticket.status == Status::Open {
        handling.turn = Turn::Support;
    }
    Change { activity: Some(note.clone()), activity_key: Some(key.into()), ..change }.into()
}

/// Lists files that only agents may read.
fn withheld(names: &[String]) -> String {
    format!(
        "Files withheld from the customer because they contain text for agents only (not stored): {}",
        names.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::fixtures::stored;
    use domain::context::User;

    #[test]
    fn authors_of_mails_must_be_authenticated() {
        let mut ticket = stored();
        let mail = |from: &str, from_agent, authenticated| InboundMail {
            message_id: "<m>".into(),
            from: from.into(),
            name: String::new(),
            authenticated: Some(authenticated),
            from_agent,
            origin: Origin::Person,
            parts: Default::default(),
            files: Vec::new(),
            more_files: 0,
            at: clock::now(),
        };
        let (support, customer) = (Ok(Author::Support), Ok(Author::Customer));
        let (unauthenticated, stranger) = (Err(NoteCause::Unauthenticated), Err(NoteCause::Stranger));
        for (from, from_agent, authenticated, expected) in [
            ("ana@desk.example", true, true, support),
            ("ana@desk.example", true, false, unauthenticated),
            ("Ada@Example.com", false, true, customer),
            ("ada@example.com", false, false, unauthenticated),
            ("eve@example.com", false, true, stranger),
            ("", true, true, stranger),
        ] {
            assert_eq!(author(&ticket, &mail(from, from_agent, authenticated)), expected, "{from} {authenticated}");
        }
        // A customer signed by the host has one address, whatever the form says.
        let user = User { verified: true, email: "real@example.com".into(), ..User::default() };
        ticket.ticket.context.user = Some(user);
        assert_eq!(author(&ticket, &mail("ada@example.com", false, true)), stranger);
        assert_eq!(author(&ticket, &mail("real@example.com", false, true)), customer);
    }
}
