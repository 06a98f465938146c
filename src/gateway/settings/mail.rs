//! How a site sends e-mail, as it stands in the file.

use std::fmt;
use std::path::{Path, PathBuf};

use lettre::message::Mailbox;
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncSmtpTransport, Tokio1Executor};
use reqwest::Url;
use serde::Deserialize;

use crate::gateway::mail::Mailer;
use crate::gateway::store::MailLimits;

const NO_SERVER: &str = "is no address of a mail server; write smtps://HOST or smtp://HOST, where they are needed with USER:PASSWORD@ \
    before the host and :PORT behind it, each %-encoded";

/// The table `mail` of a site.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailTable {
    smtp: String,
    password_file: Option<PathBuf>,
    from: String,
    reply_to: Option<String>,
    tls: Option<Tls>,
    #[serde(default)]
    limits: MailLimits,
    url: Option<String>,
}

/// Whether a server that is named by `smtp://` has to speak TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tls {
    /// It has to, with a certificate of its name; otherwise nothing is told to it.
    Required,
    /// It may. Whoever stands in between can keep it from it, and read along.
    Opportunistic,
}

impl fmt::Debug for MailTable {
    /// Without its password, which must not end up in a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MailTable({:?})", self.from)
    }
}

impl MailTable {
    /// How it is sent, or the field that is wrong and why. `password` comes from the environment and wins.
    pub fn read(&self, password: Option<&str>) -> Result<Mailer, (&'static str, String)> {
        let from = mailbox("from", &self.from)?;
        let reply_to = self.reply_to.as_deref().map(|text| mailbox("reply_to", text)).transpose()?;
        let server = mail_server((&self.smtp, self.tls), self.password_file.as_deref(), &from, password)?;
        let url = self.url.as_deref().map(public_url).transpose()?;
        Ok(Mailer { from, reply_to, server, limits: self.limits, url })
    }
}

/// The server that takes mail of `from`, or which of `smtp` and `password_file` is wrong and why. `password` comes from the environment
/// and wins.
pub fn mail_server(
    (smtp, tls): (&str, Option<Tls>),
    password_file: Option<&Path>,
    from: &Mailbox,
    password: Option<&str>,
) -> Result<AsyncSmtpTransport<Tokio1Executor>, (&'static str, String)> {
    let url = address((smtp, tls), password_file, password)?;
    let server = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.as_str())
        .map_err(|error| ("smtp", format!("cannot be used: {error}")))?;
    Ok(server.hello_name(ClientId::Domain(from.email.domain().into())).build())
}

/// An address of e-mail, with or without a name, or the field that is wrong and why.
pub fn mailbox(field: &'static str, text: &str) -> Result<Mailbox, (&'static str, String)> {
    let no_address =
        |_| (field, format!("{text:?} is no address; write support@example.com or \"Support <support@example.com>\""));
    text.parse().map_err(no_address)
}

/// The address at which people reach the gateway, with a slash at its end.
fn public_url(text: &str) -> Result<Url, (&'static str, String)> {
    let wrong = || ("url", format!("{text:?} is no address of the gateway; write https://help.example.com"));
    let mut url = Url::parse(text).map_err(|_| wrong())?;
    if !matches!(url.scheme(), "https" | "http") || url.query().is_some() || url.fragment().is_some() {
        return Err(wrong());
    }
    if !url.path().ends_with('/') {
        url.set_path(&[url.path(), "/"].concat());
    }
    Ok(url)
}

/// The address of the server, with the password and with how it is kept secret: smtps from the first byte on; smtp by STARTTLS,
/// without which no password is told, but to this computer.
fn address(
    (smtp, tls): (&str, Option<Tls>),
    password_file: Option<&Path>,
    password: Option<&str>,
) -> Result<Url, (&'static str, String)> {
    let no_server = || ("smtp", NO_SERVER.to_string());
    let mut url = Url::parse(smtp).map_err(|_| no_server())?;
    let bare = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
    let host = url.host_str().unwrap_or_default().to_string();
    if !matches!(url.scheme(), "smtp" | "smtps") || host.is_empty() || !bare {
        return Err(no_server());
    }
    let from_file = match password_file {
        Some(_) if url.password().is_some() => {
            return Err(("password_file", "stands beside a password in smtp; keep one of the two".into()));
        }
        Some(path) => Some(super::file::text(path).map_err(|error| ("password_file", error.to_string()))?),
        None => None,
    };
    let user = !url.username().is_empty();
    if let Some(password) = password.filter(|_| user).or(from_file.as_deref().map(str::trim)) {
        // The library leaves a percent sign as it is.
        url.set_password(Some(&password.replace('%', "%25"))).map_err(|()| no_server())?;
    }
    if user != url.password().is_some() {
        let what = if user { "a user without a password" } else { "a password without a user" };
        return Err((
            "smtp",
            format!("names {what}; write USER:PASSWORD@, or USER@ with password_file or DESKBELL_SMTP_PASSWORD"),
        ));
    }
    let is_local = matches!(host.as_str(), "localhost" | "127.0.0.1" | "[::1]");
    match (url.scheme(), tls) {
        ("smtps", Some(Tls::Opportunistic)) => {
            return Err(("tls", "goes with smtp:// only; smtps:// is TLS from the first byte on".into()));
        }
        ("smtp", Some(Tls::Required)) => url.set_query(Some("tls=required")),
        ("smtp", Some(Tls::Opportunistic)) if user && !is_local => {
            return Err((
                "tls",
                "has to be required where there is a password, or anybody in between could read it".into(),
            ));
        }
        ("smtp", Some(Tls::Opportunistic)) => url.set_query(Some("tls=opportunistic")),
        ("smtp", None) if !is_local => url.set_query(Some(if user { "tls=required" } else { "tls=opportunistic" })),
        _ => {}
    }
    Ok(url)
}
