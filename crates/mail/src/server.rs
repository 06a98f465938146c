//! A mail server: connecting, logging in, and sending messages.

use std::fmt;
use std::sync::Arc;

use lettre::Message;
use lettre::address::Address;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Tls, TlsParameters};
use lettre::transport::smtp::commands::{Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use tokio::time::timeout;

use crate::connection::is_about_tls;
use crate::oauth::Tokens;
use crate::post::{CHECK_PATIENCE, NotTaken, PATIENCE, cause, not_taken};

/// A recipient whom nobody is (RFC 2606), to find out whether a server passes mail on.
const NOBODY: (&str, &str) = ("deskbell-check", "example.com");

/// How what is told to a server is kept secret.
#[derive(Clone)]
pub enum Security {
    /// It is not: the server is on this computer.
    None,
    /// By STARTTLS where the server offers it, with any certificate (RFC 7435); in the open where that fails.
    Opportunistic(TlsParameters),
    /// By STARTTLS, with a certificate that is proved.
    Required(TlsParameters),
    /// By TLS from the first byte on, with a certificate that is proved.
    Wrapper(TlsParameters),
}

/// How the gateway logs in.
#[derive(Clone)]
pub enum Login {
    /// By a password.
    Password(Credentials),
    /// By the tokens for a user (XOAUTH2).
    OAuth(String, Arc<Tokens>),
}

impl Login {
    /// By the password of a user.
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

/// What is done with a server.
#[derive(Clone, Copy)]
enum Job<'a> {
    Send(&'a Message),
    /// Asks whether it would take mail of a sender.
    Check(&'a Address),
}

/// Why an attempt failed.
enum Failed {
    /// There is no token.
    Token(String),
    /// There is no connection, or none that is kept secret. The server has taken nothing.
    Connecting(Error),
    /// The server has refused something, or the connection broke.
    Smtp(Error),
}

impl MailServer {
    /// A server by host and port, which the gateway greets by a domain.
    pub fn new((host, port): (String, u16), domain: &str, security: Security, login: Option<Login>) -> MailServer {
        MailServer { host, port, hello: ClientId::Domain(domain.into()), security, login }
    }

    /// Hands a message over.
    pub async fn send(&self, message: &Message) -> Result<(), NotTaken> {
        let sent = timeout(PATIENCE, self.carry_out(Job::Send(message))).await;
        sent.unwrap_or_else(|_| Err(NotTaken::Later("the server takes too long".into())))
    }

    /// Whether the server lets the gateway in and takes mail of a sender for others, as far as that can be told without sending any.
    pub async fn check(&self, from: &Address) -> Result<(), String> {
        match timeout(CHECK_PATIENCE, self.carry_out(Job::Check(from))).await {
            // Whether it takes mail for that recipient says nothing about others.
            Ok(Ok(()) | Err(NotTaken::NoMailbox(_) | NotTaken::Never(_) | NotTaken::Later(_))) => Ok(()),
            Ok(Err(reason)) => Err(reason.to_string()),
            Err(_) => Err("takes too long; is a firewall in between?".into()),
        }
    }

    async fn attempt(&self, job: Job<'_>, tls: Tls) -> Result<(), Failed> {
        let credentials = self.credentials().await.map_err(Failed::Token)?;
        let mut connection = self.connect(tls).await.map_err(Failed::Connecting)?;
        let done = self.work(&mut connection, job, credentials).await;
        connection.abort().await;
        done.map_err(Failed::Smtp)
    }

    async fn work(
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
            Job::Check(from) => {
                connection.command(Mail::new(Some(from.clone()), Vec::new())).await?;
                if let Ok(nobody) = Address::new(NOBODY.0, NOBODY.1) {
                    connection.command(Rcpt::new(nobody, Vec::new())).await?;
                }
            }
        }
        Ok(())
    }

    async fn connect(&self, tls: Tls) -> Result<AsyncSmtpConnection, Error> {
        let wrapped = if let Tls::Wrapper(parameters) = &tls { Some(parameters.clone()) } else { None };
        let place = (self.host.as_str(), self.port);
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(place, Some(CHECK_PATIENCE), &self.hello, wrapped, None).await?;
        match tls {
            Tls::Opportunistic(parameters) if connection.can_starttls() => {
                connection.starttls(parameters, &self.hello).await?;
            }
            Tls::Required(parameters) => connection.starttls(parameters, &self.hello).await?,
            _ => {}
        }
        Ok(connection)
    }

    /// Does a job, once more with a new token where one is not taken, and in the open where TLS fails and need not be.
    async fn carry_out(&self, job: Job<'_>) -> Result<(), NotTaken> {
        let mut done = self.attempt(job, self.tls()).await;
        if let (Err(Failed::Smtp(error)), Some(Login::OAuth(_, tokens))) = (&done, &self.login)
            && is_token_refused(error)
        {
            tokens.forget().await;
            done = self.attempt(job, self.tls()).await;
        }
        // Never later than here: the server may have taken the message, which would go twice, the second time in the open.
        if let (Err(Failed::Connecting(error)), Security::Opportunistic(_)) = (&done, &self.security)
            && error.status().is_none()
            && (error.is_tls() || is_about_tls(&cause(error)))
        {
            let error = cause(error);
            tracing::warn!(server = %self, error, "TLS with the mail server failed, sending in the open");
            done = self.attempt(job, Tls::None).await;
        }
        done.map_err(|failed| match failed {
            Failed::Token(reason) => NotTaken::Away(reason),
            Failed::Connecting(error) | Failed::Smtp(error) => not_taken(&error),
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

    fn tls(&self) -> Tls {
        match self.security.clone() {
            Security::None => Tls::None,
            Security::Opportunistic(parameters) => Tls::Opportunistic(parameters),
            Security::Required(parameters) => Tls::Required(parameters),
            Security::Wrapper(parameters) => Tls::Wrapper(parameters),
        }
    }
}

/// Whether a server does not take a token: it answers 535, or first 334 with the reason, which the library takes for a challenge.
fn is_token_refused(error: &Error) -> bool {
    error.status().is_some_and(|code| code.to_string() == "535")
        || error.is_client() && error.to_string().contains("does not expect a challenge")
}
