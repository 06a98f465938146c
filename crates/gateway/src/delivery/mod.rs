//! Delivers tickets to the tools in which support works, and brings answers back.
//!
//! Deliveries are stored with the ticket, in one transaction. Each destination has a [`worker`] that carries them out, oldest first, and retries
//! until they succeed or are given up. [`follow`] polls the destinations for answers.

mod check;
mod feed;
pub mod follow;
pub mod hook;
pub mod inbound;
mod lines;
mod prompt;
pub mod reading;
pub mod returned;
pub mod worker;

use super::site::Site;
use super::store::{NewDelivery, What};
use deskbell_core::rules::comment;
use domain::conversation::Author;
use outbound_http::attempt as patience;

pub use check::{Checked, check};
pub use deskbell_core::ports::destination::{
    AgentNote, Answers, Delivered, Destination, ExportFailure, ExportFrom, ExportedChanges, Failure, Finding, Foreign,
    Found, Heard, HookHeaders, InboundFile, InboundMail, News, NotHeard, Parcel, ParcelFile, RecentChanges,
    ReturnAddress, ReturnedMail, ReturnsOf, SaidFile, Saying, parcel_id,
};
pub use deskbell_core::rules::sender::{Sender, Unverified};
pub use hook::HookError;
pub use inbound::InboundMailError;
pub use lines::Lines;
pub use prompt::prompt;
pub use reading::BlockingError;

/// What is brought to the destinations of a site: a ticket or its change, or what somebody says. Never to `from`, where it comes from.
pub fn orders(site: Option<&Site>, what: What, author: Author, from: Option<&str>) -> Vec<NewDelivery> {
    let destinations = site.into_iter().flat_map(|site| &site.destinations);
    // Who is told that there is something is told of new tickets, and of nothing else.
    let is_told = |to: &dyn Destination| to.takes(what, author) && (what == What::Ticket || !to.is_notice());
    let wanted = destinations.filter(|(name, to)| Some(name.as_str()) != from && is_told(to.as_ref()));
    wanted.map(|(name, _)| NewDelivery { destination: name.clone(), what }).collect()
}

/// What is brought to the destinations of a site when a ticket comes. Of one that only tries things out nobody is given notice.
pub fn orders_of_new(site: &Site, is_test: bool) -> Vec<NewDelivery> {
    let mut orders = orders(Some(site), What::Ticket, Author::Customer, None);
    orders.retain(|order| !is_test || !site.destinations.get(&order.destination).is_some_and(|to| to.is_notice()));
    orders
}
