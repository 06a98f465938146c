//! How a site sends e-mail, as configured.

use std::fmt;
use std::path::PathBuf;

use serde::Deserialize;

use super::secrets::SecretSource;
use deskbell_core::ports::MailLimits;
use deskbell_core::rules::answer_mail::AnswerPolicy;

/// The table `mail` of a site.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailTable {
    pub(crate) smtp: String,
    pub(crate) password: Option<SecretSource>,
    pub(crate) password_file: Option<PathBuf>,
    pub(crate) from: String,
    pub(crate) reply_to: Option<String>,
    pub(crate) bounces: Option<String>,
    pub(crate) tls: Option<Tls>,
    pub(crate) ca: Option<PathBuf>,
    pub(crate) oauth: Option<OAuthTable>,
    #[serde(default)]
    pub(crate) limits: MailLimits,
    pub(crate) url: Option<String>,
    #[serde(default)]
    pub(crate) answers: AnswerPolicy,
    pub(crate) answer_delay: Option<String>,
}

/// Whether a server with an `smtp://` address has to support TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tls {
    /// It has to, with a certificate for its name; otherwise nothing is sent to it.
    Required,
    /// It may, with any certificate (RFC 7435). Somebody on the network can prevent TLS and read the mail, so no login is allowed.
    Opportunistic,
}

impl fmt::Debug for MailTable {
    /// Omits the password, which must not be logged.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MailTable({:?})", self.from)
    }
}

/// The table `oauth` of a mail server: how the gateway gets tokens for it.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OAuthTable {
    pub(crate) token_url: String,
    pub(crate) client_id: String,
    pub(crate) client_secret: Option<SecretSource>,
    pub(crate) client_secret_file: Option<PathBuf>,
    pub(crate) refresh_token: Option<SecretSource>,
    pub(crate) refresh_token_file: Option<PathBuf>,
    pub(crate) scope: Option<String>,
}
