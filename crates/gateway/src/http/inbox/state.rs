//! What the pages of the inbox show, and what agents do there.

use std::sync::Arc;

use axum::extract::FromRef;

use super::access::InboxAccess;
use super::standing::Standings;
use crate::attachments::ReadFiles;
use crate::incidents::CurrentIncidents;
use crate::privacy::erase::EraseTicket;
use crate::site::Sites;
use crate::store::{Bus, Conversations, Counts, ExternalTickets, Tickets};
use crate::tickets::handling::HandleTicket;

/// What the pages show, and what agents do there.
#[derive(Clone)]
pub struct InboxState {
    /// The sites.
    pub sites: Arc<Sites>,
    /// Who may log in.
    pub access: Arc<InboxAccess>,
    /// How the destinations stand.
    pub standings: Arc<Standings>,
    /// The tickets.
    pub tickets: Arc<dyn Tickets>,
    /// Their conversations.
    pub conversations: Arc<dyn Conversations>,
    /// Where the tickets are at destinations.
    pub external: Arc<dyn ExternalTickets>,
    /// What answers are worth.
    pub counts: Arc<dyn Counts>,
    /// The files of tickets.
    pub files: ReadFiles,
    /// What is broken.
    pub incidents: Arc<CurrentIncidents>,
    /// What agents do with tickets.
    pub handle: Arc<HandleTicket>,
    /// Erasing tickets.
    pub erase: Arc<EraseTicket>,
    /// Tells workers what there is to do.
    pub bus: Arc<dyn Bus>,
}

impl FromRef<InboxState> for Arc<InboxAccess> {
    fn from_ref(state: &InboxState) -> Arc<InboxAccess> {
        state.access.clone()
    }
}
