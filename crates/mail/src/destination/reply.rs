//! Reply addresses that only the gateway can make: `reply+TOKEN@in.example.com`. Mail servers may lowercase an address, and its local part is limited to 64
//! characters, so tokens are short and made of digits and lowercase letters. Bounces return to addresses of the same form, at which no answers
//! are accepted. Nothing signed here contains a full stop, which every signed webhook does.

use lettre::Address;
use ring::hmac;
use uuid::Uuid;

use deskbell_core::ids::{DestinationName, TicketId};
use deskbell_core::ports::destination::{ReturnAddress, ReturnsOf};
use standard_webhooks::Secret;

/// Digits and letters that are not confused with each other.
const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const ID_LENGTH: usize = 26;
/// 80 bits, which nobody can guess by sending mail.
const TAG_LENGTH: usize = 16;
const TOKEN_LENGTH: usize = ID_LENGTH + TAG_LENGTH;
/// The longest local part (RFC 5321, 4.5.3.1.1).
const LOCAL_MAX: usize = 64;

/// The common base address of reply addresses, and the key that signs them.
#[derive(Clone, Debug)]
pub struct ReplyAddress {
    /// The part before the plus sign.
    local: String,
    domain: String,
    secret: Secret,
}

impl ReplyAddress {
    /// Reply addresses with this base; the error says what is wrong with it.
    pub fn new(address: &str, secret: Secret) -> Result<ReplyAddress, String> {
        let address_max = LOCAL_MAX - TOKEN_LENGTH - 1;
        let parsed: Option<Address> = address.parse().ok();
        let parsed =
            parsed.filter(|address| address.user().len() <= address_max && !address.user().contains(['+', '"']));
        let parsed = parsed.ok_or_else(|| {
            format!(
                "{address:?} cannot be used as a reply address; use one such as reply@in.example.com, with at most \
                 {address_max} characters before the @ and no +"
            )
        })?;
        let lower = |text: &str| text.to_ascii_lowercase();
        Ok(ReplyAddress { local: lower(parsed.user()), domain: lower(parsed.domain()), secret })
    }

    /// The secret.
    pub fn secret(&self) -> &Secret {
        &self.secret
    }

    /// The reply address of a ticket; none if its id is no UUID.
    pub fn for_ticket(&self, ticket: &TicketId) -> Option<String> {
        self.address(ticket, REPLIES)
    }

    /// The bounce address for mails about a ticket; none if its id is no UUID.
    pub fn for_bounces(&self, ticket: &TicketId, returns: ReturnsOf) -> Option<Address> {
        self.address(ticket, purpose(returns))?.parse().ok()
    }

    /// The ticket of the first valid reply address in a text.
    pub fn ticket(&self, text: &str) -> Option<TicketId> {
        self.find(text, REPLIES)
    }

    /// The target of the first valid bounce address in a text.
    pub fn bounces_of(&self, text: &str) -> Option<ReturnAddress> {
        let recipients = [ReturnsOf::Customer, ReturnsOf::Desk];
        recipients
            .into_iter()
            .find_map(|recipient| Some(ReturnAddress { ticket: self.find(text, purpose(recipient))?, to: recipient }))
    }

    /// The local part of the Message-ID of a delivery to a destination. Nobody else can create one.
    pub fn mail_name(&self, delivery: &str, destination: &str) -> String {
        let tag = hmac::sign(self.secret.key(), format!("mail of {delivery} to {destination}").as_bytes());
        format!("{delivery}.{destination}.{}", digits(beginning(&tag), TAG_LENGTH))
    }

    /// The delivery and destination of a Message-ID, if it was created here.
    pub fn mail_of(&self, message_id: &str) -> Option<(String, DestinationName)> {
        let (name, _) = message_id.trim_matches(['<', '>']).rsplit_once('@')?;
        let (rest, _) = name.rsplit_once('.')?;
        let (delivery, destination) = rest.rsplit_once('.')?;
        self.equals(name, &self.mail_name(delivery, destination))
            .then(|| (delivery.to_string(), DestinationName::new(destination)))
    }

    fn address(&self, ticket: &TicketId, purpose: &str) -> Option<String> {
        let id: Uuid = ticket.as_str().parse().ok()?;
        Some(format!("{}+{}@{}", self.local, self.token(id, purpose), self.domain))
    }

    fn find(&self, text: &str, purpose: &str) -> Option<TicketId> {
        let text = text.to_ascii_lowercase();
        let is_separator = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '<' | '>' | '"' | '(' | ')');
        text.split(is_separator).find_map(|address| {
            let token = address.strip_prefix(self.local.as_str())?.strip_prefix('+')?;
            let token = token.strip_suffix(self.domain.as_str())?.strip_suffix('@')?;
            let id = Uuid::from_u128(number(token.get(..ID_LENGTH)?)?);
            self.equals(token, &self.token(id, purpose)).then(|| TicketId::new(id))
        })
    }

    fn token(&self, id: Uuid, purpose: &str) -> String {
        let tag = hmac::sign(self.secret.key(), format!("{purpose} address of {id}").as_bytes());
        [digits(id.as_u128(), ID_LENGTH), digits(beginning(&tag), TAG_LENGTH)].concat()
    }

    /// Whether two tokens are equal. Both are signed before the comparison, so that its time reveals nothing about the difference.
    fn equals(&self, token: &str, expected: &str) -> bool {
        let key = self.secret.key();
        hmac::verify(key, token.as_bytes(), hmac::sign(key, expected.as_bytes()).as_ref()).is_ok()
    }
}

/// The purpose in the signature of reply addresses.
const REPLIES: &str = "reply";

