//! The list of tickets: by due time first, then by waiting time.

use maud::{Markup, html};

use super::destination_status::DestinationStatus;
use super::list_query::ListQuery;
use super::page::{self, Frame};
use super::{deliveries, labels, paste, times};
use deskbell_core::ids::SiteKey;
use deskbell_core::ports::{InboxPage, ListedTicket, SiteScope};
use deskbell_core::site::Sites;
use domain::conversation::Turn;
use domain::incident::{Incident, IncidentKind};
use domain::targets::Owner;
use domain::ticket::{Severity, Status};

/// The data of a page of the list.
pub struct TicketList<'a> {
    /// The frame of the page.
    pub frame: Frame<'a>,
    /// All sites.
    pub sites: &'a Sites,
    /// The sites whose tickets the agent may see.
    pub permitted: &'a SiteScope,
    /// Whether the demo is served.
    pub is_demo: bool,
    /// The filters.
    pub query: &'a ListQuery,
    /// The tickets of this page.
    pub result: &'a InboxPage,
    /// The address of this gateway.
    pub base: &'a str,
    /// The current incidents, with their sites.
    pub broken: &'a [(SiteKey, Incident)],
    /// The state of the destinations.
    pub destinations: &'a [DestinationStatus],
}

impl TicketList<'_> {
    /// The sites whose tickets the agent may see.
    fn permitted_sites(&self) -> impl Iterator<Item = &SiteKey> {
        self.sites.keys().filter(|site| self.permitted.includes(site))
    }
}

/// The page.
pub fn page(list: &TicketList<'_>) -> Markup {
    let TicketList { sites, query, result: InboxPage { tickets, next, stopped_at }, .. } = list;
    let is_plain_list = query.is_first_page() && !query.is_narrow() && query.status() == Some(Status::Open);
    page::page(
        "Tickets",
        &list.frame,
        html! {
            div.head {
                h1 { "Tickets" }
                p.muted { (order(query)) }
            }
            (broken(list.broken))
            (deliveries::notice(list.destinations))
            (filters(list))
            @if tickets.is_empty() && is_plain_list { (nothing_open(list.is_demo)) }
            @else if tickets.is_empty() {
                p.card.empty {
                    @if stopped_at.is_some() { "No tickets match so far. " } @else { "No tickets match. " }
                    a href="/inbox?status=all" { "All tickets" }
                }
            } @else { (table(sites, tickets)) }
            @if let Some(stopped_at) = stopped_at {
                p.muted.stopped {
                    // Only the results of a search are ordered by time. It may be that of a ticket on another site.
                    @if query.q.trim().is_empty() || *list.permitted != SiteScope::All { "Not all tickets have been searched yet." }
                    @else { "Searched back to " (times::minute(stopped_at)) "." }
                }
            }
            @if !query.is_first_page() || next.is_some() {
                nav.pages aria-label="Pages" {
                    @if !query.is_first_page() { a.button href=(query.address("")) { "First page" } }
                    @if let Some(next) = next {
                        a.button href=(query.address(&next.to_string())) { @if stopped_at.is_some() { "Keep searching" } @else { "Next page" } }
                    }
                }
            }
            details.card.pastes {
                summary { h2 { "Asked on another channel?" } span.muted { "Replies to paste, with a link to the form" } }
                @for site in list.permitted_sites() {
                    @if sites.len() > 1 { h3 { (site) } }
                    (paste::send_here(list.base, site.as_str(), "en"))
                }
            }
        },
    )
}

/// The order of the list, in words.
fn order(query: &ListQuery) -> &'static str {
    match (query.q.trim().is_empty(), query.is_first_page()) {
        (true, true) => "Sorted by due time",
        (true, false) => "Sorted by due time, continued",
        (false, true) => "Newest first",
        (false, false) => "Older tickets",
    }
}

/// The incidents that customers see, with the number of reports.
fn broken(broken: &[(SiteKey, Incident)]) -> Markup {
    html! {
        @if !broken.is_empty() {
            section.card.broken aria-label="Incidents shown to customers" {
                @for (site, incident) in broken {
                    p {
                        @match incident.kind {
                            IncidentKind::Incident => span.mark.critical { "Incident" },
                            IncidentKind::Maintenance => span.mark { "Maintenance" },
                        }
                        " " bdi { @if incident.url.is_empty() { (incident.title) } @else { a href=(incident.url) rel="noreferrer" { (incident.title) } } }
                        " " span.muted { (site) " · " (incident.affected) @if incident.affected == 1 { " customer affected" } @else { " customers affected" } }
                    }
                }
            }
        }
    }
}

