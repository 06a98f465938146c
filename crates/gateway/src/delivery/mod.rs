//! Delivers tickets to the tools in which support works, and syncs replies back.
//! Deliveries are stored with the ticket, in one transaction. Each destination has a [`worker`] that carries them out, oldest first, and
//! retries until they succeed or become dead letters. [`sync`] polls the destinations for replies.

mod check;
mod destinations;
mod dispatch;
mod feed;
mod inbound_event;
mod inbound_mail;
mod lines;
mod parcels;
pub mod reading;
mod returned_mail;
mod store_reply;
pub mod sync;
pub mod worker;

pub use check::{Checked, check};
pub use deskbell_core::ports::destination::{
    AgentNote, DeliveryReceipt, Destination, ExportFailure, ExportFrom, ExportedChanges, ExternalFile, ExternalMessage,
    ExternalTicket, Failure, Finding, HookHeaders, InboundEvent, InboundEventError, InboundFile, InboundMail, Parcel,
    ParcelFile, PolledMessage, PolledTicket, Polling, RecentChanges, ReturnAddress, ReturnedMail, ReturnsOf,
    delivery_id,
};
pub use deskbell_core::rules::sender::{Sender, Unverified};
pub use destinations::{Destinations, SiteDestinations};
pub use dispatch::Dispatch;
pub use inbound_event::{HookError, TakeInboundEvent};
pub use inbound_mail::{InboundMailError, TakeInboundMail};
pub use lines::Lines;
pub use parcels::Parcels;
pub use reading::BlockingError;
pub use returned_mail::TakeReturnedMail;
pub use store_reply::{StoreReply, Stored};
