//! What the customer says: a reply is sealed with its key, and those bytes are sent until it is known what became of them.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::conversation::change;
use super::{Screen, button, load, paragraph};
use crate::domain::conversation::{Patch, Reply};
use crate::domain::outbox::{self, Cause, Outcome};
use crate::domain::pairs::Pairs;
use crate::domain::problem::FieldError;
use crate::domain::texts::TicketsText;
use crate::domain::ticket::Status;
use crate::widget::browser::nodes::Drawing;
use crate::widget::browser::timer::spawn;
use crate::widget::browser::{Node, dom, http, line, random};
use crate::widget::transport::Sealed;
use crate::widget::words::Words;

/// Where a reply stands.
#[derive(Default)]
pub struct State {
    /// Whether it is on its way.
    busy: Cell<bool>,
    /// What was sent and may have arrived.
    sealed: RefCell<Option<Sealed>>,
    /// Why it did not go.
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

thread_local! {
    /// What was begun, by the id of the ticket, for as long as the page lives.
    static BEGUN: RefCell<Pairs<String>> = const { RefCell::new(Pairs(Vec::new())) };
}

/// The field and what stands around it.
pub fn nodes(screen: &Rc<Screen>, drawing: &mut Drawing) -> (Node, Parts) {
    let text = drawing.text(&screen.words.said(TicketsText::Reply));
    let label = drawing.element("label", &[("for", FIELD)], vec![text]);
    let attributes = [("id", FIELD), ("rows", "3"), ("maxlength", "10000"), ("dir", "auto")];
    let field = drawing.element("textarea", &attributes, Vec::new());
    let begun = BEGUN.with_borrow(|begun| begun.get(&screen.id).cloned());
    dom::fill_field(&field, &begun.unwrap_or_default());
    let id = screen.id.clone();
    drawing.on(&field, "input", move |event| keep(&id, dom::value_of(&event)));
    let around = drawing.element("div", &[], Vec::new());
    let below = drawing.element("div", &[("class", "field reply")], vec![label, field.clone(), around.clone()]);
    (below, Parts { field, around })
}

/// Draws what stands around the field.
pub fn draw(screen: &Rc<Screen>) {
    let (Some(parts), Some(mut drawing)) = (parts(screen), Drawing::new()) else { return };
    let (state, words) = (&screen.conversation.reply, &screen.words);
    let (busy, sealed) = (state.busy.get(), state.sealed.borrow().is_some());
    let solved = screen.conversation.solved.get();
    dom::lock_field(&parts.field, busy || sealed);
    let mut nodes = Vec::new();
    if solved {
        nodes.push(paragraph(&drawing, "hint", &words.said(TicketsText::ReopensBy)));
    }
    if !state.trouble.borrow().is_empty() {
        let text = paragraph(&drawing, "", &state.trouble.borrow());
        nodes.push(drawing.element("div", &[("class", "alert")], vec![text]));
    }
    let send_text = match (busy, sealed) {
        (true, _) => TicketsText::SendingReply,
        (_, true) => TicketsText::Again,
        _ => TicketsText::SendReply,
    };
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

/// Sends what is in the field, once.
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
    // Writing plain data into memory cannot fail.
    let seal = || Sealed { key: random::id(), body: serde_json::to_string(&Reply { message }).unwrap_or_default() };
    let sealed = state.sealed.borrow_mut().get_or_insert_with(seal).clone();
    state.busy.set(true);
    trouble(screen, String::new());
    let screen = screen.clone();
    spawn(async move {
        let path = ["/", &screen.id, "/messages"].concat();
        let answer = line::ask(&screen.line, "POST", &path, &sealed.body, &sealed.key).await;
        let state = &screen.conversation.reply;
        state.busy.set(false);
        match outbox::decide_reply(&answer, http::online()) {
            Outcome::Sent(_) => {
                state.sealed.take();
                keep(&screen.id, String::new());
                dom::fill_field(&parts.field, "");
                screen.announce(TicketsText::ReplySent);
                draw(&screen);
                screen.line.touched();
                load(screen);
            }
            Outcome::Refused(errors) => {
                state.sealed.take();
                trouble(&screen, refused(&screen.words, errors));
            }
            Outcome::Unknown(cause) => trouble(&screen, unknown(&screen.words, cause)),
        }
    });
}

/// Why a reply was refused.
pub fn refused(words: &Words, errors: Vec<FieldError>) -> String {
    let reason: Vec<String> = errors.into_iter().map(|error| error.detail).collect();
    words.filled(TicketsText::Refused, "{reason}", &reason.concat())
}

/// Why it is not known what became of a reply.
pub fn unknown(words: &Words, cause: Cause) -> String {
    words.said(match cause {
        Cause::Offline => TicketsText::Offline,
        Cause::Unreachable => TicketsText::Unreachable,
        Cause::TimedOut | Cause::Fault => TicketsText::Unknown,
        Cause::Busy(seconds) => return words.count(TicketsText::Busy, seconds),
    })
}

/// Solves the ticket, or opens it again.
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

/// Says what is in the way, to everybody.
fn trouble(screen: &Rc<Screen>, text: String) {
    if !text.is_empty() {
        dom::set_text(&screen.live, &text);
    }
    screen.conversation.reply.trouble.replace(text);
    draw(screen);
}

fn parts(screen: &Screen) -> Option<Parts> {
    screen.conversation.parts.borrow().as_ref().map(|parts| parts.reply.clone())
}

fn keep(id: &str, text: String) {
    BEGUN.with_borrow_mut(|begun| match begun.0.iter_mut().find(|(known, _)| known == id) {
        Some((_, kept)) => *kept = text,
        None => begun.0.push((id.to_string(), text)),
    });
}