fn filters(list: &TicketList<'_>) -> Markup {
    let TicketList { query, sites, .. } = list;
    let status = match query.status() {
        None => "all",
        Some(status) => status.word(),
    };
    let option = |value: &str, now: &str, text: &str| html! { option value=(value) selected[value == now] { (text) } };
    html! {
        form.filters role="search" method="get" action="/inbox" {
            label.unseen for="q" { "Reference, name, address, handle or words" }
            input #q type="search" name="q" value=(query.q) placeholder="Reference, name, address, handle or words";
            label.unseen for="status" { "Status" }
            select #status name="status" {
                (option("open", status, "Open")) (option("solved", status, "Solved")) (option("all", status, "All"))
            }
            @if list.permitted_sites().count() > 1 {
                label.unseen for="site" { "Site" }
                select #site name="site" {
                    @if *list.permitted == SiteScope::All { (option("", &query.site, "All sites")) }
                    @for site in list.permitted_sites() { (option(site.as_str(), &query.site, site.as_str())) }
                }
            }
            label.unseen for="owner" { "Owner" }
            select #owner name="owner" {
                (option("", &query.owner, "All owners"))
                @for owner in Owner::ALL { (option(owner.word(), &query.owner, labels::owner(*owner))) }
            }
            label.unseen for="team" { "Team" }
            select #team name="team" {
                (option("", &query.team, "All teams"))
                @for team in labels::teams(sites, |site| list.permitted.includes(site)) { (option(&team, &query.team, &team)) }
            }
            label.unseen for="assignee" { "Assignee" }
            select #assignee name="assignee" {
                (option("", &query.assignee, "Anyone"))
                (option(list.frame.agent.name(), &query.assignee, "Me"))
                @if !query.assignee.is_empty() && query.assignee != list.frame.agent.name() {
                    (option(&query.assignee, &query.assignee, &query.assignee))
                }
            }
            label.unseen for="test" { "Test tickets" }
            select #test name="test" {
                (option("", &query.test, "Including tests")) (option("no", &query.test, "Excluding tests")) (option("yes", &query.test, "Only tests"))
            }
            button.button type="submit" { "Apply" }
        }
    }
}

fn nothing_open(is_demo: bool) -> Markup {
    html! {
        div.card.empty {
            h2 { "No open tickets" }
            p { "Tickets appear here as soon as someone sends one. Reload the page to check again, or see "
                a href="/inbox?status=all" { "all tickets" } "." }
            @if is_demo {
                p { "Send one yourself: open " a href="/" { "the demo" } ", choose Help, then Get help, and write a message." }
            } @else {
                p { "To try it, open a page that embeds Deskbell with the " code { "data-site" } " of a configured site." }
            }
        }
    }
}

// Roles are explicit because the small layout displays rows as blocks, and some browsers then drop the table semantics.
fn table(sites: &Sites, tickets: &[ListedTicket]) -> Markup {
    html! {
        table.card.tickets role="table" aria-label="Tickets" {
            thead role="rowgroup" {
                tr role="row" {
                    @for column in ["Ticket", "Kind", "Severity", "Topic", "From", "Owner", "First answer", "Last message"] {
                        th scope="col" role="columnheader" { (column) }
                    }
                }
            }
            tbody role="rowgroup" {
                @for ticket in tickets { (row(sites, ticket)) }
            }
        }
    }
}

fn row(sites: &Sites, ticket: &ListedTicket) -> Markup {
    let (handling, summary) = (&ticket.handling, &ticket.shown);
    let topic = labels::topic(sites, &ticket.site, &handling.topic);
    let requester = if summary.requester.is_empty() { "Unknown customer" } else { &summary.requester };
    html! {
        tr role="row" {
            td.what role="cell" {
                a.reference href={ "/inbox/tickets/" (ticket.reference) } { (ticket.reference) }
                @if summary.is_test { " " (test()) }
                @if let Some(sign) = summary.robot_signs.first() { " " span.mark.soon title=(labels::sign(*sign)) { "Robot?" } }
                p.line dir="auto" { (summary.title) }
            }
            td.kind role="cell" { (labels::kind(summary.kind)) }
            td role="cell" { (severity(handling.severity)) }
            td.topic role="cell" {
                @if topic.is_empty() { span.muted { "No topic" } } @else { bdi { (topic) } }
                @if !handling.team.is_empty() { p.muted { (handling.team) } }
                @if sites.len() > 1 { p.muted { (ticket.site) } }
            }
            td.from role="cell" {
                bdi { (requester) }
                @if !summary.plan.is_empty() { p.muted { bdi { (summary.plan) } " " (unverified(summary.is_verified)) } }
            }
            td.owner role="cell" {
                (handling.owner.map(labels::owner).unwrap_or_default())
                @if !handling.assignee.is_empty() { p.muted { bdi { (handling.assignee) } } }
            }
            td.target role="cell" {
                (labels::due(ticket.status, ticket.due_at, handling))
                @if ticket.due_at.is_none() { span.muted { (labels::target(ticket.target)) } }
            }
            td.received role="cell" {
                (times::minute(handling.updated_at))
                p.muted { (waits(ticket)) }
            }
        }
    }
}

fn waits(ticket: &ListedTicket) -> &'static str {
    match (ticket.status, ticket.handling.turn) {
        (Status::Solved, _) => "Solved",
        (Status::Open, Turn::Support) => "Waiting on us",
        (Status::Open, Turn::Customer) => "Waiting on customer",
    }
}

/// A badge with the severity.
pub fn severity(severity: Severity) -> Markup {
    html! { span.mark.(severity.word()) { (labels::severity(severity)) } }
}

/// A badge for test tickets.
pub fn test() -> Markup {
    html! { span.mark title="Sent from a test page: no response target, and nobody was notified" { "Test" } }
}

/// A badge for tickets whose customer is not verified.
pub fn unverified(is_verified: bool) -> Markup {
    html! { @if !is_verified { span.claim { "unverified" } } }
}
