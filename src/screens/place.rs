//! Places for what the loader's scripts draw.

use leptos::prelude::*;

use super::Panel;
use super::model::Screen;
use crate::browser::loader;
use crate::components::el::{el, spawn};
use domain::texts::Text;

/// The screen with a name, drawn by a script. If that does not load, Home is shown.
pub fn screen(panel: Panel, name: &'static str) -> AnyView {
    spawn(async move {
        if loader::show(&panel.loader(), name).await.is_none() {
            panel.announce(&panel.t(Text::FailUnreachable));
            panel.go(Screen::Home);
        }
    });
    // Another element than those of other screens: Leptos would reuse it, and leave in it what it did not draw.
    el("article").attr("class", "screen").attr("id", name).children([])
}

/// The part of a screen with a name, drawn by a script.
pub fn part(panel: Panel, name: &'static str) -> AnyView {
    spawn(async move {
        // If it does not load, the screen is complete without it.
        let _ = loader::show(&panel.loader(), name).await;
    });
    // No landmark, because a form would have several.
    el("section").attr("id", name).children([])
}
