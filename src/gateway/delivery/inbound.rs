//! What becomes of a mail about a ticket: support's answer, the customer's, or a note that only agents read.

use super::{InboundFile, InboundMail, Saying, follow};
use crate::domain::conversation::Author;
use crate::gateway::app::App;
use crate::gateway::attachments;
use crate::gateway::identity::{Address, address, mailbox};
use crate::gateway::store::{Act, Deed, StoreError, StoredTicket};

/// Takes in a mail that came to a destination; the same Message-ID is taken in once.
pub async fn take_in(app: &App, ticket: &StoredTicket, from: &str, mail: InboundMail) -> Result<(), StoreError> {
    match author(ticket, &mail) {
        Some(author) => say(app, ticket, from, mail, author).await,
        None => note(app, ticket, from, &mail).await,
    }
}

/// Who says what a mail says; nobody that the customer could take it from, where its sender is neither an agent nor the customer, or where
/// its receiver has not found that it is from there.
fn author(ticket: &StoredTicket, mail: &InboundMail) -> Option<Author> {
    if !mail.authenticated || mail.from.is_empty() {
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
) -> Result<(), StoreError> {
    let is_support = author == Author::Support;
    let mut saying = Saying {
        remote: mail.message_id,
        author,
        name: mail.name,
        body: if is_support { mail.markdown } else { mail.text },
        at: mail.at,
    };
    if app.store.said(&ticket.id, &follow::key(from, &saying)).await?.is_some() {
        return Ok(());
    }
    let (ids, missing) = keep_files(app, ticket, mail.files).await;
    if !missing.is_empty() {
        let line = named(&missing);
        let line = if is_support { escaped(&line) } else { line };
        saying.body = format!("{}\n\n({line})", saying.body).trim().to_string();
    }
    follow::take_in(app, ticket, from, &saying, ids).await
}

async fn note(app: &App, ticket: &StoredTicket, from: &str, mail: &InboundMail) -> Result<(), StoreError> {
    let sender = [mail.name.as_str(), mail.from.as_str()];
    let sender = sender.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ");
    let why = if mail.authenticated {
        "its sender is neither one of agents nor the customer"
    } else {
        "it is not authenticated, so it may be from anybody"
    };
    let mut text = format!("By e-mail. The customer does not see this: {why}.\n\n{}", mail.text);
    let files: Vec<&str> = mail.files.iter().map(|file| file.name.as_str()).collect();
    if !files.is_empty() {
        text = format!("{}\n\n({})", text.trim_end(), named(&files));
    }
    let operator = if sender.is_empty() { "Somebody by e-mail".into() } else { sender };
    let deed = Deed { operator, act: Act::Noted, text, at: mail.at.clone() };
    tracing::warn!(reference = ticket.reference, authenticated = mail.authenticated, "mail kept as an internal note");
    app.store.keep_note(&ticket.id, &format!("{from} {}", mail.message_id), &deed).await
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

fn named<T: AsRef<str>>(names: &[T]) -> String {
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    format!("Files that were not taken in: {}", names.join(", "))
}

/// A text that Markdown leaves as it is.
fn escaped(text: &str) -> String {
    text.chars().flat_map(|c| "\\`*_[]<>#!~".contains(c).then_some('\\').into_iter().chain([c])).collect()
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
            authenticated,
            from_agent,
            text: "x".into(),
            markdown: "x".into(),
            files: Vec::new(),
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
