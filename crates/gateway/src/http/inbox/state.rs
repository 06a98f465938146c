//! The state of the inbox's routes. Each handler extracts what its page reads or the use case that it calls.

use std::sync::Arc;

use axum::extract::FromRef;

use super::PagePolicy;
use super::access::InboxAccess;
use super::answers::AnswersReader;
use super::destination_status::DestinationStatuses;
use super::list_reader::ListReader;
use super::ticket_reader::TicketReader;
use crate::http::state_macro::state;
use deskbell_core::use_cases::delivery::ResendDeliveries;
use deskbell_core::use_cases::privacy::EraseTicket;
use deskbell_core::use_cases::tickets::HandleTicket;

state! {
    /// What the pages of the inbox read, and the actions of agents.
    InboxState {
        /// Authenticates agents.
        access: Arc<InboxAccess>,
        /// The state of the destinations, which every page shows.
        destinations: Arc<DestinationStatuses>,
        /// Reads the list of tickets.
        list: Arc<ListReader>,
        /// Reads a ticket.
        ticket: Arc<TicketReader>,
        /// Reads how useful answers are.
        answers: Arc<AnswersReader>,
        /// The actions of agents.
        handle: Arc<HandleTicket>,
        /// Erases tickets.
        erase: Arc<EraseTicket>,
        /// Retries dead letters.
        resend: Arc<ResendDeliveries>,
        /// What the pages may load.
        policy: PagePolicy,
    }
}
