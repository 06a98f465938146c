//! Selects tickets.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::PrivacyError;
use crate::ids::{CustomerId, SessionHash, SiteKey};
use crate::ports::{Erasure, StoredTicket, TicketHead, Tickets};
use crate::timestamp::Timestamp;
use domain::reference;
use domain::ticket::Status;

/// How many tickets are read at a time.
const PAGE: u32 = 500;

/// A selection of tickets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// One ticket, by its reference or id.
    Ticket(String),
    /// All tickets of a customer of a site, by the host's id: verified ones, and those that only claim it.
    Person {
        /// The site.
        site: SiteKey,
        /// The host's id.
        id: CustomerId,
    },
    /// All tickets that contain an e-mail address, compared without case.
    Email {
        /// The address.
        address: String,
        /// Only in this site; in all sites if none.
        site: Option<SiteKey>,
    },
    /// All tickets last updated before a day.
    Before {
        /// The day; it begins at midnight UTC.
        day: Date,
        /// Only in this site; in all sites if none.
        site: Option<SiteKey>,
        /// Whether open tickets are included.
        with_open: bool,
    },
}

/// A selected ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matched {
    /// Its head.
    pub head: TicketHead,
    /// The SHA-256 of the session that sent it, if the selection is of a customer or an e-mail address.
    pub session: Option<SessionHash>,
}

impl Selection {
    /// The tickets last updated before a day, `2025-01-31`.
    pub fn before(day: &str, site: Option<SiteKey>, with_open: bool) -> Result<Selection, PrivacyError> {
        let day = day.parse().map_err(|_| PrivacyError::NoDate(day.into()))?;
        Ok(Selection::Before { day, site, with_open })
    }

    /// The kind of selection; identifies nobody.
    pub fn word(&self) -> &'static str {
        match self {
            Selection::Ticket(_) => "ticket",
            Selection::Person { .. } => "person",
            Selection::Email { .. } => "email",
            Selection::Before { .. } => "before",
        }
    }

    /// Whether it selects people, and so also what is stored apart from tickets.
    pub fn is_of_people(&self) -> bool {
        matches!(self, Selection::Person { .. } | Selection::Email { .. })
    }

    /// The site of all its tickets, if it is limited to one.
    pub fn site(&self) -> Option<&SiteKey> {
        match self {
            Selection::Ticket(_) => None,
            Selection::Person { site, .. } => Some(site),
            Selection::Email { site, .. } | Selection::Before { site, .. } => site.as_ref(),
        }
    }

    /// Whether the head of a ticket matches.
    pub fn admits(&self, head: &TicketHead) -> bool {
        if self.site().is_some_and(|site| head.site != *site) {
            return false;
        }
        match self {
            Selection::Before { day, with_open, .. } => {
                let end = day.to_zoned(TimeZone::UTC).map(|day| Timestamp::from(day.timestamp()));
                let is_before = head.updated_at.zip(end.ok()).is_some_and(|(updated_at, end)| updated_at < end);
                is_before && (*with_open || head.status == Some(Status::Solved))
            }
            _ => true,
        }
    }

    /// Whether the content of a ticket matches.
    fn matches(&self, ticket: &StoredTicket) -> bool {
        match self {
            Selection::Person { id, .. } => is_of_person(ticket, id),
            Selection::Email { address, .. } => addresses(ticket).contains(&folded(address)),
            Selection::Ticket(_) | Selection::Before { .. } => true,
        }
    }
}

/// Whether a ticket belongs to a customer: as verified, or else as claimed by the page.
fn is_of_person(ticket: &StoredTicket, id: &CustomerId) -> bool {
    match &ticket.person {
        Some(person) => person == id,
        None => ticket.ticket.context.user.as_ref().is_some_and(|user| *id == *user.id),
    }
}

/// The e-mail addresses in a ticket.
fn addresses(ticket: &StoredTicket) -> BTreeSet<String> {
    let context = &ticket.ticket.context;
    let users =
        [Some(context), context.since.as_deref()].into_iter().flatten().filter_map(|context| context.user.as_ref());
    let all = users.map(|user| &user.email).chain([&ticket.ticket.contact.email]);
    all.map(|address| folded(address)).filter(|address| !address.is_empty()).collect()
}

fn folded(address: &str) -> String {
    address.trim().to_lowercase()
}

/// Passes the selected tickets to a callback in chunks, so that memory does not grow with their number. Unreadable tickets are counted and
/// skipped, because their owner is unknown.
pub async fn for_each_chunk(
    (erasure, tickets): (&dyn Erasure, &dyn Tickets),
    selection: &Selection,
    mut each: impl AsyncFnMut(Vec<Matched>) -> Result<(), PrivacyError>,
) -> Result<u64, PrivacyError> {
    if let Selection::Ticket(name) = selection {
        let name = reference::parse(name).unwrap_or_else(|| name.clone());
        let head = erasure.ticket_head(&name).await?.ok_or(PrivacyError::NoTicket(name))?;
        each(vec![Matched { head, session: None }]).await?;
        return Ok(0);
    }
    let needs_content = selection.is_of_people();
    let (mut after, mut unreadable) = (None, 0);
    loop {
        let heads = erasure.ticket_heads(after.as_ref(), PAGE).await?;
        let Some(last) = heads.last() else { return Ok(unreadable) };
        after = Some(last.id.clone());
        let mut matched = Vec::new();
        for head in heads.into_iter().filter(|head| selection.admits(head)) {
            if !needs_content {
                matched.push(Matched { head, session: None });
                continue;
            }
            match tickets.ticket(&head.id).await {
                Ok(Some(ticket)) if selection.matches(&ticket) => {
                    // The owner as of this read: the ticket may have changed owner since the head was read.
                    let head = TicketHead { person: ticket.person, ..head };
                    matched.push(Matched { head, session: ticket.session });
                }
                Ok(_) => {}
                Err(error) if error.concerns_row() => {
                    tracing::warn!(ticket = head.id.as_str(), %error, "ticket unreadable");
                    unreadable += 1;
                }
                Err(error) => return Err(error.into()),
            }
        }
        if !matched.is_empty() {
            each(matched).await?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::time;

    fn head(site: &'static str, status: Status, updated_at: &str) -> TicketHead {
        TicketHead {
            id: "1".into(),
            site: site.into(),
            reference: "DB-00001".into(),
            status: Some(status),
            updated_at: Some(time(updated_at)),
            person: None,
        }
    }

    #[test]
    fn selection_by_day_matches_solved_tickets_last_updated_before() {
        let before = |site: Option<&'static str>, with_open| {
            Selection::before("2026-02-01", site.map(SiteKey::from), with_open).unwrap()
        };
        let [old, new] = ["2026-01-31T23:59:59.999Z", "2026-02-01T00:00:00.000Z"];
        for (selection, head, admitted) in [
            (before(None, false), head("acme", Status::Solved, old), true),
            (before(None, false), head("acme", Status::Solved, new), false),
            (before(None, false), head("acme", Status::Open, old), false),
            (before(None, true), head("acme", Status::Open, old), true),
            (before(Some("acme"), false), head("acme", Status::Solved, old), true),
            (before(Some("other"), false), head("acme", Status::Solved, old), false),
        ] {
            assert_eq!(selection.admits(&head), admitted, "{selection:?} {head:?}");
        }
        assert!(Selection::before("yesterday", None, false).is_err());
    }
}
