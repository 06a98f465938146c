//! One-time links that open the tickets of anonymous senders: how long they are valid, what they open and for how long, and how their tokens are made.

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::address::{claimed_email, exact_address};
use crate::ids::{IdempotencyKey, SiteKey, TicketId};
use crate::ports::{Reader, StoredTicket};
use crate::timestamp::Timestamp;

/// How many minutes a link is valid, from the moment at which its mail is sent.
pub const LIFE_MINUTES: u32 = 30;
/// The same as a duration.
pub const LIFE: Duration = Duration::from_secs(60 * LIFE_MINUTES as u64);
/// How long the mail is retried. Later nobody waits for it.
pub const GIVE_UP_AFTER: Duration = Duration::from_secs(60 * 60);
/// How many requests of a site may wait for the worker that sends their mails.
pub const QUEUE_MAX: u32 = 1000;
/// The most tickets that a link opens. Anybody can send tickets with anybody's address, so those whose sender has confirmed it come first.
pub const TICKETS_MAX: u32 = 200;
/// How many tickets with the same mailbox are compared with the address of a link, those with a confirmed address first. Others can hide the tickets of
/// a customer who has confirmed nothing, but only with as many of their own.
pub const CANDIDATES_MAX: u32 = 2_000;
/// The most bytes of messages that are shown at once, unless the first ticket alone has more.
pub const PAGE_BYTES: usize = 2_000_000;
/// How many days a session reads and answers the tickets that a link has granted it.
pub const GRANT_DAYS: u32 = 30;
/// The same as a duration.
pub const GRANT_LIFE: Duration = Duration::from_secs(24 * 60 * 60 * GRANT_DAYS as u64);

/// The token of a link.
#[derive(Clone, PartialEq, Eq)]
pub struct LinkToken([u8; 32]);

impl LinkToken {
    /// A token of 256 bits, which have to be random.
    pub fn new(bits: [u8; 32]) -> LinkToken {
        LinkToken(bits)
    }

    /// The token in a link; none if the text is no token.
    pub fn parse(text: &str) -> Option<LinkToken> {
        // 43 digits; others need not be decoded.
        if text.len() != 43 {
            return None;
        }
        BASE64_URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok().map(LinkToken)
    }

    /// The text in the link.
    pub fn text(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.0)
    }

    /// The SHA-256, which is all that is stored.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0).into()
    }
}

/// Whether a link that was sent to an address opens a ticket: one that an anonymous session sent to the same site, with exactly this address, which
/// nobody has signed. Whether `ada+x@…` is the same mailbox as `ada@…`, only its mail server knows.
pub fn is_opened_by(ticket: &StoredTicket, site: &SiteKey, link_address: &str) -> bool {
    let is_anonymous = ticket.person.is_none() && ticket.session.is_some();
    let address = claimed_email(&ticket.ticket);
    ticket.site == *site
        && is_anonymous
        && address.is_some_and(|address| exact_address(&address) == exact_address(link_address))
}

/// The tickets among those of a mailbox whose address is exactly that of a link, in their order, at most `limit`. Candidates are tickets with their
/// addresses.
pub fn matching_tickets(
    candidates: impl IntoIterator<Item = (TicketId, String)>,
    link_address: &str,
    limit: u32,
) -> Vec<TicketId> {
    let link_address = exact_address(link_address);
    let matching = candidates.into_iter().filter(|(_, address)| exact_address(address) == link_address);
    matching.map(|(id, _)| id).take(limit as usize).collect()
}

/// Whether nobody waits any more for the mail of a request.
pub fn is_given_up(requested_at: Timestamp, now: Timestamp) -> bool {
    now > requested_at + GIVE_UP_AFTER
}

/// Whether what was granted at a time is still granted.
pub fn is_granted(granted_at: Timestamp, now: Timestamp) -> bool {
    now < granted_at + GRANT_LIFE
}

