//! How far a destination may trust the sender of a ticket.

use serde::Deserialize;

use crate::ports::{Confirmation, StoredTicket};
use crate::rules::address::{Address, address};
use domain::ticket::is_email;

/// How a destination uses an unsigned address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unverified {
    /// As the sender's contact address, but nothing is written in its name.
    #[default]
    Contact,
    /// It is only mentioned in the text, and nothing is sent to it.
    Alias,
}

/// The sender of a ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sender {
    /// Has an address that the host has signed, and is the author of their messages.
    Signed(String),
    /// Has a claimed address.
    Contact(String),
    /// Has no address there.
    Alias,
}

impl Sender {
    /// The sender at a destination whose replies come back here. A claimed address is used only if replies are withheld until it is confirmed:
    /// otherwise whoever claims it would read what is meant for its owner.
    pub fn new(ticket: &StoredTicket, unverified: Unverified) -> Sender {
        let is_withheld = ticket.handling.confirmation != Confirmation::NotNeeded;
        Sender::reached(ticket, if is_withheld { unverified } else { Unverified::Alias })
    }

    /// The sender at a destination whose replies go only to the address.
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

    use crate::fixtures::stored;
    use domain::context::User;

    #[test]
    fn claimed_addresses_are_contacts_only_if_answers_await_confirmation() {
        let mut ticket = stored();
        let contact = Sender::Contact("ada@example.com".into());
        assert_eq!(Sender::new(&ticket, Unverified::Contact), Sender::Alias);
        assert_eq!(Sender::reached(&ticket, Unverified::Contact), contact);
        let awaited = Confirmation::Awaited { withheld: 0, first: 0, code_sent: true };
        for confirmation in [awaited, Confirmation::Confirmed] {
            ticket.handling.confirmation = confirmation;
            assert_eq!(Sender::new(&ticket, Unverified::Contact), contact);
            assert_eq!(Sender::new(&ticket, Unverified::Alias), Sender::Alias);
        }
        for email in ["nobody", ""] {
            ticket.ticket.contact.email = email.into();
            assert_eq!(Sender::new(&ticket, Unverified::Contact), Sender::Alias);
        }
        let user = User { verified: true, email: "real@example.com".into(), ..User::default() };
        ticket.ticket.context.user = Some(user);
        ticket.handling.confirmation = Confirmation::NotNeeded;
        for unverified in [Unverified::Alias, Unverified::Contact] {
            assert_eq!(Sender::new(&ticket, unverified), Sender::Signed("real@example.com".into()));
        }
    }
}
