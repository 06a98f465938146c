//! Tickets: submissions, the actions of customers and agents, and conversations.

mod amend;
mod automatic;
pub mod confirmation;
mod error;
mod foreign;
pub mod handling;
mod keys_in_use;
mod quota;
mod read;
mod reference;
mod reply;
mod sign_in;
mod similar;
mod summary;
mod take;

pub use amend::{AmendTicket, changes_status};
pub use automatic::AutomaticReply;
pub use error::{AmendTicketError, FindTicketError, ReaderError, ReplyError, SimilarTicketsError, TakeTicketError};
pub use foreign::GatherTickets;
pub use keys_in_use::{KeyGuard, KeysInUse};
pub use quota::{QuotaError, SubmissionLimits};
pub use read::{MESSAGES_MAX, PAGE_MAX, ReadTickets};
pub use reply::ReplyToTicket;
pub use sign_in::SignIn;
pub use similar::FindSimilar;
pub use summary::{listed_summary, summary};
pub use take::{Intake, TakeTicket};
