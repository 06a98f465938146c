//! A mailbox as a destination, created from its table in the configuration.

use super::mail::{ServerFields, mailbox};
use crate::config::{EmailTable, secret, secret_field};
use ::mail::Mailbox;
use ::mail::{AgentAddresses, MailDestination, ReplyAddress, SupportAddresses};
use standard_webhooks::{SECRET_FORM, Secret};

/// The mailbox of a table, or the invalid field and the reason. `password` comes from the environment and wins.
pub fn destination(table: &EmailTable, password: Option<&str>) -> Result<MailDestination, (String, String)> {
    let named = |(field, message): (&str, String)| (field.to_string(), message);
    let to = mailbox("mailbox", &table.mailbox).map_err(named)?;
    let from = mailbox("from", &table.from).map_err(named)?;
    let server = ServerFields {
        smtp: &table.smtp,
        tls: table.tls,
        password: table.password.as_ref(),
        password_file: table.password_file.as_ref(),
        ca: table.ca.as_deref(),
        oauth: table.oauth.as_ref(),
    };
    let server = server.read(&from, password).map_err(named)?;
    let agents = match &table.agents {
        None => AgentAddresses::of_desk(&to.email),
        Some(list) => AgentAddresses::parse(list).map_err(|entry| {
            let message = format!(
                "{entry:?} is not a sender; use ana@desk.example.com, or *@desk.example.com for a whole domain"
            );
            ("agents".to_string(), message)
        })?,
    };
    let reply = reply(table)?;
    let support = support(table, &to, reply.is_some())?;
    if table.bounces && reply.is_none() {
        return Err(("bounces".into(), "requires reply_address, at which bounces arrive".into()));
    }
    let EmailTable { bounces, unverified, mails_requester, .. } = *table;
    Ok(MailDestination { mailbox: to, from, server, reply, bounces, agents, support, unverified, mails_requester })
}

/// The addresses for new tickets. They need the reply address, at whose webhook their mail arrives.
fn support(table: &EmailTable, desk: &Mailbox, has_reply: bool) -> Result<SupportAddresses, (String, String)> {
    let wrong = |message: String| ("support_addresses".to_string(), message);
    let support = SupportAddresses::parse(&table.support_addresses)
        .map_err(|entry| wrong(format!("{entry:?} is not an address; use support@example.com")))?;
    if !support.is_empty() && !has_reply {
        return Err(wrong("requires reply_address, whose webhook receives their mail".into()));
    }
    if support.include(desk.email.as_ref()) {
        let message = "cannot contain mailbox: each ticket is mailed there, and would come back as another ticket";
        return Err(wrong(message.into()));
    }
    if table.reply_address.as_deref().is_some_and(|reply| support.include(reply)) {
        return Err(wrong("cannot contain reply_address, which is for replies to tickets".into()));
    }
    Ok(support)
}

fn reply(table: &EmailTable) -> Result<Option<ReplyAddress>, (String, String)> {
    let text = secret(("webhook_secret", table.webhook_secret.as_ref()), table.webhook_secret_file.as_ref(), None)?;
    let field = secret_field("webhook_secret", "webhook_secret_file", table.webhook_secret_file.as_ref());
    let wrong = |field: &str, message: String| (field.to_string(), message);
    match (&table.reply_address, text) {
        (None, None) => Ok(None),
        (None, Some(_)) => Err(wrong("reply_address", "missing; webhook_secret has no effect without it".into())),
        (Some(_), None) => Err(wrong("webhook_secret", format!("missing; {SECRET_FORM}"))),
        (Some(address), Some(text)) => {
            let secret = Secret::read(&text).map_err(|message| wrong(field, message))?;
            Ok(Some(ReplyAddress::new(address, secret).map_err(|message| wrong("reply_address", message))?))
        }
    }
}
