//! Tells people apart for a while without storing who they are or where they come from.

use std::net::IpAddr;

use sha2::{Digest, Sha256};

use crate::ids::{CustomerId, SiteKey};
use crate::ports::Person;
use crate::rules::networks::{LimitedNetwork, customer_network, neighbourhood};

/// Somebody who is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CountedSender {
    /// A verified customer, by the host's id.
    Person(CustomerId),
    /// Anybody in a network; none if the address is unknown.
    Network(Option<IpAddr>),
}

impl CountedSender {
    /// The customer if verified, or else the network of an address.
    pub fn new(person: Option<Person>, address: Option<IpAddr>) -> CountedSender {
        match person {
            Some(person) => CountedSender::Person(person.id),
            None => CountedSender::Network(address.map(neighbourhood)),
        }
    }
}

/// Creates salted hashes. They can be compared within a purpose, a period and a site, and reveal nothing else.
#[derive(Clone)]
pub struct Pseudonyms {
    salt: Vec<u8>,
}

impl Pseudonyms {
    /// Hashes with a secret salt.
    pub fn new(salt: Vec<u8>) -> Pseudonyms {
        Pseudonyms { salt }
    }

    /// The pseudonym of somebody; it differs by purpose, site and period, such as a week.
    pub fn digest(&self, purpose: &str, site: &SiteKey, period: &str, sender: &CountedSender) -> [u8; 32] {
        self.hash([purpose, site.as_str(), period], sender)
    }

    fn hash(&self, [purpose, scope, period]: [&str; 3], sender: &CountedSender) -> [u8; 32] {
        let (kind, sender_id) = match sender {
            CountedSender::Person(id) => ("person", id.to_string()),
            CountedSender::Network(network) => {
                ("network", network.map(|network| network.to_string()).unwrap_or_default())
            }
        };
        let mut hash = Sha256::new().chain_update(&self.salt);
        for part in [purpose, scope, period, kind, &sender_id] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        hash.finalize().into()
    }

    /// The permanent pseudonym of a customer affected by an incident.
    pub fn of_affected_person(&self, site: &SiteKey, person: &CustomerId) -> [u8; 32] {
        self.digest("incident", site, "", &CountedSender::Person(person.clone()))
    }

    /// The pseudonym of somebody affected by an incident; that of a network changes daily.
    pub fn of_affected(&self, site: &SiteKey, day: &str, sender: &CountedSender) -> [u8; 32] {
        match sender {
            CountedSender::Person(person) => self.of_affected_person(site, person),
            CountedSender::Network(_) => self.digest("incident", site, day, sender),
        }
    }

    /// The pseudonym of the network of a provider's customer; it differs by purpose and period.
    pub fn of_network(&self, purpose: &str, period: &str, address: IpAddr) -> [u8; 32] {
        self.hash([purpose, "", period], &CountedSender::Network(Some(customer_network(address))))
    }

    /// The pseudonym of a network under which stored items are counted; it differs by purpose and period.
    pub fn of_kept_network(&self, purpose: &str, period: &str, network: LimitedNetwork) -> [u8; 32] {
        self.hash([purpose, &network.bits.to_string(), period], &CountedSender::Network(Some(network.start)))
    }

    /// The pseudonym of a mailbox under which mails are counted; it differs by purpose and period.
    pub fn of_mailbox(&self, purpose: &str, period: &str, mailbox: &str) -> [u8; 32] {
        self.hash([purpose, "mailbox", period], &CountedSender::Person(CustomerId::new(mailbox)))
    }

    /// The hash of words, equal for equal words.
    pub fn of_words(&self, words: &str) -> [u8; 32] {
        Sha256::new().chain_update(&self.salt).chain_update(words.as_bytes()).finalize().into()
    }
}

impl std::fmt::Debug for Pseudonyms {
    /// Omits the salt.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pseudonyms")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(address: &str) -> CountedSender {
        CountedSender::Network(Some(neighbourhood(address.parse().unwrap())))
    }

    #[test]
    fn pseudonyms_are_equal_within_a_network_and_differ_otherwise() {
        let pseudonyms = Pseudonyms::new(vec![7; 32]);
        let digest = |purpose, site: &str, period, sender: &CountedSender| {
            pseudonyms.digest(purpose, &SiteKey::new(site), period, sender)
        };
        let one = digest("search", "acme", "2026-11-23", &from("192.0.2.1"));
        assert_eq!(one, digest("search", "acme", "2026-11-23", &from("192.0.2.200")));
        assert_eq!(one, digest("search", "acme", "2026-11-23", &from("::ffff:192.0.2.9")));
        for other in [
            digest("incident", "acme", "2026-11-23", &from("192.0.2.1")),
            digest("search", "other", "2026-11-23", &from("192.0.2.1")),
            digest("search", "acme", "2026-11-30", &from("192.0.2.1")),
            digest("search", "acme", "2026-11-23", &from("192.0.3.1")),
            digest("search", "acme", "2026-11-23", &CountedSender::Person("192.0.2.0".into())),
            digest("searcha", "cme", "2026-11-23", &from("192.0.2.1")),
            Pseudonyms::new(vec![8; 32]).digest("search", &"acme".into(), "2026-11-23", &from("192.0.2.1")),
        ] {
            assert_ne!(one, other);
        }
        assert_eq!(from("2001:db8:1:2::1"), from("2001:db8:1:ffff::2"));
        assert_ne!(from("2001:db8:1::1"), from("2001:db8:2::1"));
    }

    #[test]
    fn network_pseudonyms_differ_by_day_purpose_and_salt() {
        let [one, other] = [7, 8].map(|salt| Pseudonyms::new(vec![salt; 32]));
        let pseudonym = |pseudonyms: &Pseudonyms, purpose, day, address: &str| {
            pseudonyms.of_network(purpose, day, address.parse().unwrap())
        };
        let known = pseudonym(&one, "upload", "2026-11-28", "2001:db8:1:200::1");
        assert_eq!(known, pseudonym(&one, "upload", "2026-11-28", "2001:db8:1:2ff::9"));
        for different in [
            pseudonym(&one, "upload", "2026-11-28", "2001:db8:1:300::1"),
            pseudonym(&one, "upload", "2026-11-29", "2001:db8:1:200::1"),
            pseudonym(&one, "ticket", "2026-11-28", "2001:db8:1:200::1"),
            pseudonym(&other, "upload", "2026-11-28", "2001:db8:1:200::1"),
        ] {
            assert_ne!(known, different);
        }
        assert_ne!(pseudonym(&one, "upload", "", "192.0.2.1"), pseudonym(&one, "upload", "", "192.0.2.2"));
    }
}
