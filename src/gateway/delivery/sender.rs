//! How the sender of a ticket stands at a destination.

use serde::Deserialize;

use crate::domain::ticket::is_email;
use crate::gateway::identity::{Address, address};
use crate::gateway::settings::Site;
use crate::gateway::store::StoredTicket;

/// What a destination makes of an address that nobody has signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unverified {
    /// The sender is reached at it, but nothing is said in its name.
    #[default]
    Contact,
    /// It stands in the text, and nothing is sent to it.
    Alias,
}

/// The sender of a ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sender {
    /// They are reached at an address that the host has signed, and speak for themselves.
    Signed(String),
    /// They are reached at an address that they claim.
    Contact(String),
    /// They have no address there.
    Alias,
}

impl Sender {
    /// The sender of a ticket at a destination that gives agents' answers back. An address that cannot be confirmed, because its site sends
    /// no mail, is not used.
    pub fn new(site: &Site, ticket: &StoredTicket, unverified: Unverified) -> Sender {
        let unverified = if site.mail.is_some() { unverified } else { Unverified::Alias };
        Sender::reached(ticket, unverified)
    }

    /// The sender of a ticket at a destination whose answers go to the address only.
    pub fn reached(ticket: &StoredTicket, unverified: Unverified) -> Sender {
        match address(&ticket.ticket) {
            Address::Signed(email) => Sender::Signed(email),
            Address::Claimed(email) if unverified == Unverified::Contact && is_email(&email) => Sender::Contact(email),
            Address::Claimed(_) | Address::Missing => Sender::Alias,
        }
    }

    /// Whether the host has signed their address.
    pub fn is_signed(&self) -> bool {
        matches!(self, Sender::Signed(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::domain::context::User;
    use crate::gateway::delivery::comment::tests::stored;
    use crate::gateway::delivery::destination::tests::site;
    use crate::gateway::settings;

    #[test]
    fn a_claimed_address_is_a_contact_only_where_it_can_be_confirmed() {
        let text = "[sites.acme]\norigins = [\"*\"]\nmail = { smtp = \"smtp://localhost\", from = \"a@b.example\" }";
        let file = settings::parse(text, "test").unwrap();
        let mailing = settings::check_sites(file.sites, "test").unwrap().remove("acme").unwrap();
        let mut ticket = stored();
        let contact = Sender::Contact("ada@example.com".into());
        assert_eq!(Sender::new(&mailing, &ticket, Unverified::Contact), contact);
        assert_eq!(Sender::new(&mailing, &ticket, Unverified::Alias), Sender::Alias);
        assert_eq!(Sender::new(&site(), &ticket, Unverified::Contact), Sender::Alias);
        assert_eq!(Sender::reached(&ticket, Unverified::Contact), contact);
        for (email, sender) in [("nobody", Sender::Alias), ("", Sender::Alias)] {
            ticket.ticket.contact.email = email.into();
            assert_eq!(Sender::new(&mailing, &ticket, Unverified::Contact), sender);
        }
        let user = User { verified: true, email: "real@example.com".into(), ..User::default() };
        ticket.ticket.context.user = Some(user);
        for (site, unverified) in [(&mailing, Unverified::Alias), (&site(), Unverified::Contact)] {
            assert_eq!(Sender::new(site, &ticket, unverified), Sender::Signed("real@example.com".into()));
        }
    }
}
