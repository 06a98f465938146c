//! The transitions between the screens.

use wasm_bindgen::JsValue;

use super::model::{Model, Screen};
use super::{Panel, keys, question, search, secrets, suggestions};
use crate::browser::dom;
use crate::browser::loader::{self, Options};
use domain::opening::{self, EntryScreen, Opening};

/// Goes where a link or the command `open` leads.
pub fn open(panel: Panel, options: &Options) {
    let pairs = loader::option_pairs(options);
    let mut opening = opening::parse(&pairs);
    opening.message = pairs.into_iter().find(|(name, _)| name == "message").map(|(_, text)| text);
    panel.lead(opening);
    // Chromium takes every dialog for a modal one.
    let dialog = panel.loader().dialog();
    let is_modal = dialog.matches(":modal").unwrap_or_default();
    dom::set_attribute(&dialog, "aria-modal", Some(if is_modal { "true" } else { "false" }));
    if panel.peek(|model| model.configured) {
        suggestions::start(panel);
    }
    panel.show_incidents();
    // Messages count as read only when they are visible.
    tickets_changed(panel, "");
}

/// Fills the form with an earlier ticket, and opens it.
pub fn edit(panel: Panel, ticket: &JsValue) {
    panel.restore(ticket);
    panel.go(Screen::Ticket);
}

/// Fetches again what is shown of tickets, after a change of the one with an id, or of any if it is empty.
pub fn tickets_changed(panel: Panel, id: &str) {
    if let Some(screens) = panel.screens() {
        (screens.refresh_tickets)(id);
    }
}

impl Panel {
    /// Opens the conversation of a ticket, or the list if the id is empty.
    pub(super) fn open_ticket(self, id: String) {
        self.change(|model| {
            model.ticket = id;
            model.screen_number += 1;
        });
        self.go(Screen::Tickets);
    }

    pub(super) fn lead(self, opening: Opening) {
        // While it is unknown whether a ticket arrived, it cannot be changed.
        if self.peek(Model::is_sealed) {
            return;
        }
        let to_ticket = opening.screen == EntryScreen::Ticket;
        self.change(|model| {
            model.kind = opening.kind.or(model.kind);
            model.severity = opening.severity.or(model.severity);
            if opening.topic.is_some() {
                model.topic = opening.topic;
            }
            if let Some(via) = opening.via {
                model.via = via;
            }
        });
        // What the customer has written stays, whatever the host suggests.
        if let Some(message) = opening.message.filter(|_| self.peek(|model| model.text.is_empty())) {
            self.write(&message);
        }
        if let Some(id) = opening.question {
            self.change(|model| model.screen = if to_ticket { Screen::Ticket } else { Screen::Home });
            question::open(self, question::hit_from_id(id));
        } else if to_ticket {
            self.go(Screen::Ticket);
        } else if opening.screen == EntryScreen::Tickets && self.has_gateway() {
            self.open_ticket(String::new());
        } else if self.peek(|model| matches!(model.screen, Screen::Thanks | Screen::Receipt)) {
            self.go(Screen::Home);
        }
    }

    /// Changes the screen and moves the focus to its start.
    pub(super) fn go(self, screen: Screen) {
        self.change(|model| {
            model.screen = screen;
            model.similar.clear();
        });
        keys::release(self);
        self.redraw();
        let loader = self.loader();
        dom::scroll_to(&loader.below(), 0);
        if screen == Screen::Ticket {
            secrets::announce(self);
            search::start(self);
        }
        let boxed = matches!(screen, Screen::Home | Screen::Ticket);
        self.later(move || {
            self.show_choices();
            let target = if boxed && !dom::touch() { loader.text_box().into() } else { loader.title() };
            dom::focus(&target);
        });
    }

    pub(super) fn go_back(self) {
        match self.peek(|model| (model.screen, model.came_from)) {
            (Screen::Question, came_from) => self.go_back_to(came_from),
            (Screen::Preview, _) => self.go(Screen::Ticket),
            (Screen::Tickets, _) if self.peek(|model| !model.ticket.is_empty()) => self.open_ticket(String::new()),
            _ => self.go(Screen::Home),
        }
    }

    /// Goes back from a question to where it was opened, at the same scroll position and with the focus on it.
    pub(super) fn go_back_to(self, screen: Screen) {
        self.change(|model| model.screen = screen);
        self.redraw();
        self.later(move || {
            self.show_choices();
            let loader = self.loader();
            let (id, top) = self.peek(|model| (model.hit.as_ref().map(|hit| hit.id.clone()), model.scrolled));
            let opened = dom::all(&loader.root(), ".hit").into_iter().find(|row| row.get_attribute("data-id") == id);
            dom::focus(&opened.unwrap_or_else(|| loader.title()));
            dom::scroll_to(&loader.below(), top);
        });
    }
}
