//! `deskbell tickets`.

use std::process::ExitCode;
use std::time::Duration;

use clap::{Subcommand, ValueEnum};
use deskbell_core::clock;
use deskbell_core::ids::SiteKey;
use deskbell_core::ports::{Delivery, InboxCursor, ListedTicket, View};
use deskbell_core::timestamp::Timestamp;
use deskbell_core::use_cases::privacy::TicketDocument;
use domain::conversation::{self, Author};
use domain::ticket::Status;
use serde::Serialize;
use serde_json::{Value, json};

use super::deliveries::{delivery_fields, item, state_text};
use super::options::{DatabaseOptions, LIMIT_DEFAULT, limit};
use super::output::{minute, note, plain, plain_lines, print_json, print_table, print_text};
use gateway::GatewayError;
use gateway::commands::OpenData;
use gateway::commands::tickets::{self, ShownTicket};

/// How many messages and activities of a ticket are shown. JSON has all.
const SHOWN_MAX: usize = 50;

#[derive(Subcommand)]
pub enum Tickets {
    /// List tickets, newest first.
    List(ListTickets),
    /// Show a ticket with its conversation and its deliveries.
    ///
    /// The audit log notes it if the ticket is sensitive. --json prints everything stored about the ticket, as `export` does.
    Show(ShowTicket),
}

/// The tickets to list.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum StatusOption {
    /// Open tickets.
    Open,
    /// Solved tickets.
    Solved,
    /// All tickets.
    All,
}

