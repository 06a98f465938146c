//! Confirming the address that was given with a ticket, by the code that was mailed to it: until then answers are not shown.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::{Screen, button, load, paragraph};
use crate::domain::conversation::{ConfirmationCode, Summary};
use crate::domain::problem::Problem;
use crate::domain::source::Read;
use crate::domain::texts::TicketsText;
use crate::widget::browser::http::Answer;
use crate::widget::browser::nodes::Drawing;
use crate::widget::browser::timer::spawn;
use crate::widget::browser::{Node, dom, line};

/// Where a confirmation stands.
#[derive(Default)]
pub struct State {
    /// Whether something is being asked.
    busy: Cell<bool>,
    /// Whether answers wait for it; none where nothing is to be confirmed.
    waits: Cell<Option<bool>>,
    /// What was typed.
    code: RefCell<String>,
    /// Tells how the last attempt ended.
    status: RefCell<Option<Node>>,
    drawn: RefCell<Option<Drawing>>,
}

const FIELD: &str = "code";

/// Draws what confirms the address into a place; nothing where nothing is to be confirmed. What is being typed stays.
pub fn draw(screen: &Rc<Screen>, place: &Node, ticket: &Summary) {
    let state = &screen.conversation.confirm;
    let waits = ticket.unconfirmed.then_some(ticket.withheld > 0);
    if state.waits.replace(waits) == waits {
        return;
    }
    let Some(mut drawing) = Drawing::new() else { return };
    let nodes = waits.map(|waits| nodes(screen, &mut drawing, waits)).unwrap_or_default();
    drawing.fill(place, nodes);
    state.drawn.replace(Some(drawing));
}

fn nodes(screen: &Rc<Screen>, drawing: &mut Drawing, waits: bool) -> Vec<Node> {
    let words = &screen.words;
    let about = if waits { TicketsText::Confirm } else { TicketsText::ConfirmSoon };
    let about = paragraph(drawing, if waits { "" } else { "hint" }, &words.said(about));
    let text = drawing.text(&words.said(TicketsText::Code));
    let label = drawing.element("label", &[("for", FIELD)], vec![text]);
    let typed = screen.conversation.confirm.code.borrow().clone();
    let attributes = [
        ("id", FIELD),
        ("inputmode", "numeric"),
        ("autocomplete", "one-time-code"),
        ("maxlength", "20"),
        ("dir", "ltr"),
        ("value", typed.as_str()),
    ];
    let field = drawing.element("input", &attributes, Vec::new());
    let to = screen.clone();
    drawing.on(&field, "input", move |event| {
        to.conversation.confirm.code.replace(dom::value_of(&event));
    });
    let (to, node) = (screen.clone(), field.clone());
    let send = button(drawing, "button main", &words.said(TicketsText::ConfirmCode), move || send(&to, &node));
    let to = screen.clone();
    let again = button(drawing, "button", &words.said(TicketsText::NewCode), move || ask_for_another(&to));
    let row = drawing.element("div", &[("class", "row")], vec![send, again]);
    let status = drawing.element("p", &[("class", "")], Vec::new());
    screen.conversation.confirm.status.replace(Some(status.clone()));
    let parts = vec![about, label, field, row, status];
    vec![drawing.element("div", &[("class", "field confirm")], parts)]
}

/// Sends the code that was typed.
fn send(screen: &Rc<Screen>, field: &Node) {
    let state = &screen.conversation.confirm;
    let code = state.code.borrow().trim_ascii().to_string();
    if code.is_empty() {
        say(screen, TicketsText::CodeEmpty);
        return dom::focus_node(field);
    }
    if state.busy.replace(true) {
        return;
    }
    let (screen, field) = (screen.clone(), field.clone());
    spawn(async move {
        // Writing plain data into memory cannot fail.
        let body = serde_json::to_string(&ConfirmationCode { code }).unwrap_or_default();
        let answer = line::ask(&screen.line, "POST", &["/", &screen.id, "/confirmation"].concat(), &body).await;
        screen.conversation.confirm.busy.set(false);
        match answer {
            Answer::Http { status: 200, .. } => {
                screen.announce(TicketsText::AddressConfirmed);
                screen.line.touched();
                load(screen);
            }
            Answer::Http { status: 409, .. } => say(&screen, TicketsText::CodeOver),
            Answer::Http { body: Some(body), .. } if Problem::read(&body).code == "wrong_code" => {
                say(&screen, TicketsText::CodeWrong);
                dom::focus_node(&field);
            }
            _ => say(&screen, TicketsText::Failed),
        }
    });
}

/// Has another code mailed.
fn ask_for_another(screen: &Rc<Screen>) {
    if screen.conversation.confirm.busy.replace(true) {
        return;
    }
    let screen = screen.clone();
    spawn(async move {
        let answer = line::ask(&screen.line, "POST", &["/", &screen.id, "/confirmation/code"].concat(), "").await;
        screen.conversation.confirm.busy.set(false);
        say(
            &screen,
            match answer {
                Answer::Http { status: 202, .. } => TicketsText::CodeSent,
                Answer::Http { status: 429, .. } => TicketsText::CodeLater,
                _ => TicketsText::Failed,
            },
        );
    });
}

/// Says what has become of it, beside the field and to everybody.
fn say(screen: &Screen, text: TicketsText) {
    let (state, says) = (&screen.conversation.confirm, screen.words.said(text));
    dom::set_text(&screen.live, &says);
    if let (Some(place), Some(drawing)) = (state.status.borrow().as_ref(), state.drawn.borrow().as_ref()) {
        drawing.say(place, "hint", Some(says));
    }
}
