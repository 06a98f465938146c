//! The text of the receipt, in the language of the form.

use jiff::tz::TimeZone;

use super::code;
use crate::ports::{MailContent, StoredTicket};
use crate::rules::address::{Address, address};
use crate::rules::mailed_ticket::is_mailed;
use crate::site::Site;
use crate::timestamp::Timestamp;
use domain::join::one_line;
use domain::texts::{self, GatewayText, Text, fill};

/// The code that shows that somebody reads the mail of an address, and the link that does the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeNotice {
    /// The code to enter in the panel.
    pub code: String,
    /// When it expires.
    pub until: Timestamp,
    /// The link that opens the ticket in a browser.
    pub link: Option<String>,
}

/// The receipt of a ticket. `answered`: whether replies to it are read. A receipt to an address that the host has not signed contains nothing
/// that the sender could have written, because it may reach anybody.
pub fn letter(site: &Site, ticket: &StoredTicket, answered: bool, code_notice: Option<&CodeNotice>) -> MailContent {
    let language = &ticket.ticket.locale;
    let t = |text: GatewayText| texts::text_in(language, text);
    let zone = site.hours.as_ref().map_or(TimeZone::UTC, |hours| hours.zone.clone());
    let local = |time: Timestamp| moment(&t(GatewayText::MailTime), time, &zone);
    let reference = |text| fill(&t(text), "{reference}", ticket.reference.as_str());
    let is_signed = matches!(address(&ticket.ticket), Address::Signed(_));
    let user = ticket.ticket.context.user.as_ref().filter(|_| is_signed);
    let name = user.map(|user| one_line(&user.name)).unwrap_or_default();

    let hello = match name.as_str() {
        "" => t(GatewayText::MailHello),
        name => fill(&t(GatewayText::MailHelloName), "{name}", name),
    };
    let mut have = vec![reference(GatewayText::MailWeHaveIt)];
    have.extend(ticket.due_at.map(|due| fill(&t(GatewayText::MailDue), "{time}", &local(due))));
    // Whoever wrote a mail has no panel.
    let has_panel = !is_mailed(&ticket.ticket);
    let mut instructions = Vec::new();
    if has_panel {
        instructions.push(fill(&t(GatewayText::MailWhere), "{tickets}", &list_title(language)));
    } else if let Some(link) = code_notice.and_then(|notice| notice.link.as_ref()) {
        instructions.push(fill(&t(GatewayText::MailOpen), "{link}", link));
    }
    if let Some(code_notice) = code_notice.filter(|_| has_panel) {
        let code = fill(&t(GatewayText::MailCode), "{code}", &code::spaced(&code_notice.code));
        instructions.push(fill(&code, "{time}", &local(code_notice.until)));
        instructions.extend(code_notice.link.as_ref().map(|link| fill(&t(GatewayText::MailLink), "{link}", link)));
    }
    instructions.push(t(if answered { GatewayText::MailAnswered } else { GatewayText::MailNotAnswered }));
    let parts = if is_signed {
        let heading = fill(&t(GatewayText::MailWrote), "{time}", &local(ticket.received_at));
        vec![
            hello,
            have.join("\n"),
            instructions.join("\n"),
            [heading, quoted(&ticket.ticket.message)].join("\n\n"),
            t(GatewayText::MailNotYou),
        ]
    } else {
        let sent = fill(&t(GatewayText::MailSent), "{time}", &local(ticket.received_at));
        vec![hello, have.join("\n"), instructions.join("\n"), sent, t(GatewayText::MailNotYours)]
    };
    MailContent { subject: reference(GatewayText::MailSubject), body: parts.join("\n\n") + "\n" }
}

/// What the panel calls the list of tickets in a language.
pub fn list_title(language: &str) -> String {
    let table = texts::language(language).and_then(|language| texts::table(language).ok());
    table.and_then(|table| table.panel.into_iter().nth(Text::YourTickets as usize)).unwrap_or_default()
}

/// A time in a zone, formatted for a language.
pub fn moment(form: &str, time: Timestamp, zone: &TimeZone) -> String {
    let local_time = time.to_jiff().to_zoned(zone.clone());
    let parts = [("{year}", "%Y"), ("{month}", "%m"), ("{day}", "%d"), ("{time}", "%H:%M")];
    let form =
        parts.iter().fold(form.to_string(), |form, (part, is)| fill(&form, part, &local_time.strftime(is).to_string()));
    fill(&form, "{zone}", zone.iana_name().unwrap_or("UTC"))
}

