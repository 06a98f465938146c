//! Tickets: submissions, the actions of customers and agents, and conversations.

mod amend;
mod automatic_reply;
mod confirmation;
mod error;
mod extras;
mod find;
mod gather;
mod handle;
mod keys_in_use;
mod limits;
mod list;
mod open_access;
mod read;
mod reference;
mod reply;
mod similar;
mod summary;
mod take;
mod take_mail;

pub use amend::{AmendTicket, changes_status};
pub use automatic_reply::AutomaticReply;
pub use confirmation::{ConfirmAddress, ConfirmAddressError, OpenLink, RequestCode, RequestCodeError};
pub use error::{AmendTicketError, ReplyError, SimilarTicketsError, TakeTicketError};
pub use extras::PlanExtras;
pub use find::FindTicketError;
pub use gather::GatherTickets;
pub use handle::{Action, ActionOutcome, HandleTicket, UNNAMED_AGENT};
pub use limits::{QuotaError, SubmissionLimits};
pub use list::{ListTickets, NewestTickets};
pub use open_access::{OpenAccessLink, OpenedTickets};
pub use read::{MESSAGES_MAX, PAGE_MAX, ReadTickets};
pub use reply::ReplyToTicket;
pub use similar::FindSimilar;
pub use summary::{listed_summary, summary};
pub use take::TakeTicket;
pub use take_mail::{SupportMailOutcome, TakeSupportMail, TakeSupportMailError};
