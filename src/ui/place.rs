//! Places that modules beside the form draw into.

use leptos::prelude::*;

use super::Panel;
use super::el::{el, spawn};
use super::model::Screen;
use crate::browser::loader;
use domain::texts::Text;

/// A screen that the module of a name draws. Where that does not come, one is led on to another screen.
pub fn screen(panel: Panel, name: &'static str, or: Screen) -> AnyView {
    spawn(async move {
        let about = panel.peek(|model| model.ticket.clone());
        if loader::show(&panel.loader(), name, &about).await.is_none() {
            panel.announce(&panel.t(Text::FailUnreachable));
            panel.go(or);
        }
    });
    // What Leptos did not draw it would leave in an element that it takes for the same.
    el(if or == Screen::Home { "article" } else { "section" }).attr("class", "screen").attr("id", name).children([])
}

/// A part of a screen, in which a module may draw what the site wants there.
pub fn part(panel: Panel, name: &'static str) -> AnyView {
    spawn(async move {
        // Where it does not come, the screen is whole without it.
        let _ = loader::show(&panel.loader(), name, "").await;
    });
    // No landmark, of which a form would have several.
    el("section").attr("id", name).children([])
}
