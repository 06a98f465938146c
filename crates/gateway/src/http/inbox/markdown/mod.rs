//! A ticket as Markdown, for an issue in a bug tracker. Data that is left out remains in the inbox.

mod escape;

use super::facts::{self, Facts};
use super::{labels, notes, steps, times};
use deskbell_core::ports::StoredTicket;
use domain::context::{Context, ErrorRecord, FoundLink, Group, Page, RequestRecord};
use escape::{cell_code, code, fence, line, link, quote, value};
use wire::Pairs;

/// How many errors are written with their stacks, and how many steps.
const ERRORS: usize = 3;
const STEPS: usize = 15;

/// The ticket.
pub fn ticket_as_markdown(ticket: &StoredTicket) -> String {
    let submitted = &ticket.ticket;
    let context = &submitted.context;
    let kind = labels::kind(submitted.kind);
    let severity = labels::severity(submitted.severity).to_lowercase();
    let device = context.device.as_ref().map(|device| list(&facts::device(device))).unwrap_or_default();
    let application = context.application.as_ref();
    let flags = application.map(|application| pairs(&application.flags)).unwrap_or_default();
    let release = application.map(|application| list(&facts::application(application))).unwrap_or_default();
    let mut value_notes = notes::notes_for(context, Group::PageValues);
    value_notes.extend(notes::unanswered(context).map(|names| line(&names)));
    let since_notes: Vec<String> = notes::note_for_cut(context, "/since").map(str::to_string).into_iter().collect();
    let parts = [
        format!("# {}: {kind}, {severity} severity", line(ticket.reference.as_str())),
        quote(&submitted.message),
        part("Errors", &notes::notes_for(context, Group::Errors), &errors(context, &context.frozen_at)),
        part("Page", &notes::notes_for(context, Group::Page), &context.page.as_ref().map(page).unwrap_or_default()),
        person(ticket),
        part("Release", &notes::notes_for(context, Group::Application), &(release + &flags)),
        part("Links", &notes::notes_for(context, Group::Links), &links(context)),
        part("Requests", &notes::notes_for(context, Group::Requests), &requests(context)),
        part(
            "What happened",
            &notes::notes_for(context, Group::Breadcrumbs),
            &what_happened(context, &context.frozen_at),
        ),
        part("After the ticket was started", &since_notes, &later_events(context)),
        part("Custom data", &value_notes, &pairs(&context.page_values)),
        part("Device", &notes::notes_for(context, Group::Device), &device),
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

fn errors(context: &Context, frozen_at: &str) -> String {
    let mut records: Vec<String> =
        context.errors.iter().rev().take(ERRORS).map(|record| error(record, frozen_at)).collect();
    let older = context.errors.len().saturating_sub(ERRORS);
    if older > 0 {
        records.push(format!("{older} older in the inbox."));
    }
    joined(&records)
}

fn error(error: &ErrorRecord, frozen_at: &str) -> String {
    let occurrences = match error.count {
        0 | 1 => "Seen once".into(),
        count if error.first_at.is_empty() => format!("Seen {count} times"),
        count => format!("Seen {count} times since {}", line(&times::second_text(&error.first_at))),
    };
    let mut facts = vec![
        occurrences,
        time_from(&error.at, frozen_at),
        line(labels::error_source(&error.source)),
        code(&error.location),
    ];
    if error.extension {
        facts.push("from a browser extension".into());
    }
    facts.retain(|part| !part.is_empty());
    let stack = if error.stack.is_empty() { String::new() } else { fence(&error.stack) };
    let parts = [format!("### {}", line(&labels::error(error))), facts.join(" · "), stack];
    joined(&parts)
}

fn page(page: &Page) -> String {
    item("Address", &code(&page.url)) + &list(&facts::page(page)) + &item("Previous page", &code(&page.referrer))
}

fn person(ticket: &StoredTicket) -> String {
    let claims = list(&facts::person(ticket));
    let title = match claims.is_empty() || labels::verified(ticket) {
        true => "Customer",
        false => "Customer (unverified)",
    };
    part(title, &notes::notes_for(&ticket.ticket.context, Group::User), &(claims + &list(&facts::form(ticket))))
}

fn links(context: &Context) -> String {
    let entry = |found: &FoundLink| {
        let text = labels::link(found);
        let text = match labels::web(&found.url) {
            Some(url) => link(&text, url),
            None => line(&text),
        };
        format!("- {}\n", [text, code(&found.text)].join(" ").trim_end())
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
    let parts: Vec<String> =
        [cell_code(format!("{} {}", request.method, request.url).trim())].into_iter().chain(headers).collect();
    let size = if request.size == 0 { String::new() } else { labels::bytes(request.size) };
    format!(
        "| {} | {} | {} | {} | {size} |\n",
        line(&times::second_text(&request.at)),
        line(&labels::answer(request)),
        parts.join(" "),
        times::duration(request.duration_ms.into()),
    )
}

fn what_happened(context: &Context, frozen_at: &str) -> String {
    if context.breadcrumbs.is_empty() {
        return String::new();
    }
    let steps = steps::steps(context);
    let last = steps.iter().skip(steps.len().saturating_sub(STEPS));
    let step_line = |step: &steps::TimelineStep<'_>| {
        let words = [times::relative(step.at, frozen_at), step.action.into(), line(&step.target)].join(" ");
        format!("- {}\n", words.trim())
    };
    last.map(step_line).collect()
}

fn later_events(context: &Context) -> String {
    let Some(later) = &context.since else { return String::new() };
    let frozen_at = &context.frozen_at;
    joined(&[errors(later, frozen_at), requests(later), what_happened(later, frozen_at)])
}

fn time_from(time: &str, frozen_at: &str) -> String {
    let second = line(&times::second_text(time));
    match times::relative(time, frozen_at) {
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
