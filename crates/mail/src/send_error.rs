//! Sends a message to a mail server and interprets the reply.

use std::io::ErrorKind;
use std::time::Duration;

use lettre::transport::smtp::Error;
use lettre::transport::smtp::response::{Category, Code, Detail};

use crate::connection::{explain_client, explain_tls, is_about_tls};
use mail_in::smtp_refusal::{Fault, enhanced_code, explain};

/// The timeout for sending a message.
pub const SEND_TIMEOUT: Duration = Duration::from_secs(2 * 60);
/// The timeout for checking a server.
pub const CHECK_TIMEOUT: Duration = Duration::from_secs(30);

/// Why a server did not accept a message. Of its response only the code is quoted: the rest may name a person.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// It accepts no message at the moment: it is unreachable, cannot prove its identity, or rejects the login.
    #[error("{0}")]
    Unreachable(String),
    /// It does not accept this message at the moment, or the outcome is unknown.
    #[error("{0}")]
    Temporary(String),
    /// This message is too large.
    #[error("{0}")]
    TooLarge(String),
    /// It rejects this message for good.
    #[error("{0}")]
    Permanent(String),
    /// The recipient's mailbox does not exist.
    #[error("{0}")]
    UnknownRecipient(String),
}

/// Why a server did not accept a message. What an administrator can fix counts as a failure of the server, so that the queue continues once it
/// is fixed.
pub fn classify(error: &Error) -> SendError {
    let reason = cause(error);
    match error.status() {
        Some(code) => refused(code, error.is_permanent(), &reason),
        None if error.is_tls() || is_about_tls(&reason) => {
            SendError::Unreachable(explain_tls(&reason).map_or(reason.clone(), |fix| format!("{reason}; {fix}")))
        }
        None => match explain_client(&reason) {
            Some((_, fix)) => SendError::Unreachable(fix.into()),
            None if is_unreachable(error) => SendError::Unreachable(reason),
            None => SendError::Temporary(reason),
        },
    }
}

/// The most informative cause of an error: the first one.
pub fn cause(error: &(dyn std::error::Error + 'static)) -> String {
    chain(error).last().map(ToString::to_string).unwrap_or_default()
}

/// The meaning of a reply (RFC 5321, 4.2). 53x is about the gateway's password, and 421 about the server itself: both can be fixed.
fn refused(code: Code, permanent: bool, text: &str) -> SendError {
    let explanation = explain(code.to_string().parse().unwrap_or_default(), text);
    let enhanced = enhanced_code(text).map(|enhanced| format!(" {enhanced}")).unwrap_or_default();
    let fix = explanation.map(|explanation| format!(": {}", explanation.fix)).unwrap_or_default();
    let reason = format!("the server replied {code}{enhanced}{fix}");
    if let Some(explanation) = explanation {
        return match explanation.fault {
            Fault::Login | Fault::Sender | Fault::Relay | Fault::Encryption => SendError::Unreachable(reason),
            Fault::Recipient => SendError::UnknownRecipient(reason),
            Fault::Size if permanent => SendError::TooLarge(reason),
            _ if permanent => SendError::Permanent(reason),
            _ => SendError::Temporary(reason),
        };
    }
    match (permanent, code.category, code.detail) {
        (true, Category::Unspecified3, _) | (false, Category::Connections, Detail::One) => {
            SendError::Unreachable(reason)
        }
        (true, ..) => SendError::Permanent(reason),
        (false, ..) => SendError::Temporary(reason),
    }
}

/// Whether the server certainly got nothing.
fn is_unreachable(error: &(dyn std::error::Error + 'static)) -> bool {
    let kinds = [ErrorKind::ConnectionRefused, ErrorKind::HostUnreachable, ErrorKind::NetworkUnreachable];
    chain(error).any(|cause| cause.downcast_ref::<std::io::Error>().is_some_and(|error| kinds.contains(&error.kind())))
}

fn chain<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'a (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error), |error| error.source())
}

#[cfg(test)]
mod tests {
    use super::*;

    use lettre::Message;
    use lettre::transport::smtp::response::Severity;

    use crate::{MailServer, Security};

    #[test]
    fn smtp_codes_classify_failures() {
        use {Category::*, Detail::*, Severity::*};
        let classified = |severity, category, detail| {
            refused(Code::new(severity, category, detail), severity == PermanentNegativeCompletion, "")
        };
        let reason = |code: &str| format!("the server replied {code}");
        let (never, later) = (PermanentNegativeCompletion, TransientNegativeCompletion);
        assert!(
            matches!(classified(never, Unspecified3, Five), SendError::Unreachable(why) if why.starts_with(&reason("535: ")))
        );
        assert_eq!(classified(later, Connections, One), SendError::Unreachable(reason("421")));
        assert!(
            matches!(classified(never, MailSystem, Two), SendError::TooLarge(why) if why.starts_with(&reason("552: ")))
        );
        assert_eq!(classified(never, MailSystem, Zero), SendError::Permanent(reason("550")));
        assert_eq!(classified(never, Connections, One), SendError::Permanent(reason("521")));
        assert_eq!(classified(later, MailSystem, Zero), SendError::Temporary(reason("450")));
        assert_eq!(classified(later, MailSystem, Two), SendError::Temporary(reason("452")));
        assert_eq!(classified(later, Unspecified3, Two), SendError::Temporary(reason("432")));
    }

    #[test]
    fn only_codes_of_servers_are_repeated() {
        let code = Code::new(Severity::PermanentNegativeCompletion, Category::MailSystem, Detail::Zero);
        let refused = refused(code, true, "5.1.1 <ada@example.com>: Recipient address rejected: User unknown");
        let reason = "the server replied 550 5.1.1: the recipient's mailbox does not exist";
        assert_eq!(refused, SendError::UnknownRecipient(reason.into()));
    }

    #[tokio::test]
    async fn unreachable_servers_are_temporary_failures() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let server = MailServer::new(("127.0.0.1".into(), port), "b.example", Security::None, None);
        let message = Message::builder().from("a@b.example".parse().unwrap()).to("c@d.example".parse().unwrap());
        let refused = server.send(&message.body(String::new()).unwrap()).await;
        assert!(matches!(&refused, Err(SendError::Unreachable(reason)) if reason.contains("refused")), "{refused:?}");
        assert!(server.check(&"a@b.example".parse().unwrap()).await.unwrap_err().contains("refused"));
    }
}
