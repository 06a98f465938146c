//! The destinations of all sites, and which deliveries go to which of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use uuid::Uuid;

use crate::ids::{DestinationName, SiteKey, TicketId};
use crate::ports::destination::{Destination, RequesterMail};
use crate::ports::{DeliveryKind, NewDelivery};
use domain::conversation::Author;

/// The destinations of a site, by name.
pub type SiteDestinations = BTreeMap<DestinationName, Arc<dyn Destination>>;

/// The destinations of all sites.
#[derive(Clone, Debug, Default)]
pub struct Destinations(BTreeMap<SiteKey, SiteDestinations>);

impl Destinations {
    /// The destination with this name in a site.
    pub fn get(&self, site: &SiteKey, name: &DestinationName) -> Option<&Arc<dyn Destination>> {
        self.0.get(site)?.get(name)
    }

    /// The destinations of a site, by name; empty if it has none.
    pub fn in_site(&self, site: &SiteKey) -> impl Iterator<Item = (&DestinationName, &Arc<dyn Destination>)> {
        self.0.get(site).into_iter().flatten()
    }

    /// All destinations, each with its site and its name.
    pub fn iter<'a>(&'a self) -> impl Iterator<Item = (&'a SiteKey, &'a DestinationName, &'a Arc<dyn Destination>)> {
        let each = |(site, of_site): (&'a SiteKey, &'a SiteDestinations)| {
            of_site.iter().map(move |(name, to)| (site, name, to))
        };
        self.0.iter().flat_map(each)
    }

    /// Adds a destination to a site; replaces one of the same name.
    pub fn insert(&mut self, site: &SiteKey, name: &DestinationName, to: Arc<dyn Destination>) {
        self.0.entry(site.clone()).or_default().insert(name.clone(), to);
    }

    /// The deliveries of a ticket, a change of it or a message to the destinations of a site, except to `from`, where it comes from.
    pub fn deliveries(
        &self,
        site: &SiteKey,
        kind: DeliveryKind,
        author: Author,
        from: Option<&DestinationName>,
    ) -> Vec<NewDelivery> {
        // A destination that only notifies people is notified of new tickets and of nothing else.
        let receives =
            |to: &dyn Destination| to.accepts(kind, author) && (kind == DeliveryKind::Ticket || !to.is_notice());
        let receivers = self.in_site(site).filter(|(name, to)| Some(*name) != from && receives(to.as_ref()));
        receivers.map(|(name, _)| NewDelivery { destination: name.clone(), kind }).collect()
    }

    /// What the destinations of a site that have answers do about mailing them to a requester whose address the host has signed, or has not. One that has
    /// only the answers of its own agents is unknown if it mails these.
    pub fn requester_mails(&self, site: &SiteKey, is_signed: bool) -> Vec<RequesterMail> {
        let nobody = TicketId::new(Uuid::nil());
        let of_destination = |to: &dyn Destination| {
            let mails = if is_signed { to.mails_requester() } else { to.mails_unsigned() };
            let answers = to.polling().is_some() || to.reply_address(&nobody).is_some();
            match to.accepts(DeliveryKind::Message, Author::Support) && !to.is_notice() {
                true => Some(mails),
                false if answers && mails == RequesterMail::Never => Some(mails),
                false => answers.then_some(RequesterMail::Unknown),
            }
        };
        self.in_site(site).filter_map(|(_, to)| of_destination(to.as_ref())).collect()
    }

    /// The deliveries of a new ticket to the destinations of a site. A test ticket notifies nobody.
    pub fn deliveries_of_new(&self, site: &SiteKey, is_test: bool) -> Vec<NewDelivery> {
        let mut deliveries = self.deliveries(site, DeliveryKind::Ticket, Author::Customer, None);
        deliveries
            .retain(|delivery| !is_test || self.get(site, &delivery.destination).is_none_or(|to| !to.is_notice()));
        deliveries
    }
}

impl FromIterator<(SiteKey, SiteDestinations)> for Destinations {
    fn from_iter<I: IntoIterator<Item = (SiteKey, SiteDestinations)>>(sites: I) -> Destinations {
        Destinations(sites.into_iter().collect())
    }
}