/// A message quoted line by line, as plain text.
fn quoted(message: &str) -> String {
    let text = |line: &str| line.chars().map(|c| if c.is_control() && c != '\t' { ' ' } else { c }).collect::<String>();
    let lines = message.trim_end().lines().map(|line| ["> ", text(line).trim_end()].concat().trim_end().to_string());
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{self, time};
    use crate::ports::Handling;
    use crate::rules::business_hours::{BusinessHours, Schedule};
    use domain::context::User;
    use domain::ticket::{NewTicket, Status};
    use serde_json::json;

    /// A site whose office hours are in Berlin.
    fn in_berlin() -> Site {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let hours = BusinessHours { zone, usual: Schedule::default(), severities: Vec::new() };
        Site { hours: Some(hours), ..fixtures::site() }
    }

    fn stored(locale: &str, name: &str, message: &str) -> StoredTicket {
        let new: NewTicket = serde_json::from_value(json!({
            "kind": "bug", "severity": "low", "message": message, "locale": locale,
            "contact": {"name": name, "email": " ada@example.com"}, "client": {"name": "test", "version": "1"},
        }))
        .unwrap();
        StoredTicket {
            id: "1".into(),
            site: "acme".into(),
            reference: "DB-4K7Q9".into(),
            status: Status::Open,
            priority: None,
            target: None,
            due_at: None,
            received_at: time("2026-11-24T23:05:00Z"),
            person: None,
            session: None,
            handling: Handling::new(&new, time("2026-11-24T23:05:00Z")),
            ticket: new,
        }
    }

    fn signed(mut ticket: StoredTicket, name: &str) -> StoredTicket {
        let email = "ada@example.com".to_string();
        ticket.ticket.context.user = Some(User { verified: true, name: name.into(), email, ..User::default() });
        ticket
    }

    #[test]
    fn receipts_name_the_ticket_and_promise_nothing_else() {
        let mut ticket = signed(stored("fr", "", "One\r\n\r\nTwo\u{7}\r"), "");
        let mail = letter(&fixtures::site(), &ticket, false, None);
        assert_eq!(mail.subject, "We have your ticket DB-4K7Q9");
        assert_eq!(
            mail.body,
            "Hello,\n\nWe have received your message as ticket DB-4K7Q9. Please mention it whenever you contact us about this.\n\n\
             You'll find the answer where you wrote to us: in the help menu, under “Your tickets”.\n\
             This e-mail was sent automatically. Replies to it are not read.\n\n\
             You wrote on 2026-11-24, 23:05 (UTC):\n\n> One\n>\n> Two\n\n\
             If you did not write this, someone has mistyped their address. You don't need to do anything.\n"
        );
        ticket.due_at = Some(time("2026-11-25T13:00:00Z"));
        let body = letter(&in_berlin(), &ticket, true, None).body;
        assert!(body.contains("this.\nYou will get a first answer by 2026-11-25, 14:00 (Europe/Berlin).\n"), "{body}");
        assert!(body.contains("You can also reply to this e-mail.\n"), "{body}");
        assert!(body.contains("You wrote on 2026-11-25, 00:05 (Europe/Berlin):\n"), "{body}");
    }

    #[test]
    fn receipts_to_unverified_addresses_quote_nothing() {
        let code_notice = CodeNotice {
            code: "12345678".into(),
            until: time("2026-12-01T23:05:00Z"),
            link: Some("https://help.example/x".into()),
        };
        let ticket =
            stored("", "Dear customer, see https://evil.example", "Your account is locked: https://evil.example");
        let mail = letter(&fixtures::site(), &ticket, false, Some(&code_notice));
        assert_eq!(
            mail.body,
            "Hello,\n\nWe have received your message as ticket DB-4K7Q9. Please mention it whenever you contact us about this.\n\n\
             You'll find the answer where you wrote to us: in the help menu, under “Your tickets”.\n\
             To read it there, enter this code: 1234 5678. It is valid until 2026-12-01, 23:05 (UTC).\n\
             Or read the ticket in your browser: https://help.example/x\n\
             This e-mail was sent automatically. Replies to it are not read.\n\n\
             The message was sent on 2026-11-24, 23:05 (UTC).\n\n\
             If you did not write to us, someone else has entered your address. You can ignore this e-mail; please don't share the code.\n"
        );
        // An unsigned claim of the page.
        let mut claimed = signed(ticket, "evil.example");
        claimed.ticket.context.user.as_mut().unwrap().verified = false;
        for locale in ["en", "de", "ar"] {
            claimed.ticket.locale = locale.into();
            let mail = letter(&fixtures::site(), &claimed, true, None);
            assert!(!mail.body.contains("evil") && !mail.subject.contains("evil"), "{}", mail.body);
        }
    }

    #[test]
    fn receipts_of_mailed_tickets_do_not_mention_the_panel() {
        let link = "https://help.example/x".to_string();
        let until = time("2026-12-01T23:05:00Z");
        let code_notice = CodeNotice { code: "12345678".into(), until, link: Some(link.clone()) };
        let mut ticket = stored("", "Ada", "The export stops");
        ticket.ticket.client.name = "mail".into();
        let body = letter(&fixtures::site(), &ticket, true, Some(&code_notice)).body;
        assert!(body.contains(&link) && !body.contains("1234 5678") && !body.contains("help menu"), "{body}");
        let body = letter(&fixtures::site(), &ticket, true, None).body;
        assert!(body.contains("You can also reply to this e-mail.") && !body.contains("help menu"), "{body}");
    }

    #[test]
    fn receipts_use_the_language_of_the_form_and_fill_no_placeholders_in_texts() {
        let ticket = signed(stored("de-AT", "", "{reference} {zone}"), "{time}\nAda\u{202e}");
        let mail = letter(&fixtures::site(), &ticket, false, None);
        assert_eq!(mail.subject, "Wir haben Ihr Ticket DB-4K7Q9 erhalten");
        assert!(mail.body.starts_with("Guten Tag {time} Ada"), "{}", mail.body);
        assert!(
            mail.body.contains("am 24.11.2026, 23:05 Uhr (UTC) geschrieben:\n\n> {reference} {zone}\n"),
            "{}",
            mail.body
        );
    }
}
