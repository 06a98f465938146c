//! Answers about the form, for the screens beyond it and for the loader's scripts.

use wasm_bindgen::JsValue;

use super::document::{self, Contents};
use super::model::Screen;
use super::words::replacement;
use super::{Panel, copy, send, tickets};
use crate::browser::read;

/// Answers `what` one asks `about` something: the ticket as JSON (`ticket`), the site's replacement of a text (`said`). `copy` copies a text. The
/// tickets open a `conversation`, call `send` for a new ticket, or drop a draft that was `added` to a ticket. The stored draft asks for the ticket
/// without its context (`form`), and fills it in again (`restore`). The outbox fills in a refused ticket again for editing (`mend`), and
/// reports what has `arrived`; a draft that was added to a ticket may be in the outbox as well (`waits`).
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
        "said" => replacement(about).into(),
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
            panel.go(Screen::Outbox);
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
