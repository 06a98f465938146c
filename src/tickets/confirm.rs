//! Confirmation of the address given with a ticket, by the code that was mailed to it. Until then replies are withheld.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::{Screen, button, load, paragraph};
use crate::browser::http::Answer;
use crate::browser::nodes::Drawing;
use crate::browser::timer::spawn;
use crate::browser::{Node, dom, line, read};
use domain::conversation::{ConfirmationCode, Summary};
use domain::problem::Problem;
use domain::texts::TicketsText;
use wire::{Read, Source};

/// The state of a confirmation.
#[derive(Default)]
pub struct State {
    /// Whether a request is running.
    busy: Cell<bool>,
    /// Whether a code was sent; none if there is nothing to confirm.
    stands: Cell<Option<bool>>,
    /// Whether the address has just been confirmed, so that the focus moves to the replies.
    pub succeeded: Cell<bool>,
    /// The code as typed.
    code: RefCell<String>,
    parts: RefCell<Option<Parts>>,
    drawn: RefCell<Option<Drawing>>,
}

/// The elements that change.
#[derive(Clone)]
struct Parts {
    /// Why a code is requested.
    about: Node,
    /// The field for the code; none while none was sent.
    field: Option<Node>,
    /// Shows and announces how the last attempt ended.
    status: Node,
}

const FIELD: &str = "code";
const ABOUT: &str = "code-about";
const STATUS: &str = "code-status";

/// Draws the confirmation into a place; nothing if there is nothing to confirm. Input in progress is preserved.
pub fn draw(screen: &Rc<Screen>, place: &Node, ticket: &Summary) {
    let state = &screen.conversation.confirm;
    let stands = ticket.unconfirmed.then_some(ticket.code_sent);
    let same = state.stands.replace(stands) == stands;
    if !same {
        let Some(mut drawing) = Drawing::new() else { return };
        state.parts.take();
        let nodes = stands.map(|sent| nodes(screen, &mut drawing, sent)).unwrap_or_default();
        drawing.fill(place, nodes);
        state.drawn.replace(Some(drawing));
    }
    if let Some(parts) = state.parts.borrow().as_ref() {
        let about = about(screen, ticket);
        if parts.about.text_content().as_ref() != Some(&about) {
            parts.about.set_text_content(Some(&about));
        }
    }
}

/// Why a code is requested, and where it was sent.
fn about(screen: &Screen, ticket: &Summary) -> String {
    let words = &screen.words;
    let how = words.said(if ticket.code_sent { TicketsText::ConfirmSent } else { TicketsText::ConfirmUnsent });
    if ticket.withheld > 0 { [words.said(TicketsText::Withheld), how].join(" ") } else { how }
}

fn nodes(screen: &Rc<Screen>, drawing: &mut Drawing, sent: bool) -> Vec<Node> {
    let words = &screen.words;
    let about = drawing.element("p", &[("id", ABOUT)], Vec::new());
    let status = drawing.element("div", &[("id", STATUS), ("role", "alert")], Vec::new());
    let mut parts = vec![about.clone()];
    let mut row = Vec::new();
    let field = sent.then(|| {
        let text = drawing.text(&words.said(TicketsText::Code));
        parts.push(drawing.element("label", &[("for", FIELD)], vec![text]));
        let field = field(screen, drawing);
        parts.push(field.clone());
        let to = screen.clone();
        row.push(button(drawing, "button main", &words.said(TicketsText::ConfirmCode), move || send(&to)));
        field
    });
    let (class, text) = match sent {
        true => ("button", TicketsText::NewCode),
        false => ("button main", TicketsText::SendCode),
    };
    let to = screen.clone();
    row.push(button(drawing, class, &words.said(text), move || request(&to)));
    parts.push(drawing.element("div", &[("class", "row")], row));
    parts.push(status.clone());
    screen.conversation.confirm.parts.replace(Some(Parts { about, field, status }));
    vec![drawing.element("div", &[("class", "field confirm")], parts)]
}

