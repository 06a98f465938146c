//! What the routes of the API answer with. Each handler asks for the use cases that it calls.

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
use crate::store::Questions;
use crate::tickets::confirmation::{ConfirmAddress, RequestCode};
use crate::tickets::{AmendTicket, FindSimilar, GatherTickets, ReadTickets, ReplyToTicket, TakeTicket};

/// Declares the state of a router, and that handlers can ask for each part of it.
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
    /// The use cases of the API, and what else its routes need.
    ApiState {
        /// Who sends requests.
        requesters: Arc<Requesters>,
        /// What pages are told of sites.
        configs: Arc<PublicConfigs>,
        /// How much anybody may ask for.
        guard: Arc<Guard>,
        /// Taking tickets in.
        take_ticket: Arc<TakeTicket>,
        /// Reading tickets.
        read_tickets: Arc<ReadTickets>,
        /// Finding similar tickets.
        find_similar: Arc<FindSimilar>,
        /// Replying.
        reply: Arc<ReplyToTicket>,
        /// Changing tickets.
        amend: Arc<AmendTicket>,
        /// Gathering tickets from destinations.
        gather: Arc<GatherTickets>,
        /// Confirming addresses.
        confirm: Arc<ConfirmAddress>,
        /// Sending codes.
        request_code: Arc<RequestCode>,
        /// Taking files in.
        store_file: Arc<StoreFile>,
        /// Reading files.
        read_files: Arc<ReadFiles>,
        /// What is broken.
        incidents: Arc<CurrentIncidents>,
        /// Searching.
        indexes: Arc<Indexes>,
        /// Counting.
        counting: Arc<Counting>,
        /// The questions.
        questions: Arc<dyn Questions>,
        /// What destinations tell.
        events: Arc<TakeInboundEvent>,
        /// Open streams.
        live: Live,
    }
}