fn purpose(returns: ReturnsOf) -> &'static str {
    match returns {
        ReturnsOf::Customer => "customer bounce",
        ReturnsOf::Desk => "desk bounce",
    }
}

/// The first 80 bits.
fn beginning(tag: &hmac::Tag) -> u128 {
    let start = tag.as_ref().iter().take(TAG_LENGTH * 5 / 8);
    start.fold(0, |number, byte| number << 8 | u128::from(*byte))
}

fn digits(number: u128, length: usize) -> String {
    let digit = |position: usize| DIGITS.get((number >> (5 * position) & 31) as usize).copied().map_or('0', char::from);
    (0..length).rev().map(digit).collect()
}

fn number(digits: &str) -> Option<u128> {
    digits.bytes().try_fold(0_u128, |number, byte| {
        let digit = DIGITS.iter().position(|digit| *digit == byte)?;
        number.checked_mul(32)?.checked_add(digit as u128)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    use proptest::prelude::*;

    const TICKET: &str = "0193c2a4-7b60-7cc0-8000-0123456789ab";

    fn secret(text: &str) -> Secret {
        use base64::Engine;
        Secret::read(&format!("whsec_{}", base64::prelude::BASE64_STANDARD.encode(text))).unwrap()
    }

    fn addresses() -> ReplyAddress {
        ReplyAddress::new("Reply@in.Acme.example", secret("0123456789abcdef0123456789abcdef")).unwrap()
    }

    #[test]
    fn reply_addresses_match_in_every_spelling() {
        let address = addresses().for_ticket(&TICKET.into()).unwrap();
        assert!(address.split_once('@').unwrap().0.len() <= LOCAL_MAX, "{address}");
        for text in [
            address.clone(),
            address.to_uppercase(),
            format!("Acme <{address}>"),
            format!("\"Desk, Acme\" <desk@acme.example>, <{address}>"),
            format!("desk@acme.example; {address}"),
        ] {
            assert_eq!(addresses().ticket(&text), Some(TICKET.into()), "{text}");
        }
    }

    #[test]
    fn forged_reply_addresses_belong_to_no_ticket() {
        let address = addresses().for_ticket(&TICKET.into()).unwrap();
        let other = addresses().for_ticket(&"0193c2a4-7b60-7cc0-8000-0123456789ac".into()).unwrap();
        let (id, tag) = (&address[..6 + ID_LENGTH], &other[6 + ID_LENGTH..]);
        for text in [
            format!("{id}{tag}"),
            address.replace("@in.", "@out."),
            address.replace("reply+", "reply"),
            address.replace("reply+", "xreply+"),
            address.replace('@', "0@"),
            format!("{id}@in.acme.example"),
            "reply+@in.acme.example".into(),
            "reply@in.acme.example".into(),
            format!("reply+{}@in.acme.example", "z".repeat(TOKEN_LENGTH)),
            format!("reply+{}@in.acme.example", "é".repeat(TOKEN_LENGTH)),
            String::new(),
        ] {
            assert_eq!(addresses().ticket(&text), None, "{text}");
        }
        let foreign = ReplyAddress::new("reply@in.acme.example", secret("another secret, another secret!!")).unwrap();
        assert_eq!(foreign.ticket(&address), None);
        assert_eq!(addresses().for_ticket(&"1".into()), None);
    }

    #[test]
    fn reply_addresses_leave_room_for_the_token() {
        let new = |address: &str| ReplyAddress::new(address, secret("0123456789abcdef0123456789abcdef"));
        assert!(new("answers-to-support-00@in.acme.example").is_ok());
        for invalid in ["answers-to-support-000@in.acme.example", "a+b@in.acme.example", "in.acme.example", ""] {
            assert!(new(invalid).unwrap_err().contains("at most 21 characters"), "{invalid}");
        }
    }

    #[test]
    fn bounces_have_their_own_addresses() {
        let replies = addresses();
        let (customer, desk) = (ReturnsOf::Customer, ReturnsOf::Desk);
        for returns in [customer, desk] {
            let address = replies.for_bounces(&TICKET.into(), returns).unwrap();
            assert!(address.user().len() <= LOCAL_MAX, "{address}");
            let text = format!("<{}>", address.to_string().to_uppercase());
            assert_eq!(replies.bounces_of(&text), Some(ReturnAddress { ticket: TICKET.into(), to: returns }));
            assert_eq!(replies.ticket(&text), None);
        }
        assert_eq!(replies.bounces_of(&replies.for_ticket(&TICKET.into()).unwrap()), None);
    }

    #[test]
    fn delivery_message_ids_are_stable_and_cannot_be_forged() {
        let replies = addresses();
        let name = replies.mail_name(&format!("{TICKET}/3"), "desk");
        let expected = Some((format!("{TICKET}/3"), "desk".into()));
        assert_eq!(replies.mail_of(&format!("<{name}@acme.example>")), expected);
        let tag = name.rsplit_once('.').unwrap().1;
        for forged in
            [format!("<{TICKET}.desk.{tag}@acme.example>"), format!("<{TICKET}.desk@acme.example>"), "".into()]
        {
            assert_eq!(replies.mail_of(&forged), None, "{forged}");
        }
    }

    proptest! {
        #[test]
        fn ids_round_trip_through_addresses(id: u128, noise in "[ -~]{0,80}") {
            let ticket = TicketId::new(Uuid::from_u128(id));
            let address = addresses().for_ticket(&ticket).unwrap();
            prop_assert_eq!(addresses().ticket(&address), Some(ticket));
            prop_assert_eq!(addresses().ticket(&noise), None);
        }
    }
}
