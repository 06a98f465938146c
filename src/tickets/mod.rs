//! Tickets and conversations.

mod alike;
mod confirm;
mod conversation;
mod list;
mod reply;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use wasm_bindgen::JsValue;

use super::browser::http::Answer;
use super::browser::line::{self, Line};
use super::browser::nodes::Drawing;
use super::browser::timer::spawn;
use super::browser::{HtmlElement, Node, dom};
use super::markdown;
use super::words::Words;
use domain::texts::TicketsText;

pub use alike::show as show_alike;

/// The screen: the list, or one ticket.
struct Screen {
    place: HtmlElement,
    live: HtmlElement,
    line: Line,
    words: Words,
    labels: markdown::Labels,
    /// The id of the ticket; empty for the list.
    id: String,
    /// The state of a conversation.
    conversation: conversation::State,
    /// The state of the list.
    list: list::State,
    /// Whether a fetch is running, and whether another one has to follow.
    loading: Cell<bool>,
    again: Cell<bool>,
    /// The listeners of the drawn parts.
    drawn: RefCell<Vec<Drawing>>,
}

thread_local! {
    static SHOWN: RefCell<Option<Rc<Screen>>> = const { RefCell::new(None) };
}

/// Draws the list of tickets, or the ticket with an id, into a place. `live` is the panel's live region, `labels` has the
/// texts.
pub fn show(place: HtmlElement, live: HtmlElement, line: Line, lang: String, labels: JsValue, id: String) {
    let same = |shown: &Rc<Screen>| shown.place == place && shown.id == id && place.child_element_count() > 0;
    if SHOWN.with_borrow(|shown| shown.as_ref().is_some_and(same)) {
        return refresh("");
    }
    let words = Words::new(lang, labels);
    let [copy_code, copied, picture, named_picture] =
        [TicketsText::CopyCode, TicketsText::Copied, TicketsText::Picture, TicketsText::NamedPicture]
            .map(|text| words.said(text));
    let labels = markdown::Labels { copy_code, copied, picture, named_picture };
    let screen = Rc::new(Screen {
        place,
        live,
        line,
        words,
        labels,
        id,
        conversation: Default::default(),
        list: Default::default(),
        loading: Cell::default(),
        again: Cell::default(),
        drawn: RefCell::default(),
    });
    screen.say(TicketsText::Loading);
    SHOWN.set(Some(screen.clone()));
    load(screen);
}

/// Reloads after a change of the ticket with an id, or of any ticket.
pub fn refresh(id: &str) {
    let shown = SHOWN.with_borrow(Clone::clone);
    if let Some(screen) = shown.filter(|screen| id.is_empty() || screen.id.is_empty() || screen.id == id) {
        load(screen);
    }
}

/// Clears the screen, because it does not belong to the current user, and stops fetching.
pub fn leave() {
    if let Some(screen) = SHOWN.take() {
        screen.place.set_text_content(None);
    }
}

/// Fetches what is shown, and draws it; once more if something has changed meanwhile.
fn load(screen: Rc<Screen>) {
    screen.again.set(true);
    go_on(screen);
}

/// Runs the pending fetches one after the other.
fn go_on(screen: Rc<Screen>) {
    if screen.loading.replace(true) {
        return;
    }
    spawn(async move {
        while screen.is_shown() {
            if screen.again.replace(false) {
                if screen.id.is_empty() {
                    list::load(&screen).await;
                } else {
                    conversation::load(&screen).await;
                }
            } else if screen.list.more.replace(false) {
                list::add(&screen).await;
            } else {
                break;
            }
        }
        screen.loading.set(false);
    });
}

impl Screen {
    /// Whether the screen is still the current one.
    fn is_shown(self: &Rc<Self>) -> bool {
        SHOWN.with_borrow(|shown| shown.as_ref().is_some_and(|shown| Rc::ptr_eq(shown, self)))
    }

    async fn get(&self, path: &str) -> Answer {
        line::ask(&self.line, "GET", path, "").await
    }

    /// Replaces everything by a text.
    fn say(&self, text: TicketsText) {
        let Some(drawing) = Drawing::new() else { return };
        let said = paragraph(&drawing, "notice", &self.words.said(text));
        drawing.put(&self.place, vec![said]);
    }

    /// Shows that fetching failed, and offers to try again.
    fn fail(self: &Rc<Self>, text: TicketsText) {
        let Some(mut drawing) = Drawing::new() else { return };
        let said = paragraph(&drawing, "notice", &self.words.said(text));
        let screen = self.clone();
        let again = button(&mut drawing, "button", &self.words.said(TicketsText::Again), move || load(screen.clone()));
        drawing.put(&self.place, vec![said, again]);
        self.drawn.replace(vec![drawing]);
    }

    fn announce(&self, text: TicketsText) {
        dom::announce(&self.live, &self.words.said(text));
    }
}

fn button(drawing: &mut Drawing, class: &str, text: &str, mut press: impl FnMut() + 'static) -> Node {
    let text = drawing.text(text);
    let button = drawing.element("button", &[("type", "button"), ("class", class)], vec![text]);
    drawing.on_press(&button, move |_| press());
    button
}

fn paragraph(drawing: &Drawing, class: &str, text: &str) -> Node {
    said(drawing, "p", class, text)
}

fn said(drawing: &Drawing, tag: &str, class: &str, text: &str) -> Node {
    let text = drawing.text(text);
    drawing.element(tag, &[("class", class)], vec![text])
}
