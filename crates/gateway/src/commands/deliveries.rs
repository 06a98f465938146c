//! `deskbell deliveries`: lists what destinations do not have, and sends dead letters again, while a gateway runs or not.

use super::actor::current_user;
use super::{DataError, OpenData};
use deskbell_core::ids::{DeliveryId, Reference, SiteKey};
use deskbell_core::ports::{Agent, DeadLetters, Delivery, DeliveryFilter, QueueStatus, SiteScope, StoreError};
use deskbell_core::use_cases::agents::Audited;

/// Undelivered deliveries and the queues that they are in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryList {
    /// The queues that match, however many deliveries are listed.
    pub queues: Vec<QueueStatus>,
    /// The deliveries with the references of their tickets, oldest first.
    pub deliveries: Vec<(Delivery, Reference)>,
}

/// Why nothing was sent again.
#[derive(Debug, thiserror::Error)]
pub enum DeliveriesError {
    /// There is no dead letter with this number.
    #[error("{0} is not a dead letter; `deskbell deliveries list --state dead` shows all")]
    NoDeadLetter(DeliveryId),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The deliveries that match, after an id.
pub async fn list(
    data: &OpenData,
    filter: &DeliveryFilter,
    after: Option<DeliveryId>,
    limit: u32,
) -> Result<DeliveryList, DataError> {
    let store = data.store();
    let mut queues = store.queues().await?;
    queues.retain(|QueueStatus { name, .. }| {
        filter.site.as_ref().is_none_or(|site| *site == name.site)
            && filter.destination.as_ref().is_none_or(|destination| *destination == name.destination)
    });
    Ok(DeliveryList { queues, deliveries: store.undelivered(filter, after, limit).await? })
}

/// Sends dead letters with these numbers again. If one of them is not a dead letter, none is.
pub async fn retry(data: &OpenData, ids: &[DeliveryId]) -> Result<u64, DataError> {
    let (store, audit, user) = (data.store(), data.audit(), current_user());
    let mut found = Vec::new();
    for id in ids {
        found.push(store.dead_letter(*id).await?.ok_or(DeliveriesError::NoDeadLetter(*id))?);
    }
    let mut count = 0;
    for (delivery, reference) in found {
        let action = Audited::DeliveryResent(&delivery.site, &reference, delivery.destination.as_str());
        audit.record(&user, "", action).await?;
        count += store.send_again(&DeadLetters::One(delivery.id), &SiteScope::All).await?;
    }
    Ok(count)
}

/// Sends all dead letters again that match.
pub async fn retry_all(data: &OpenData, filter: &DeliveryFilter) -> Result<u64, DataError> {
    let DeliveryFilter { site, destination, .. } = filter;
    let user: Agent = current_user();
    let to = destination.as_ref().map_or("", |destination| destination.as_str());
    data.audit().record(&user, "", Audited::AllResent(site.as_ref(), to)).await?;
    let sites = match site {
        Some(site) => SiteScope::Only([SiteKey::clone(site)].into()),
        None => SiteScope::All,
    };
    let letters = destination.clone().map_or(DeadLetters::All, DeadLetters::To);
    Ok(data.store().send_again(&letters, &sites).await?)
}
