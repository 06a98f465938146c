//! Who receives mail about a ticket, and which quotas it counts against.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use super::Codes;
use crate::ids::SiteKey;
use crate::ports::{MailLimits, MailQuota, NewMail, StoredTicket};
use crate::pseudonym::Pseudonyms;
use crate::rules::address::{Address, address, claimed_email};
use domain::robot;
use domain::ticket::is_email;

/// Decides who receives mail.
#[derive(Clone)]
pub struct Receipts {
    limits: Arc<BTreeMap<SiteKey, MailLimits>>,
    codes: Codes,
    pseudonyms: Pseudonyms,
}

impl Receipts {
    /// Decides for the sites that send mail; `limits` are those of each, by its key.
    pub fn new(limits: BTreeMap<SiteKey, MailLimits>, codes: Codes, pseudonyms: Pseudonyms) -> Receipts {
        Receipts { limits: Arc::new(limits), codes, pseudonyms }
    }

    /// The receipt of a ticket that came from a network address, and its recipient: the address that the host has signed, or else the one that
    /// the form or the page claims. None if the site sends no e-mail, if there is no address, or if the ticket looks automated.
    pub fn receipt(&self, ticket: &StoredTicket, from: Option<IpAddr>) -> Option<NewMail> {
        if !self.limits.contains_key(&ticket.site) || !robot::signs(&ticket.ticket).is_empty() {
            return None;
        }
        match address(&ticket.ticket) {
            Address::Signed(address) => is_email(&address).then_some(NewMail { address, quota: None }),
            Address::Claimed(address) if is_email(&address) => {
                let mut quota = self.quota(ticket, &address, from)?;
                quota.limits = quota.limits.of_receipts();
                Some(NewMail { address, quota: Some(quota) })
            }
            Address::Claimed(_) | Address::Missing => None,
        }
    }

    /// The quota of a mail about a ticket to an unverified address; `from` is the network address that causes the mail. None if the site sends
    /// no mail.
    pub fn quota(&self, ticket: &StoredTicket, address: &str, from: Option<IpAddr>) -> Option<MailQuota> {
        let limits = *self.limits.get(&ticket.site)?;
        let network = from.map(|from| self.pseudonyms.of_network("mail", "", from));
        let mailbox = self.codes.mailbox(address);
        Some(MailQuota { mailbox, session: ticket.session, network, limits })
    }

    /// The quota of a mail with a link to an address that somebody types. Links to a mailbox are counted apart from receipts and codes, so that
    /// neither keeps the other from its owner. None if the site sends no mail.
    pub fn link_quota(&self, site: &SiteKey, address: &str, from: Option<IpAddr>) -> Option<MailQuota> {
        let limits = self.limits(site)?;
        let network = from.map(|from| self.pseudonyms.of_network("mail", "", from));
        Some(MailQuota { mailbox: self.codes.mailbox_of_links(address), session: None, network, limits })
    }

    /// The limits of a site; none if it sends no mail.
    pub fn limits(&self, site: &SiteKey) -> Option<MailLimits> {
        self.limits.get(site).copied()
    }

    /// The address that has to be confirmed before answers to a ticket are shown: the one claimed by an unsigned sender, or by a customer whose
    /// address the host reports as unverified, if the site can send a code to it.
    pub fn unconfirmed(&self, ticket: &StoredTicket, email_verified: Option<bool>) -> Option<String> {
        let is_trusted = ticket.person.is_some() && email_verified != Some(false);
        if !self.limits.contains_key(&ticket.site) || is_trusted {
            return None;
        }
        claimed_email(&ticket.ticket)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures;
    use domain::context::User;

    /// A ticket of an unverified customer with an address.
    fn stored() -> StoredTicket {
        let mut ticket = fixtures::stored();
        ticket.ticket.context.user = None;
        ticket
    }

    fn receipts() -> Receipts {
        let limits = BTreeMap::from([("acme".into(), MailLimits::default())]);
        Receipts::new(limits, Codes::new(&[1; 32]), Pseudonyms::new(vec![1]))
    }

    #[test]
    fn receipts_go_to_signed_or_claimed_addresses_and_not_for_robots() {
        let (receipts, codes) = (receipts(), Codes::new(&[1; 32]));
        let receives = |ticket: &StoredTicket| {
            receipts.receipt(ticket, None).map(|mail| (mail.address, mail.quota.map(|quota| quota.mailbox)))
        };
        let counted = |address: &str| Some((address.to_string(), Some(codes.mailbox(address))));
        let mut ticket = stored();
        assert_eq!(receives(&ticket), counted("ada@example.com"));
        let user = |verified, email: &str| Some(User { verified, email: email.into(), ..User::default() });
        for (user, to) in [
            (user(false, "eve@example.com"), counted("ada@example.com")),
            (user(true, "real@example.com"), Some(("real@example.com".into(), None))),
            (user(true, ""), counted("ada@example.com")),
            (user(true, "no address"), None),
        ] {
            ticket.ticket.context.user = user;
            assert_eq!(receives(&ticket), to);
        }
        ticket.ticket.contact.email = String::new();
        ticket.ticket.context.user = user(false, "eve@example.com");
        assert_eq!(receives(&ticket), counted("eve@example.com"));
        ticket.ticket.context.user = None;
        assert_eq!(receives(&ticket), None);
        let mut robot = stored();
        robot.ticket.website = "http://x.example".into();
        assert_eq!(receives(&robot), None);
        assert_eq!(receipts.unconfirmed(&robot, None), Some("ada@example.com".into()));
        let silent = StoredTicket { site: "silent".into(), ..stored() };
        assert_eq!(receives(&silent), None);
        assert_eq!(receipts.unconfirmed(&silent, None), None);
    }

    #[test]
    fn verified_customers_confirm_only_addresses_that_the_host_marks_unverified() {
        let mut ticket = stored();
        ticket.person = Some("u-7".into());
        for (email_verified, confirms) in [(None, false), (Some(true), false), (Some(false), true)] {
            assert_eq!(receipts().unconfirmed(&ticket, email_verified).is_some(), confirms, "{email_verified:?}");
        }
    }
}
