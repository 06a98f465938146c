//! One ticket: its messages and the reply.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use leptos::prelude::*;

use super::confirmation::Confirmation;
use super::reply::Reply;
use super::{TicketsView, ViewContext, message, notice};
use crate::browser::http::Answer;
use crate::browser::{dom, intl, tickets};
use crate::components::el::{div, el, live, nothing, spawn};
use crate::components::shared::Shared;
use crate::texts;
use domain::conversation::{Author, Message, Messages, Patch, Summary};
use domain::texts::TicketsText;
use domain::ticket::Status;
use wire::Read;

/// A conversation.
#[derive(Clone)]
pub struct Conversation {
    pub(super) context: ViewContext,
    phase: Shared<Phase>,
    /// The ticket, once it is fetched.
    pub(super) ticket: Shared<Option<Summary>>,
    /// Its messages.
    pub(super) entries: Shared<Vec<Entry>>,
    /// The number of the last message that the customer has read, as reported to the gateway.
    read_until: Arc<AtomicU32>,
    pub(super) confirmation: Confirmation,
    pub(super) reply: Reply,
}

/// A message, and whether the customer had not read it when it came.
pub struct Entry {
    pub(super) message: Message,
    pub(super) is_new: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Loading,
    Failed,
    /// The user may not read it, or not any more.
    Gone,
    /// How often all of it was drawn.
    Shown(u32),
}

impl Conversation {
    pub(super) fn new(context: ViewContext) -> Conversation {
        let conversation = Conversation {
            context,
            phase: Shared::new(Phase::Loading),
            ticket: Shared::default(),
            entries: Shared::default(),
            read_until: Arc::default(),
            confirmation: Confirmation::default(),
            reply: Reply::default(),
        };
        conversation.restore_reply();
        conversation
    }

    /// Fetches it again.
    pub(super) fn load(&self) {
        TicketsView::Conversation(self.clone()).load();
    }

    /// Fetches the ticket and new messages.
    pub(super) async fn fetch(&self) {
        let ticket = self.context.send_request("GET", "", "").await;
        let ticket = match ticket {
            Answer::Http { status: 200, body: Some(ticket), .. } => Ok(Summary::read(&ticket)),
            Answer::Http { status: 401 | 404, .. } => Err(Phase::Gone),
            _ => Err(Phase::Failed),
        };
        let phase = self.phase.peek(|phase| *phase);
        // Messages that were withheld belong between those that are drawn.
        let is_unconfirmed = |ticket: &Summary| ticket.unconfirmed;
        let was_unconfirmed = self.ticket.peek(|ticket| ticket.as_ref().is_some_and(is_unconfirmed));
        let is_confirmed = was_unconfirmed && ticket.as_ref().is_ok_and(|ticket| !ticket.unconfirmed);
        let begins = is_confirmed || !matches!(phase, Phase::Shown(_));
        let last = if begins { None } else { self.last() };
        let messages = self.messages_after(last).await;
        if !self.context.is_shown() {
            return;
        }
        match (ticket, messages) {
            (Ok(ticket), Some(messages)) => self.take(ticket, messages, begins, is_confirmed),
            // What is shown stays, except for a user who may not read it any more.
            (Err(Phase::Gone), _) => self.phase.update(|phase| *phase = Phase::Gone),
            _ if !matches!(phase, Phase::Shown(_)) => self.phase.update(|phase| *phase = Phase::Failed),
            _ => {}
        }
    }

    /// All messages after a number, page by page; none if a page could not be fetched.
    async fn messages_after(&self, mut last: Option<u32>) -> Option<Messages> {
        let mut all = Messages::default();
        loop {
            let after = last.map_or(String::new(), |last| "?after=".to_string() + &last.to_string());
            let answer = self.context.send_request("GET", &["/messages", &after].concat(), "").await;
            let Answer::Http { status: 200, body: Some(body), .. } = answer else { return None };
            let page = Messages::read(&body);
            all.read_until = page.read_until;
            last = page.messages.last().map(|last| last.number);
            all.messages.extend(page.messages);
            if last.is_none() || !page.more || !self.context.is_shown() {
                return Some(all);
            }
        }
    }

    /// The number of the last message.
    fn last(&self) -> Option<u32> {
        self.entries.peek(|entries| entries.last().map(|entry| entry.message.number))
    }

