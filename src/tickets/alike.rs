//! Similar open tickets: the draft is added to one of them, or sent as a new one.

use std::cell::RefCell;
use std::rc::Rc;

use wasm_bindgen::JsValue;

use super::{button, paragraph, reply, said};
use crate::browser::line::{self, Line};
use crate::browser::loader::Sent;
use crate::browser::nodes::Drawing;
use crate::browser::timer::spawn;
use crate::browser::{HtmlElement, Node, dom, intl, read};
use crate::form;
use crate::words::Words;
use domain::conversation::{Summaries, Summary};
use domain::texts::TicketsText;
use wire::{Read, Source};

struct Offer {
    place: HtmlElement,
    live: HtmlElement,
    line: Line,
    words: Words,
    tickets: Vec<Summary>,
    /// The id of the ticket that it is being added to; empty if none.
    adding: RefCell<String>,
    /// Why it could not be added.
    trouble: RefCell<String>,
    drawn: RefCell<Option<Drawing>>,
}

/// Shows the tickets in a place.
pub fn show(place: HtmlElement, live: HtmlElement, line: Line, lang: String, labels: JsValue, found: &JsValue) {
    let words = Words::new(lang, labels);
    let offer = Rc::new(Offer {
        place,
        live,
        line,
        words,
        tickets: Summaries::read(found).tickets,
        adding: RefCell::default(),
        trouble: RefCell::default(),
        drawn: RefCell::default(),
    });
    if let Some(title) = draw(&offer) {
        dom::show(&offer.place);
        dom::focus_node(&title);
    }
}

fn draw(offer: &Rc<Offer>) -> Option<Node> {
    let mut drawing = Drawing::new()?;
    let words = &offer.words;
    let text = drawing.text(&words.said(TicketsText::Alike));
    let title = drawing.element("h3", &[("tabindex", "-1")], vec![text]);
    let hint = paragraph(&drawing, "hint", &words.said(TicketsText::AlikeHint));
    let mut rows = Vec::new();
    for ticket in &offer.tickets {
        let row = row(offer, &mut drawing, ticket);
        rows.push(drawing.element("li", &[], row));
    }
    let rows = drawing.element("ul", &[("class", "plain")], rows);
    let mut nodes = vec![title.clone(), hint, rows];
    if !offer.trouble.borrow().is_empty() {
        let text = paragraph(&drawing, "", &offer.trouble.borrow());
        nodes.push(drawing.element("div", &[("class", "alert")], vec![text]));
    }
    let new = button(&mut drawing, "button", &words.said(TicketsText::SendNew), || drop(form::ask("send", "")));
    nodes.push(drawing.element("div", &[("class", "row")], vec![new]));
    drawing.put(&offer.place, nodes);
    offer.drawn.replace(Some(drawing));
    Some(title)
}

fn row(offer: &Rc<Offer>, drawing: &mut Drawing, ticket: &Summary) -> Vec<Node> {
    let words = &offer.words;
    let title = said(drawing, "p", "title", &ticket.title);
    let when = words.filled(TicketsText::Since, "{time}", &intl::moment(&ticket.updated_at, &words.lang));
    let about = [ticket.reference.as_str(), " · ", &when].concat();
    let about = paragraph(drawing, "hint", &about);
    let adding = *offer.adding.borrow() == ticket.id;
    let text = if adding { TicketsText::Adding } else { TicketsText::AddTo };
    let (to, id) = (offer.clone(), ticket.id.clone());
    vec![title, about, button(drawing, "button", &words.said(text), move || add(&to, &id))]
}

/// Adds the draft to a ticket.
fn add(offer: &Rc<Offer>, id: &str) {
    if !offer.adding.borrow().is_empty() {
        return;
    }
    offer.adding.replace(id.to_string());
    offer.trouble.take();
    draw(offer);
    let draft = read::parse(&read::text(&form::ask("ticket", "")));
    let message = draft.map(|draft| draft.text_of("message")).unwrap_or_default();
    let (offer, id) = (offer.clone(), id.to_string());
    spawn(async move {
        let path = ["/", &id, "/messages"].concat();
        let Sent { word, answer } = line::add(&offer.line, &path, &reply::json(&message), &message).await;
        offer.adding.take();
        match word.as_str() {
            "sent" => {
                dom::set_text(&offer.live, &offer.words.said(TicketsText::ReplySent));
                drop(form::ask("added", &id));
            }
            "refused" => {
                let trouble = reply::refused(&offer.words, &answer);
                dom::set_text(&offer.live, &trouble);
                offer.trouble.replace(trouble);
                draw(&offer);
            }
            _ => drop(form::ask("waits", "")),
        }
    });
}
