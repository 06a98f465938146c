//! Receipts by e-mail: who gets one, what it says, and how it is sent. A receipt is stored with its ticket, in one transaction, and sent by a worker
//! that no request waits for.

mod code;
mod letter;
mod receipts;
pub mod retention;
mod send;
mod wakers;

pub use code::{CODE_LIFE, CODE_PAUSE, Codes};
pub use receipts::Receipts;
pub use send::{SendMail, SiteOutbox};
pub use wakers::MailWakers;