#[derive(clap::Args)]
pub struct ListTickets {
    #[command(flatten)]
    database: DatabaseOptions,
    /// Only this site.
    #[arg(long, value_name = "SITE")]
    site: Option<SiteKey>,
    /// Only tickets with this status.
    #[arg(long, value_enum, default_value_t = StatusOption::Open)]
    status: StatusOption,
    /// Only tickets with these words: in the reference, in what was written, in the customer's names and addresses.
    #[arg(long, value_name = "WORDS", default_value = "", hide_default_value = true)]
    query: String,
    /// Only tickets received since: a duration until now (30m, 24h, 7d, 2w), a day (2026-11-28) or a time (2026-11-28T10:00:00Z), in UTC.
    #[arg(long, value_name = "TIME", value_parser = since)]
    since: Option<Timestamp>,
    /// How many tickets are listed at most.
    #[arg(long, value_name = "COUNT", default_value_t = LIMIT_DEFAULT, value_parser = limit)]
    limit: u32,
    /// List those after a position, which `next` of the JSON has.
    #[arg(long, value_name = "POSITION", value_parser = position)]
    after: Option<InboxCursor>,
    /// Print JSON, for scripts.
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
pub struct ShowTicket {
    #[command(flatten)]
    database: DatabaseOptions,
    /// Print JSON, for scripts.
    #[arg(long)]
    json: bool,
    /// The reference of the ticket, DB-…, or its id.
    #[arg(value_name = "REFERENCE")]
    reference: String,
}

pub async fn run_tickets(command: Tickets) -> Result<ExitCode, GatewayError> {
    match command {
        Tickets::List(options) => list(options).await,
        Tickets::Show(options) => show(options).await,
    }
}

async fn list(options: ListTickets) -> Result<ExitCode, GatewayError> {
    let ListTickets { database, site, status, query, since, limit, after, json } = options;
    let status = match status {
        StatusOption::Open => Some(Status::Open),
        StatusOption::Solved => Some(Status::Solved),
        StatusOption::All => None,
    };
    let view = View { site, status, words: query, received_since: since, ..View::default() };
    let data = OpenData::open(&database.settings()?).await?;
    let found = tickets::list(&data, &view, after, limit).await;
    data.close().await;
    let found = found?;
    if json {
        let tickets: Vec<Value> = found.tickets.iter().map(listed_json).collect();
        print_json(&json!({ "tickets": tickets, "next": found.next.map(|next| next.to_string()) }))?;
        return Ok(ExitCode::SUCCESS);
    }
    print_table(
        &["TICKET", "SITE", "STATUS", "KIND", "SEVERITY", "RECEIVED (UTC)", "FROM", "TITLE"],
        &found.tickets.iter().map(row).collect::<Vec<_>>(),
    )?;
    if found.tickets.is_empty() {
        note("no ticket matches; --status all includes solved ones");
    } else if found.next.is_some() {
        note("there may be more; use --limit, or --json with --after");
    }
    Ok(ExitCode::SUCCESS)
}

async fn show(options: ShowTicket) -> Result<ExitCode, GatewayError> {
    let ShowTicket { database, json, reference } = options;
    let settings = database.settings()?;
    let data = OpenData::open(&settings).await?;
    let shown = tickets::show(&data, &settings, &reference).await;
    data.close().await;
    let ShownTicket { document, deliveries } = shown?;
    if json {
        let deliveries = deliveries.iter().map(delivery_fields).collect();
        print_json(&JsonTicket { document: &document, deliveries })?;
    } else {
        print_text(&text(&document, &deliveries))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Everything stored about a ticket.
#[derive(Serialize)]
struct JsonTicket<'a> {
    #[serde(flatten)]
    document: &'a TicketDocument,
    deliveries: Vec<Value>,
}

fn row(ticket: &ListedTicket) -> Vec<String> {
    let ListedTicket { reference, site, status, received_at, handling, shown, .. } = ticket;
    vec![
        reference.to_string(),
        site.to_string(),
        status.word().into(),
        shown.kind.word().into(),
        handling.severity.word().into(),
        minute(*received_at),
        shown.requester.clone(),
        shown.title.clone(),
    ]
}

fn listed_json(ticket: &ListedTicket) -> Value {
    let ListedTicket { id, site, reference, status, due_at, received_at, handling, shown, .. } = ticket;
    json!({
        "id": id,
        "reference": reference,
        "site": site,
        "status": status.word(),
        "kind": shown.kind.word(),
        "severity": handling.severity.word(),
        "topic": handling.topic,
        "title": shown.title,
        "requester": shown.requester,
        "is_verified": shown.is_verified,
        "is_test": shown.is_test,
        "team": handling.team,
        "assignee": handling.assignee,
        "received_at": received_at,
        "updated_at": handling.updated_at,
        "answered_at": handling.answered_at,
        "due_at": due_at,
    })
}

/// A ticket for people.
fn text(document: &TicketDocument, deliveries: &[Delivery]) -> String {
    let sent = &document.ticket;
    let mut lines = vec![
        format!("{}  {}  {}", document.reference, document.site, document.status),
        plain(&conversation::title(&sent.message)),
        String::new(),
    ];
    let handled = [&document.team, &document.assignee].into_iter().filter(|name| !name.is_empty());
    let handled: Vec<&str> = handled.map(String::as_str).collect();
    let email = if sent.contact.email.is_empty() { String::new() } else { format!("<{}>", sent.contact.email) };
    let person = document.person.as_ref().map_or("not verified".into(), |person| format!("verified as {person}"));
    let requester = [conversation::requester(sent), email.as_str()].join(" ");
    let time = |time: Option<Timestamp>| time.map(|time| format!("{} UTC", minute(time))).unwrap_or_default();
    for (name, value) in [
        ("id", document.id.to_string()),
        ("from", format!("{}, {person}", requester.trim())),
        ("kind", format!("{}, severity {}", sent.kind.word(), document.severity)),
        ("topic", document.topic.clone()),
        ("handled by", handled.join(", ")),
        ("received", time(Some(document.received_at))),
        ("first reply", time(document.answered_at)),
        ("reply due", time(document.due_at.filter(|_| document.answered_at.is_none()))),
        ("files", document.files.iter().map(|file| file.name.as_str()).collect::<Vec<_>>().join(", ")),
    ] {
        let value = plain(&value);
        if !value.is_empty() {
            lines.push(format!("{name:<12} {value}"));
        }
    }
    for delivery in deliveries {
        let reason = if delivery.reason.is_empty() { String::new() } else { format!(": {}", plain(&delivery.reason)) };
        let (to, item) = (&delivery.destination, item(delivery));
        lines.push(format!("{:<12} {} {item} to {to} {}{reason}", "delivery", delivery.id, state_text(delivery.state)));
    }
    lines.extend(conversation_lines(document));
    lines.join("\n") + "\n"
}

/// What was written and done, in order.
fn conversation_lines(document: &TicketDocument) -> Vec<String> {
    let messages = document.messages.iter().map(|message| {
        let author = match message.author {
            Author::Customer => "customer",
            _ => "support",
        };
        let name = if message.name.is_empty() { author.into() } else { format!("{} ({author})", message.name) };
        let time = message.at.parse::<Timestamp>().unwrap_or(document.received_at);
        (time, format!("{name} wrote"), message.body.as_str())
    });
    let activities = document.activities.iter().map(|activity| {
        let agent = if activity.agent.is_empty() { "somebody" } else { &activity.agent };
        (activity.at, format!("{agent}: {}", activity.activity), activity.text.as_str())
    });
    let first = (document.received_at, "the customer wrote".to_string(), document.ticket.message.as_str());
    let mut all: Vec<(Timestamp, String, &str)> = std::iter::once(first).chain(messages).chain(activities).collect();
    all.sort_by_key(|(time, ..)| *time);
    let left_out = all.len().saturating_sub(SHOWN_MAX);
    let mut lines = Vec::new();
    if left_out > 0 {
        lines.extend([String::new(), format!("({left_out} earlier entries are left out; --json has all)")]);
    }
    for (time, head, body) in all.into_iter().skip(left_out) {
        lines.extend([String::new(), format!("{} UTC  {}", minute(time), plain(&head))]);
        lines.extend(plain_lines(body).map(|line| format!("    {line}")));
    }
    lines
}

fn position(text: &str) -> Result<InboxCursor, String> {
    InboxCursor::parse(text).ok_or_else(|| "not a position that a list has printed as next".into())
}

fn since(text: &str) -> Result<Timestamp, String> {
    since_until(text, clock::now())
}

/// The time that a text means: a duration before now, a day, or a time.
fn since_until(text: &str, now: Timestamp) -> Result<Timestamp, String> {
    let day = || format!("{text}T00:00:00Z").parse().ok();
    let time = duration(text).map(|duration| now - duration).or_else(day).or_else(|| text.parse().ok());
    time.ok_or_else(|| {
        "use a duration such as 24h or 7d, a day such as 2026-11-28, or a time such as 2026-11-28T10:00:00Z".into()
    })
}

fn duration(text: &str) -> Option<Duration> {
    let (count, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let seconds = match unit {
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        "w" => 7 * 24 * 60 * 60,
        _ => return None,
    };
    Some(Duration::from_secs(u64::from(count.parse::<u32>().ok()?) * seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_durations_until_now_days_or_moments() {
        let now: Timestamp = "2026-11-28T12:00:00Z".parse().unwrap();
        for (text, expected) in [
            ("30m", "2026-11-28T11:30:00.000Z"),
            ("24h", "2026-11-27T12:00:00.000Z"),
            ("7d", "2026-11-21T12:00:00.000Z"),
            ("2w", "2026-11-14T12:00:00.000Z"),
            ("2026-11-01", "2026-11-01T00:00:00.000Z"),
            ("2026-11-01T10:00:00+02:00", "2026-11-01T08:00:00.000Z"),
        ] {
            assert_eq!(since_until(text, now).unwrap().to_string(), expected, "{text}");
        }
        for wrong in ["", "yesterday", "7", "-7d", "d", "2026-13-01", "99999999999d", "ä"] {
            assert!(since_until(wrong, now).is_err(), "{wrong}");
        }
    }
}
