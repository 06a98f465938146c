//! Which mails to a support address become tickets, and what such a ticket contains.

use crate::ports::destination::{InboundMail, SupportMail};
use crate::rules::mail_text::{list_names, shorten};
use domain::context::Context;
use domain::join::one_line;
use domain::ticket::{Client, Contact, Kind, MESSAGE_MAX, NewTicket, Severity, is_email};
use mail_in::Origin;
use mail_in::reply_text::ReplyText;

/// The name of the client of tickets that came by mail.
const CLIENT: &str = "mail";
/// The channel of these tickets that agents see.
const CHANNEL: &str = "email";
/// The longest subject that is kept, in characters.
const SUBJECT_MAX: usize = 300;
/// The message of a mail that has files and no words.
const NO_WORDS: &str = "(a mail without text)";

/// Why a mail to a support address becomes no ticket; none if it may. A ticket is answered by mail, so a mail of a program is not answered: it could
/// answer itself.
pub fn refuse(support_mail: &SupportMail) -> Option<&'static str> {
    match support_mail.mail.origin {
        Origin::Automatic(sign) => Some(sign.reason()),
        Origin::Bounce => Some("it is a bounce"),
        Origin::Person if !is_email(&support_mail.mail.from) => Some("it has no valid sender"),
        Origin::Person => None,
    }
}

/// Whether a ticket came by mail, as its client says. Nothing is allowed because of it.
pub fn is_mailed(ticket: &NewTicket) -> bool {
    ticket.client.name == CLIENT
}

/// The ticket of a mail with its subject and the text that was read of it; none if nothing was written and no file is attached. The sender's address is
/// a claim, and nothing about it is verified.
pub fn mailed_ticket(subject: &str, mail: &InboundMail, read: &ReplyText) -> Option<NewTicket> {
    let subject: String = one_line(subject).chars().take(SUBJECT_MAX).collect();
    // A new mail may forward others; only agents read it.
    let body = if read.is_shortened { &read.whole } else { &read.text };
    let message = match (subject.is_empty(), body.trim()) {
        (true, "") if mail.files.is_empty() && mail.more_files == 0 => return None,
        (true, "") => NO_WORDS.to_string(),
        (false, "") => subject,
        (true, body) => body.to_string(),
        (false, body) => format!("{subject}\n\n{body}"),
    };
    Some(NewTicket {
        kind: Kind::Question,
        topic: String::new(),
        severity: Severity::Low,
        message: shorten(&message, MESSAGE_MAX, read.is_cut),
        contact: Contact { name: mail.name.clone(), email: mail.from.clone() },
        context: Context::default(),
        questions: Vec::new(),
        attachments: Vec::new(),
        via: CHANNEL.into(),
        consent: None,
        fields: None,
        website: String::new(),
        automatic: false,
        test: false,
        locale: String::new(),
        created_at: mail.at.to_string(),
        client: Client { name: CLIENT.into(), version: String::new() },
    })
}

/// Names the files of a mail that were not stored at the end of its ticket, as far as there is space.
pub fn name_missing(ticket: &mut NewTicket, missing: &[String], more: usize) {
    if missing.is_empty() && more == 0 {
        return;
    }
    let line = format!("\n\n({})", list_names(missing, more));
    let room = MESSAGE_MAX.saturating_sub(line.chars().count());
    if room > MESSAGE_MAX / 2 {
        ticket.message = shorten(&ticket.message, room, false) + &line;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::time;
    use domain::ticket;
    use mail_in::AutomaticSign;
    use mail_in::reply_text::Parts;

    fn support_mail(from: &str, origin: Origin) -> SupportMail {
        let mail = InboundMail {
            message_id: "<m@example.com>".into(),
            from: from.into(),
            name: "Ada".into(),
            authenticated: None,
            from_agent: false,
            origin,
            parts: Parts::default(),
            files: Vec::new(),
            more_files: 0,
            at: time("2026-11-24T23:05:00Z"),
        };
        SupportMail { subject: "The export stops".into(), references: Vec::new(), mail }
    }

    fn read(text: &str) -> ReplyText {
        ReplyText { text: text.into(), whole: format!("{text}\n\n> quoted"), ..ReplyText::default() }
    }

    #[test]
    fn only_mails_of_persons_with_an_address_become_tickets() {
        let away = Origin::Automatic(AutomaticSign::AutoSubmitted);
        for (from, origin, is_refused) in [
            ("ada@example.com", Origin::Person, false),
            ("ada@example.com", away, true),
            ("ada@example.com", Origin::Automatic(AutomaticSign::OwnMail), true),
            ("ada@example.com", Origin::Bounce, true),
            ("", Origin::Person, true),
            ("nobody", Origin::Person, true),
        ] {
            assert_eq!(refuse(&support_mail(from, origin)).is_some(), is_refused, "{from} {origin:?}");
        }
    }

    #[test]
    fn tickets_have_the_subject_and_the_text_and_are_valid() {
        let mail = support_mail("ada@example.com", Origin::Person).mail;
        let message = |subject: &str, read: &ReplyText| mailed_ticket(subject, &mail, read).map(|new| new.message);
        assert_eq!(message("The export\r\nstops", &read("Always.")).unwrap(), "The export stops\n\nAlways.");
        assert_eq!(message("", &read("Always.")).unwrap(), "Always.");
        assert_eq!(message("Help", &read("")).unwrap(), "Help");
        assert_eq!(message("", &read("")), None);
        let forwarded = ReplyText { is_shortened: true, ..read("See below.") };
        assert_eq!(message("Fwd: x", &forwarded).unwrap(), "Fwd: x\n\nSee below.\n\n> quoted");
        let new = mailed_ticket(&"ä".repeat(MESSAGE_MAX), &mail, &read(&"ö".repeat(2 * MESSAGE_MAX))).unwrap();
        assert_eq!(ticket::check(&new), []);
        assert!(is_mailed(&new) && new.message.ends_with("(shortened)"), "{}", new.message);
        assert_eq!((new.contact.email.as_str(), new.contact.name.as_str()), ("ada@example.com", "Ada"));
        assert!(new.context.user.is_none(), "nobody has signed it");
    }

    #[test]
    fn files_that_were_not_stored_are_named_and_the_ticket_stays_valid() {
        let mut mail = support_mail("ada@example.com", Origin::Person).mail;
        mail.more_files = 1;
        let mut new = mailed_ticket("", &mail, &read("")).unwrap();
        name_missing(&mut new, &[], 0);
        assert_eq!(new.message, NO_WORDS);
        name_missing(&mut new, &["a.exe".into()], 2);
        assert_eq!(new.message, format!("{NO_WORDS}\n\n(Files that were not stored: a.exe, 2 more)"));
        new.message = "ä".repeat(MESSAGE_MAX);
        name_missing(&mut new, &["a.exe".into()], 0);
        assert!(new.message.ends_with("a.exe)") && ticket::check(&new).is_empty(), "{}", new.message);
    }
}
