//! The state of the API's routes. Each handler extracts the use cases that it calls.

use std::sync::Arc;

use axum::extract::FromRef;

use super::config::PublicConfigs;
use crate::guard::Guard;
use crate::http::requester::Requesters;
use crate::http::state_macro::state;
use crate::live::Live;
use deskbell_core::ports::{Files, Questions};
use deskbell_core::use_cases::access::RequestAccessLink;
use deskbell_core::use_cases::attachments::{ReadFiles, StoreFile};
use deskbell_core::use_cases::inbound::TakeInboundEvent;
use deskbell_core::use_cases::incidents::CurrentIncidents;
use deskbell_core::use_cases::search::Indexes;
use deskbell_core::use_cases::search::counting::Counting;
use deskbell_core::use_cases::tickets::{
    AmendTicket, FindSimilar, GatherTickets, ReadTickets, ReplyToTicket, TakeTicket,
};
use deskbell_core::use_cases::tickets::{ConfirmAddress, RequestCode};

state! {
    /// The use cases of the API, and the other state of its routes.
    ApiState {
        /// Identifies requesters.
        requesters: Arc<Requesters>,
        /// The public configurations of sites.
        configs: Arc<PublicConfigs>,
        /// Rate limits.
        guard: Arc<Guard>,
        /// Stores tickets.
        take_ticket: Arc<TakeTicket>,
        /// Reads tickets.
        read_tickets: Arc<ReadTickets>,
        /// Finds similar tickets.
        find_similar: Arc<FindSimilar>,
        /// Stores replies.
        reply: Arc<ReplyToTicket>,
        /// Changes tickets.
        amend: Arc<AmendTicket>,
        /// Imports tickets from destinations.
        gather: Arc<GatherTickets>,
        /// Confirms addresses.
        confirm: Arc<ConfirmAddress>,
        /// Sends codes.
        request_code: Arc<RequestCode>,
        /// Requests links for other devices.
        request_access: Arc<RequestAccessLink>,
        /// Stores uploads.
        store_file: Arc<StoreFile>,
        /// Reads attachments.
        read_files: Arc<ReadFiles>,
        /// The bytes of attachments.
        files: Arc<dyn Files>,
        /// The current incidents.
        incidents: Arc<CurrentIncidents>,
        /// The search indexes.
        indexes: Arc<Indexes>,
        /// Counts events.
        counting: Arc<Counting>,
        /// The questions.
        questions: Arc<dyn Questions>,
        /// Handles inbound events.
        events: Arc<TakeInboundEvent>,
        /// Open streams.
        live: Live,
    }
}
