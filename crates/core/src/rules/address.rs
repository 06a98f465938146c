//! Who a ticket is from, and how far that can be relied on.

use url::Url;

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

/// The mailbox behind an address: all spellings that mail servers bring to the same place become one. `Ada+shop@…` is `ada@…`, Gmail
/// ignores dots, a quoted name is the name, and a domain is the same in Unicode and in ASCII (IDNA).
pub fn mailbox(address: &str) -> String {
    let address = address.trim();
    let Some((local, domain)) = address.rsplit_once('@') else { return address.to_lowercase() };
    let domain = domain.trim_end_matches('.');
    let ascii = Url::parse(&format!("http://{domain}/")).ok().and_then(|url| url.host_str().map(str::to_string));
    let domain = ascii.unwrap_or_else(|| domain.to_lowercase());
    let local = local.replace(['"', '\\'], "").to_lowercase();
    let local = local.split('+').next().unwrap_or_default();
    match domain.as_str() {
        "gmail.com" | "googlemail.com" => [&local.replace('.', ""), "@gmail.com"].concat(),
        _ => [local, "@", &domain].concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use domain::context::User;
    use proptest::prelude::*;

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

    #[test]
    fn spellings_of_a_mailbox_count_as_one() {
        for (spellings, one) in [
            (
                &[
                    "ada@example.com",
                    " ADA@Example.com",
                    "ada+1@example.com",
                    "\"ada\"@example.com",
                    "\"a\\da\"@example.com.",
                    "Ada+x+y@EXAMPLE.COM",
                ][..],
                "ada@example.com",
            ),
            (
                &["a.da@gmail.com", "ad.a@googlemail.com", "A.D.A+x@GMAIL.com", "\"a.da\"@gmail.com"][..],
                "ada@gmail.com",
            ),
            (
                &["ada@bücher.example", "ada@xn--bcher-kva.example", "ADA@BÜCHER.example"][..],
                "ada@xn--bcher-kva.example",
            ),
            (&["a.da@example.com"][..], "a.da@example.com"),
        ] {
            for spelling in spellings {
                assert_eq!(mailbox(spelling), one, "{spelling}");
            }
        }
    }

    proptest! {
        #[test]
        fn a_mailbox_is_the_mailbox_of_itself(text in "[a-zA-Z.+\"@é]{0,20}@[a-z.]{1,10}") {
            let one = mailbox(&text);
            prop_assert_eq!(mailbox(&one), one.clone());
        }
    }
}
