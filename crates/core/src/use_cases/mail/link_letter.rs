//! The text of the mail with a link, in the language of whoever has asked for it. It contains nothing else that they have written, because it may
//! reach anybody.

use crate::ports::MailContent;
use crate::rules::access_link::LIFE_MINUTES;
use domain::texts::{self, GatewayText, fill};

/// The mail with a link. `answered`: whether replies to it are read.
pub fn link_letter(language: &str, link: &str, answered: bool) -> MailContent {
    let t = |text: GatewayText| texts::text_in(language, text);
    let parts = [
        t(GatewayText::MailHello),
        [t(GatewayText::AccessMailAsk), link.to_string()].join("\n"),
        fill(&t(GatewayText::AccessMailLife), "{minutes}", &LIFE_MINUTES.to_string()),
        t(GatewayText::AccessMailNotYou),
        t(if answered { GatewayText::MailAnswered } else { GatewayText::MailNotAnswered }),
    ];
    MailContent { subject: t(GatewayText::AccessMailSubject), body: parts.join("\n\n") + "\n" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mails_with_a_link_say_how_long_it_is_valid() {
        let mail = link_letter("en", "https://help.example.com/help/acme/access/open?key=k", false);
        assert_eq!(mail.subject, "The link to your tickets");
        assert_eq!(
            mail.body,
            "Hello,\n\n\
             Somebody, probably you, has asked for a link to the tickets that were sent with this address. Open it on the device on which \
             you want to read them:\nhttps://help.example.com/help/acme/access/open?key=k\n\n\
             The link works once, within 30 minutes.\n\n\
             If you didn't ask for it, you don't need to do anything. Please don't pass the link on: whoever opens it can read your tickets.\n\n\
             This e-mail was sent automatically. Replies to it are not read.\n"
        );
        for language in ["de", "ar", "fr"] {
            let mail = link_letter(language, "https://x.example/?key=k", true);
            assert!(mail.body.contains("\nhttps://x.example/?key=k\n") && mail.body.contains("30"), "{}", mail.body);
        }
    }
}
