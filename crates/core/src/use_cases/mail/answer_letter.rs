//! The mail with answers of support, in the language of the form.

use jiff::tz::TimeZone;

use super::letter::{list_title, moment};
use super::rendering::{escaped, html, plain};
use crate::ports::{MailContent, StoredTicket};
use crate::rules::address::{Address, address};
use crate::site::Site;
use crate::timestamp::Timestamp;
use domain::conversation::Message;
use domain::join::one_line;
use domain::texts::{self, GatewayText, fill};

/// Beneath the answers it is quiet, and readable in light and dark: it sets no colours but that of what is beside the point.
const STYLE: &str = "font-family:system-ui,sans-serif;font-size:16px;line-height:1.5;max-width:40em";
const QUIET: &str = "color:#767676;font-size:14px";

/// What a mail with answers consists of.
#[derive(Clone, Copy, Debug)]
pub struct AnswerLetter<'a> {
    /// The site.
    pub site: &'a Site,
    /// The ticket.
    pub ticket: &'a StoredTicket,
    /// The answers, in order.
    pub messages: &'a [Message],
    /// The names of files that are not attached.
    pub missing_files: &'a [String],
    /// Whether replies to the mail come back.
    pub reads_replies: bool,
    /// Where the customer unsubscribes.
    pub unsubscribe: &'a str,
}

