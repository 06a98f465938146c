//! What the receipt says, in the language of the form.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::domain::texts::{self, GatewayText, Text, fill};
use crate::gateway::settings::Site;
use crate::gateway::store::StoredTicket;

/// A receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Its subject, one line.
    pub subject: String,
    /// What it says, in plain text.
    pub body: String,
}

/// The receipt of a ticket. `answered`: whether somebody reads answers to it.
pub fn letter(site: &Site, ticket: &StoredTicket, answered: bool) -> Letter {
    let language = &ticket.ticket.locale;
    let t = |text: GatewayText| texts::said_in(language, text);
    let zone = site.hours.as_ref().map_or(TimeZone::UTC, |hours| hours.zone.clone());
    let at = |time: &str| moment(&t(GatewayText::MailTime), time, &zone);
    let user = ticket.ticket.context.user.as_ref();
    let name = user.filter(|user| user.verified).map_or(&ticket.ticket.contact.name, |user| &user.name);
    let name: Vec<&str> = name.split(|c: char| c.is_whitespace() || c.is_control()).filter(|c| !c.is_empty()).collect();
    let reference = |text| fill(&t(text), "{reference}", &ticket.reference);

    let hello = if name.is_empty() {
        t(GatewayText::MailHello)
    } else {
        fill(&t(GatewayText::MailHelloName), "{name}", &name.join(" "))
    };
    let mut have = vec![reference(GatewayText::MailWeHaveIt)];
    have.extend(ticket.due_at.as_ref().map(|due| fill(&t(GatewayText::MailDue), "{time}", &at(due))));
    let table = texts::language(language).and_then(|language| texts::table(language).ok());
    let tickets = table.and_then(|table| table.panel.into_iter().nth(Text::YourTickets as usize)).unwrap_or_default();
    let answers = if answered { GatewayText::MailAnswered } else { GatewayText::MailNotAnswered };
    let place = [fill(&t(GatewayText::MailWhere), "{tickets}", &tickets), t(answers)];
    let wrote = fill(&t(GatewayText::MailWrote), "{time}", &at(&ticket.received_at));
    let parts = [
        hello,
        have.join("\n"),
        place.join("\n"),
        [wrote, quoted(&ticket.ticket.message)].join("\n\n"),
        t(GatewayText::MailNotYou),
    ];
    Letter { subject: reference(GatewayText::MailSubject), body: parts.join("\n\n") + "\n" }
}

/// A time in a zone, in the order of a language.
fn moment(form: &str, time: &str, zone: &TimeZone) -> String {
    let Ok(time) = time.parse::<Timestamp>() else { return time.to_string() };
    let there = time.to_zoned(zone.clone());
    let parts = [("{year}", "%Y"), ("{month}", "%m"), ("{day}", "%d"), ("{time}", "%H:%M")];
    let form =
        parts.iter().fold(form.to_string(), |form, (part, is)| fill(&form, part, &there.strftime(is).to_string()));
    fill(&form, "{zone}", zone.iana_name().unwrap_or("UTC"))
}

/// What somebody wrote, line by line behind a mark, and nothing in it that is not text.
fn quoted(message: &str) -> String {
    let text = |line: &str| line.chars().map(|c| if c.is_control() && c != '\t' { ' ' } else { c }).collect::<String>();
    let lines = message.trim_end().lines().map(|line| ["> ", text(line).trim_end()].concat().trim_end().to_string());
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::context::User;
    use crate::domain::ticket::{NewTicket, Status};
    use crate::gateway::mail::receipt;
    use crate::gateway::settings;
    use crate::gateway::store::{Handling, NewMail};
    use serde_json::json;

    fn site(more: &str) -> Site {
        let text = format!(
            "[sites.acme]\norigins = [\"*\"]\n[sites.acme.mail]\nsmtp = \"smtp://localhost\"\nfrom = \"a@b.example\"\n{more}"
        );
        let file = settings::parse(&text, "test").unwrap();
        settings::check_sites(file.sites, "test").unwrap().remove("acme").unwrap()
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
            received_at: "2026-11-24T23:05:00.000Z".into(),
            person: None,
            session: None,
            handling: Handling::of(&new, "2026-11-24T23:05:00.000Z"),
            ticket: new,
        }
    }

    #[test]
    fn it_says_what_came_and_nothing_that_was_not_promised() {
        let mut ticket = stored("fr", "", "One\r\n\r\nTwo\u{7}\r");
        let said = letter(&site(""), &ticket, false);
        assert_eq!(said.subject, "We have your ticket DB-4K7Q9");
        assert_eq!(
            said.body,
            "Hello,\n\nWe have your message. It is ticket DB-4K7Q9; please name it wherever you talk to us about this.\n\n\
             You find the answer where you wrote to us: in the help menu, under “Your tickets”.\n\
             This e-mail was sent automatically, and nobody reads answers to it.\n\n\
             You wrote on 2026-11-24, 23:05 (UTC):\n\n> One\n>\n> Two\n\n\
             If you did not write this, somebody has mistyped their address. There is nothing you need to do.\n"
        );
        ticket.due_at = Some("2026-11-25T13:00:00.000Z".into());
        let said = letter(&site("[sites.acme.hours]\nzone = \"Europe/Berlin\""), &ticket, true).body;
        assert!(said.contains("this.\nYou get a first answer by 2026-11-25, 14:00 (Europe/Berlin).\n"), "{said}");
        assert!(said.contains("An answer to this e-mail reaches us as well.\n"), "{said}");
        assert!(said.contains("You wrote on 2026-11-25, 00:05 (Europe/Berlin):\n"), "{said}");
    }

    #[test]
    fn it_speaks_the_language_of_the_form_and_fills_in_nothing_that_was_written() {
        let said = letter(&site(""), &stored("de-AT", "{time}\nAda\u{202e}", "{reference} {zone}"), false);
        assert_eq!(said.subject, "Ihr Ticket DB-4K7Q9 ist bei uns");
        assert!(said.body.starts_with("Guten Tag {time} Ada"), "{}", said.body);
        assert!(
            said.body.contains("am 24.11.2026, 23:05 Uhr (UTC) geschrieben:\n\n> {reference} {zone}\n"),
            "{}",
            said.body
        );
    }

    #[test]
    fn it_goes_to_whom_the_host_has_signed_or_to_whom_the_form_names_and_not_for_a_robot() {
        let to = |address: &str, verified| Some(NewMail { address: address.into(), verified });
        let mut ticket = stored("", "Ada", "x");
        assert_eq!(receipt(&site(""), &ticket), to("ada@example.com", false));
        let user = |verified, email: &str| Some(User { verified, email: email.into(), ..User::default() });
        for (user, receives) in [
            (user(false, "eve@example.com"), to("ada@example.com", false)),
            (user(true, "real@example.com"), to("real@example.com", true)),
            (user(true, ""), to("ada@example.com", false)),
            (user(true, "no address"), None),
        ] {
            ticket.ticket.context.user = user;
            assert_eq!(receipt(&site(""), &ticket), receives);
        }
        ticket.ticket.context.user = None;
        ticket.ticket.contact.email = String::new();
        assert_eq!(receipt(&site(""), &ticket), None);
        let mut robot = stored("", "Ada", "x");
        robot.ticket.website = "http://x.example".into();
        assert_eq!(receipt(&site(""), &robot), None);
        let silent = Site { mail: None, ..site("") };
        assert_eq!(receipt(&silent, &stored("", "Ada", "x")), None);
    }
}
