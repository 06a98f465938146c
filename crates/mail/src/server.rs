//! A mail server: connecting, logging in, and sending messages.

use std::fmt;
use std::sync::Arc;

use lettre::Message;
use lettre::address::Address;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Tls};
use lettre::transport::smtp::commands::{Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use tokio::time::timeout;

use crate::connection::is_about_tls;
use crate::oauth::Tokens;
use crate::send_error::{CHECK_TIMEOUT, SEND_TIMEOUT, SendError, cause, classify};
use crate::tls::{HostTls, TlsError};

/// A recipient who does not exist (RFC 2606), to check whether a server relays mail.
const CHECK_RECIPIENT: (&str, &str) = ("deskbell-check", "example.com");

/// How the connection is encrypted.
#[derive(Clone)]
pub enum Security {
    /// Not at all: the server is on this computer.
    None,
    /// By STARTTLS if the server offers it, with any certificate (RFC 7435); unencrypted if that fails.
    Opportunistic(HostTls),
    /// By STARTTLS, with a valid certificate.
    Required(HostTls),
    /// By TLS from the first byte on, with a valid certificate.
    Wrapper(HostTls),
}

/// How the gateway logs in.
#[derive(Clone)]
pub enum Login {
    /// With a password.
    Password(Credentials),
    /// With tokens for a user (XOAUTH2).
    OAuth(String, Arc<Tokens>),
}

impl Login {
    /// With a user's password.
    pub fn password(user: String, password: String) -> Login {
        Login::Password(Credentials::new(user, password))
    }
}

/// A mail server.
#[derive(Clone)]
pub struct MailServer {
    host: String,
    port: u16,
    hello: ClientId,
    security: Security,
    login: Option<Login>,
}

impl fmt::Display for MailServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// A job for a server.
#[derive(Clone, Copy)]
enum Job<'a> {
    Send(&'a Message),
    /// Checks whether it would accept mail of a sender.
    Check(&'a Address),
}

/// Why an attempt failed.
enum AttemptError {
    /// There is no token, or TLS cannot be used.
    Unprepared(String),
    /// There is no connection, or no encrypted one. The server has accepted nothing.
    Connecting(Error),
    /// The server has refused something, or the connection broke.
    Smtp(Error),
}

impl MailServer {
    /// A server by host and port; the gateway introduces itself with `domain`.
    pub fn new((host, port): (String, u16), domain: &str, security: Security, login: Option<Login>) -> MailServer {
        MailServer { host, port, hello: ClientId::Domain(domain.into()), security, login }
    }

    /// Sends a message.
    pub async fn send(&self, message: &Message) -> Result<(), SendError> {
        let outcome = timeout(SEND_TIMEOUT, self.carry_out(Job::Send(message))).await;
        outcome.unwrap_or_else(|_| Err(SendError::Temporary("the server timed out".into())))
    }

    /// Checks whether the server accepts the login and relays mail of a sender, as far as possible without sending any.
    pub async fn check(&self, sender: &Address) -> Result<(), String> {
        match timeout(CHECK_TIMEOUT, self.carry_out(Job::Check(sender))).await {
            // Whether it accepts mail for that recipient says nothing about others.
            Ok(Ok(()) | Err(SendError::UnknownRecipient(_) | SendError::Permanent(_) | SendError::Temporary(_))) => {
                Ok(())
            }
            Ok(Err(reason)) => Err(reason.to_string()),
            Err(_) => Err("timed out; is a firewall in between?".into()),
        }
    }

    async fn attempt(&self, job: Job<'_>, security: &Security) -> Result<(), AttemptError> {
        let tls = tls(security).map_err(|error| AttemptError::Unprepared(format!("TLS {error}")))?;
        let credentials = self.credentials().await.map_err(AttemptError::Unprepared)?;
        let mut connection = self.connect(tls).await.map_err(AttemptError::Connecting)?;
        let outcome = self.run(&mut connection, job, credentials).await;
        connection.abort().await;
        outcome.map_err(AttemptError::Smtp)
    }

    async fn run(
        &self,
        connection: &mut AsyncSmtpConnection,
        job: Job<'_>,
        credentials: Option<Credentials>,
    ) -> Result<(), Error> {
        if let Some(credentials) = credentials {
            connection.auth(&self.mechanisms(), &credentials).await?;
        }
        match job {
            Job::Send(message) => {
                connection.send(message.envelope(), &message.formatted()).await?;
            }
            Job::Check(sender) => {
                connection.command(Mail::new(Some(sender.clone()), Vec::new())).await?;
                if let Ok(nobody) = Address::new(CHECK_RECIPIENT.0, CHECK_RECIPIENT.1) {
                    connection.command(Rcpt::new(nobody, Vec::new())).await?;
                }
            }
        }
        Ok(())
    }

    async fn connect(&self, tls: Tls) -> Result<AsyncSmtpConnection, Error> {
        let wrapped = if let Tls::Wrapper(parameters) = &tls { Some(parameters.clone()) } else { None };
        let server = (self.host.as_str(), self.port);
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(server, Some(CHECK_TIMEOUT), &self.hello, wrapped, None).await?;
        match tls {
            Tls::Opportunistic(parameters) if connection.can_starttls() => {
                connection.starttls(parameters, &self.hello).await?;
            }
            Tls::Required(parameters) => connection.starttls(parameters, &self.hello).await?,
            _ => {}
        }
        Ok(connection)
    }

    /// Runs a job; once more with a new token if one is rejected, and unencrypted if TLS fails and is not required.
    async fn carry_out(&self, job: Job<'_>) -> Result<(), SendError> {
        let mut outcome = self.attempt(job, &self.security).await;
        if let (Err(AttemptError::Smtp(error)), Some(Login::OAuth(_, tokens))) = (&outcome, &self.login)
            && is_token_refused(error)
        {
            tokens.forget().await;
            outcome = self.attempt(job, &self.security).await;
        }
        // Never at a later stage: the server may have accepted the message, which would be sent twice, the second time unencrypted.
        if let (Err(AttemptError::Connecting(error)), Security::Opportunistic(_)) = (&outcome, &self.security)
            && error.status().is_none()
            && (error.is_tls() || is_about_tls(&cause(error)))
        {
            let error = cause(error);
            tracing::warn!(server = %self, error, "TLS with the mail server failed, sending unencrypted");
            outcome = self.attempt(job, &Security::None).await;
        }
        outcome.map_err(|failed| match failed {
            AttemptError::Unprepared(reason) => SendError::Unreachable(reason),
            AttemptError::Connecting(error) | AttemptError::Smtp(error) => classify(&error),
        })
    }

    async fn credentials(&self) -> Result<Option<Credentials>, String> {
        Ok(match &self.login {
            None => None,
            Some(Login::Password(credentials)) => Some(credentials.clone()),
            Some(Login::OAuth(user, tokens)) => Some(Credentials::new(user.clone(), tokens.token().await?)),
        })
    }

    fn mechanisms(&self) -> Vec<Mechanism> {
        match self.login {
            Some(Login::OAuth(..)) => vec![Mechanism::Xoauth2],
            _ => vec![Mechanism::Plain, Mechanism::Login],
        }
    }
}

fn tls(security: &Security) -> Result<Tls, TlsError> {
    Ok(match security {
        Security::None => Tls::None,
        Security::Opportunistic(host) => Tls::Opportunistic(host.parameters()?),
        Security::Required(host) => Tls::Required(host.parameters()?),
        Security::Wrapper(host) => Tls::Wrapper(host.parameters()?),
    })
}

/// Whether a server rejects a token: it responds with 535, or first with 334 and the reason, which the library takes for a challenge.
fn is_token_refused(error: &Error) -> bool {
    error.status().is_some_and(|code| code.to_string() == "535")
        || error.is_client() && error.to_string().contains("does not expect a challenge")
}
