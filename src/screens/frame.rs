//! The parts of the panel around the screens, which belong to the loader: title, back button, box, colours.

use leptos::prelude::*;

use super::model::Screen;
use super::{Panel, ticket};
use crate::browser::dom;
use crate::components::el;
use domain::config::{Config, Scheme};
use domain::contrast;
use domain::texts::Text;

impl Panel {
    /// Keeps the loader's parts in step with the state. They are updated by hand, because they belong to the loader.
    pub(super) fn draw_around(self) -> AnyView {
        self.triggers().scene.track();
        let loader = self.loader();
        self.read(|model| {
            let (title, label) = match model.screen {
                Screen::Ticket => (Text::SendTicket, Text::MessageLabel),
                Screen::Question => (Text::Question, Text::BoxLabel),
                Screen::Preview => (Text::WhatWeSend, Text::BoxLabel),
                Screen::Tickets => (Text::YourTickets, Text::BoxLabel),
                Screen::Outbox if model.unsure > 0 => (Text::MaybeSent, Text::BoxLabel),
                Screen::Outbox => (Text::NotSentYet, Text::BoxLabel),
                Screen::Home | Screen::Thanks | Screen::Receipt => (Text::Help, Text::BoxLabel),
            };
            dom::set_text(&loader.title(), &self.t(title));
            dom::set_text(&loader.label(), &self.t(label));
            loader.text_box().set_placeholder(&self.t(Text::BoxHint));
            dom::set_label(&loader.back(), &self.t(Text::Back));
            let leads_back = !matches!(model.screen, Screen::Home | Screen::Thanks | Screen::Receipt);
            dom::set_hidden(&loader.back(), model.is_sealed() || !leads_back);
            let text_box = loader.text_box();
            text_box.set_read_only(model.is_sealed());
            let is_invalid = model.gaps.iter().any(|gap| ticket::field_of(*gap) == ticket::MESSAGE);
            dom::set_attribute(&text_box, "aria-invalid", is_invalid.then_some("true"));
            dom::set_attribute(&text_box, "aria-describedby", is_invalid.then_some(ticket::MESSAGE_ERROR));
            if let Some(around) = text_box.parent_element() {
                dom::set_hidden(&around, !matches!(model.screen, Screen::Home | Screen::Ticket));
            }
        });
        el::nothing()
    }

    /// Gives the panel the host's colours, adjusted until they are readable.
    pub(super) fn paint(self, config: &Config) {
        const SURFACES: [(&str, contrast::Rgb); 2] = [("", [255; 3]), ("-dark", [0x1b, 0x1d, 0x22])];
        let loader = self.loader();
        if let Some(accent) = contrast::parse_color(&config.theme.accent) {
            for (suffix, surface) in SURFACES {
                let readable = contrast::ensure_readable(accent, surface);
                dom::set_colour(&loader.root(), &["--deskbell-accent", suffix].concat(), readable);
                dom::set_colour(
                    &loader.root(),
                    &["--deskbell-on-accent", suffix].concat(),
                    contrast::text_color_on(readable),
                );
            }
        }
        let scheme = match config.theme.scheme {
            Scheme::Auto => "",
            Scheme::Light => "light",
            Scheme::Dark => "dark",
        };
        dom::set_scheme(&loader.dialog(), scheme);
    }
}
