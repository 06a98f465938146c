//! Quotas for mails to addresses that the host has not signed, in 24 hours.

use std::time::Duration;

use crate::ports::MailLimits;

/// How long a mail counts.
pub const WINDOW: Duration = Duration::from_secs(24 * 60 * 60);
/// The limit of a mailbox over all networks, as a multiple of its limit from one network.
const MAILBOX_NETWORKS: u32 = 3;

/// What mails are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailScope {
    /// One mailbox from one network address.
    MailboxFromNetwork,
    /// One mailbox.
    Mailbox,
    /// One site.
    Site,
    /// One session.
    Session,
    /// One network address.
    Network,
}

/// The limit of each scope in a [`WINDOW`], in the order in which they are checked. A mailbox that its owner has confirmed has no limit as a
/// mailbox: it needs no protection from its owner.
pub fn limits(limits: &MailLimits, is_mailbox_confirmed: bool) -> Vec<(MailScope, u32)> {
    // Somebody who types another person's address uses up their own share of the mailbox, not its owner's.
    let of_mailbox = [
        (MailScope::MailboxFromNetwork, limits.mailbox),
        (MailScope::Mailbox, limits.mailbox.saturating_mul(MAILBOX_NETWORKS)),
    ];
    let of_all =
        [(MailScope::Site, limits.site), (MailScope::Session, limits.session), (MailScope::Network, limits.address)];
    of_mailbox.into_iter().filter(|_| !is_mailbox_confirmed).chain(of_all).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: MailLimits = MailLimits { mailbox: 3, session: 10, address: 20, site: 500 };

    #[test]
    fn the_mailbox_quota_is_three_times_the_quota_of_a_network() {
        let limits = limits(&LIMITS, false);
        assert_eq!(limits[..2], [(MailScope::MailboxFromNetwork, 3), (MailScope::Mailbox, 9)]);
        assert_eq!(limits[2..], [(MailScope::Site, 500), (MailScope::Session, 10), (MailScope::Network, 20)]);
    }

    #[test]
    fn confirmed_mailboxes_have_no_mailbox_quota() {
        let scopes: Vec<MailScope> = limits(&LIMITS, true).into_iter().map(|(scope, _)| scope).collect();
        assert_eq!(scopes, [MailScope::Site, MailScope::Session, MailScope::Network]);
    }
}
