//! The customer's tickets: open ones first, with their unread messages.

use std::sync::atomic::Ordering;

use leptos::prelude::*;

use super::{TicketsView, ViewContext, notice};
use crate::browser::http::Answer;
use crate::browser::{dom, intl};
use crate::components::el::{button, el, live, paragraph};
use crate::components::shared::Shared;
use crate::texts;
use domain::conversation::{Summaries, Summary};
use domain::texts::TicketsText;
use domain::ticket::Status;
use wire::Read;

/// The id of the button that shows more. No ticket can have it.
const MORE: &str = "more";

/// The list.
#[derive(Clone)]
pub struct List {
    pub(super) context: ViewContext,
    state: Shared<State>,
}

#[derive(Default)]
struct State {
    list: Summaries,
    phase: Phase,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Loading,
    Failed,
    Shown,
    /// The next page could not be fetched.
    MoreFailed,
}

impl List {
    pub(super) fn new(context: ViewContext) -> List {
        List { context, state: Shared::default() }
    }

    /// Fetches as many tickets as are shown. A page may be empty although others follow.
    pub(super) async fn fetch(&self) {
        let shown = self.state.peek(|state| state.list.tickets.len().max(1));
        let mut list = Summaries::default();
        loop {
            let page = self.page(list.next.take()).await;
            if !self.context.is_shown() {
                return;
            }
            let Some(page) = page else {
                // What is shown stays.
                if self.state.peek(|state| state.phase == Phase::Loading) {
                    self.update(|state| state.phase = Phase::Failed);
                }
                return;
            };
            append(&mut list, page);
            if list.next.is_none() || list.tickets.len() >= shown {
                break;
            }
        }
        self.update(|state| *state = State { list, phase: Phase::Shown });
    }

    /// Fetches the next page, and appends it.
    pub(super) async fn fetch_more(&self) {
        let before = self.state.peek(|state| state.list.tickets.len());
        let mut phase = Phase::Shown;
        while let Some(next) = self.state.peek(|state| state.list.next.clone()) {
            let page = self.page(Some(next)).await;
            if !self.context.is_shown() {
                return;
            }
            let Some(page) = page else {
                phase = Phase::MoreFailed;
                self.context.announce(TicketsText::Failed);
                break;
            };
            self.update(|state| append(&mut state.list, page));
            if self.state.peek(|state| state.list.tickets.len()) > before {
                break;
            }
        }
        self.update(|state| state.phase = phase);
        let first = self.state.peek(|state| state.list.tickets.get(before).map(|ticket| ticket.id.clone()));
        if let Some(first) = first {
            let panel = self.context.panel;
            panel.later(move || dom::focus_row(&panel.loader().below(), &first));
        }
    }

    /// A page, or the first one; none if it could not be fetched.
    async fn page(&self, cursor: Option<String>) -> Option<Summaries> {
        // Cursors consist of characters that need no escaping.
        let path = cursor.map_or(String::new(), |cursor| "?cursor=".to_string() + &cursor);
        match self.context.send_request("GET", &path, "").await {
            Answer::Http { status: 200, body: Some(body), .. } => Some(Summaries::read(&body)),
            _ => None,
        }
    }

    /// Changes what is shown. The focus stays on the same ticket, wherever that goes.
    fn update(&self, change: impl FnOnce(&mut State)) {
        let within = self.context.panel.loader().below();
        let focused = dom::focused_id(&within);
        self.state.update(change);
        if let Some(id) = focused {
            self.context.panel.later(move || dom::focus_row(&within, &id));
        }
    }

    pub(super) fn view(self) -> AnyView {
        live(move || {
            self.state.with(|state| match state.phase {
                Phase::Loading => notice(TicketsText::Loading),
                Phase::Failed => self.context.failure_view(),
                Phase::Shown | Phase::MoreFailed => self.rows(state),
            })
        })
    }

    fn rows(&self, state: &State) -> AnyView {
        let rows: Vec<AnyView> =
            state.list.tickets.iter().map(|ticket| el("li").children([self.row(ticket)])).collect();
        let mut parts = match rows.is_empty() {
            true => vec![notice(TicketsText::Nothing)],
            false => vec![el("ul").attr("class", "plain").children(rows)],
        };
        if state.phase == Phase::MoreFailed {
            parts.push(paragraph("error", texts::text(TicketsText::Failed)));
        }
        if state.list.next.is_some() {
            let list = self.clone();
            let more = move |_| {
                list.context.fetches.next_page.store(true, Ordering::Relaxed);
                TicketsView::List(list.clone()).run_fetches();
            };
            parts.push(button("button", more).attr("id", MORE).text(texts::text(TicketsText::More)));
        }
        parts.into_any()
    }

    fn row(&self, ticket: &Summary) -> AnyView {
        let mut details = Vec::new();
        if ticket.withheld > 0 {
            details.push(el("span").attr("class", "tag unread").text(texts::text(TicketsText::ConfirmRow)));
        } else if ticket.unread > 0 {
            details.push(el("span").attr("class", "tag unread").text(texts::count(TicketsText::New, ticket.unread)));
        }
        if ticket.status == Status::Solved {
            details.push(el("span").attr("class", "tag good").text(texts::text(TicketsText::Solved)));
        }
        details.push(el("span").text(ticket.reference.clone()));
        let (text, time) = match &ticket.due_at {
            Some(due) => (TicketsText::Due, due),
            None => (TicketsText::Since, &ticket.updated_at),
        };
        let panel = self.context.panel;
        details.push(el("span").text(texts::fill(text, "{time}", &intl::moment(time, &panel.lang()))));
        let id = ticket.id.clone();
        button("hit", move |_| panel.open_ticket(id.clone())).attr("id", &ticket.id).children([
            el("span").attr("class", "title").in_any_language().text(ticket.title.clone()),
            el("span").attr("class", "about").children(details),
        ])
    }
}

/// Appends a page to a list. A ticket that has moved to the next page meanwhile is listed once.
fn append(list: &mut Summaries, page: Summaries) {
    for ticket in page.tickets {
        if list.tickets.iter().all(|other| other.id != ticket.id) {
            list.tickets.push(ticket);
        }
    }
    list.next = page.next;
}
