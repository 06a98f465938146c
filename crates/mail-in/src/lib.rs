//! Parses what mail programs and mail servers send: [`message`]s and their senders, whether a person or a program wrote them ([`origin`]), what
//! a person wrote in a reply ([`reply_text`]), bounces, and the replies of servers that refuse mail.
//!
//! Pure: bytes and text in, plain values out, no IO. All input comes from strangers, so it is bounded and never trusted.

mod automatic;
pub mod bounce;
pub mod encoded_words;
pub mod headers;
mod mailbox;
pub mod message;
pub mod reply_text;
mod returned;
pub mod sender;
pub mod smtp_refusal;

pub use automatic::{AutomaticSign, Origin, origin};
pub use bounce::{Bounce, EnhancedStatus, FailedRecipient, RecipientAction};
pub use headers::Headers;
pub use mailbox::{exact_address, mailbox};
pub use returned::{Outcome, outcome};
