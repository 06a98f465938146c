//! The customer's tickets: the list, or one conversation. What is shown is fetched again whenever something about it has changed.

mod confirmation;
mod conversation;
mod list;
mod message;
mod reply;
pub mod similar;

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use leptos::prelude::*;

use super::Panel;
use super::model::Screen;
use crate::browser::http::Answer;
use crate::browser::tickets;
use crate::components::el::{button, paragraph, spawn};
use crate::texts;
use conversation::Conversation;
use domain::texts::TicketsText;
use list::List;

/// What is shown.
#[derive(Clone)]
enum Shown {
    List(List),
    Conversation(Conversation),
}

/// What the list and a conversation have in common.
#[derive(Clone)]
struct Base {
    panel: Panel,
    /// The number of the screen (`Model::opening`).
    opening: u32,
    /// The id of the ticket; empty for the list.
    id: Arc<str>,
    pending: Arc<Pending>,
}

/// The requests that are running, and those to follow.
#[derive(Default)]
struct Pending {
    is_running: AtomicBool,
    /// Everything is to be fetched, again if it is being fetched.
    all: AtomicBool,
    /// The next page of the list is to be fetched.
    more: AtomicBool,
}

thread_local! {
    static SHOWN: RefCell<Option<Shown>> = const { RefCell::new(None) };
}

/// The list of tickets, or the conversation that is open. Drawn again, it is the same with everything in it.
pub fn view(panel: Panel) -> AnyView {
    let shown = current().unwrap_or_else(|| {
        let (opening, id) = panel.peek(|model| (model.opening, model.ticket.as_str().into()));
        let base = Base { panel, opening, id, pending: Arc::default() };
        let shown = match base.id.is_empty() {
            true => Shown::List(List::new(base)),
            false => Shown::Conversation(Conversation::new(base)),
        };
        SHOWN.set(Some(shown.clone()));
        shown
    });
    shown.load();
    match shown {
        Shown::List(list) => list.view(),
        Shown::Conversation(conversation) => conversation.view(),
    }
}

/// Fetches again what is shown, after a change of the ticket with an id, or of any ticket if it is empty.
pub fn refresh(id: &str) {
    let is_concerned = |shown: &Shown| id.is_empty() || shown.base().id.is_empty() || *shown.base().id == *id;
    current().filter(is_concerned).iter().for_each(Shown::load);
}

/// What is shown now.
fn current() -> Option<Shown> {
    SHOWN.with_borrow(Clone::clone).filter(|shown| shown.base().is_shown())
}

impl Shown {
    fn base(&self) -> &Base {
        match self {
            Shown::List(list) => &list.base,
            Shown::Conversation(conversation) => &conversation.base,
        }
    }

    fn load(&self) {
        self.base().pending.all.store(true, Ordering::Relaxed);
        self.go_on();
    }

    /// Sends the pending requests one after the other.
    fn go_on(&self) {
        let (base, shown) = (self.base().clone(), self.clone());
        if base.pending.is_running.swap(true, Ordering::Relaxed) {
            return;
        }
        spawn(async move {
            while base.is_shown() {
                if base.pending.all.swap(false, Ordering::Relaxed) {
                    match &shown {
                        Shown::List(list) => list.fetch().await,
                        Shown::Conversation(conversation) => conversation.fetch().await,
                    }
                } else if let (Shown::List(list), true) = (&shown, base.pending.more.swap(false, Ordering::Relaxed)) {
                    list.fetch_more().await;
                } else {
                    break;
                }
            }
            base.pending.is_running.store(false, Ordering::Relaxed);
        });
    }
}

impl Base {
    /// Whether nothing else is shown meanwhile, and the user is the same.
    fn is_shown(&self) -> bool {
        self.panel.peek(|model| model.screen == Screen::Tickets && model.opening == self.opening)
    }

    /// Sends a request about the ticket, or below `…/tickets` from the list.
    async fn ask(&self, method: &str, path: &str, body: &str) -> Answer {
        let path = if self.id.is_empty() { path.to_string() } else { ["/", &self.id, path].concat() };
        tickets::ask(&self.panel.loader(), method, &path, body).await
    }

    /// That something could not be fetched, and how to try again.
    fn failed(&self) -> AnyView {
        let again = move |_| current().iter().for_each(Shown::load);
        let again = button("button", again).text(texts::text(TicketsText::Again));
        vec![notice(TicketsText::Failed), again].into_any()
    }

    fn announce(&self, text: TicketsText) {
        self.panel.announce(&texts::text(text));
    }
}

fn notice(text: TicketsText) -> AnyView {
    paragraph("notice", texts::text(text))
}
