//! Lists tickets for administrators, newest first.

use std::sync::Arc;

use crate::ports::{InboxCursor, ListedTicket, StoreError, Tickets, View};

/// Lists tickets.
pub struct ListTickets(Arc<dyn Tickets>);

/// The tickets that were asked for, and where the next ones begin if there may be more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewestTickets {
    /// The tickets.
    pub tickets: Vec<ListedTicket>,
    /// Where the next ones begin.
    pub next: Option<InboxCursor>,
}

impl ListTickets {
    /// Lists from a store.
    pub fn new(tickets: Arc<dyn Tickets>) -> ListTickets {
        ListTickets(tickets)
    }

    /// The newest tickets of a view after a position, at most `limit`. Unlike a page of the inbox it ends only when it is full or everything was
    /// examined.
    pub async fn newest(
        &self,
        view: &View,
        after: Option<InboxCursor>,
        limit: u32,
    ) -> Result<NewestTickets, StoreError> {
        let view = View { is_newest_first: true, ..view.clone() };
        let mut found = NewestTickets { next: after, ..NewestTickets::default() };
        loop {
            let room = limit.saturating_sub(u32::try_from(found.tickets.len()).unwrap_or(limit));
            let page = self.0.list_tickets(&view, found.next, room).await?;
            found.tickets.extend(page.tickets);
            // Older ones cannot match any more.
            let is_past =
                view.received_since.zip(page.stopped_at).is_some_and(|(since, stopped_at)| stopped_at < since);
            found.next = page.next.filter(|_| !is_past);
            if found.next.is_none() || found.tickets.len() >= limit as usize {
                return Ok(found);
            }
        }
    }
}
