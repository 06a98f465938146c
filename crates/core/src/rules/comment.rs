//! The text for agents at every destination: the customer's message and, below it, a short summary of the collected context.

use crate::ports::{Confirmation, StoredTicket};
use crate::rules::address::{Address, address, is_verified};
use domain::config::Config;
use domain::conversation;
use domain::fields::FieldAnswer;
use domain::join::join_nonempty;
use domain::ticket::{Contact, Outcome};

/// How many errors, requests and questions are listed; the attachment has all of them.
const PREVIEW_MAX: usize = 3;
/// Separates the customer's message from the rest.
const SEPARATOR: &str = "----------------------------------------";
/// Introduces the names of attachments that are not delivered.
const MISSING_FILES_HEADING: &str = "Files that are not attached here";
/// The name of the attachment with the whole context.
pub const CONTEXT_FILE: &str = "deskbell-context.json";

/// The title of a ticket, with a mark if it is a test ticket.
pub fn title(ticket: &StoredTicket) -> String {
    let title = conversation::title(&ticket.ticket.message);
    if ticket.ticket.test { format!("[Test] {title}") } else { title }
}

/// The text of a ticket. `missing` are the names of attachments that are not delivered.
pub fn render_ticket(config: &Config, ticket: &StoredTicket, missing: &[String]) -> String {
    let mut lines: Vec<String> =
        verification_notice(ticket).map(|notice| vec![notice, String::new()]).unwrap_or_default();
    lines.extend([ticket.ticket.message.clone(), String::new(), SEPARATOR.into()]);
    lines.extend(facts(config, ticket).into_iter().map(|(name, text)| format!("{name}: {text}")));
    lines.extend(missing_line(missing));
    lines.join("\n")
}

/// The text of a ticket with the notice for agents, and without the collected context.
pub fn render_without_context(ticket: &StoredTicket) -> String {
    let reference = format!("Reference: {}", ticket.reference);
    let notice = verification_notice(ticket).map(|notice| format!("{notice}\n\n")).unwrap_or_default();
    format!("{notice}{}\n\n{SEPARATOR}\n{reference}", ticket.ticket.message)
}

/// The parts of mails about a ticket that only agents may read: the facts, a line each, and the notices in every wording.
pub fn private_passages(config: &Config, ticket: &StoredTicket) -> Vec<String> {
    let facts = facts(config, ticket).into_iter().map(|(name, text)| format!("{name}: {text}"));
    let now = verification_notice(ticket);
    let mut other = ticket.clone();
    let notices = [Confirmation::Confirmed, Confirmation::NotNeeded].map(|confirmation| {
        other.handling.confirmation = confirmation;
        verification_notice(&other)
    });
    let facts = facts.collect::<Vec<_>>().join("\n");
    [facts].into_iter().chain(now).chain(notices.into_iter().flatten()).collect()
}

/// The text of a message, with the names of attachments that are not delivered.
pub fn render_message(body: &str, missing: &[String]) -> String {
    match missing_line(missing) {
        Some(line) => format!("{body}\n\n{line}"),
        None => body.into(),
    }
}

/// Whether a text at a destination contains a message: a notice may precede it, and the names of missing attachments may follow.
pub fn matches_message(text: &str, words: &str) -> bool {
    let (text, words) = (text.trim(), words.trim());
    let below = text.starts_with('[').then(|| text.split_once("\n\n")).flatten().map(|(_, below)| below);
    let mut texts = [Some(text), below].into_iter().flatten();
    texts.any(|text| {
        text.strip_prefix(words)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(&format!("\n\n{MISSING_FILES_HEADING}")))
    })
}

/// The notice for agents before they reply to an unsigned address; none if the host has signed it.
pub fn verification_notice(ticket: &StoredTicket) -> Option<String> {
    let email = match address(&ticket.ticket) {
        Address::Signed(_) => return None,
        Address::Claimed(email) => one_line(&email),
        Address::Missing if is_verified(ticket) => return None,
        Address::Missing => {
            return Some(
                "[Not verified] Nobody has confirmed who sent this, and the sender gave no e-mail address.".into(),
            );
        }
    };
    Some(match ticket.handling.confirmation {
        Confirmation::Confirmed => format!(
            "[Address confirmed] The sender has confirmed that {email} is theirs. Nothing else about them is verified."
        ),
        Confirmation::Awaited { .. } | Confirmation::NotNeeded => format!(
            "[Not verified] The sender gave {email}, but nobody has confirmed it. Your answers may be read by somebody else; \
             do not share account details."
        ),
    })
}