fn field(screen: &Rc<Screen>, drawing: &mut Drawing) -> Node {
    let typed = screen.conversation.confirm.code.borrow().clone();
    let described = [ABOUT, STATUS].join(" ");
    let attributes = [
        ("id", FIELD),
        ("inputmode", "numeric"),
        ("autocomplete", "one-time-code"),
        ("maxlength", "20"),
        ("dir", "ltr"),
        ("aria-describedby", described.as_str()),
        ("value", typed.as_str()),
    ];
    let field = drawing.element("input", &attributes, Vec::new());
    let to = screen.clone();
    drawing.on(&field, "input", move |event| {
        to.conversation.confirm.code.replace(dom::value_of(&event));
    });
    let to = screen.clone();
    drawing.on(&field, "keydown", move |event| {
        if read::text_of(&event, "key") == "Enter" && !event.get("isComposing").is_true() {
            event.prevent_default();
            send(&to);
        }
    });
    field
}

/// Sends the code that was typed.
fn send(screen: &Rc<Screen>) {
    let state = &screen.conversation.confirm;
    let code = state.code.borrow().trim_ascii().to_string();
    if code.is_empty() {
        return fail(screen, TicketsText::CodeEmpty);
    }
    if state.busy.replace(true) {
        return;
    }
    let screen = screen.clone();
    spawn(async move {
        // Serialising plain data into memory cannot fail.
        let body = serde_json::to_string(&ConfirmationCode { code }).unwrap_or_default();
        let answer = line::ask(&screen.line, "POST", &["/", &screen.id, "/confirmation"].concat(), &body).await;
        screen.conversation.confirm.busy.set(false);
        if !matches!(answer, Answer::Http { status: 200, .. }) {
            return fail(&screen, trouble(&answer));
        }
        screen.announce(TicketsText::AddressConfirmed);
        screen.conversation.confirm.succeeded.set(true);
        screen.line.touched();
        load(screen);
    });
}

/// Requests a code, or another one.
fn request(screen: &Rc<Screen>) {
    if screen.conversation.confirm.busy.replace(true) {
        return;
    }
    let screen = screen.clone();
    spawn(async move {
        let answer = line::ask(&screen.line, "POST", &["/", &screen.id, "/confirmation/code"].concat(), "").await;
        screen.conversation.confirm.busy.set(false);
        if !matches!(answer, Answer::Http { status: 202, .. }) {
            return say(&screen, trouble(&answer), true);
        }
        let place = screen.conversation.parts.borrow().as_ref().map(|parts| parts.confirm.clone());
        if let (Some(place), Answer::Http { body: Some(ticket), .. }) = (place, answer) {
            draw(&screen, &place, &Summary::read(&ticket));
        }
        say(&screen, TicketsText::CodeSent, false);
        focus(&screen);
    });
}

/// The text for an unsuccessful response.
fn trouble(answer: &Answer) -> TicketsText {
    let Answer::Http { status, body, .. } = answer else { return TicketsText::Failed };
    let code = body.as_ref().map(|body| Problem::read(body).code).unwrap_or_default();
    match (code.as_str(), status) {
        ("wrong_code", _) => TicketsText::CodeWrong,
        ("no_code", _) => TicketsText::CodeOver,
        ("too_many_attempts", _) => TicketsText::CodeTried,
        ("code_too_soon", _) => TicketsText::CodeSoon,
        ("code_quota", _) => TicketsText::CodeQuota,
        ("too_many_codes" | "address_bounced", _) => TicketsText::CodesMax,
        (_, 429) => TicketsText::CodeLater,
        _ => TicketsText::Failed,
    }
}

/// Shows what is wrong with the code, and moves the focus to its field.
fn fail(screen: &Screen, text: TicketsText) {
    say(screen, text, true);
    focus(screen);
}

fn focus(screen: &Screen) {
    if let Some(Parts { field: Some(field), .. }) = screen.conversation.confirm.parts.borrow().as_ref() {
        dom::focus_node(field);
    }
}

/// Shows and announces a result. The element is a new one each time, so that the same text is announced again.
fn say(screen: &Screen, text: TicketsText, is_error: bool) {
    let state = &screen.conversation.confirm;
    let (Some(parts), Some(drawing)) = (state.parts.borrow().clone(), Drawing::new()) else { return };
    let says = paragraph(&drawing, if is_error { "error" } else { "hint" }, &screen.words.said(text));
    drawing.fill(&parts.status, vec![says]);
    if let Some(field) = parts.field {
        drawing.flag(&field, "aria-invalid", is_error);
    }
}
