//! The text in the box, and the form that belongs to it.

use wasm_bindgen::JsValue;

use super::model::Model;
use super::{Panel, choices, keys, search, secrets, ticket};
use crate::browser::{dom, loader};
use domain::ticket::{Contact, Kind, Severity};
use wire::{Pairs, Read, Source};

impl Panel {
    /// Handles a change of the box.
    pub(super) fn typed(self) {
        let text = self.loader().text_box().value();
        if self.peek(|model| model.text == text) {
            return;
        }
        self.change(|model| {
            if text.is_empty() {
                choices::forget_items(model);
            }
            model.text = text;
            model.unfolded = false;
            model.gaps.retain(|gap| ticket::field_of(*gap) != ticket::MESSAGE);
        });
        keys::release(self);
        secrets::announce(self);
        search::start(self);
    }

    /// Writes a text into the box as if the customer had typed it.
    pub(super) fn write(self, text: &str) {
        let loader = self.loader();
        loader.text_box().set_value(text);
        if text.is_empty() {
            loader::thaw(&loader);
        } else {
            loader.freeze();
        }
        self.typed();
    }

    /// Fills the form with an earlier ticket.
    pub fn restore(self, ticket: &JsValue) {
        if self.peek(Model::is_sealed) {
            return;
        }
        self.change(|model| {
            let kind = Kind::from_word(&ticket.text_of("kind"));
            let usual = kind.map(Kind::default_severity);
            model.kind = kind;
            // A severity that is the default of its kind follows later changes of the kind.
            model.severity = Severity::from_word(&ticket.text_of("severity")).filter(|chosen| Some(*chosen) != usual);
            model.topic = Some(ticket.text_of("topic"));
            model.via = ticket.text_of("via");
            model.seen = ticket.member("questions");
            let text = |answer: JsValue| if answer.is_true() { "true".to_string() } else { answer.text() };
            model.answers =
                Pairs(ticket.get("fields").entries().into_iter().map(|(id, answer)| (id, text(answer))).collect());
            model.consent = ticket.get("consent").is_true();
            if !model.is_known() {
                model.contact = Contact::read(&ticket.get("contact"));
            }
        });
        self.write(&ticket.text_of("message"));
        self.redraw();
        self.later(move || self.show_choices());
    }

    /// Updates the selected options of the form. By hand, because an option that the customer has touched does not follow its attribute any
    /// more.
    pub(super) fn show_choices(self) {
        let root = self.loader().root();
        self.peek(|model| {
            dom::choose(&root, model.kind().word());
            dom::set_value(&root, ticket::TOPIC, &ticket::topic(model));
            dom::set_value(&root, ticket::SEVERITY, model.severity().word());
        });
    }
}
