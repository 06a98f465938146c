//! Who a ticket is from, and how far that can be relied on.

pub use mail_in::mailbox;

use crate::ports::StoredTicket;
use domain::ticket::{NewTicket, is_email};

/// The address at which the sender of a ticket is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// The host has signed that it is theirs.
    Signed(String),
    /// The form or the page says so; it may be anybody's.
    Claimed(String),
    /// They named none.
    Missing,
}

/// The address of the sender: signed by the host, or else as typed into the form, or else as the page claims.
pub fn address(sent: &NewTicket) -> Address {
    let user = sent.context.user.as_ref();
    let given = |text: &str| Some(text.trim().to_string()).filter(|text| !text.is_empty());
    if let Some(signed) = user.filter(|user| user.verified).and_then(|user| given(&user.email)) {
        return Address::Signed(signed);
    }
    let claimed = given(&sent.contact.email).or_else(|| user.and_then(|user| given(&user.email)));
    claimed.map_or(Address::Missing, Address::Claimed)
}

/// The claimed address, where a mail can be sent to it.
pub fn claimed_email(sent: &NewTicket) -> Option<String> {
    match address(sent) {
        Address::Claimed(email) if is_email(&email) => Some(email),
        _ => None,
    }
}

/// Whether the host has signed who sent a ticket.
pub fn is_verified(ticket: &StoredTicket) -> bool {
    match &ticket.ticket.context.user {
        Some(user) => user.verified,
        // A site that collects no users keeps only whose ticket it is.
        None => ticket.person.is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use domain::context::User;

    fn ticket() -> StoredTicket {
        let new = serde_json::json!({ "kind": "bug", "severity": "low", "message": "No", "client": { "name": "t", "version": "1" } });
        StoredTicket::new("acme", "DB-00000".into(), serde_json::from_value(new).unwrap(), "2026-11-28T10:00:00.000Z")
    }

    #[test]
    fn only_what_the_host_has_signed_is_signed() {
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