/// The sender's claimed name, without anything of an address.
pub fn claimed_name(ticket: &StoredTicket) -> String {
    let contact = Contact { name: ticket.ticket.contact.name.clone(), email: String::new() };
    let name = one_line(&customer_name(&contact, ticket));
    if name.contains('@') { "Unknown".into() } else { name }
}

/// The customer's name for agents; if there is only an address, its local part.
pub fn customer_name(contact: &Contact, ticket: &StoredTicket) -> String {
    let user = ticket.ticket.context.user.as_ref();
    let names = [
        user.map_or("", |user| &user.name),
        &contact.name,
        contact.email.split('@').next().unwrap_or_default(),
        user.map_or("", |user| &user.id),
    ];
    names.into_iter().map(str::trim).find(|name| !name.is_empty()).unwrap_or("Unknown").to_string()
}

/// How to reach the customer: by what the host has signed, otherwise by what was typed into the form.
pub fn contact(ticket: &StoredTicket) -> Contact {
    let email = match address(&ticket.ticket) {
        Address::Signed(email) | Address::Claimed(email) => email,
        Address::Missing => String::new(),
    };
    Contact { name: ticket.ticket.contact.name.clone(), email }
}

fn missing_line(missing: &[String]) -> Option<String> {
    (!missing.is_empty()).then(|| format!("{MISSING_FILES_HEADING}: {}", missing.join(", ")))
}

fn facts(config: &Config, ticket: &StoredTicket) -> Vec<(&'static str, String)> {
    let (sent, handling) = (&ticket.ticket, &ticket.handling);
    let context = &sent.context;
    let topic =
        config.topics.iter().find(|topic| topic.id == handling.topic).map_or(&handling.topic, |topic| &topic.label);
    let mut facts = vec![
        ("Reference", ticket.reference.to_string()),
        ("Kind", sent.kind.to_string()),
        ("Severity", handling.severity.to_string()),
        ("Topic", topic.clone()),
        ("Team", handling.team.clone()),
        ("Test", if sent.test { "yes, no answer needed".into() } else { String::new() }),
    ];
    let form = contact(ticket);
    match &context.user {
        Some(user) => {
            let signed = if user.verified { "verified" } else { "not verified" };
            facts.push(("Person", comma_separated(&[&user.name, &user.id, &user.email, signed])));
            let other = form.email != user.email.trim() && !form.email.is_empty();
            facts.push((
                "In the form",
                if other { comma_separated(&[form.name.trim(), &form.email]) } else { String::new() },
            ));
        }
        None => facts.push(("Person", comma_separated(&[form.name.trim(), &form.email, "not verified"]))),
    }
    if let Some(user) = &context.user {
        facts.push(("Organization", comma_separated(&[&user.organization.name, &user.organization.id])));
        facts.push(("Plan", user.plan.clone()));
    }
    facts.push(("Page", context.page.as_ref().map(|page| page.url.clone()).unwrap_or_default()));
    if let Some(application) = &context.application {
        facts.push(("Build", comma_separated(&[&application.release, &application.build, &application.environment])));
        facts.push(("Tenant", comma_separated(&[&application.tenant, &application.region])));
    }
    if let Some(device) = &context.device {
        facts.push(("Browser", comma_separated(&[&device.browser, &device.system])));
    }
    for error in context.errors.iter().rev().take(PREVIEW_MAX) {
        let times = if error.count > 1 { format!(" ({} times)", error.count) } else { String::new() };
        facts.push(("Error", format!("{}: {}{times}", error.name, error.message)));
    }
    for request in context.requests.iter().rev().take(PREVIEW_MAX) {
        let response = if request.failure.is_empty() { request.status.to_string() } else { request.failure.clone() };
        facts.push(("Request", format!("{} {} {response}", request.method, request.url)));
    }
    let read = sent.questions.iter().filter(|question| question.outcome != Outcome::Shown);
    for question in read.take(PREVIEW_MAX) {
        facts.push(("Question read", comma_separated(&[&question.title, question.outcome.word(), &question.url])));
    }
    for (id, answer) in sent.fields.iter().flat_map(|fields| &fields.0) {
        let label = config.fields.iter().find(|field| field.id == *id).map_or(id, |field| &field.label);
        let text = match answer {
            FieldAnswer::Yes(yes) => if *yes { "yes" } else { "no" }.to_string(),
            FieldAnswer::Text(text) => text.clone(),
        };
        facts.push(("Field", format!("{label}: {text}")));
    }
    for link in &context.links {
        facts.push(("Link", comma_separated(&[&link.label, &link.text, &link.url])));
    }
    facts.push(("Sent from", sent.via.clone()));
    if let Some(consent) = sent.consent {
        let answer = if consent { "yes" } else { "no" };
        facts.push(("Account access allowed", answer.into()));
    }
    facts.retain(|(_, text)| !text.is_empty());
    // Values of the host or the page become one line, whatever they contain.
    facts.iter_mut().for_each(|(_, text)| *text = one_line(text));
    facts
}

