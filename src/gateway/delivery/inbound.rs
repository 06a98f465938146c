//! What becomes of a mail about a ticket: support's answer, the customer's, or a note that only agents read.

use super::follow::Stored;
use super::{InboundFile, InboundMail, Saying, follow};
use crate::domain::conversation::{Author, Turn};
use crate::domain::ticket::Status;
use crate::gateway::app::App;
use crate::gateway::identity::{Address, address, mailbox};
use crate::gateway::store::{Act, Change, Changed, CurrentTicket, Decision, Deed, StoreError, StoredTicket};
use crate::gateway::tickets::limits::check_mailed_note;
use crate::gateway::{attachments, clock, markdown};

/// Takes in a mail that came to a destination; the same Message-ID is taken in once.
pub async fn take_in(app: &App, ticket: &StoredTicket, from: &str, mail: InboundMail) -> Result<Stored, StoreError> {
    match author(ticket, &mail) {
        Some(author) => say(app, ticket, from, mail, author).await,
        None => note(app, ticket, from, &mail).await,
    }
}

/// Who says what a mail says; nobody that the customer could take it from, where its sender is neither an agent nor the customer, or where
/// its receiver has not found that it is from there.
fn author(ticket: &StoredTicket, mail: &InboundMail) -> Option<Author> {
    if mail.authenticated != Some(true) || mail.from.is_empty() {
        return None;
    }
    if mail.from_agent {
        return Some(Author::Support);
    }
    match address(&ticket.ticket) {
        Address::Signed(own) | Address::Claimed(own) if mailbox(&own) == mailbox(&mail.from) => Some(Author::Customer),
        _ => None,
    }
}

async fn say(
    app: &App,
    ticket: &StoredTicket,
    from: &str,
    mail: InboundMail,
    author: Author,
) -> Result<Stored, StoreError> {
    let is_support = author == Author::Support;
    let mut saying = Saying {
        remote: mail.message_id,
        author,
        name: mail.name,
        body: if is_support { mail.markdown } else { mail.text },
        at: mail.at,
    };
    if app.store.said(&ticket.id, &follow::key(from, &saying)).await?.is_some() {
        return Ok(Stored::Done);
    }
    let (ids, missing) = keep_files(app, ticket, mail.files).await;
    if !missing.is_empty() || mail.more_files > 0 {
        let line = named(&missing, mail.more_files);
        let line = if is_support { markdown::escaped(&line) } else { line };
        saying.body = format!("{}\n\n({line})", saying.body).trim().to_string();
    }
    follow::store_reply(app, ticket, from, &saying, ids).await
}

async fn note(app: &App, ticket: &StoredTicket, from: &str, mail: &InboundMail) -> Result<Stored, StoreError> {
    let sender = [mail.name.as_str(), mail.from.as_str()];
    let sender = sender.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ");
    let why = if mail.authenticated == Some(true) {
        "the sender is neither an agent nor the customer"
    } else {
        "it is not authenticated, so anybody may have sent it"
    };
    let mut text = format!("By e-mail. The customer does not see this: {why}.\n\n{}", mail.text);
    let files: Vec<&str> = mail.files.iter().map(|file| file.name.as_str()).collect();
    if !files.is_empty() || mail.more_files > 0 {
        text = format!("{}\n\n({})", text.trim_end(), named(&files, mail.more_files));
    }
    let operator = if sender.is_empty() { "Unknown sender, by e-mail".into() } else { sender };
    let deed = Deed { operator, act: Act::Noted, text, at: mail.at.clone() };
    let key = format!("{from} {}", mail.message_id);
    let decide = |current: &CurrentTicket| noted(current, &deed, &key);
    let (reference, is_authenticated) = (&ticket.reference, mail.authenticated == Some(true));
    match app.store.change(&ticket.id, &clock::now(), None, &decide).await? {
        Changed::Written(changed, _) => {
            tracing::warn!(reference, is_authenticated, "mail stored as an internal note");
            app.live.changed(*changed);
            Ok(Stored::Done)
        }
        Changed::Refused(limit) => {
            tracing::warn!(reference, is_authenticated, ?limit, "mail rejected");
            Ok(Stored::Refused(limit))
        }
        _ => Ok(Stored::Done),
    }
}

/// A ticket with a note that came by mail, which is for agents to read and to act on.
fn noted(current: &CurrentTicket, deed: &Deed, key: &str) -> Decision {
    if let Err(limit) = check_mailed_note(current) {
        return Decision::Refuse(limit);
    }
    let mut change = current.unchanged();
    let handling = &mut change.ticket.handling;
    handling.updated_at = handling.updated_at.clone().max(deed.at.clone());
    if current.ticket.status == Status::Open {
        handling.turn = Turn::Support;
    }
    Change { activity: Some(deed.clone()), activity_key: Some(key.into()), ..change }.into()
}

/// Keeps the files of a mail for the customer; the names of those that are not kept.
async fn keep_files(app: &App, ticket: &StoredTicket, files: Vec<InboundFile>) -> (Vec<String>, Vec<String>) {
    let (mut ids, mut missing) = (Vec::new(), Vec::new());
    let Some(site) = app.site(&ticket.site) else { return (ids, missing) };
    let rules = &site.config.attachments;
    for InboundFile { name, bytes } in files {
        let fits = |bytes: &Vec<u8>| ids.len() < rules.max_count as usize && bytes.len() <= rules.max_bytes as usize;
        let kept = match bytes.filter(fits) {
            Some(bytes) => attachments::bring(app, site, ticket, &name, bytes).await.map_err(|error| error.to_string()),
            None => Err("it is no base64, too large, or one too many".to_string()),
        };
        match kept {
            Ok(id) => ids.push(id),
            Err(reason) => {
                tracing::warn!(reference = ticket.reference, reason, "file of a mail not kept");
                missing.push(name);
            }
        }
    }
    (ids, missing)
}

/// Names files that are not kept; `more` are those beyond them.
fn named<T: AsRef<str>>(names: &[T], more: usize) -> String {
    let more = (more > 0).then(|| format!("{more} more"));
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).chain(more.as_deref()).collect();
    format!("Files that were not taken in: {}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::domain::context::User;
    use crate::gateway::delivery::comment::tests::stored;

    #[test]
    fn only_an_authenticated_agent_is_support_and_only_the_authenticated_owner_the_customer() {
        let mut ticket = stored();
        let mail = |from: &str, from_agent, authenticated| InboundMail {
            message_id: "<m>".into(),
            from: from.into(),
            name: String::new(),
            authenticated: Some(authenticated),
            from_agent,
            text: "x".into(),
            markdown: "x".into(),
            files: Vec::new(),
            more_files: 0,
            at: String::new(),
        };
        let (support, customer) = (Some(Author::Support), Some(Author::Customer));
        for (from, from_agent, authenticated, expected) in [
            ("ana@desk.example", true, true, support),
            ("ana@desk.example", true, false, None),
            ("Ada@Example.com", false, true, customer),
            ("ada@example.com", false, false, None),
            ("eve@example.com", false, true, None),
            ("", true, true, None),
        ] {
            assert_eq!(author(&ticket, &mail(from, from_agent, authenticated)), expected, "{from} {authenticated}");
        }
        // Whom the host has signed has one address, whatever the form says.
        let user = User { verified: true, email: "real@example.com".into(), ..User::default() };
        ticket.ticket.context.user = Some(user);
        assert_eq!(author(&ticket, &mail("ada@example.com", false, true)), None);
        assert_eq!(author(&ticket, &mail("real@example.com", false, true)), customer);
    }
}
