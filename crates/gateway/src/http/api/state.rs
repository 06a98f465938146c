//! The state of the API's routes. Each handler extracts the use cases that it calls.

use std::sync::Arc;

use axum::extract::FromRef;

use super::config::PublicConfigs;
use crate::attachments::{ReadFiles, StoreFile};
use crate::delivery::TakeInboundEvent;
use crate::guard::Guard;
use crate::http::requester::Requesters;
use crate::incidents::CurrentIncidents;
use crate::live::Live;
use crate::search::Indexes;
use crate::search::counting::Counting;
use crate::tickets::confirmation::{ConfirmAddress, RequestCode};
use crate::tickets::{AmendTicket, FindSimilar, GatherTickets, ReadTickets, ReplyToTicket, TakeTicket};
use deskbell_core::ports::Questions;

/// Declares the state of a router, from which handlers can extract each part.
macro_rules! state {
    ($(#[$attribute:meta])* $name:ident { $($(#[$part_attribute:meta])* $part:ident: $type:ty,)+ }) => {
        $(#[$attribute])*
        #[derive(Clone)]
        pub struct $name {
            $($(#[$part_attribute])* pub $part: $type,)+
        }

        $(impl FromRef<$name> for $type {
            fn from_ref(state: &$name) -> $type {
                state.$part.clone()
            }
        })+
    };
}

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
        /// Stores uploads.
        store_file: Arc<StoreFile>,
        /// Reads attachments.
        read_files: Arc<ReadFiles>,
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
