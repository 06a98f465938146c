//! Imports the customer's tickets that were created elsewhere, by e-mail or in a community, when the customer reads their tickets, so that they
//! are listed, found as similar, and can be replied to.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::reference::{DRAWS, draw};
use crate::clock;
use crate::destinations::Destinations;
use crate::ids::{CustomerId, DestinationName, QueueName, SiteKey};
use crate::ports::destination::ExternalTicket;
use crate::ports::{Bus, ExternalTickets, Person, Requester, StoreError, StoredTicket};
use crate::rules::retention::Retention;
use crate::site::Site;
use crate::timestamp::Timestamp;
use domain::context::Context;
use domain::conversation::Turn;
use domain::targets::Owner;
use domain::ticket::{Client, Contact, Kind, NewTicket, Severity, Status};

/// The longest that the request waits. Later results are shown the next time.
const PATIENCE: Duration = Duration::from_secs(2);
/// The minimum time between two requests about a customer to a destination.
const EVERY: Duration = Duration::from_secs(60);

/// When the destinations were last asked about each customer, by site and id.
#[derive(Debug, Default)]
struct RecentRequests(Mutex<HashMap<(SiteKey, CustomerId), Instant>>);

impl RecentRequests {
    /// Whether a request is due; if so, it is recorded as made.
    fn begin(&self, site: &SiteKey, person: &CustomerId) -> bool {
        let mut recent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        recent.retain(|_, started| started.elapsed() < EVERY);
        recent.insert((site.clone(), person.clone()), Instant::now()).is_none()
    }

    /// Forgets the request about a customer.
    fn forget(&self, site: &SiteKey, person: &CustomerId) {
        let mut recent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        recent.remove(&(site.clone(), person.clone()));
    }
}

/// Imports the tickets that destinations have of a customer.
#[derive(Clone)]
pub struct GatherTickets {
    external: Arc<dyn ExternalTickets>,
    destinations: Arc<Destinations>,
    bus: Arc<dyn Bus>,
    recent: Arc<RecentRequests>,
}

impl GatherTickets {
    /// Asks these destinations, and stores the tickets.
    pub fn new(
        external: Arc<dyn ExternalTickets>,
        destinations: Arc<Destinations>,
        bus: Arc<dyn Bus>,
    ) -> GatherTickets {
        GatherTickets { external, destinations, bus, recent: Arc::default() }
    }

    /// Imports the tickets that the destinations of a site have of a customer whose address the host has verified. Destinations that do not
    /// answer in time are skipped; their errors do not hide other tickets.
    pub async fn gather(&self, site: &Site, requester: &Requester) {
        let person = requester.person.as_ref().filter(|person| person.email_verified == Some(true));
        let Some(person) = person.cloned() else { return };
        if !self.destinations.in_site(&site.key).any(|(_, to)| to.polling().is_some())
            || !self.recent.begin(&site.key, &person.id)
        {
            return;
        }
        let (this, key, keep) = (self.clone(), site.key.clone(), site.keep);
        let gathering = tokio::spawn(async move { this.ask(&key, keep, &person).await });
        let _ = tokio::time::timeout(PATIENCE, gathering).await;
    }

    async fn ask(&self, site: &SiteKey, keep: Option<Retention>, person: &Person) {
        for (destination, to) in self.destinations.in_site(site) {
            let Some(polling) = to.polling() else { continue };
            match polling.tickets_of(&person.user.email).await {
                // The destination is busy with more important requests; the next read of the customer asks again.
                Ok(None) => self.recent.forget(site, &person.id),
                Ok(Some(tickets)) => {
                    let cutoff = keep.and_then(|keep| keep.cutoff(clock::now()));
                    for foreign in tickets.into_iter().filter(|foreign| is_kept(foreign, cutoff)) {
                        if let Err(error) = self.adopt(site, destination, person, foreign).await {
                            tracing::error!(site = site.as_str(), destination = destination.as_str(), %error, "external ticket not stored");
                        }
                    }
                }
                Err(failure) => {
                    tracing::warn!(site = site.as_str(), destination = destination.as_str(), error = %failure, "external tickets not read")
                }
            }
        }
    }

    async fn adopt(
        &self,
        site: &SiteKey,
        destination: &DestinationName,
        person: &Person,
        foreign: ExternalTicket,
    ) -> Result<(), StoreError> {
        let external = foreign.external.clone();
        let mut ticket = stored(site, destination, person, foreign);
        for drawn in 1..=DRAWS {
            if self.external.adopt(&ticket, destination, &external).await? {
                self.bus.polls_due(&QueueName::new(site, destination));
                self.bus.ticket_changed(ticket);
                return Ok(());
            }
            if self.external.knows_external_ticket(site, destination, &external.external_id).await? {
                return Ok(());
            }
            ticket.reference = draw(drawn);
        }
        Ok(())
    }
}

/// Whether the site stores a ticket: not a solved one last updated before the cutoff, because retention would erase it at once.
fn is_kept(foreign: &ExternalTicket, cutoff: Option<Timestamp>) -> bool {
    foreign.status == Status::Open || cutoff.is_none_or(|cutoff| foreign.updated_at >= cutoff)
}

fn stored(site: &SiteKey, destination: &DestinationName, person: &Person, foreign: ExternalTicket) -> StoredTicket {
    let ExternalTicket { subject, message, via, status, created_at, updated_at, .. } = foreign;
    // The text of a mail often does not name its subject.
    let message =
        if subject.is_empty() || message.starts_with(&subject) { message } else { format!("{subject}\n\n{message}") };
    let new = NewTicket {
        kind: Kind::Question,
        topic: String::new(),
        severity: Severity::Low,
        message,
        contact: Contact { name: person.user.name.clone(), email: person.user.email.clone() },
        context: Context { user: Some(person.user.clone()), ..Context::default() },
        questions: Vec::new(),
        attachments: Vec::new(),
        via,
        consent: None,
        fields: None,
        website: String::new(),
        automatic: false,
        test: false,
        locale: String::new(),
        created_at: created_at.to_string(),
        client: Client { name: destination.to_string(), version: String::new() },
    };
    let mut ticket = StoredTicket::new(site.clone(), draw(0), new, created_at);
    (ticket.status, ticket.priority) = (status, person.priority);
    ticket.person = Some(person.id.clone());
    ticket.handling.updated_at = updated_at;
    ticket.handling.owner = Some(Owner::SupportEngineer);
    ticket.handling.turn = if status == Status::Open { Turn::Support } else { Turn::Customer };
    ticket
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::time;
    use crate::ports::ExternalTicketRef;

    #[test]
    fn tickets_past_their_retention_are_not_imported() {
        let cutoff = "2026-01-01T00:00:00Z".parse().ok();
        for (status, updated_at, cutoff, expected) in [
            (Status::Solved, "2025-12-31T23:59:59.000Z", cutoff, false),
            (Status::Solved, "2026-01-01T00:00:00.000Z", cutoff, true),
            (Status::Open, "2025-12-31T23:59:59.000Z", cutoff, true),
            (Status::Solved, "2020-01-01T00:00:00.000Z", None, true),
        ] {
            let foreign = ExternalTicket {
                external: ExternalTicketRef { external_id: "35".into(), requester: String::new(), merged_after: None },
                subject: String::new(),
                message: String::new(),
                via: String::new(),
                status,
                created_at: time("2020-01-01T00:00:00Z"),
                updated_at: time(updated_at),
            };
            assert_eq!(is_kept(&foreign, cutoff), expected, "{status:?} {updated_at}");
        }
    }
}
