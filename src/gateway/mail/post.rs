//! Handing a message to a mail server, and what its answer means.

use std::io::ErrorKind;
use std::time::Duration;

use lettre::transport::smtp::response::{Category, Code, Detail};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use tokio::time::timeout;

/// The longest that a server may take for a message.
const PATIENCE: Duration = Duration::from_secs(2 * 60);

/// Why a server has not taken a message. Of what it says only the code is told: the rest may name a person.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// It takes none now, whichever it is: it cannot be reached, cannot prove who it is, or does not let us in.
    #[error("{0}")]
    Away(String),
    /// It does not take this one now, or nobody knows.
    #[error("{0}")]
    Later(String),
    /// This one is too large for it.
    #[error("{0}")]
    TooLarge(String),
    /// It never takes this one.
    #[error("{0}")]
    Never(String),
}

/// Hands a message over.
pub async fn hand_over(server: &AsyncSmtpTransport<Tokio1Executor>, message: Message) -> Result<(), NotTaken> {
    let error = match timeout(PATIENCE, server.send(message)).await {
        Ok(Ok(_)) => return Ok(()),
        Ok(Err(error)) => error,
        Err(_) => return Err(NotTaken::Later("the server takes too long".into())),
    };
    Err(match error.status() {
        Some(code) => refused(code, error.is_permanent()),
        None if error.is_tls() || is_unreachable(&error) => NotTaken::Away(cause(&error)),
        None => NotTaken::Later(cause(&error)),
    })
}

/// The cause of an error that says most: the first one.
pub fn cause(error: &(dyn std::error::Error + 'static)) -> String {
    chain(error).last().map(ToString::to_string).unwrap_or_default()
}

/// What a code means (RFC 5321, 4.2). 53x is about our password, and 421 about the server itself: both can be mended.
fn refused(code: Code, permanent: bool) -> NotTaken {
    let says = format!("the server answers {code}");
    match (permanent, code.category, code.detail) {
        (true, Category::Unspecified3, _) | (false, Category::Connections, Detail::One) => NotTaken::Away(says),
        (true, Category::MailSystem, Detail::Two) => NotTaken::TooLarge(says),
        (true, ..) => NotTaken::Never(says),
        (false, ..) => NotTaken::Later(says),
    }
}

/// Whether nobody can have got anything.
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

    use lettre::transport::smtp::response::Severity;

    #[test]
    fn a_code_tells_whether_it_is_about_us_about_the_server_or_about_the_message() {
        use {Category::*, Detail::*, Severity::*};
        let told = |severity, category, detail| {
            refused(Code::new(severity, category, detail), severity == PermanentNegativeCompletion)
        };
        let says = |code: &str| format!("the server answers {code}");
        let (never, later) = (PermanentNegativeCompletion, TransientNegativeCompletion);
        assert_eq!(told(never, Unspecified3, Five), NotTaken::Away(says("535")));
        assert_eq!(told(later, Connections, One), NotTaken::Away(says("421")));
        assert_eq!(told(never, MailSystem, Two), NotTaken::TooLarge(says("552")));
        assert_eq!(told(never, MailSystem, Zero), NotTaken::Never(says("550")));
        assert_eq!(told(never, Connections, One), NotTaken::Never(says("521")));
        assert_eq!(told(later, MailSystem, Zero), NotTaken::Later(says("450")));
        assert_eq!(told(later, MailSystem, Two), NotTaken::Later(says("452")));
        assert_eq!(told(later, Unspecified3, Two), NotTaken::Later(says("432")));
    }

    #[tokio::test]
    async fn a_server_that_does_not_listen_is_away() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let server = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous("127.0.0.1").port(port).build();
        let message = Message::builder().from("a@b.example".parse().unwrap()).to("c@d.example".parse().unwrap());
        let refused = hand_over(&server, message.body(String::new()).unwrap()).await;
        assert!(matches!(&refused, Err(NotTaken::Away(reason)) if reason.contains("refused")), "{refused:?}");
    }
}
