//! What is sent: the line above Send, and the way to the screen that shows all of it.

use leptos::prelude::*;

use super::el::{el, spawn};
use super::model::Screen;
use super::{Panel, choices};
use crate::domain::context::Group;
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
