//! Places for the screens beyond the form, and for what the loader's scripts draw.

use leptos::prelude::*;

use super::Panel;
use super::model::Screen;
use crate::browser::loader;
use crate::components::el::{el, spawn};
use domain::texts::Text;

/// A screen with a name, drawn by a chunk or a script. If that does not load, another screen is shown.
pub fn screen(panel: Panel, name: &'static str, or: Screen) -> AnyView {
    spawn(async move {
        let about = panel.peek(|model| model.ticket.clone());
        if loader::show(&panel.loader(), name, &about).await.is_none() {
            panel.announce(&panel.t(Text::FailUnreachable));
            panel.go(or);
        }
    });
    // Leptos would reuse an element that it takes for the same, and leave in it what it did not draw.
    el(if or == Screen::Home { "article" } else { "section" }).attr("class", "screen").attr("id", name).children([])
}

/// A part of a screen with a name, drawn by a chunk or a script.
pub fn part(panel: Panel, name: &'static str) -> AnyView {
    spawn(async move {
        // If it does not load, the screen is complete without it.
        let _ = loader::show(&panel.loader(), name, "").await;
    });
    // No landmark, because a form would have several.
    el("section").attr("id", name).children([])
}
