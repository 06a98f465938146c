//! What is sent: the line above Send, the way to the screen that shows all of it, and what that screen's module asks.

use leptos::prelude::*;
use wasm_bindgen::JsValue;

use super::el::{el, spawn};
use super::model::Screen;
use super::words::replaced;
use super::{Panel, choices, copy, send};
use crate::domain::context::Group;
use crate::domain::context::document;
use crate::domain::joined::joined;
use crate::domain::texts::Text;
use crate::widget::browser::{context as moment, loader};

/// The id of the screen's place.
const PLACE: &str = "sends";

/// The screen; its module draws it.
pub fn view(panel: Panel) -> AnyView {
    spawn(async move {
        if loader::show_sends(&panel.loader(), PLACE).await.is_none() {
            panel.announce(&panel.t(Text::FailUnreachable));
            panel.go(Screen::Ticket);
        }
    });
    // Of a tag that no other screen has: what Leptos did not draw it would leave in an element that it takes for the same.
    el("section").attr("class", "screen sends").attr("id", PLACE).children([])
}

/// What the screen's module asks: the ticket as JSON, all of it (`ticket`) or what is sent of it (`sent`); whether a group is
/// `off` or a place `goes`; whether something has happened `later` than a time; what the site has `said` in place of a text. Or
/// it lets the form `flip` a switch, add what happened `since`, `copy` a text.
pub fn answer(panel: Panel, what: &str, about: &str) -> JsValue {
    match what {
        "ticket" => send::json(&send::draft(panel, send::full(panel))).into(),
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
        _ => {
            copy(about.to_string());
            JsValue::UNDEFINED
        }
    }
}

/// What is sent, in words: for the line above Send.
pub fn summary(panel: Panel) -> String {
    let now = panel.moment();
    let along = panel.read(|model| {
        let mut along = Vec::new();
        for group in Group::ALL.iter().filter(|group| !model.config.context.off.contains(group)) {
            if !choices::goes(model, &["/", group.word()].concat()) {
                continue;
            }
            let counted = |text| match moment::count(&now, group.word()) {
                0 => String::new(),
                n => panel.count(text, n),
            };
            along.push(match group {
                Group::Page => panel.t(Text::SendsPage),
                Group::User if model.user.is_some() => panel.t(Text::SendsUser),
                Group::Errors => counted(Text::SendsErrors),
                Group::Requests => counted(Text::SendsRequests),
                Group::Breadcrumbs => counted(Text::SendsSteps),
                Group::Device => panel.t(Text::SendsBrowser),
                _ => String::new(),
            });
        }
        along.retain(|text| !text.is_empty());
        along
    });
    match along.is_empty() {
        true => panel.t(Text::SendsNothing),
        false => panel.fill(Text::SendsAlong, "{list}", &joined(&along, &panel.t(Text::ListComma))),
    }
}
