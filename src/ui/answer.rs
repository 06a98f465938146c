//! Answers for the modules besides the form, which share neither memory nor code with it.

use wasm_bindgen::JsValue;

use super::model::Screen;
use super::words::replaced;
use super::{Panel, choices, copy, send, tickets};
use crate::browser::{context as moment, loader, read};
use domain::context::document::{self, Value};

/// Answers `what` a module asks `about` something. "What we send" asks for the ticket as JSON, all of it (`ticket`) or what is sent of it
/// (`sent`); whether a group is `off` or a place `goes`; whether anything happened `later` than a time; the site's replacement of a text
/// (`said`). It also calls for a `flip` of a switch, for adding what happened `since`, and for `copy` of a text. The tickets module opens a
/// `conversation`, calls `send` for a new ticket, or drops a draft that it has `added` to a ticket. The stored draft asks for the ticket
/// without its context (`form`), and fills it in again (`restore`). The outbox fills in a refused ticket again for editing (`mend`), and
/// reports what has `arrived`; a draft that was added to a ticket may be in the outbox as well (`waits`). The site module asks for the `kind`.
pub fn answer(panel: Panel, what: &str, about: &str) -> JsValue {
    match what {
        "ticket" => send::json(&send::draft(panel, send::full(panel))).into(),
        "form" => send::json(&send::draft(panel, Value::default())).into(),
        "restore" | "mend" => {
            if let Some(ticket) = read::parse(about) {
                panel.restore(&ticket);
            }
            if what == "mend" {
                panel.go(Screen::Ticket);
            }
            JsValue::UNDEFINED
        }
        "sent" => send::json(&send::draft(panel, send::sent(panel))).into(),
        "off" => panel.peek(|model| model.config.context.off.iter().any(|group| group.word() == about)).into(),
        "goes" => panel.peek(|model| choices::goes(model, about)).into(),
        "later" => {
            let loader = panel.loader();
            document::happened_since(moment::describe(&loader, &loader.snapshot()), about).into()
        }
        "said" => replaced(about).into(),
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
