//! The customer's tickets: open ones first, with their unread messages.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::{Screen, button, go_on, paragraph, said};
use crate::browser::http::Answer;
use crate::browser::intl;
use crate::browser::nodes::Drawing;
use crate::browser::{Node, dom};
use crate::form;
use domain::conversation::{Summaries, Summary};
use domain::texts::TicketsText;
use domain::ticket::Status;
use wire::Read;

/// The state of the list between two drawings.
#[derive(Default)]
pub struct State {
    /// What is shown.
    shown: RefCell<Summaries>,
    /// Whether there is more to show.
    pub more: Cell<bool>,
}

/// The id of the button that shows more. No ticket can have it.
const MORE: &str = "more";

/// Fetches as many tickets as are shown, and draws them. A page may be empty although others follow.
pub async fn load(screen: &Rc<Screen>) {
    let shown = screen.list.shown.borrow().tickets.len().max(1);
    let mut list = Summaries::default();
    loop {
        let page = page(screen, list.next.take()).await;
        if !screen.is_shown() {
            return;
        }
        let Some(page) = page else {
            // What is shown stays.
            if screen.drawn.borrow().is_empty() {
                screen.fail(TicketsText::Failed);
            }
            return;
        };
        append(&mut list, page);
        if list.next.is_none() || list.tickets.len() >= shown {
            break;
        }
    }
    screen.list.shown.replace(list);
    draw(screen, false);
}

/// Fetches the next page, and appends it.
pub async fn add(screen: &Rc<Screen>) {
    let before = screen.list.shown.borrow().tickets.len();
    let mut failed = false;
    while !failed && screen.list.shown.borrow().tickets.len() == before {
        let next = screen.list.shown.borrow().next.clone();
        if next.is_none() {
            break;
        }
        let page = page(screen, next).await;
        if !screen.is_shown() {
            return;
        }
        failed = page.is_none();
        if let Some(page) = page {
            append(&mut screen.list.shown.borrow_mut(), page);
        }
    }
    draw(screen, failed);
    let first = screen.list.shown.borrow().tickets.get(before).map(|ticket| ticket.id.clone());
    if let Some(first) = first {
        dom::focus_row(&screen.place, &first);
    }
}

/// A page, or the first one; none if it could not be fetched.
async fn page(screen: &Screen, cursor: Option<String>) -> Option<Summaries> {
    // Cursors consist of characters that need no escaping.
    let path = cursor.map_or(String::new(), |cursor| "?cursor=".to_string() + &cursor);
    match screen.get(&path).await {
        Answer::Http { status: 200, body: Some(body), .. } => Some(Summaries::read(&body)),
        _ => None,
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

/// Draws the list; `failed` if more of it could not be fetched.
fn draw(screen: &Rc<Screen>, failed: bool) {
    let Some(mut drawing) = Drawing::new() else { return };
    let list = screen.list.shown.borrow();
    let mut rows = Vec::new();
    for ticket in &list.tickets {
        let row = row(screen, &mut drawing, ticket);
        rows.push(drawing.element("li", &[], vec![row]));
    }
    let mut nodes = match rows.is_empty() {
        true => vec![paragraph(&drawing, "notice", &screen.words.said(TicketsText::Nothing))],
        false => vec![drawing.element("ul", &[("class", "plain")], rows)],
    };
    if failed {
        nodes.push(paragraph(&drawing, "error", &screen.words.said(TicketsText::Failed)));
        screen.announce(TicketsText::Failed);
    }
    if list.next.is_some() {
        let asking = screen.clone();
        let press = move || {
            asking.list.more.set(true);
            go_on(asking.clone());
        };
        let more = button(&mut drawing, "button", &screen.words.said(TicketsText::More), press);
        drawing.name(&more, MORE);
        nodes.push(more);
    }
    // The focused element is drawn again, and gets the focus back.
    let focused = dom::focused_id(&screen.place);
    drawing.put(&screen.place, nodes);
    if let Some(id) = focused {
        dom::focus_row(&screen.place, &id);
    }
    screen.drawn.replace(vec![drawing]);
}

fn row(screen: &Rc<Screen>, drawing: &mut Drawing, ticket: &Summary) -> Node {
    let words = &screen.words;
    let title = said(drawing, "span", "title", &ticket.title);
    let mut about = Vec::new();
    if ticket.withheld > 0 {
        about.push(said(drawing, "span", "tag unread", &words.said(TicketsText::ConfirmRow)));
    } else if ticket.unread > 0 {
        about.push(said(drawing, "span", "tag unread", &words.count(TicketsText::New, ticket.unread)));
    }
    if ticket.status == Status::Solved {
        about.push(said(drawing, "span", "tag good", &words.said(TicketsText::Solved)));
    }
    about.push(said(drawing, "span", "", &ticket.reference));
    let (text, time) = match &ticket.due_at {
        Some(due) => (TicketsText::Due, due),
        None => (TicketsText::Since, &ticket.updated_at),
    };
    let when = words.filled(text, "{time}", &intl::moment(time, &words.lang));
    about.push(said(drawing, "span", "", &when));
    let about = drawing.element("span", &[("class", "about")], about);
    let id = ticket.id.clone();
    let row = button(drawing, "hit", "", move || drop(form::ask("conversation", &id)));
    drawing.fill(&row, vec![title, about]);
    drawing.name(&row, &ticket.id);
    row
}
