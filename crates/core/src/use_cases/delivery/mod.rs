//! Delivers tickets to the tools in which support works, and syncs replies back.
//! Deliveries are stored with the ticket, in one transaction. For each destination, [`DeliverTickets`] carries them out, oldest first, and retries
//! until they succeed or become dead letters; [`SyncTickets`] polls it for replies.

mod blocking;
mod contents;
mod deliver;
mod dispatch;
mod feed;
mod inbound_mail;
mod outages;
mod resend;
mod returned_mail;
mod states;
mod store_reply;
mod streak;
mod sync;

pub use blocking::{BlockingError, blocking};
pub use contents::AssembleContents;
pub use deliver::DeliverTickets;
pub use dispatch::Dispatch;
pub use inbound_mail::{InboundMailError, TakeInboundMail};
pub use outages::ShareOutages;
pub use resend::ResendDeliveries;
pub use returned_mail::TakeReturnedMail;
pub use states::{DestinationState, DestinationStates, Outage};
pub use store_reply::{ReplyOutcome, StoreReply};
pub use streak::GIVE_UP_AFTER;
pub use sync::{SyncPorts, SyncTickets};
