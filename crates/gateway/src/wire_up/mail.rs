//! The mailer of a site, created from its table in the configuration.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::SignedDuration;
use url::Url;

use crate::config::{MailTable, OAuthTable, SecretSource, Tls, read_text, secret};
use ::mail::{
    Grant, Login, MailServer, Mailbox, Security, SmtpMailer, TlsError, Tokens, accept_any_certificate,
    require_certificate,
};
use deskbell_core::ids::{DestinationName, SiteKey};
use deskbell_core::ports::MailLimits;
use deskbell_core::rules::answer_mail::AnswerPolicy;
use deskbell_core::use_cases::mail::AnswerSettings;

const NO_SERVER: &str = "not the address of a mail server; use smtps://HOST or smtp://HOST, with USER:PASSWORD@ \
    before the host and :PORT after it if needed, each %-encoded";

/// How a site sends e-mail.
#[derive(Clone, Debug)]
pub struct SiteMail {
    /// The mail server, with the sender.
    pub smtp: SmtpMailer,
    /// The destination whose webhook receives bounces; none if bounces go to the sender's address.
    pub bounces: Option<DestinationName>,
    /// The limits for mail to unverified addresses.
    pub limits: MailLimits,
    /// The public URL of the gateway, for links; without it mails contain none, and answers are not mailed.
    pub url: Option<Url>,
    /// How answers are mailed; none without `url`, because nobody could unsubscribe.
    pub answers: Option<AnswerSettings>,
}

/// How long an answer waits before it is mailed, if nothing else is configured.
const ANSWER_DELAY: Duration = Duration::from_secs(5 * 60);
/// The longest time that can be configured.
const ANSWER_DELAY_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// How the sites that send e-mail do so, by site key.
pub type SiteMails = BTreeMap<SiteKey, SiteMail>;

/// The mail of a table, or the invalid field and the reason. `password` comes from the environment and wins.
pub fn site_mail(table: &MailTable, password: Option<&str>) -> Result<SiteMail, (&'static str, String)> {
    let from = mailbox("from", &table.from)?;
    let reply_to = table.reply_to.as_deref().map(|text| mailbox("reply_to", text)).transpose()?;
    let server = ServerFields {
        smtp: &table.smtp,
        tls: table.tls,
        password: table.password.as_ref(),
        password_file: table.password_file.as_ref(),
        ca: table.ca.as_deref(),
        oauth: table.oauth.as_ref(),
    };
    let server = server.read(&from, password)?;
    let url = table.url.as_deref().map(public_url).transpose()?;
    let answers = answers(table)?.filter(|_| url.is_some());
    let smtp = SmtpMailer { from, reply_to, server };
    let bounces = table.bounces.clone().map(DestinationName::from);
    Ok(SiteMail { smtp, bounces, limits: table.limits, url, answers })
}

/// How answers are mailed.
fn answers(table: &MailTable) -> Result<Option<AnswerSettings>, (&'static str, String)> {
    let delay = table.answer_delay.as_deref().map_or(Some(ANSWER_DELAY), |text| {
        let delay: Duration = text.parse::<SignedDuration>().ok()?.try_into().ok()?;
        (delay <= ANSWER_DELAY_MAX).then_some(delay)
    });
    let delay = delay.ok_or_else(|| {
        let text = table.answer_delay.as_deref().unwrap_or_default();
        ("answer_delay", format!("{text:?} is not a duration of at most 24 hours, such as \"5 minutes\""))
    })?;
    if table.answers == AnswerPolicy::Always && table.url.is_none() {
        let message = "\"always\" requires url, the public address of the gateway, at which customers unsubscribe";
        return Err(("answers", message.into()));
    }
    Ok(Some(AnswerSettings { policy: table.answers, delay }))
}

