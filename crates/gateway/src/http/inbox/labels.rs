//! Values in words for agents.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use maud::{Markup, html};

use super::times;
use deskbell_core::clock;
use deskbell_core::ids::SiteKey;
use deskbell_core::ports::{DeliveryKind, Handling, StoredTicket};
use deskbell_core::site::Sites;
use deskbell_core::timestamp::Timestamp;
use domain::context::{ErrorRecord, FoundLink, RequestRecord};
use domain::robot::Sign;
use domain::targets::{HOURS_A_DAY, Owner, Target};
use domain::ticket::{Kind, Outcome, Severity, Status};
use markdown;

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

/// The outcome of a question.
pub fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Shown => "Shown",
        Outcome::Opened => "Opened",
        Outcome::Unhelpful => "Did not help",
    }
}

/// A sign that a ticket was written by a robot.
pub fn sign(sign: Sign) -> &'static str {
    match sign {
        Sign::Trap => "A hidden field was filled in",
        Sign::Quick => "Written faster than anyone can type",
    }
}

/// The content of a delivery.
pub fn delivery_kind(kind: DeliveryKind) -> &'static str {
    match kind {
        DeliveryKind::Ticket => "Ticket",
        DeliveryKind::Message => "Message",
        DeliveryKind::Solved => "Status: solved",
        DeliveryKind::Reopened => "Status: reopened",
        DeliveryKind::Confirmed => "Address confirmation",
    }
}

/// The owner of a ticket.
pub fn owner(owner: Owner) -> &'static str {
    match owner {
        Owner::Cs => "Customer success",
        Owner::SupportEngineer => "Support engineer",
        Owner::SupportHero => "Support hero",
        Owner::Automated => "Automatic",
    }
}

/// When the first answer is due, or was given; nothing without a due time.
pub fn due(status: Status, due_at: Option<Timestamp>, handling: &Handling) -> Markup {
    let Some(due_at) = due_at else { return html! {} };
    let remaining = times::duration_until(due_at, clock::now());
    let waits = status == Status::Open && handling.answered_at.is_none();
    html! {
        @match (waits, remaining) {
            (true, (true, time)) => span.mark.critical { "Overdue by " (time) },
            (true, (false, time)) => span.mark.soon { "Due in " (time) },
            (false, _) if handling.answered_at.is_some() => span.muted { "Answered. Was due " },
            _ => span.muted { "Was due " },
        }
        " " span.when { (times::minute(due_at)) }
    }
}

/// The teams of a site, or of all sites.
pub fn teams(sites: &Sites, includes: impl Fn(&SiteKey) -> bool) -> Vec<String> {
    let sites = sites.iter().filter(|site| includes(&site.key));
    let teams = sites.flat_map(|site| site.config.topics.iter().map(|topic| topic.team.clone()));
    let teams: BTreeSet<String> = teams.filter(|team| !team.is_empty()).collect();
    teams.into_iter().collect()
}

/// A response target.
pub fn target(target: Option<Target>) -> String {
    let Some(Target { hours, owner, .. }) = target else { return "No response target".into() };
    let owner = match owner {
        Owner::Cs => "customer success",
        Owner::SupportEngineer => "support engineer",
        Owner::SupportHero => "support hero",
        Owner::Automated => return "Automatic reply".into(),
    };
    let (count, unit) = match hours {
        hours if hours > 0 && hours % HOURS_A_DAY == 0 => (hours / HOURS_A_DAY, "business day"),
        hours => (hours, "business hour"),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural}, {owner}")
}

/// The label of a topic of a site; its id if the site no longer has it.
pub fn topic<'a>(sites: &'a Sites, site: &SiteKey, id: &'a str) -> &'a str {
    let topics = sites.get(site).map(|site| site.config.topics.as_slice()).unwrap_or_default();
    topics.iter().find(|topic| topic.id == id).map_or(id, |topic| &topic.label)
}

/// Whether the customer of a ticket is verified.
pub fn verified(ticket: &StoredTicket) -> bool {
    ticket.ticket.context.user.as_ref().is_some_and(|user| user.verified)
}

/// The source of an error.
pub fn error_source(source: &str) -> &str {
    match source {
        "error" => "uncaught",
        "rejection" => "unhandled rejection",
        "captured" => "caught by the product",
        "resource" => "failed to load",
        "policy" => "blocked by the content security policy",
        "browser" => "reported without a cause by the browser",
        source => source,
    }
}

/// An error in one line.
pub fn error(error: &ErrorRecord) -> String {
    match (error.name.as_str(), error.message.as_str()) {
        ("", "") => "Error".into(),
        (text, "") | ("", text) => text.into(),
        (name, message) => format!("{name}: {message}"),
    }
}

/// The result of a request: the status with its name, or why there is none.
pub fn answer(request: &RequestRecord) -> String {
    let code = u16::try_from(request.status).ok().and_then(|status| StatusCode::from_u16(status).ok());
    match (request.status, code.and_then(|code| code.canonical_reason())) {
        (0, _) if request.failure.is_empty() => "No response".into(),
        (0, _) => request.failure.clone(),
        (status, Some(reason)) => format!("{status} {reason}"),
        (status, None) => status.to_string(),
    }
}

/// A size: `340 B`, `1.2 kB`, `3.4 MB`.
pub fn bytes(bytes: u32) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{}.{} kB", bytes / 1_000, bytes % 1_000 / 100),
        _ => format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
    }
}

/// A link to another tool.
pub fn link(link: &FoundLink) -> String {
    let source = match link.source.as_str() {
        "posthog" => "PostHog",
        "sentry" => "Sentry",
        "site" => "",
        source => source,
    };
    let label = link.label.replace('_', " ");
    let text = format!("{source} {label}");
    let text = text.trim();
    if text.is_empty() { "Link".into() } else { text.into() }
}

/// A count with its noun: `1 error`, `2 errors`.
pub fn count(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// An address with a web scheme.
pub fn web(url: &str) -> Option<&str> {
    let lower = url.to_ascii_lowercase();
    let web = lower.starts_with("https://") || lower.starts_with("http://");
    markdown::safe_url(url).filter(|_| web)
}

/// An untrusted address: a link if it has a web scheme, otherwise text.
pub fn address(url: &str) -> Markup {
    match web(url) {
        Some(_) => html! { (outward(url, url)) },
        None => html! { @if !url.is_empty() { bdi { (url) } } },
    }
}

/// A link out of the inbox, to an address that [`web`] has checked.
pub fn outward(url: &str, text: &str) -> Markup {
    html! { a href=(url) target="_blank" rel="noopener noreferrer" { bdi { (text) } } }
}

/// The host of an address.
pub fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
}
