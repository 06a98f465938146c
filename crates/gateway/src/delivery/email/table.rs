//! A mailbox, as it stands in the file.

use std::path::PathBuf;
use std::sync::Arc;

use serde::Deserialize;

use super::super::signature::{SECRET_FORM, Secret};
use super::super::{Destination, Unverified};
use super::Email;
use super::reply::ReplyAddress;
use super::senders::Agents;
use crate::settings::{OAuthTable, ServerFields, Tls, mailbox, secret};

/// The table of a destination with `to = "email"`; `crates/gateway/src/deskbell.example.toml` says what each field is for.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmailTable {
    mailbox: String,
    from: String,
    smtp: String,
    password_file: Option<PathBuf>,
    tls: Option<Tls>,
    ca: Option<PathBuf>,
    oauth: Option<OAuthTable>,
    #[serde(default)]
    unverified: Unverified,
    reply_address: Option<String>,
    #[serde(default)]
    bounces: bool,
    webhook_secret: Option<String>,
    webhook_secret_file: Option<PathBuf>,
    agents: Option<Vec<String>>,
}

impl std::fmt::Debug for EmailTable {
    /// Without its secrets, which must not end up in a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "EmailTable({:?})", self.mailbox)
    }
}

impl EmailTable {
    /// The mailbox, or the field that is wrong and why. `password` comes from the environment and wins.
    pub fn read(&self, password: Option<&str>) -> Result<Arc<dyn Destination>, (String, String)> {
        Ok(Arc::new(self.email(password)?))
    }

    /// The same, as what it is.
    pub fn email(&self, password: Option<&str>) -> Result<Email, (String, String)> {
        let named = |(field, message): (&str, String)| (field.to_string(), message);
        let to = mailbox("mailbox", &self.mailbox).map_err(named)?;
        let from = mailbox("from", &self.from).map_err(named)?;
        let server = ServerFields {
            smtp: &self.smtp,
            tls: self.tls,
            password_file: self.password_file.as_deref(),
            ca: self.ca.as_deref(),
            oauth: self.oauth.as_ref(),
        };
        let server = server.read(&from, password).map_err(named)?;
        let agents = match &self.agents {
            None => Agents::of_desk(&to.email),
            Some(list) => Agents::read(list).map_err(|entry| {
                let message = format!(
                    "{entry:?} is no sender; write ana@desk.example.com, or *@desk.example.com for a whole domain"
                );
                ("agents".to_string(), message)
            })?,
        };
        let reply = self.reply()?;
        if self.bounces && reply.is_none() {
            return Err(("bounces".into(), "needs reply_address, at which they come back".into()));
        }
        let (bounces, unverified) = (self.bounces, self.unverified);
        Ok(Email { mailbox: to, from, server, reply, bounces, agents, unverified })
    }

    fn reply(&self) -> Result<Option<ReplyAddress>, (String, String)> {
        let text = secret(("webhook_secret", self.webhook_secret.as_deref()), self.webhook_secret_file.as_ref(), None)?;
        let field = if self.webhook_secret_file.is_some() { "webhook_secret_file" } else { "webhook_secret" };
        let wrong = |field: &str, message: String| (field.to_string(), message);
        match (&self.reply_address, text) {
            (None, None) => Ok(None),
            (None, Some(_)) => {
                Err(wrong("reply_address", "is missing; answers come back only where they are written to".into()))
            }
            (Some(_), None) => Err(wrong("webhook_secret", format!("is missing; {SECRET_FORM}"))),
            (Some(address), Some(text)) => {
                let secret = Secret::read(&text).map_err(|message| wrong(field, message))?;
                Ok(Some(ReplyAddress::new(address, secret).map_err(|message| wrong("reply_address", message))?))
            }
        }
    }
}
