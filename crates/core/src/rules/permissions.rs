//! What agents may do in the inbox, by their roles and sites.

use crate::ports::{Grant, Role, SiteScope, StoredTicket};

/// What a page or a form of the inbox needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Permission {
    /// Read the tickets of a site.
    ReadTickets,
    /// Answer, assign and solve the tickets of a site, and write notes.
    HandleTickets,
    /// Read how useful the answers of a site are.
    ReadAnswers,
    /// Read the state of deliveries to the destinations of a site.
    ReadDeliveries,
    /// Send deliveries of a site again.
    ResendDeliveries,
    /// Erase tickets of a site.
    EraseTickets,
    /// List and end one's own sessions.
    OwnSessions,
    /// List and end the sessions of all agents.
    AllSessions,
    /// Read the audit log.
    ReadAuditLog,
}

impl Permission {
    /// All permissions.
    pub const ALL: [Permission; 9] = [
        Permission::ReadTickets,
        Permission::HandleTickets,
        Permission::ReadAnswers,
        Permission::ReadDeliveries,
        Permission::ResendDeliveries,
        Permission::EraseTickets,
        Permission::OwnSessions,
        Permission::AllSessions,
        Permission::ReadAuditLog,
    ];

    /// The least role that has it.
    fn least_role(self) -> Role {
        match self {
            Permission::ReadTickets
            | Permission::HandleTickets
            | Permission::ReadAnswers
            | Permission::ReadDeliveries
            | Permission::OwnSessions => Role::Agent,
            Permission::ResendDeliveries => Role::Lead,
            Permission::EraseTickets | Permission::AllSessions | Permission::ReadAuditLog => Role::Administrator,
        }
    }

    /// Whether it reaches beyond any site, so that a role on some sites is not enough.
    fn is_global(self) -> bool {
        matches!(self, Permission::AllSessions | Permission::ReadAuditLog)
    }
}

/// Whether a role has a permission.
pub fn may(role: Role, permission: Permission) -> bool {
    role >= permission.least_role()
}

/// The sites on which an agent with these grants has a permission.
pub fn permitted_sites(grants: &[Grant], permission: Permission) -> SiteScope {
    let granted = grants.iter().filter(|grant| may(grant.role, permission));
    granted.fold(SiteScope::NONE, |sites, grant| sites.union(&grant.sites))
}

/// Whether an agent with these grants has a permission, on at least one site; on all of them if it concerns more than a site.
pub fn is_permitted(grants: &[Grant], permission: Permission) -> bool {
    match permitted_sites(grants, permission) {
        SiteScope::All => true,
        sites => !permission.is_global() && !sites.is_empty(),
    }
}

/// Whether a ticket has one of the sensitive topics of its site, as sent or as corrected.
pub fn is_sensitive(sensitive_topics: &[String], ticket: &StoredTicket) -> bool {
    let topics = [&ticket.ticket.topic, &ticket.handling.topic];
    sensitive_topics.iter().any(|sensitive| topics.contains(&sensitive))
}

/// The grants of somebody who may do everything.
pub fn all_grants() -> Vec<Grant> {
    vec![Grant { role: Role::Administrator, sites: SiteScope::All }]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::SiteKey;

    fn grant(role: Role, sites: &[&str]) -> Grant {
        Grant { role, sites: SiteScope::Only(sites.iter().map(|site| SiteKey::new(*site)).collect()) }
    }

    #[test]
    fn each_role_may_do_what_the_lesser_ones_may_and_more() {
        let permitted = |role| Permission::ALL.into_iter().filter(move |permission| may(role, *permission));
        assert_eq!(
            permitted(Role::Agent).collect::<Vec<_>>(),
            [
                Permission::ReadTickets,
                Permission::HandleTickets,
                Permission::ReadAnswers,
                Permission::ReadDeliveries,
                Permission::OwnSessions
            ]
        );
        let added_for_leads: Vec<_> = permitted(Role::Lead).filter(|added| !may(Role::Agent, *added)).collect();
        assert_eq!(added_for_leads, [Permission::ResendDeliveries]);
        assert_eq!(permitted(Role::Administrator).count(), Permission::ALL.len());
    }

    #[test]
    fn a_role_counts_only_on_its_sites() {
        let grants = [grant(Role::Lead, &["acme"]), grant(Role::Agent, &["globex"])];
        let read = permitted_sites(&grants, Permission::ReadTickets);
        assert!(read.includes("acme") && read.includes("globex") && !read.includes("initech"));
        let resend = permitted_sites(&grants, Permission::ResendDeliveries);
        assert!(resend.includes("acme") && !resend.includes("globex"));
        assert!(is_permitted(&grants, Permission::ResendDeliveries));
        assert!(!is_permitted(&grants, Permission::EraseTickets));
        assert!(!is_permitted(&[], Permission::ReadTickets) && !is_permitted(&[], Permission::OwnSessions));
    }

    #[test]
    fn what_concerns_all_sites_needs_an_administrator_of_all_sites() {
        let of_one_site = [grant(Role::Administrator, &["acme"])];
        assert!(is_permitted(&of_one_site, Permission::EraseTickets));
        assert!(!is_permitted(&of_one_site, Permission::AllSessions));
        assert!(!is_permitted(&of_one_site, Permission::ReadAuditLog));
        assert!(Permission::ALL.into_iter().all(|permission| is_permitted(&all_grants(), permission)));
    }
}
