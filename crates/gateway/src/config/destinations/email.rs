//! A mailbox, as configured.

use std::path::PathBuf;

use serde::Deserialize;

use super::super::mail::{OAuthTable, Tls};
use super::super::secrets::SecretSource;
use deskbell_core::rules::sender::Unverified;

/// The table of a destination with `to = "email"`; `crates/gateway/src/deskbell.example.toml` documents its fields.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmailTable {
    pub(crate) mailbox: String,
    pub(crate) from: String,
    pub(crate) smtp: String,
    pub(crate) password: Option<SecretSource>,
    pub(crate) password_file: Option<PathBuf>,
    pub(crate) tls: Option<Tls>,
    pub(crate) ca: Option<PathBuf>,
    pub(crate) oauth: Option<OAuthTable>,
    #[serde(default)]
    pub(crate) unverified: Unverified,
    pub(crate) mails_requester: Option<bool>,
    pub(crate) reply_address: Option<String>,
    #[serde(default)]
    pub(crate) support_addresses: Vec<String>,
    #[serde(default)]
    pub(crate) bounces: bool,
    pub(crate) webhook_secret: Option<SecretSource>,
    pub(crate) webhook_secret_file: Option<PathBuf>,
    pub(crate) agents: Option<Vec<String>>,
}

impl std::fmt::Debug for EmailTable {
    /// Omits the secrets, which must not be logged.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "EmailTable({:?})", self.mailbox)
    }
}