fn tokens(table: &OAuthTable) -> Result<Tokens, (&'static str, String)> {
    let wrong = || ("oauth.token_url", "not the address of a token endpoint; use https://HOST/PATH".to_string());
    let token_url = Url::parse(&table.token_url).map_err(|_| wrong())?;
    let is_local = token_url.host_str().is_some_and(is_this_computer);
    if token_url.scheme() != "https" && !(token_url.scheme() == "http" && is_local) {
        return Err(wrong());
    }
    let read = |fields: [&'static str; 3], inline: &Option<SecretSource>, file: &Option<PathBuf>| {
        let [field, path, file_path] = fields;
        secret((field, inline.as_ref()), file.as_ref(), None)
            .map_err(|(wrong, message)| (if wrong == field { path } else { file_path }, message))
    };
    let client_secret = read(
        ["client_secret", "oauth.client_secret", "oauth.client_secret_file"],
        &table.client_secret,
        &table.client_secret_file,
    )?;
    let refresh_token = read(
        ["refresh_token", "oauth.refresh_token", "oauth.refresh_token_file"],
        &table.refresh_token,
        &table.refresh_token_file,
    )?;
    if client_secret.is_none() && refresh_token.is_none() {
        let message = "missing; an application that acts for itself needs client_secret, one that acts for a mailbox \
            needs refresh_token";
        return Err(("oauth.client_secret", message.into()));
    }
    let (client_id, scope) = (table.client_id.clone(), table.scope.clone());
    Ok(Tokens::new(Grant { token_url, client_id, client_secret, refresh_token, scope }))
}

/// The fields of a table that name a mail server.
pub struct ServerFields<'a> {
    /// `smtp://` or `smtps://`.
    pub smtp: &'a str,
    /// Whether it has to support TLS.
    pub tls: Option<Tls>,
    /// The password.
    pub password: Option<&'a SecretSource>,
    /// The file that holds the password.
    pub password_file: Option<&'a PathBuf>,
    /// The file with the CA of its certificate.
    pub ca: Option<&'a Path>,
    /// How access tokens for it are obtained.
    pub oauth: Option<&'a OAuthTable>,
}