impl AnswerLetter<'_> {
    /// The subject and the plain text, and the same as HTML.
    pub fn render(&self) -> (MailContent, String) {
        let language = &self.ticket.ticket.locale;
        let t = |text: GatewayText| texts::text_in(language, text);
        let reference = self.ticket.reference.as_str();
        let subject = ["Re: ", &fill(&t(GatewayText::MailSubject), "{reference}", reference)].concat();
        let hello = match self.customer_name().as_str() {
            "" => t(GatewayText::MailHello),
            name => fill(&t(GatewayText::MailHelloName), "{name}", name),
        };
        let tickets = list_title(language);
        let reply = if self.reads_replies { GatewayText::AnswerReply } else { GatewayText::AnswerNoReply };
        let mut notes = vec![fill(&t(reply), "{tickets}", &tickets)];
        if !self.missing_files.is_empty() {
            let names: Vec<String> = self.missing_files.iter().map(|name| one_line(name)).collect();
            notes.insert(0, fill(&t(GatewayText::AnswerFiles), "{names}", &names.join(", ")));
        }
        let why = fill(&t(GatewayText::AnswerWhy), "{reference}", reference);
        let stop = t(GatewayText::AnswerStop);

        let mut parts = vec![hello.clone()];
        for message in self.messages {
            parts.extend([self.heading(message), plain(&message.body)]);
        }
        parts.push(notes.join("\n"));
        parts.push(format!("-- \n{why}\n{stop} {}", self.unsubscribe));
        parts.retain(|part| !part.is_empty());

        let mut body = String::new();
        for message in self.messages {
            let heading = escaped(&self.heading(message));
            let text = html(&message.body);
            body.push_str(&format!("<p dir=\"auto\" style=\"{QUIET}\">{heading}</p><div lang=\"\">{text}</div>"));
        }
        let notes: String = notes.iter().map(|note| format!("<p>{}</p>", escaped(note))).collect();
        let known = texts::language(language);
        let (tag, direction) =
            known.map_or(("en", "ltr"), |language| (language.tag, if language.rtl { "rtl" } else { "ltr" }));
        // Some programs show a part of a page and drop the element around it.
        let attributes = format!("lang=\"{tag}\" dir=\"{direction}\"");
        let page = format!(
            "<!doctype html><html {attributes}><head><meta charset=\"utf-8\">\
             <meta name=\"color-scheme\" content=\"light dark\"><title>{}</title></head><body><div {attributes} style=\"{STYLE}\">\
             <p>{}</p>{body}{notes}<p style=\"{QUIET}\">{}<br><a href=\"{}\">{}</a></p></div></body></html>",
            escaped(&subject),
            escaped(&hello),
            escaped(&why),
            escaped(self.unsubscribe),
            escaped(stop.trim_end_matches([':', '\u{ff1a}'])),
        );
        (MailContent { subject, body: parts.join("\n\n") + "\n" }, page)
    }

    /// The customer's name, if the host has signed it. A name that was typed may be anybody's words.
    fn customer_name(&self) -> String {
        let is_signed = matches!(address(&self.ticket.ticket), Address::Signed(_));
        let user = self.ticket.ticket.context.user.as_ref().filter(|_| is_signed);
        user.map(|user| one_line(&user.name)).unwrap_or_default()
    }

    /// Who wrote an answer, and when.
    fn heading(&self, message: &Message) -> String {
        let language = &self.ticket.ticket.locale;
        let zone = self.site.hours.as_ref().map_or(TimeZone::UTC, |hours| hours.zone.clone());
        let time: Option<Timestamp> = message.at.parse().ok();
        let time =
            time.map(|time| moment(&texts::text_in(language, GatewayText::MailTime), time, &zone)).unwrap_or_default();
        let name = one_line(&message.name);
        if name.is_empty() { time } else { format!("{name}, {time}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures;
    use domain::context::User;
    use domain::conversation::Author;

    fn answer(number: u32, name: &str, body: &str) -> Message {
        let at = "2026-11-25T10:00:00.000Z".into();
        Message { number, author: Author::Support, name: name.into(), body: body.into(), at, attachments: Vec::new() }
    }

    fn letter<'a>(site: &'a Site, ticket: &'a StoredTicket, messages: &'a [Message]) -> AnswerLetter<'a> {
        let unsubscribe = "https://help.example/stop?key=1&2";
        AnswerLetter { site, ticket, messages, missing_files: &[], reads_replies: true, unsubscribe }
    }

    #[test]
    fn several_answers_are_one_mail_in_the_thread_of_the_receipt() {
        let (site, mut ticket) = (fixtures::site(), fixtures::stored());
        ticket.ticket.context.user =
            Some(User { verified: true, name: "Ada".into(), email: "ada@example.com".into(), ..User::default() });
        let messages = [answer(2, "Grace", "Please **reload**."), answer(3, "", "And again.")];
        let (mail, html) = letter(&site, &ticket, &messages).render();
        assert_eq!(mail.subject, "Re: We have your ticket DB-4K7Q9");
        assert_eq!(
            mail.body,
            "Hello Ada,\n\nGrace, 2026-11-25, 10:00 (UTC)\n\nPlease reload.\n\n2026-11-25, 10:00 (UTC)\n\nAnd again.\n\n\
             To answer, reply to this e-mail, or write in the help menu, under “Your tickets”.\n\n-- \n\
             You get this e-mail because you wrote to us: ticket DB-4K7Q9.\n\
             Stop e-mails about this ticket: https://help.example/stop?key=1&2\n"
        );
        for expected in [
            "<p dir=\"auto\">Please <strong>reload</strong>.</p>",
            "<a href=\"https://help.example/stop?key=1&amp;2\">Stop e-mails about this ticket</a>",
            "lang=\"en\" dir=\"ltr\"",
        ] {
            assert!(html.contains(expected), "{html}");
        }
    }

    #[test]
    fn every_block_has_the_direction_of_its_own_text() {
        let (site, mut ticket) = (fixtures::site(), fixtures::stored());
        ticket.ticket.locale = "ar".into();
        let body = "أعد التحميل.\n\n> مقتبس\n\n- بند\n\n```\nlet x = 1;\n```\n\nDone.";
        let (_, html) = letter(&site, &ticket, &[answer(2, "Grace", body)]).render();
        let (before, text) = html.split_once("أعد").unwrap();
        // The name in the heading says nothing about the answer beneath it.
        assert!(before.ends_with("<p dir=\"auto\">"), "{before}");
        for expected in [
            "<blockquote dir=\"auto\"><p>مقتبس</p></blockquote>",
            "<ul dir=\"auto\"><li><p>بند</p></li></ul>",
            "<pre dir=\"ltr\"><code>let",
            "<p dir=\"auto\">Done.</p>",
        ] {
            assert!(text.contains(expected), "{text}");
        }
        assert!(!before.contains("<div dir=\"auto\">") && before.contains("Grace"), "{before}");
        assert!(before.contains("<p dir=\"auto\" style="), "{before}");
        assert!(before.contains("<body><div lang=\"ar\" dir=\"rtl\""), "{before}");
    }

    #[test]
    fn names_and_texts_of_others_are_escaped_and_unsigned_names_are_left_out() {
        let (site, mut ticket) = (fixtures::site(), fixtures::stored());
        ticket.ticket.locale = "ar".into();
        ticket.ticket.contact.name = "See https://evil.example".into();
        let messages = [answer(2, "<b>Eve\r\nBcc: x</b>", "<img src=x onerror=alert(1)>")];
        let missing = ["a\n<i>.png".to_string()];
        let parts = AnswerLetter { missing_files: &missing, reads_replies: false, ..letter(&site, &ticket, &messages) };
        let (mail, html) = parts.render();
        assert!(!html.contains("<img") && !html.contains("<b>") && !html.contains("<i>"), "{html}");
        assert!(html.contains("dir=\"rtl\"") && !mail.body.contains("evil.example") && mail.body.contains("a <i>.png"));
    }
}
