//! Codes and links that prove that somebody reads the mail of an address. Both are derived from the gateway's key, the ticket and the number of
//! the code, so nothing usable is stored, and a retried mail contains the same code.

use crate::ids::TicketId;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::hmac;

use mail_in::{exact_address, mailbox};

/// How long a code and its link are valid.
pub const CODE_LIFE: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// The minimum time between two codes.
pub const CODE_PAUSE: Duration = Duration::from_secs(60);
/// Five attempts at each of five codes guess one ticket in four million.
const DIGITS: usize = 8;
const LINK_BYTES: usize = 16;
/// Mails with answers are numbered by their last message, from here on. Receipts have the number of their code.
const FIRST_ANSWER: u32 = 1_000;
/// 96 bits, which cannot be guessed by sending mails.
const MAIL_BYTES: usize = 12;

/// Derives codes and links.
#[derive(Clone, Debug)]
pub struct Codes(hmac::Key);

impl Codes {
    /// Derives them from the gateway's key.
    pub fn new(key: &[u8]) -> Codes {
        Codes(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// The code of a ticket with this number.
    pub fn code(&self, ticket: &TicketId, number: u32) -> String {
        let tag = hmac::sign(&self.0, format!("code {number} of {ticket}").as_bytes());
        let start = tag.as_ref().iter().take(8).fold(0_u64, |all, byte| all << 8 | u64::from(*byte));
        format!("{:0DIGITS$}", start % 10_u64.pow(DIGITS as u32))
    }

    /// Whether the input is that code. Spaces and dashes are ignored, and digits may be Arabic or Persian.
    pub fn is_code(&self, ticket: &TicketId, number: u32, typed: &str) -> bool {
        let digits: String = typed.chars().filter(|c| !c.is_whitespace() && *c != '-').map(western).collect();
        self.is_same(&digits, &self.code(ticket, number))
    }

    /// The token of the link that opens a ticket, for the code of this number.
    pub fn link(&self, ticket: &TicketId, number: u32) -> String {
        let tag = hmac::sign(&self.0, format!("link {number} to {ticket}").as_bytes());
        BASE64_URL_SAFE_NO_PAD.encode(tag.as_ref().get(..LINK_BYTES).unwrap_or_default())
    }

    /// Whether a token opens the ticket.
    pub fn is_link(&self, ticket: &TicketId, number: u32, token: &str) -> bool {
        self.is_same(token, &self.link(ticket, number))
    }

    /// The part before the at sign of the Message-ID of a ticket's mail with this number. Nobody else can make one, so a bounce that contains
    /// it is about a mail that was sent.
    pub fn mail_name(&self, ticket: &TicketId, number: u32) -> String {
        let tag = hmac::sign(&self.0, format!("mail {number} about {ticket}").as_bytes());
        let tag = BASE64_URL_SAFE_NO_PAD.encode(tag.as_ref().get(..MAIL_BYTES).unwrap_or_default());
        format!("{ticket}.{number}.{tag}")
    }

    /// The same for the mail with answers whose last message has a number. If a retried mail has more answers, it is another mail.
    pub fn answer_name(&self, ticket: &TicketId, last_message: u32) -> String {
        self.mail_name(ticket, FIRST_ANSWER.saturating_add(last_message))
    }

    /// The token of the link that ends the mails about a ticket. It never expires: the mails do not either.
    pub fn unsubscribe_link(&self, ticket: &TicketId) -> String {
        let tag = hmac::sign(&self.0, format!("end of mails about {ticket}").as_bytes());
        BASE64_URL_SAFE_NO_PAD.encode(tag.as_ref().get(..LINK_BYTES).unwrap_or_default())
    }

    /// Whether a token ends the mails about the ticket.
    pub fn is_unsubscribe_link(&self, ticket: &TicketId, token: &str) -> bool {
        self.is_same(token, &self.unsubscribe_link(ticket))
    }

    /// The ticket and number of the mail with this Message-ID, if this gateway made it.
    pub fn mail_of(&self, message_id: &str) -> Option<(TicketId, u32)> {
        let (name, _) = message_id.trim_matches(['<', '>']).rsplit_once('@')?;
        let mut parts = name.split('.');
        let (ticket, number) = (TicketId::new(parts.next()?), parts.next()?.parse().ok()?);
        self.is_same(name, &self.mail_name(&ticket, number)).then_some((ticket, number))
    }

    /// A digest of the mailbox behind an address, under which mails are counted without storing the address.
    pub fn mailbox(&self, address: &str) -> [u8; 32] {
        self.digest(&format!("mailbox {}", mailbox(address)))
    }

    /// The same for mails with links, which are counted apart.
    pub fn mailbox_of_links(&self, address: &str) -> [u8; 32] {
        self.digest(&format!("links to mailbox {}", mailbox(address)))
    }

    /// A digest of exactly this address, under which it is known whether mail to it can be delivered. Anybody can make mail to `ada+x@…` bounce, which
    /// says nothing about `ada@…`.
    pub fn recipient(&self, address: &str) -> [u8; 32] {
        self.digest(&format!("recipient {}", exact_address(address)))
    }

    fn digest(&self, text: &str) -> [u8; 32] {
        let tag = hmac::sign(&self.0, text.as_bytes());
        let mut digest = [0; 32];
        digest.iter_mut().zip(tag.as_ref()).for_each(|(to, from)| *to = *from);
        digest
    }

    /// Compares signatures in constant time, so that the duration does not reveal where they differ.
    fn is_same(&self, one: &str, other: &str) -> bool {
        hmac::verify(&self.0, one.as_bytes(), hmac::sign(&self.0, other.as_bytes()).as_ref()).is_ok()
    }
}

/// A code in two halves, which is easiest to read and type.
pub fn spaced(code: &str) -> String {
    code.split_at_checked(DIGITS / 2).map_or_else(|| code.to_string(), |(one, other)| [one, " ", other].concat())
}

fn western(c: char) -> char {
    let digit = [0x660, 0x6f0].into_iter().find_map(|zero| u32::from(c).checked_sub(zero).filter(|digit| *digit < 10));
    digit.and_then(|digit| char::from_digit(digit, 10)).unwrap_or(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_belong_to_one_ticket_and_number_in_any_spelling() {
        let codes = Codes::new(&[7; 32]);
        let code = codes.code(&"1".into(), 1);
        assert!(code.len() == 8 && code.bytes().all(|byte| byte.is_ascii_digit()), "{code}");
        let eastern =
            |zero: u32| code.chars().map(|c| char::from_u32(zero + c.to_digit(10).unwrap()).unwrap()).collect();
        for typed in
            [code.clone(), spaced(&code), format!(" {}-{}\n", &code[..4], &code[4..]), eastern(0x660), eastern(0x6f0)]
        {
            assert!(codes.is_code(&"1".into(), 1, &typed), "{typed}");
        }
        assert!(
            !codes.is_code(&"1".into(), 2, &code)
                && !codes.is_code(&"2".into(), 1, &code)
                && !codes.is_code(&"1".into(), 1, "")
        );
        assert!(!Codes::new(&[8; 32]).is_code(&"1".into(), 1, &code));
    }

    #[test]
    fn message_ids_name_their_mail_and_cannot_be_forged() {
        let codes = Codes::new(&[7; 32]);
        let name = codes.mail_name(&"1".into(), 2);
        assert_eq!(codes.mail_of(&format!("<{name}@acme.example>")), Some(("1".into(), 2)));
        let other = codes.mail_name(&"1".into(), 1);
        let tag = other.rsplit_once('.').unwrap().1;
        for forged in
            [format!("<1.2.{tag}@acme.example>"), "<1@acme.example>".into(), "<1.2.@x>".into(), name, "".into()]
        {
            assert_eq!(codes.mail_of(&forged), None, "{forged}");
        }
        assert_eq!(Codes::new(&[8; 32]).mail_of(&format!("<{other}@acme.example>")), None);
    }

    #[test]
    fn mails_with_answers_have_names_of_their_own_and_a_link_of_their_ticket() {
        let codes = Codes::new(&[7; 32]);
        let name = codes.answer_name(&"1".into(), 2);
        assert_eq!(codes.mail_of(&format!("<{name}@acme.example>")), Some(("1".into(), 1_002)));
        assert_ne!(name, codes.mail_name(&"1".into(), 2));
        let link = codes.unsubscribe_link(&"1".into());
        assert!(codes.is_unsubscribe_link(&"1".into(), &link));
        assert!(!codes.is_unsubscribe_link(&"2".into(), &link) && !codes.is_unsubscribe_link(&"1".into(), ""));
        assert!(!codes.is_link(&"1".into(), 1, &link), "it reads nothing");
    }

    #[test]
    fn digests_of_recipients_distinguish_what_quotas_count_together() {
        let codes = Codes::new(&[7; 32]);
        let (one, other) = ("ada@example.com", "ada+x@example.com");
        assert_eq!(codes.mailbox(one), codes.mailbox(other));
        assert_ne!(codes.recipient(one), codes.recipient(other));
        assert_eq!(codes.recipient(one), codes.recipient(" ADA@Example.com"));
        assert_ne!(codes.recipient(one), codes.mailbox(one));
    }

    #[test]
    fn links_belong_to_one_ticket_and_number() {
        let codes = Codes::new(&[7; 32]);
        let link = codes.link(&"1".into(), 1);
        assert!(codes.is_link(&"1".into(), 1, &link));
        assert!(
            !codes.is_link(&"1".into(), 2, &link)
                && !codes.is_link(&"2".into(), 1, &link)
                && !codes.is_link(&"1".into(), 1, "")
        );
    }
}
