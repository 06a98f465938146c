//! The customer's reply.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use wasm_bindgen::JsValue;

use super::conversation::change;
use super::{Screen, button, load, paragraph};
use crate::browser::loader::Sent;
use crate::browser::nodes::Drawing;
use crate::browser::timer::spawn;
use crate::browser::{Node, dom, line};
use crate::words::Words;
use domain::conversation::{Patch, Reply};
use domain::problem::Problem;
use domain::texts::TicketsText;
use domain::ticket::Status;
use wire::Read;

/// The state of a reply.
#[derive(Default)]
pub struct State {
    /// Whether it is being sent.
    busy: Cell<bool>,
    /// Why it was not sent.
    trouble: RefCell<String>,
    drawn: RefCell<Option<Drawing>>,
}

/// The elements that change.
#[derive(Clone)]
pub struct Parts {
    field: Node,
    around: Node,
}

const FIELD: &str = "reply";

/// The field and the elements around it.
pub fn nodes(screen: &Rc<Screen>, drawing: &mut Drawing) -> (Node, Parts) {
    let text = drawing.text(&screen.words.said(TicketsText::Reply));
    let label = drawing.element("label", &[("for", FIELD)], vec![text]);
    let attributes = [("id", FIELD), ("rows", "3"), ("maxlength", "10000"), ("dir", "auto")];
    let field = drawing.element("textarea", &attributes, Vec::new());
    let (from, node) = (screen.clone(), field.clone());
    spawn(async move {
        let begun = line::begun(&from.line, &from.id).await;
        if dom::field(&node).is_empty() {
            dom::fill_field(&node, &begun);
        }
    });
    let to = screen.clone();
    drawing.on(&field, "input", move |event| to.line.keep(&to.id, &dom::value_of(&event)));
    let around = drawing.element("div", &[], Vec::new());
    let files = drawing.element("section", &[("id", "reply-files"), ("data-of", &screen.id)], Vec::new());
    screen.line.files(&files, &screen.id);
    let parts = vec![label, field.clone(), files, around.clone()];
    let below = drawing.element("div", &[("class", "field reply")], parts);
    (below, Parts { field, around })
}

/// Draws the elements around the field.
pub fn draw(screen: &Rc<Screen>) {
    let (Some(parts), Some(mut drawing)) = (parts(screen), Drawing::new()) else { return };
    let (state, words) = (&screen.conversation.reply, &screen.words);
    let busy = state.busy.get();
    let solved = screen.conversation.solved.get();
    dom::lock_field(&parts.field, busy);
    let mut nodes = Vec::new();
    if solved {
        nodes.push(paragraph(&drawing, "hint", &words.said(TicketsText::ReopensBy)));
    }
    if !state.trouble.borrow().is_empty() {
        let text = paragraph(&drawing, "", &state.trouble.borrow());
        nodes.push(drawing.element("div", &[("class", "alert")], vec![text]));
    }
    let send_text = if busy { TicketsText::SendingReply } else { TicketsText::SendReply };
    let (one, other) = (screen.clone(), screen.clone());
    let send = button(&mut drawing, "button main", &words.said(send_text), move || send(&one));
    let turn_text = if solved { TicketsText::Reopen } else { TicketsText::Solve };
    let turn = button(&mut drawing, "button", &words.said(turn_text), move || turn(&other, solved));
    nodes.push(drawing.element("div", &[("class", "row")], vec![send, turn]));
    let focused = dom::holds_focus(&parts.around);
    drawing.fill(&parts.around, nodes);
    if focused {
        dom::focus_node(&parts.field);
    }
    state.drawn.replace(Some(drawing));
}

/// Submits the content of the field, once.
fn send(screen: &Rc<Screen>) {
    let state = &screen.conversation.reply;
    let Some(parts) = parts(screen) else { return };
    if state.busy.get() {
        return;
    }
    let message = dom::field(&parts.field);
    if message.trim_ascii().is_empty() {
        trouble(screen, screen.words.said(TicketsText::ReplyEmpty));
        return dom::focus_node(&parts.field);
    }
    state.busy.set(true);
    let path = ["/", &screen.id, "/messages"].concat();
    let sent = line::send(&screen.line, &path, &json(&message), &message);
    // The outbox has it, so a field that is drawn again meanwhile must not offer it again.
    screen.line.keep(&screen.id, "");
    trouble(screen, String::new());
    let screen = screen.clone();
    spawn(async move {
        let Sent { word, answer } = sent.await;
        screen.conversation.reply.busy.set(false);
        let field = self::parts(&screen).map_or(parts.field, |parts| parts.field);
        if word == "refused" {
            screen.line.keep(&screen.id, &message);
            dom::fill_field(&field, &message);
            return trouble(&screen, refused(&screen.words, &answer));
        }
        dom::fill_field(&field, "");
        if word != "sent" {
            return trouble(&screen, screen.words.said(TicketsText::ReplyWaits));
        }
        screen.announce(TicketsText::ReplySent);
        draw(&screen);
        load(screen);
    });
}

/// A reply in wire format.
pub fn json(message: &str) -> String {
    // Serialising plain data into memory cannot fail.
    serde_json::to_string(&Reply { message: message.to_string(), attachments: Vec::new() }).unwrap_or_default()
}

/// Why a reply was refused.
pub fn refused(words: &Words, problem: &JsValue) -> String {
    words.filled(TicketsText::Refused, "{reason}", &Problem::read(problem).title)
}

/// Solves or reopens the ticket.
fn turn(screen: &Rc<Screen>, solved: bool) {
    let screen = screen.clone();
    spawn(async move {
        let status = Some(if solved { Status::Open } else { Status::Solved });
        match change(&screen, &Patch { status, read_until: None }).await {
            Some(_) => load(screen),
            None => trouble(&screen, screen.words.said(TicketsText::Failed)),
        }
    });
}

/// A submission from the outbox has arrived.
pub fn arrived(screen: &Rc<Screen>) {
    if !screen.conversation.reply.trouble.take().is_empty() {
        draw(screen);
    }
}

/// Shows and announces a problem.
fn trouble(screen: &Rc<Screen>, text: String) {
    if !text.is_empty() {
        dom::announce(&screen.live, &text);
    }
    screen.conversation.reply.trouble.replace(text);
    draw(screen);
}

fn parts(screen: &Screen) -> Option<Parts> {
    screen.conversation.parts.borrow().as_ref().map(|parts| parts.reply.clone())
}
