//! What the modules beside the form ask of it: they share neither memory nor code.

use wasm_bindgen::JsValue;

use super::model::Screen;
use super::words::replaced;
use super::{Panel, choices, copy, send, tickets};
use crate::browser::{context as moment, loader, read};
use domain::context::document::{self, Value};

/// What the module asks that shows what is sent: the ticket as JSON, all of it (`ticket`) or what is sent of it (`sent`); whether a group is
/// `off` or a place `goes`; whether something has happened `later` than a time; what the site has `said` in place of a text. Or
/// it lets the form `flip` a switch, add what happened `since`, `copy` a text.
/// The module that shows tickets lets it lead to a `conversation`, `send` all the same, or let go of what was `added` to one.
/// The draft asks for the ticket without its context (`form`), and has it filled in again (`restore`). The outbox has
/// what was refused filled in again to be mended (`mend`), and tells what has `arrived`; what was added to a ticket may have to wait as well (`waits`). What a site asks for depends on the `kind`.
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