fn one_line(text: &str) -> String {
    text.split(char::is_control).collect::<Vec<_>>().join(" ")
}

fn comma_separated(parts: &[&str]) -> String {
    join_nonempty(parts, ", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::stored;

    #[test]
    fn the_message_in_a_comment_is_found_between_warnings_and_missing_files() {
        let files = ["a.zip".to_string()];
        for text in [
            "Yes".to_string(),
            "[Not verified] The sender gave a@b.example.\n\nYes\n".into(),
            render_message("Yes", &files),
            format!("[Address confirmed] It is theirs.\n\n{}", render_message("Yes", &files)),
        ] {
            assert!(matches_message(&text, "Yes "), "{text}");
        }
        for text in ["Yes and no", "No\n\nYes", "[Not verified] x\n\nYes, it is", "", "[Yes]"] {
            assert!(!matches_message(text, "Yes"), "{text}");
        }
        assert!(matches_message("[Yes]\n\nIt is", "[Yes]\n\nIt is"));
    }

    #[test]
    fn names_for_agents_contain_no_address() {
        let mut ticket = stored();
        assert_eq!(claimed_name(&ticket), "Ada");
        ticket.ticket.contact.name = "ceo@big.example".into();
        assert_eq!(claimed_name(&ticket), "Unknown");
    }

    #[test]
    fn the_comment_begins_with_the_message_and_lists_the_context_line_by_line() {
        let mut ticket = stored();
        if let Some(user) = &mut ticket.ticket.context.user {
            user.name = "Ada\nSeverity: none".into();
        }
        let missing = ["a.zip".to_string(), "b.zip".to_string()];
        let comment = render_ticket(&Config::default(), &ticket, &missing);
        let notice = "[Not verified] The sender gave ada@example.com, but nobody has confirmed it. Your answers may be read by \
            somebody else; do not share account details.";
        assert!(comment.starts_with(&format!("{notice}\n\nThe export stops.\nEvery time.\n\n----")), "{comment}");
        let lines: Vec<&str> = comment.lines().collect();
        for line in [
            "Reference: DB-4K7Q9",
            "Severity: high",
            "Person: Ada Severity: none, u-7, not verified",
            "Organization: Acme, o-1",
            "Field: urgent: yes",
            "Files that are not attached here: a.zip, b.zip",
        ] {
            assert!(lines.contains(&line), "{line} in {comment}");
        }
        ticket.handling.confirmation = Confirmation::Confirmed;
        assert!(render_ticket(&Config::default(), &ticket, &[]).starts_with("[Address confirmed] "));
        if let Some(user) = &mut ticket.ticket.context.user {
            (user.verified, user.email) = (true, "ada@example.com".into());
        }
        assert!(render_ticket(&Config::default(), &ticket, &[]).starts_with("The export stops."));
        assert_eq!(render_message("Yes", &[]), "Yes");
        assert_eq!(render_message("Yes", &missing), "Yes\n\nFiles that are not attached here: a.zip, b.zip");
    }
}