/// The key under which a reply of a reader is stored. Whoever writes in a session that a link has let in may be somebody else than the sender of the
/// ticket: the key gets a space, which the keys of the sender's own panel never have, so the reply is withheld from the sender until they confirm the
/// address.
pub fn reply_key(reader: Reader<'_>, ticket: &StoredTicket, key: IdempotencyKey) -> IdempotencyKey {
    match reader {
        Reader::Session(session) if ticket.session.as_ref() != Some(session) => {
            IdempotencyKey::new(format!("link {key}"))
        }
        Reader::Session(_) | Reader::Person(_) => key,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures;
    use domain::context::User;

    #[test]
    fn tokens_have_256_bits_and_one_spelling() {
        let token = LinkToken::new(std::array::from_fn(|index| index as u8 * 7));
        let text = token.text();
        assert!(LinkToken::parse(&text).unwrap() == token);
        assert_ne!(token.hash(), LinkToken::new([0; 32]).hash());
        assert_eq!(BASE64_URL_SAFE_NO_PAD.decode(&text).unwrap().len(), 32);
        for wrong in ["", "x", &format!("{text}A"), &format!("{text}="), &text[1..], &"é".repeat(43), &"!".repeat(43)]
        {
            assert!(LinkToken::parse(wrong).is_none(), "{wrong}");
        }
        // The last digit has two bits that belong to no byte.
        let all_zero = "A".repeat(43);
        assert!(LinkToken::parse(&all_zero).is_some());
        assert!(LinkToken::parse(&format!("{}B", &all_zero[1..])).is_none());
    }

    #[test]
    fn links_open_tickets_of_anonymous_senders_with_exactly_their_address() {
        let mut ticket = fixtures::stored();
        ticket.ticket.context.user = None;
        ticket.session = Some([1; 32].into());
        ticket.person = None;
        let opens =
            |ticket: &StoredTicket, site: &'static str, address: &str| is_opened_by(ticket, &site.into(), address);
        assert!(opens(&ticket, "acme", "ada@example.com") && opens(&ticket, "acme", " ADA@Example.COM"));
        assert!(!opens(&ticket, "acme", "ada+x@example.com"), "it may be somebody else's mailbox");
        assert!(!opens(&ticket, "other", "ada@example.com"));
        assert!(!opens(&ticket, "acme", "eve@example.com"));
        let signed_in = StoredTicket { person: Some("u-7".into()), ..ticket.clone() };
        assert!(!opens(&signed_in, "acme", "ada@example.com"));
        let by_mail = StoredTicket { session: None, ..ticket.clone() };
        assert!(!opens(&by_mail, "acme", "ada@example.com"));
        let email = "ada@example.com".to_string();
        ticket.ticket.context.user = Some(User { verified: true, email, ..User::default() });
        assert!(!opens(&ticket, "acme", "ada@example.com"), "the host has signed the address");
    }

    #[test]
    fn tickets_match_with_exactly_the_address_of_the_link() {
        let candidates = |addresses: &[&str]| -> Vec<(TicketId, String)> {
            let numbered = addresses.iter().enumerate();
            numbered.map(|(number, address)| (TicketId::new(number.to_string()), address.to_string())).collect()
        };
        let matching = |addresses: &[&str], limit: u32| -> Vec<String> {
            let tickets = matching_tickets(candidates(addresses), "ada@Example.com ", limit);
            tickets.iter().map(TicketId::to_string).collect()
        };
        let addresses =
            ["ada@example.com", "ada+1@example.com", "eve@example.com", " ADA@EXAMPLE.com", "ada@example.com"];
        assert_eq!(matching(&addresses, 10), ["0", "3", "4"]);
        assert_eq!(matching(&addresses, 2), ["0", "3"]);
        assert!(matching(&addresses[1..3], 10).is_empty());
    }

    #[test]
    fn requests_and_grants_end() {
        let start: Timestamp = "2026-01-01T00:00:00.000Z".parse().unwrap();
        let later = |life: Duration| start + life + Duration::from_millis(1);
        assert!(!is_given_up(start, start + GIVE_UP_AFTER) && is_given_up(start, later(GIVE_UP_AFTER)));
        assert!(
            is_granted(start, later(GRANT_LIFE - Duration::from_secs(1))) && !is_granted(start, start + GRANT_LIFE)
        );
    }

    #[test]
    fn replies_of_sessions_that_did_not_send_the_ticket_have_keys_with_a_space() {
        let mut ticket = fixtures::stored();
        (ticket.session, ticket.person) = (Some([1; 32].into()), None);
        let key_of = |reader: Reader<'_>| reply_key(reader, &ticket, IdempotencyKey::new("k")).to_string();
        assert_eq!(key_of(Reader::Session(&[1; 32].into())), "k");
        assert_eq!(key_of(Reader::Session(&[2; 32].into())), "link k");
        assert_eq!(key_of(Reader::Person(&"u-7".into())), "k");
    }
}
