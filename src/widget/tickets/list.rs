//! The person's tickets: open ones first, with what they have not read yet.

use std::rc::Rc;

use super::{Screen, button, paragraph, said};
use crate::domain::conversation::{Summaries, Summary};
use crate::domain::source::Read;
use crate::domain::texts::TicketsText;
use crate::domain::ticket::Status;
use crate::widget::browser::http::Answer;
use crate::widget::browser::intl;
use crate::widget::browser::nodes::Drawing;
use crate::widget::browser::{Node, dom};

/// Asks for them, and draws them.
pub async fn load(screen: &Rc<Screen>) {
    let mut list = Summaries::default();
    for _ in 0..=screen.more.get() {
        // Cursors are made of what needs no escaping.
        let path = list.next.take().map_or(String::new(), |cursor| "?cursor=".to_string() + &cursor);
        let answer = screen.get(&path).await;
        if !screen.is_shown() {
            return;
        }
        let Answer::Http { status: 200, body: Some(body), .. } = answer else {
            // What is there stays.
            if screen.drawn.borrow().is_empty() {
                screen.fail(TicketsText::Failed);
            }
            return;
        };
        let page = Summaries::read(&body);
        list.tickets.extend(page.tickets);
        list.next = page.next;
        if list.next.is_none() {
            break;
        }
    }
    draw(screen, &list);
}

fn draw(screen: &Rc<Screen>, list: &Summaries) {
    let Some(mut drawing) = Drawing::new() else { return };
    let mut rows = Vec::new();
    for ticket in &list.tickets {
        let row = row(screen, &mut drawing, ticket);
        rows.push(drawing.element("li", &[], vec![row]));
    }
    let mut nodes = match rows.is_empty() {
        true => vec![paragraph(&drawing, "notice", &screen.words.said(TicketsText::Nothing))],
        false => vec![drawing.element("ul", &[("class", "plain")], rows)],
    };
    if list.next.is_some() {
        let more = screen.clone();
        let press = move || {
            more.more.set(more.more.get() + 1);
            super::load(more.clone());
        };
        nodes.push(button(&mut drawing, "button", &screen.words.said(TicketsText::More), press));
    }
    // The row that has the focus is drawn anew, and has it again.
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
    let (form, id) = (screen.form.clone(), ticket.id.clone());
    let row = button(drawing, "hit", "", move || drop(form.ask("conversation", &id)));
    drawing.fill(&row, vec![title, about]);
    drawing.name(&row, &ticket.id);
    row
}