impl ServerFields<'_> {
    /// The server that accepts mail from `from`, or the invalid field and the reason. `password` comes from the environment and wins.
    pub fn read(&self, from: &Mailbox, password: Option<&str>) -> Result<MailServer, (&'static str, String)> {
        let no_server = || ("smtp", NO_SERVER.to_string());
        let url = Url::parse(self.smtp).map_err(|_| no_server())?;
        let is_bare = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
        let host = url.host_str().unwrap_or_default().to_string();
        if !matches!(url.scheme(), "smtp" | "smtps") || host.is_empty() || !is_bare {
            return Err(no_server());
        }
        let login = self.login(&url, password)?;
        let security = self.security(&url, &host, login.is_some())?;
        let port = url.port().unwrap_or(match security {
            Security::Wrapper(_) => 465,
            Security::Required(_) | Security::Opportunistic(_) => 587,
            Security::None => 25,
        });
        Ok(MailServer::new((bare(&host), port), from.email.domain(), security, login))
    }

    fn login(&self, url: &Url, password: Option<&str>) -> Result<Option<Login>, (&'static str, String)> {
        let user = decoded(url.username());
        if let Some(table) = self.oauth {
            if url.password().is_some() || self.password.is_some() || self.password_file.is_some() {
                return Err(("oauth", "cannot be combined with a password; keep one of the two".into()));
            }
            if user.is_empty() {
                return Err((
                    "smtp",
                    "the user is missing; with oauth it is the mailbox, such as smtp://help%40example.com@HOST".into(),
                ));
            }
            return Ok(Some(Login::OAuth(user, tokens(table)?.into())));
        }
        let field = if self.password.is_some() { "password" } else { "password_file" };
        if url.password().is_some() && (self.password.is_some() || self.password_file.is_some()) {
            return Err((field, "cannot be combined with a password in smtp; keep one of the two".into()));
        }
        // A server without a user needs no password, and the variable for all sites does not concern it.
        let shared = password.filter(|_| !user.is_empty());
        let own = secret(("password", self.password), self.password_file, shared);
        let own = own.map_err(|(wrong, message)| {
            (if wrong == "password_file" { "password_file" } else { "password" }, message)
        })?;
        let password = own.or_else(|| url.password().map(decoded));
        match (user.is_empty(), password) {
            (true, None) => Ok(None),
            (false, Some(password)) => Ok(Some(Login::password(user, password))),
            (is_missing, _) => {
                let fault = if is_missing { "a password without a user" } else { "a user without a password" };
                let ways = "use USER:PASSWORD@, or USER@ with password, DESKBELL_SMTP_PASSWORD or oauth";
                Err(("smtp", format!("has {fault}; {ways}")))
            }
        }
    }

    /// The encryption of a connection: smtps from the first byte; smtp with STARTTLS, without which no password is sent, except to this
    /// computer.
    fn security(&self, url: &Url, host: &str, logs_in: bool) -> Result<Security, (&'static str, String)> {
        let is_local = is_this_computer(host);
        let host = bare(host);
        let required = || {
            let issuers = self.ca.map(read_text).transpose().map_err(|error| ("ca", error.to_string()))?;
            require_certificate(&host, issuers.as_deref()).map_err(|error| self.tls_error(&error))
        };
        let security = match (url.scheme(), self.tls) {
            ("smtps", Some(Tls::Opportunistic)) => {
                return Err(("tls", "can be used with smtp:// only; smtps:// always uses TLS".into()));
            }
            ("smtps", _) => Security::Wrapper(required()?),
            (_, Some(Tls::Required)) => Security::Required(required()?),
            (_, Some(Tls::Opportunistic)) if logs_in && !is_local => {
                return Err((
                    "tls",
                    "must be required if there is a login, because others could read it otherwise".into(),
                ));
            }
            (_, None) if is_local => Security::None,
            (_, None) if logs_in => Security::Required(required()?),
            (_, None | Some(Tls::Opportunistic)) => Security::Opportunistic(accept_any_certificate(&host)),
        };
        match (&security, self.ca) {
            (Security::None | Security::Opportunistic(_), Some(_)) => {
                Err(("ca", "requires tls = \"required\" or smtps://; otherwise any certificate is accepted".into()))
            }
            _ => Ok(security),
        }
    }

    /// The invalid field if TLS with a certificate is not possible.
    fn tls_error(&self, error: &TlsError) -> (&'static str, String) {
        match (error, self.ca) {
            (TlsError::Certificate(_), Some(path)) => {
                ("ca", format!("{}: {error}; use a file with PEM certificates", path.display()))
            }
            (_, Some(_)) => ("ca", error.to_string()),
            (_, None) => ("smtp", error.to_string()),
        }
    }
}

/// A part of an address with its %-encoding decoded; a plus sign is literal.
fn decoded(text: &str) -> String {
    let field = format!("x={}", text.replace('+', "%2B"));
    form_urlencoded::parse(field.as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}

/// An IPv6 host without the brackets that it has in an address.
fn bare(host: &str) -> String {
    host.trim_matches(['[', ']']).into()
}

/// Whether a host of an address is this computer.
pub fn is_this_computer(host: &str) -> bool {
    matches!(host, "localhost" | "127.0.0.1" | "[::1]")
}

/// An e-mail address, with or without a name, or the invalid field and the reason.
pub fn mailbox(field: &'static str, text: &str) -> Result<Mailbox, (&'static str, String)> {
    let no_address = |_| {
        (field, format!("{text:?} is not an address; use support@example.com or \"Support <support@example.com>\""))
    };
    text.parse().map_err(no_address)
}

/// The public address of the gateway, with a slash at its end.
fn public_url(text: &str) -> Result<Url, (&'static str, String)> {
    let wrong = || ("url", format!("{text:?} is not the address of the gateway; use https://help.example.com"));
    let mut url = Url::parse(text).map_err(|_| wrong())?;
    if !matches!(url.scheme(), "https" | "http") || url.query().is_some() || url.fragment().is_some() {
        return Err(wrong());
    }
    if !url.path().ends_with('/') {
        url.set_path(&[url.path(), "/"].concat());
    }
    Ok(url)
}
