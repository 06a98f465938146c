//! Values in words that an operator reads.

use jiff::Timestamp;
use maud::{Markup, html};

use super::super::app::App;
use super::super::store::StoredTicket;
use crate::domain::markdown;
use crate::domain::targets::{HOURS_A_DAY, Owner, Target};
use crate::domain::ticket::{Kind, Outcome, Severity};

/// A kind.
pub fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Question => "Question",
        Kind::Bug => "Bug",
        Kind::Feedback => "Feedback",
    }
}

/// A severity.
pub fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "Critical",
        Severity::High => "High",
        Severity::Medium => "Medium",
        Severity::Low => "Low",
    }
}

/// What came of a question.
pub fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Shown => "Shown",
        Outcome::Opened => "Opened",
        Outcome::Unhelpful => "Did not help",
    }
}

/// What was promised.
pub fn target(target: Option<Target>) -> String {
    let Some(Target { hours, owner, .. }) = target else { return "None promised".into() };
    let owner = match owner {
        Owner::Cs => "customer success",
        Owner::SupportEngineer => "support engineer",
        Owner::SupportHero => "support hero",
        Owner::Automated => return "Automatic, from the community".into(),
    };
    let (count, unit) = match hours {
        hours if hours > 0 && hours % HOURS_A_DAY == 0 => (hours / HOURS_A_DAY, "business day"),
        hours => (hours, "business hour"),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural}, {owner}")
}

/// The name of a ticket's topic, where the site still has it; otherwise its id.
pub fn topic<'a>(app: &'a App, ticket: &'a StoredTicket) -> &'a str {
    let id = ticket.ticket.topic.as_str();
    let topics = app.site(&ticket.site).map(|site| site.config.topics.as_slice()).unwrap_or_default();
    topics.iter().find(|topic| topic.id == id).map_or(id, |topic| &topic.label)
}

/// The team that owns a ticket's topic; empty where none does.
pub fn team<'a>(app: &'a App, ticket: &StoredTicket) -> &'a str {
    let topics = app.site(&ticket.site).map(|site| site.config.topics.as_slice()).unwrap_or_default();
    topics.iter().find(|topic| topic.id == ticket.ticket.topic).map_or("", |topic| &topic.team)
}

/// What to call the person; what the host says wins over what was typed.
pub fn person(ticket: &StoredTicket) -> &str {
    let contact = &ticket.ticket.contact;
    let (name, email, id) = match &ticket.ticket.context.user {
        Some(user) => (user.name.as_str(), user.email.as_str(), user.id.as_str()),
        None => ("", "", ""),
    };
    let names = [name, contact.name.as_str(), contact.email.as_str(), email, id];
    names.into_iter().find(|name| !name.trim().is_empty()).unwrap_or("Unknown person")
}

/// The plan that the page claims; empty where it claims none.
pub fn plan(ticket: &StoredTicket) -> &str {
    ticket.ticket.context.user.as_ref().map_or("", |user| &user.plan)
}

/// A time that came from anywhere.
pub fn time(text: &str) -> Markup {
    match text.parse::<Timestamp>() {
        Ok(time) => html! { time datetime=(text) { (time.strftime("%-d %b %Y, %H:%M UTC")) } },
        Err(_) => html! { (text) },
    }
}

/// An address that came from anywhere: a link where it leads into the web, otherwise text.
pub fn address(url: &str) -> Markup {
    let lower = url.to_ascii_lowercase();
    let web = lower.starts_with("https://") || lower.starts_with("http://");
    match markdown::safe_url(url).filter(|_| web) {
        Some(url) => html! { a href=(url) rel="noopener noreferrer" { bdi { (url) } } },
        None => html! { bdi { (url) } },
    }
}
