//! The state of the inbox's routes.

use std::sync::Arc;

use axum::extract::FromRef;

use super::access::InboxAccess;
use super::destination_status::DestinationStatuses;
use deskbell_core::ports::{Conversations, Counts, ExternalTickets, Tickets};
use deskbell_core::site::Sites;
use deskbell_core::use_cases::attachments::ReadFiles;
use deskbell_core::use_cases::delivery::ResendDeliveries;
use deskbell_core::use_cases::incidents::CurrentIncidents;
use deskbell_core::use_cases::privacy::EraseTicket;
use deskbell_core::use_cases::tickets::HandleTicket;

/// The state of the inbox: what its pages show, and the actions of agents.
#[derive(Clone)]
pub struct InboxState {
    /// The sites.
    pub sites: Arc<Sites>,
    /// Authenticates agents.
    pub access: Arc<InboxAccess>,
    /// The state of the destinations.
    pub destinations: Arc<DestinationStatuses>,
    /// The tickets.
    pub tickets: Arc<dyn Tickets>,
    /// Their conversations.
    pub conversations: Arc<dyn Conversations>,
    /// The external tickets.
    pub external: Arc<dyn ExternalTickets>,
    /// How useful answers are.
    pub counts: Arc<dyn Counts>,
    /// The attachments of tickets.
    pub files: ReadFiles,
    /// The current incidents.
    pub incidents: Arc<CurrentIncidents>,
    /// The actions of agents.
    pub handle: Arc<HandleTicket>,
    /// Erases tickets.
    pub erase: Arc<EraseTicket>,
    /// Retries dead letters.
    pub resend: Arc<ResendDeliveries>,
}

impl FromRef<InboxState> for Arc<InboxAccess> {
    fn from_ref(state: &InboxState) -> Arc<InboxAccess> {
        state.access.clone()
    }
}
