//! Receipts, answers and links by e-mail: who gets them, what they say, and how they are sent. A receipt is stored with its ticket, and the mail with an
//! answer is queued with the answer, each in one transaction, and sent by a worker that no request waits for.

mod answer_letter;
mod answers;
mod code;
mod letter;
mod link_letter;
mod receipts;
mod rendering;
pub mod retention;
mod send;
mod send_answers;
mod send_links;
mod wakers;

pub use answers::{AnswerSettings, BlockedMailboxes, MailAnswers, Unsubscribe};
pub use code::{CODE_LIFE, CODE_PAUSE, Codes};
pub use receipts::Receipts;
pub use send::{SendMail, SiteOutbox};
pub use send_answers::SendAnswers;
pub use send_links::SendLinks;
pub use wakers::MailWakers;