    /// Takes what was fetched: everything if it `begins`, or else what is new.
    fn take(&self, ticket: Summary, new: Messages, begins: bool, is_confirmed: bool) {
        let before = if begins { None } else { self.last() };
        let is_later = |message: &Message| before.is_none_or(|before| message.number > before);
        let is_new = |message: &Message| message.author != Author::Customer && message.number > new.read_until;
        let messages: Vec<Message> = new.messages.into_iter().filter(is_later).collect();
        let from_others = messages.iter().any(|message| message.author != Author::Customer);
        let own = messages.iter().any(|message| message.author == Author::Customer);
        let mut entries: Vec<Entry> =
            messages.into_iter().map(|message| Entry { is_new: is_new(&message), message }).collect();
        self.ticket.update(|known| *known = Some(ticket));
        if begins {
            self.read_until.store(new.read_until, Ordering::Relaxed);
            let drawn = if let Phase::Shown(drawn) = self.phase.peek(|phase| *phase) { drawn } else { 0 };
            // The last message that was read, with those that were not below it.
            let shown = entries.iter().position(|entry| entry.is_new).map_or(entries.len(), |first| first.max(1));
            self.entries.update(|all| *all = entries);
            self.phase.update(|phase| *phase = Phase::Shown(drawn + 1));
            self.scroll_to(shown);
        } else if !entries.is_empty() {
            let shown = entries.iter().rposition(|entry| entry.is_new);
            let earlier = self.entries.peek(Vec::len);
            self.entries.update(|all| all.append(&mut entries));
            if let Some(shown) = shown {
                self.scroll_to(earlier + shown + 1);
            }
        }
        if !begins && from_others {
            self.context.announce(TicketsText::Arrived);
        }
        if !begins && own {
            self.reply.arrived();
        }
        if is_confirmed && self.confirmation.take_success() {
            let panel = self.context.panel;
            panel.later(move || {
                dom::all(&panel.loader().root(), "#tickets .asked").first().into_iter().for_each(dom::focus)
            });
        }
        if dom::is_seen(&self.context.panel.loader().below()) {
            self.mark_read();
        }
    }

    /// Scrolls to a message by its position, counted from one.
    fn scroll_to(&self, position: usize) {
        let panel = self.context.panel;
        panel.later(move || {
            let messages = dom::all(&panel.loader().root(), ".messages > div");
            if let Some(message) = position.checked_sub(1).and_then(|index| messages.get(index)) {
                dom::show(message);
            }
        });
    }

    /// Reports to the gateway what was read. If that fails, the next time does it.
    fn mark_read(&self) {
        let last = self.last().unwrap_or_default();
        if self.read_until.swap(last, Ordering::Relaxed) >= last {
            return;
        }
        let conversation = self.clone();
        spawn(async move {
            if conversation.change(&Patch { status: None, read_until: Some(last) }).await.is_none() {
                conversation.read_until.store(0, Ordering::Relaxed);
            }
        });
    }

    /// Changes the ticket. Returns it after the change, or none if that is unknown.
    pub(super) async fn change(&self, patch: &Patch) -> Option<Summary> {
        // Serialising plain data into memory cannot fail.
        let body = serde_json::to_string(patch).unwrap_or_default();
        let answer = self.context.send_request("PATCH", "", &body).await;
        tickets::touched(&self.context.panel.loader());
        match answer {
            Answer::Http { status: 200, body: Some(body), .. } => Some(Summary::read(&body)),
            _ => None,
        }
    }

    pub(super) fn view(self) -> AnyView {
        live(move || match self.phase.with(|phase| *phase) {
            Phase::Loading => notice(TicketsText::Loading),
            Phase::Failed => self.context.failure_view(),
            Phase::Gone => notice(TicketsText::Gone),
            Phase::Shown(_) => self.parts(),
        })
    }

    fn parts(&self) -> AnyView {
        let title = self.ticket.peek(|ticket| ticket.as_ref().map(|ticket| ticket.title.clone()));
        let [status, confirmation] = [self.clone(), self.clone()];
        let parts = vec![
            el("h3").attr("class", "asked").attr("tabindex", "-1").in_any_language().text(title.unwrap_or_default()),
            div("by").children([live(move || status.status_line())]),
            div("messages").children([message::view(self.clone(), 0)]),
            div("").children([live(move || confirmation.confirmation())]),
            self.reply_view(),
        ];
        parts.into_any()
    }

    /// The reference and the status of the ticket.
    fn status_line(&self) -> AnyView {
        self.ticket.with(|ticket| {
            let Some(ticket) = ticket else { return nothing() };
            let (class, text) = match ticket.status {
                Status::Open => ("tag", TicketsText::Open),
                Status::Solved => ("tag good", TicketsText::Solved),
            };
            let due = match &ticket.due_at {
                Some(due) => {
                    let due = intl::moment(due, &self.context.panel.lang());
                    el("span").text(texts::fill(TicketsText::Due, "{time}", &due))
                }
                None => nothing(),
            };
            let reference = el("span").text(ticket.reference.clone());
            vec![reference, el("span").attr("class", class).text(texts::text(text)), due].into_any()
        })
    }
}
