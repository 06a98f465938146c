//! A ticket as Markdown, for an issue in a bug tracker. Data that is left out remains in the inbox.

mod escape;

use super::facts::{self, Facts};
use super::{notes, steps, times, words};
use deskbell_core::ports::StoredTicket;
use domain::context::{Context, ErrorRecord, FoundLink, Group, Page, RequestRecord};
use escape::{cell_code, code, fence, line, link, quote, value};
use wire::Pairs;

/// How many errors are written with their stacks, and how many steps.
const ERRORS: usize = 3;
const STEPS: usize = 15;

/// The ticket.
pub fn of(ticket: &StoredTicket) -> String {
    let sent = &ticket.ticket;
    let context = &sent.context;
    let kind = words::kind(sent.kind);
    let severity = words::severity(sent.severity).to_lowercase();
    let device = context.device.as_ref().map(|device| list(&facts::device(device))).unwrap_or_default();
    let application = context.application.as_ref();
    let flags = application.map(|application| pairs(&application.flags)).unwrap_or_default();
    let release = application.map(|application| list(&facts::application(application))).unwrap_or_default();
    let mut value_notes = notes::of(context, Group::PageValues);
    value_notes.extend(notes::unanswered(context).map(|names| line(&names)));
    let since_notes: Vec<String> = notes::cut(context, "/since").map(str::to_string).into_iter().collect();
    let parts = [
        format!("# {}: {kind}, {severity} severity", line(&ticket.reference)),
        quote(&sent.message),
        part("Errors", &notes::of(context, Group::Errors), &errors(context, &context.frozen_at)),
        part("Page", &notes::of(context, Group::Page), &context.page.as_ref().map(page).unwrap_or_default()),
        person(ticket),
        part("Release", &notes::of(context, Group::Application), &(release + &flags)),
        part("Links", &notes::of(context, Group::Links), &links(context)),
        part("Requests", &notes::of(context, Group::Requests), &requests(context)),
        part("What happened", &notes::of(context, Group::Breadcrumbs), &what_happened(context, &context.frozen_at)),
        part("After the ticket was started", &since_notes, &since(context)),
        part("Custom data", &value_notes, &pairs(&context.page_values)),
        part("Device", &notes::of(context, Group::Device), &device),
    ];
    joined(&parts) + "\n"
}

/// Joins parts with empty lines between them; empty parts are skipped.
fn joined(parts: &[String]) -> String {
    // Line ends are significant in quotations, but the last line has no next one.
    let parts: Vec<&str> = parts.iter().map(|part| part.trim_end()).filter(|part| !part.is_empty()).collect();
    parts.join("\n\n")
}

fn part(title: &str, notes: &[String], content: &str) -> String {
    match joined(&[notes.join(" "), content.to_string()]) {
        content if content.is_empty() => content,
        content => format!("## {title}\n\n{content}"),
    }
}

fn errors(context: &Context, begun: &str) -> String {
    let mut shown: Vec<String> = context.errors.iter().rev().take(ERRORS).map(|record| error(record, begun)).collect();
    let older = context.errors.len().saturating_sub(ERRORS);
    if older > 0 {
        shown.push(format!("{older} older in the inbox."));
    }
    joined(&shown)
}

fn error(error: &ErrorRecord, begun: &str) -> String {
    let seen = match error.count {
        0 | 1 => "Seen once".into(),
        count if error.first_at.is_empty() => format!("Seen {count} times"),
        count => format!("Seen {count} times since {}", line(&times::second_text(&error.first_at))),
    };
    let mut about = vec![seen, at(&error.at, begun), line(words::error_source(&error.source)), code(&error.location)];
    if error.extension {
        about.push("from a browser extension".into());
    }
    about.retain(|part| !part.is_empty());
    let stack = if error.stack.is_empty() { String::new() } else { fence(&error.stack) };
    let parts = [format!("### {}", line(&words::error(error))), about.join(" · "), stack];
    joined(&parts)
}

fn page(page: &Page) -> String {
    item("Address", &code(&page.url)) + &list(&facts::page(page)) + &item("Previous page", &code(&page.referrer))
}

fn person(ticket: &StoredTicket) -> String {
    let claims = list(&facts::person(ticket));
    let title = match claims.is_empty() || words::verified(ticket) {
        true => "Customer",
        false => "Customer (unverified)",
    };
    part(title, &notes::of(&ticket.ticket.context, Group::User), &(claims + &list(&facts::form(ticket))))
}

fn links(context: &Context) -> String {
    let entry = |found: &FoundLink| {
        let says = words::link(found);
        let says = match words::web(&found.url) {
            Some(url) => link(&says, url),
            None => line(&says),
        };
        format!("- {}\n", [says, code(&found.text)].join(" ").trim_end())
    };
    context.links.iter().map(entry).collect()
}

fn requests(context: &Context) -> String {
    if context.requests.is_empty() {
        return String::new();
    }
    let rows: String = context.requests.iter().map(request).collect();
    format!("| Time | Response | Request | Duration | Size |\n| --- | --- | --- | --: | --: |\n{rows}")
}

fn request(request: &RequestRecord) -> String {
    let headers = request.headers.0.iter().map(|(name, value)| cell_code(&format!("{name}: {value}")));
    let what: Vec<String> =
        [cell_code(format!("{} {}", request.method, request.url).trim())].into_iter().chain(headers).collect();
    let size = if request.size == 0 { String::new() } else { words::bytes(request.size) };
    format!(
        "| {} | {} | {} | {} | {size} |\n",
        line(&times::second_text(&request.at)),
        line(&words::answer(request)),
        what.join(" "),
        times::duration(request.duration_ms.into()),
    )
}

fn what_happened(context: &Context, begun: &str) -> String {
    if context.breadcrumbs.is_empty() {
        return String::new();
    }
    let steps = steps::steps(context);
    let last = steps.iter().skip(steps.len().saturating_sub(STEPS));
    let written = |step: &steps::Step<'_>| {
        let words = [times::relative(step.at, begun), step.did.into(), line(&step.what)].join(" ");
        format!("- {}\n", words.trim())
    };
    last.map(written).collect()
}

fn since(context: &Context) -> String {
    let Some(since) = &context.since else { return String::new() };
    let begun = &context.frozen_at;
    joined(&[errors(since, begun), requests(since), what_happened(since, begun)])
}

fn at(at: &str, begun: &str) -> String {
    let second = line(&times::second_text(at));
    match times::relative(at, begun) {
        relative if relative.is_empty() => second,
        relative => format!("{second} ({relative})"),
    }
}

fn list(facts: &Facts) -> String {
    facts.iter().map(|(name, text)| item(name, &value(text))).collect()
}

fn pairs(values: &Pairs<String>) -> String {
    values.0.iter().map(|(name, text)| item(&value(name), &value(text))).collect()
}

fn item(name: &str, value: &str) -> String {
    if value.is_empty() { String::new() } else { format!("- {name}: {value}\n") }
}

#[cfg(test)]
mod tests;
