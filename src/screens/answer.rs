//! Answers about the form, for the screens beyond it and for the loader's scripts.

use wasm_bindgen::JsValue;

use super::document::{self, Contents};
use super::model::Screen;
use super::words::replacement;
use super::{Panel, choices, copy, send, tickets};
use crate::browser::{loader, read};

/// Answers `what` one asks `about` something. "What we send" asks for the ticket as JSON, all of it (`ticket`) or what is sent of it
/// (`sent`); whether a group is `off` or a place `goes`; whether anything happened `later` than a time; the site's replacement of a text
/// (`said`). It also calls for a `flip` of a switch, for adding what happened `since`, and for `copy` of a text. The tickets open a
/// `conversation`, call `send` for a new ticket, or drop a draft that was `added` to a ticket. The stored draft asks for the ticket
/// without its context (`form`), and fills it in again (`restore`). The outbox fills in a refused ticket again for editing (`mend`), and
/// reports what has `arrived`; a draft that was added to a ticket may be in the outbox as well (`waits`). The custom fields ask for the `kind`.
pub fn answer(panel: Panel, what: &str, about: &str) -> JsValue {
    match what {
        "ticket" => written(panel, Contents::Collected),
        "form" => written(panel, Contents::Form),
        "restore" | "mend" => {
            if let Some(ticket) = read::parse(about) {
                panel.restore(&ticket);
            }
            if what == "mend" {
                panel.go(Screen::Ticket);
            }
            JsValue::UNDEFINED
        }
        "sent" => written(panel, Contents::Sent),
        "off" => panel.peek(|model| model.config.context.off.iter().any(|group| group.word() == about)).into(),
        "goes" => panel.peek(|model| choices::goes(model, about)).into(),
        "later" => document::ready().is_some_and(|context| (context.happened_since)(panel, about)).into(),
        "said" => replacement(about).into(),
        "flip" => {
            choices::flip(panel, about);
            JsValue::UNDEFINED
        }
        "since" => {
            loader::add_since(&panel.loader(), &panel.moment());
            panel.redraw();
            JsValue::UNDEFINED
        }
        "kind" => panel.peek(|model| model.kind().word()).into(),
        "send" => {
            send::start(panel);
            JsValue::UNDEFINED
        }
        "added" => {
            send::clear(panel);
            tickets::open(panel, about.to_string());
            JsValue::UNDEFINED
        }
        "waits" => {
            send::clear(panel);
            panel.go(Screen::Waiting);
            JsValue::UNDEFINED
        }
        "arrived" => {
            send::arrived(panel, about);
            JsValue::UNDEFINED
        }
        "conversation" => {
            tickets::open(panel, about.to_string());
            JsValue::UNDEFINED
        }
        _ => {
            copy(about.to_string());
            JsValue::UNDEFINED
        }
    }
}

/// The ticket as JSON. Nobody asks for it before the chunk that writes it is loaded.
fn written(panel: Panel, contents: Contents) -> JsValue {
    document::ready().map_or(JsValue::UNDEFINED, |context| (context.ticket)(panel, contents).into())
}
