//! Outgoing mail: the [`MailServer`] that accepts it, the rendering of letters as messages, and a mailbox as a destination
//! ([`MailDestination`]), such as the one that a help desk reads. Incoming mail is parsed by `mail-in`.

mod connection;
mod destination;
mod mailer;
mod message;
mod oauth;
mod send_error;
mod server;
mod tls;

pub use destination::{AgentAddresses, MailDestination, ReplyAddress, SupportAddresses, mail_server};
pub use lettre::message::Mailbox;
pub use mailer::SmtpMailer;
pub use message::{MessageError, Sender, message};
pub use oauth::{Grant, Tokens};
pub use send_error::{SendError, cause};
pub use server::{Login, MailServer, Security};
pub use tls::{HostTls, TlsError, accept_any_certificate, require_certificate};
