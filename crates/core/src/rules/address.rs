//! The address of the sender of a ticket, and how far it can be trusted.

pub use mail_in::{exact_address, mailbox};

use crate::ports::StoredTicket;
use domain::ticket::{NewTicket, is_email};

/// The address of the sender.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// Signed by the host.
    Signed(String),
    /// Claimed by the form or the page. It may be anybody's.
    Claimed(String),
    /// No address was given.
    Missing,
}

/// The address of the sender: the one that the host signed, otherwise the one typed into the form, otherwise the one that the page claims.
pub fn address(sent: &NewTicket) -> Address {
    let user = sent.context.user.as_ref();
    let nonempty = |text: &str| Some(text.trim().to_string()).filter(|text| !text.is_empty());
    if let Some(signed) = user.filter(|user| user.verified).and_then(|user| nonempty(&user.email)) {
        return Address::Signed(signed);
    }
    let claimed = nonempty(&sent.contact.email).or_else(|| user.and_then(|user| nonempty(&user.email)));
    claimed.map_or(Address::Missing, Address::Claimed)
}

/// The claimed address, if mail can be sent to it.
pub fn claimed_email(sent: &NewTicket) -> Option<String> {
    match address(sent) {
        Address::Claimed(email) if is_email(&email) => Some(email),
        _ => None,
    }
}

/// Whether the host has signed the sender of a ticket.
pub fn is_verified(ticket: &StoredTicket) -> bool {
    match &ticket.ticket.context.user {
        Some(user) => user.verified,
        // A site that does not collect users stores only who owns the ticket.
        None => ticket.person.is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timestamp::Timestamp;

    use domain::context::User;

    fn ticket() -> StoredTicket {
        let new = serde_json::json!({ "kind": "bug", "severity": "low", "message": "No", "client": { "name": "t", "version": "1" } });
        StoredTicket::new("acme".into(), "DB-00000".into(), serde_json::from_value(new).unwrap(), Timestamp::EPOCH)
    }

    #[test]
    fn only_addresses_signed_by_the_host_are_verified() {
        let mut ticket = ticket();
        let signed = |text: &str| Address::Signed(text.into());
        let claimed = |text: &str| Address::Claimed(text.into());
        let user = |verified, email: &str| Some(User { verified, email: email.into(), ..User::default() });
        for (user, form, expected) in [
            (user(true, " real@example.com"), "ada@example.com", signed("real@example.com")),
            (user(true, ""), "ada@example.com", claimed("ada@example.com")),
            (user(false, "page@example.com"), "ada@example.com", claimed("ada@example.com")),
            (user(false, "page@example.com"), " ", claimed("page@example.com")),
            (None, "ada@example.com", claimed("ada@example.com")),
            (None, "", Address::Missing),
        ] {
            ticket.ticket.context.user = user;
            ticket.ticket.contact.email = form.into();
            assert_eq!(address(&ticket.ticket), expected);
        }
    }
}
