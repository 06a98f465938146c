//! Which answers of support are mailed to the customer, by whom, and when.

use std::time::Duration;

use serde::Deserialize;

use crate::ports::destination::RequesterMail;
use crate::ports::{Confirmation, Person, StoredTicket};
use crate::rules::address::{Address, address};
use crate::timestamp::Timestamp;
use domain::config::{AnswerMail, Config};
use domain::context::Group;
use domain::conversation::{Author, Message};
use domain::ticket::is_email;

/// Answers to a ticket that was created elsewhere are not mailed if they are older when they arrive: its customer has just opened it here.
const AGE_MAX: Duration = Duration::from_secs(3 * 24 * 60 * 60);
/// Answers that have waited longer are not mailed: the site has sent no mail meanwhile, and nobody expects them any more. Longer than mails are
/// retried.
const WAIT_MAX: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// How long no answer is mailed to a mailbox after a mail server has reported that it does not exist. Servers are wrong at times, and mailboxes are
/// created again.
pub const BLOCK_LIFE: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// How many mails about a ticket are sent as soon as they are due. Two programs that answer each other without saying so write more.
const UNHURRIED_AFTER: u32 = 20;
/// The least time before every further mail.
const UNHURRIED_DELAY: Duration = Duration::from_secs(60 * 60);

/// Whether a site mails answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AnswerPolicy {
    /// Those that no destination mails, or may mail.
    #[default]
    Auto,
    /// All.
    Always,
    /// None.
    Never,
}

/// Who mails the answers of a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerMailer {
    /// The gateway.
    Gateway,
    /// A destination.
    Destination,
    /// A destination may; the gateway does not.
    Unknown,
    /// Nobody.
    Nobody,
}

/// Who mails the answers of a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnswerMailers {
    /// To customers with an address that the host has signed.
    pub signed: AnswerMailer,
    /// To others.
    pub unsigned: AnswerMailer,
}

/// Who mails the answers of a site, by what the destinations that have them do.
pub fn answer_mailer(policy: AnswerPolicy, requester_mails: &[RequesterMail]) -> AnswerMailer {
    match policy {
        AnswerPolicy::Always => AnswerMailer::Gateway,
        _ if requester_mails.contains(&RequesterMail::Always) => AnswerMailer::Destination,
        _ if requester_mails.contains(&RequesterMail::Unknown) => AnswerMailer::Unknown,
        AnswerPolicy::Auto => AnswerMailer::Gateway,
        AnswerPolicy::Never => AnswerMailer::Nobody,
    }
}

/// What the panel tells a customer about answers. What is not certain is not promised.
pub fn announce_answer_mail(mailers: AnswerMailers, person: Option<&Person>, config: &Config) -> AnswerMail {
    let is_confirmed_by_code = person.is_none_or(|person| person.email_verified == Some(false));
    if is_confirmed_by_code {
        return if mailers.unsigned == AnswerMailer::Gateway { AnswerMail::Confirmed } else { AnswerMail::Never };
    }
    // A site that does not collect users does not store their signed addresses.
    let has_address = person.is_some_and(|person| is_email(&person.user.email));
    match mailers.signed {
        _ if !has_address || config.context.off.contains(&Group::User) => AnswerMail::Never,
        AnswerMailer::Gateway => AnswerMail::Unread,
        AnswerMailer::Destination => AnswerMail::Always,
        AnswerMailer::Unknown | AnswerMailer::Nobody => AnswerMail::Never,
    }
}

/// The address to which answers to a ticket are mailed: the one that the host has signed, or else the one that the customer has confirmed.
pub fn answer_address(ticket: &StoredTicket) -> Option<String> {
    let email = match address(&ticket.ticket) {
        Address::Signed(email) => email,
        Address::Claimed(email) if ticket.handling.confirmation == Confirmation::Confirmed => email,
        Address::Claimed(_) | Address::Missing => return None,
    };
    is_email(&email).then_some(email)
}

