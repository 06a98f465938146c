//! Decides whose mail counts as support's. A reply address alone proves nothing, because it is in every mail to the desk and in whatever is forwarded
//! or copied from there.

use lettre::Address;

use mail_in::mailbox;

/// Providers at which everybody can have an address, so that their domains identify nobody.
const PUBLIC: &[&str] = &[
    "gmail.com",
    "outlook.com",
    "hotmail.com",
    "live.com",
    "msn.com",
    "yahoo.com",
    "ymail.com",
    "aol.com",
    "icloud.com",
    "me.com",
    "mac.com",
    "gmx.com",
    "gmx.de",
    "gmx.net",
    "web.de",
    "t-online.de",
    "mail.com",
    "mail.ru",
    "yandex.ru",
    "yandex.com",
    "proton.me",
    "protonmail.com",
    "zoho.com",
    "fastmail.com",
    "hey.com",
    "qq.com",
    "163.com",
    "126.com",
    "orange.fr",
    "free.fr",
    "laposte.net",
    "libero.it",
];

/// The senders who speak for support.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentAddresses(Vec<Pattern>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Pattern {
    /// One mailbox.
    Mailbox(String),
    /// Every address of a domain.
    Domain(String),
}

impl AgentAddresses {
    /// Parses a list of addresses and `*@domain`; the error is the invalid entry.
    pub fn parse(list: &[String]) -> Result<AgentAddresses, String> {
        let patterns = list.iter().map(|entry| pattern(entry).ok_or_else(|| entry.clone()));
        patterns.collect::<Result<_, _>>().map(AgentAddresses)
    }

    /// The default for a desk: every address in its domain, or only its own if the domain is a public provider's.
    pub fn of_desk(desk: &Address) -> AgentAddresses {
        let desk_mailbox = mailbox(desk.as_ref());
        let domain = domain_of(&desk_mailbox);
        let pattern =
            if PUBLIC.contains(&domain) { Pattern::Mailbox(desk_mailbox) } else { Pattern::Domain(domain.into()) };
        AgentAddresses(vec![pattern])
    }

    /// Whether an address belongs to support.
    pub fn include(&self, address: &str) -> bool {
        let address = mailbox(address);
        self.0.iter().any(|pattern| match pattern {
            Pattern::Mailbox(mailbox) => *mailbox == address,
            Pattern::Domain(domain) => domain_of(&address) == domain,
        })
    }
}

fn pattern(entry: &str) -> Option<Pattern> {
    let entry = entry.trim();
    if let Some(domain) = entry.strip_prefix("*@") {
        let address: Address = format!("a@{domain}").parse().ok()?;
        return Some(Pattern::Domain(domain_of(&mailbox(address.as_ref())).into()));
    }
    let address: Address = entry.parse().ok().filter(|_| !entry.contains('*'))?;
    Some(Pattern::Mailbox(mailbox(address.as_ref())))
}

fn domain_of(address: &str) -> &str {
    address.rsplit_once('@').map_or("", |(_, domain)| domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agents(list: &[&str]) -> Result<AgentAddresses, String> {
        AgentAddresses::parse(&list.iter().map(|entry| entry.to_string()).collect::<Vec<_>>())
    }

    #[test]
    fn entries_are_addresses_or_whole_domains() {
        let agents = agents(&["*@Desk.example", "ana@other.example"]).unwrap();
        for (address, included) in [
            ("ben@desk.example", true),
            ("BEN@DESK.EXAMPLE", true),
            ("ana@other.example", true),
            ("Ana+x@other.example", true),
            ("ben@other.example", false),
            ("ben@sub.desk.example", false),
            ("ben@evildesk.example", false),
            ("ben@desk.example.evil.example", false),
            ("desk.example", false),
            ("", false),
        ] {
            assert_eq!(agents.include(address), included, "{address}");
        }
    }

    #[test]
    fn invalid_agent_addresses_are_reported() {
        for invalid in ["", "*", "*@", "desk.example", "*.desk.example", "a*@desk.example", "*@*"] {
            assert_eq!(agents(&["ana@desk.example", invalid]), Err(invalid.into()));
        }
    }

    #[test]
    fn the_default_agents_are_the_domain_of_the_desk_except_for_public_providers() {
        let desk = |address: &str| AgentAddresses::of_desk(&address.parse().unwrap());
        assert!(desk("desk@desk.example").include("ana@desk.example"));
        let shared = desk("acme.desk@gmail.com");
        assert!(shared.include("acmedesk@googlemail.com") && !shared.include("eve@gmail.com"));
    }
}
