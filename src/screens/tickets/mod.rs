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
enum TicketsView {
    List(List),
    Conversation(Conversation),
}

/// What the list and a conversation have in common.
#[derive(Clone)]
struct ViewContext {
    panel: Panel,
    /// The number of the screen (`Model::screen_number`).
    screen_number: u32,
    /// The id of the ticket; empty for the list.
    id: Arc<str>,
    fetches: Arc<FetchQueue>,
}

/// The requests that are running, and those to follow.
#[derive(Default)]
struct FetchQueue {
    is_running: AtomicBool,
    /// Everything is to be fetched, again if it is being fetched.
    reload: AtomicBool,
    /// The next page of the list is to be fetched.
    next_page: AtomicBool,
}

thread_local! {
    static CURRENT_VIEW: RefCell<Option<TicketsView>> = const { RefCell::new(None) };
}

/// The list of tickets, or the conversation that is open. Drawn again, it is the same with everything in it.
pub fn view(panel: Panel) -> AnyView {
    let view = current().unwrap_or_else(|| {
        let (screen_number, id) = panel.peek(|model| (model.screen_number, model.ticket.as_str().into()));
        let context = ViewContext { panel, screen_number, id, fetches: Arc::default() };
        let view = match context.id.is_empty() {
            true => TicketsView::List(List::new(context)),
            false => TicketsView::Conversation(Conversation::new(context)),
        };
        CURRENT_VIEW.set(Some(view.clone()));
        view
    });
    view.load();
    match view {
        TicketsView::List(list) => list.view(),
        TicketsView::Conversation(conversation) => conversation.view(),
    }
}

/// Fetches again what is shown, after a change of the ticket with an id, or of any ticket if it is empty.
pub fn refresh(id: &str) {
    let is_concerned = |view: &TicketsView| id.is_empty() || view.context().id.is_empty() || *view.context().id == *id;
    current().filter(is_concerned).iter().for_each(TicketsView::load);
}

/// What is shown now.
fn current() -> Option<TicketsView> {
    CURRENT_VIEW.with_borrow(Clone::clone).filter(|view| view.context().is_shown())
}

impl TicketsView {
    fn context(&self) -> &ViewContext {
        match self {
            TicketsView::List(list) => &list.context,
            TicketsView::Conversation(conversation) => &conversation.context,
        }
    }

    fn load(&self) {
        self.context().fetches.reload.store(true, Ordering::Relaxed);
        self.run_fetches();
    }

    /// Sends the pending requests one after the other.
    fn run_fetches(&self) {
        let (context, view) = (self.context().clone(), self.clone());
        if context.fetches.is_running.swap(true, Ordering::Relaxed) {
            return;
        }
        spawn(async move {
            while context.is_shown() {
                if context.fetches.reload.swap(false, Ordering::Relaxed) {
                    match &view {
                        TicketsView::List(list) => list.fetch().await,
                        TicketsView::Conversation(conversation) => conversation.fetch().await,
                    }
                } else if let (TicketsView::List(list), true) =
                    (&view, context.fetches.next_page.swap(false, Ordering::Relaxed))
                {
                    list.fetch_more().await;
                } else {
                    break;
                }
            }
            context.fetches.is_running.store(false, Ordering::Relaxed);
        });
    }
}

impl ViewContext {
    /// Whether nothing else is shown meanwhile, and the user is the same.
    fn is_shown(&self) -> bool {
        self.panel.peek(|model| model.screen == Screen::Tickets && model.screen_number == self.screen_number)
    }

    /// Sends a request about the ticket, or below `…/tickets` from the list.
    async fn send_request(&self, method: &str, path: &str, body: &str) -> Answer {
        let path = if self.id.is_empty() { path.to_string() } else { ["/", &self.id, path].concat() };
        tickets::ask(&self.panel.loader(), method, &path, body).await
    }

    /// That something could not be fetched, and how to try again.
    fn failure_view(&self) -> AnyView {
        let retry = move |_| current().iter().for_each(TicketsView::load);
        let retry = button("button", retry).text(texts::text(TicketsText::Again));
        vec![notice(TicketsText::Failed), retry].into_any()
    }

    fn announce(&self, text: TicketsText) {
        self.panel.announce(&texts::text(text));
    }
}

fn notice(text: TicketsText) -> AnyView {
    paragraph("notice", texts::text(text))
}