/// Whether an answer to a ticket is mailed, by when it was written. That of a ticket that was sent here is promised, however late it arrives after an
/// outage.
pub fn is_recent(ticket: &StoredTicket, written_at: Timestamp, now: Timestamp) -> bool {
    !is_gathered(ticket) || now.since(written_at) <= AGE_MAX
}

/// Whether a ticket was created elsewhere and imported; no browser has sent it.
fn is_gathered(ticket: &StoredTicket) -> bool {
    ticket.session.is_none() && ticket.ticket.client.version.is_empty()
}

/// Whether a queued answer has waited too long. An answer that joins a mail which has waited before is as old as it is itself.
pub fn has_expired(message: &Message, queued_at: Timestamp, now: Timestamp) -> bool {
    let written_at = message.at.parse().unwrap_or(queued_at);
    now.since(queued_at.max(written_at)) > WAIT_MAX
}

/// How long an answer waits before it is mailed, after a number of mails about its ticket.
pub fn answer_delay(configured: Duration, mails_sent: u32) -> Duration {
    if mails_sent < UNHURRIED_AFTER { configured } else { configured.max(UNHURRIED_DELAY) }
}

/// Whether a message is mailed: support wrote it, it was not mailed before, and the customer has not read it in the panel.
pub fn is_to_mail(message: &Message, mailed_until: u32, read_until: u32) -> bool {
    message.author == Author::Support && message.number > mailed_until.max(read_until)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{stored, time};
    use domain::context::User;

    #[test]
    fn no_answer_is_mailed_twice() {
        use AnswerMailer::{Destination, Gateway, Nobody, Unknown};
        let (no, maybe, yes) = (RequesterMail::Never, RequesterMail::Unknown, RequesterMail::Always);
        for (requester_mails, auto, never) in [
            (&[][..], Gateway, Nobody),
            (&[no], Gateway, Nobody),
            (&[no, no], Gateway, Nobody),
            (&[maybe], Unknown, Unknown),
            (&[no, maybe], Unknown, Unknown),
            (&[yes], Destination, Destination),
            (&[maybe, yes], Destination, Destination),
            (&[yes, no], Destination, Destination),
        ] {
            assert_eq!(answer_mailer(AnswerPolicy::Auto, requester_mails), auto, "{requester_mails:?}");
            assert_eq!(answer_mailer(AnswerPolicy::Never, requester_mails), never, "{requester_mails:?}");
            assert_eq!(answer_mailer(AnswerPolicy::Always, requester_mails), Gateway, "{requester_mails:?}");
        }
    }

    #[test]
    fn the_panel_announces_only_what_is_certain() {
        use AnswerMailer::{Destination, Gateway, Nobody, Unknown};
        let person = |email: &str, email_verified| Person {
            id: "u-7".into(),
            user: User { email: email.into(), ..User::default() },
            email_verified,
            priority: None,
            channels: None,
            until: Timestamp::EPOCH,
        };
        let email = "ada@example.com";
        let people = [None, Some(person(email, Some(false))), Some(person(email, None)), Some(person("", Some(true)))];
        let mut config = Config::default();
        let (never, unread, confirmed, always) =
            (AnswerMail::Never, AnswerMail::Unread, AnswerMail::Confirmed, AnswerMail::Always);
        for (mailer, expected) in [
            (Gateway, [confirmed, confirmed, unread, never]),
            (Destination, [never, never, always, never]),
            (Unknown, [never; 4]),
            (Nobody, [never; 4]),
        ] {
            let mailers = AnswerMailers { signed: mailer, unsigned: mailer };
            assert_eq!(
                people.each_ref().map(|person| announce_answer_mail(mailers, person.as_ref(), &config)),
                expected,
                "{mailer:?}"
            );
        }
        // A destination that does not know the addresses of others.
        let mailers = AnswerMailers { signed: Destination, unsigned: Gateway };
        assert_eq!(
            people.each_ref().map(|person| announce_answer_mail(mailers, person.as_ref(), &config)),
            [confirmed, confirmed, always, never]
        );
        config.context.off.push(Group::User);
        let mailers = AnswerMailers { signed: Gateway, unsigned: Gateway };
        assert_eq!(announce_answer_mail(mailers, people[2].as_ref(), &config), never);
        assert_eq!(announce_answer_mail(mailers, None, &config), confirmed);
    }

    #[test]
    fn destinations_are_unknown_until_their_setting_is_made() {
        let requester_mail = RequesterMail::of_setting;
        assert_eq!(
            [None, Some(true), Some(false)].map(requester_mail),
            [RequesterMail::Unknown, RequesterMail::Always, RequesterMail::Never]
        );
    }

    #[test]
    fn answers_go_only_to_signed_or_confirmed_addresses() {
        let awaited = Confirmation::Awaited { withheld: 0, first: 0, code_sent: true };
        let user = |verified, email: &str| Some(User { verified, email: email.into(), ..User::default() });
        for (user, typed, confirmation, expected) in [
            (user(true, "real@example.com"), "eve@example.com", Confirmation::NotNeeded, Some("real@example.com")),
            (user(true, "nobody"), "", Confirmation::NotNeeded, None),
            (user(true, ""), "ada@example.com", Confirmation::NotNeeded, None),
            (user(true, ""), "ada@example.com", awaited, None),
            (user(true, ""), "ada@example.com", Confirmation::Confirmed, Some("ada@example.com")),
            (user(false, "page@example.com"), "", awaited, None),
            (None, "ada@example.com", Confirmation::NotNeeded, None),
            (None, "ada@example.com", awaited, None),
            (None, "ada@example.com", Confirmation::Confirmed, Some("ada@example.com")),
            (None, "", Confirmation::NotNeeded, None),
        ] {
            let mut ticket = stored();
            ticket.ticket.context.user = user;
            ticket.ticket.contact.email = typed.into();
            ticket.handling.confirmation = confirmation;
            assert_eq!(answer_address(&ticket).as_deref(), expected, "{typed} {confirmation:?}");
        }
    }

    fn message(number: u32, author: Author) -> Message {
        Message { number, author, name: String::new(), body: String::new(), at: String::new(), attachments: Vec::new() }
    }

    #[test]
    fn only_unread_answers_of_support_are_mailed_once() {
        for (number, author, mailed_until, read_until, expected) in [
            (3, Author::Support, 0, 0, true),
            (3, Author::Support, 2, 2, true),
            (3, Author::Support, 3, 0, false),
            (3, Author::Support, 0, 3, false),
            (3, Author::Automatic, 0, 0, false),
            (3, Author::Customer, 0, 0, false),
        ] {
            assert_eq!(is_to_mail(&message(number, author), mailed_until, read_until), expected);
        }
    }

    #[test]
    fn old_answers_are_mailed_only_if_they_were_promised() {
        let now = time("2026-11-24T00:00:00.000Z");
        let mut ticket = stored();
        assert!(is_recent(&ticket, time("2026-11-01T00:00:00.000Z"), now), "an outage has held it up");
        (ticket.session, ticket.ticket.client.version) = (None, String::new());
        for (written_at, expected) in [
            ("2026-11-21T00:00:00.000Z", true),
            ("2026-11-24T01:00:00.000Z", true),
            ("2026-11-20T23:59:59.000Z", false),
        ] {
            assert_eq!(is_recent(&ticket, time(written_at), now), expected, "{written_at}");
        }
    }

    #[test]
    fn answers_that_have_waited_for_weeks_are_not_mailed() {
        let now = time("2026-11-24T00:00:00.000Z");
        let (recent, old) = ("2026-11-17T00:00:00.000Z", "2026-10-17T00:00:00.000Z");
        for (written_at, queued_at, expected) in
            [(recent, recent, false), (recent, old, false), (old, recent, false), (old, old, true), ("", old, true)]
        {
            let message = Message { at: written_at.into(), ..message(3, Author::Support) };
            assert_eq!(has_expired(&message, time(queued_at), now), expected, "{written_at} {queued_at}");
        }
    }

    #[test]
    fn many_mails_slow_down() {
        let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
        assert_eq!((answer_delay(minutes(5), 19), answer_delay(minutes(5), 20)), (minutes(5), minutes(60)));
        assert_eq!(answer_delay(minutes(90), 20), minutes(90));
    }
}
