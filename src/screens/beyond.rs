//! Views of the chunks: of `screens` and `attachments`, which are loaded when somebody needs them, and of `context`, which is always there.

use leptos::prelude::*;

use super::document::{self, Context};
use super::model::Screen;
use super::{Panel, STATE};
use crate::browser::{attachments, loader};
use crate::chunks::{self, Attachments, Screens};
use crate::components::el::{el, live, nothing, spawn};
use crate::texts;
use domain::texts::Text;

/// A screen of the chunk. If it does not load, another screen is shown.
pub fn screen(panel: Panel, id: &'static str, view: fn(Screens, Panel) -> AnyView, or: Screen) -> AnyView {
    spawn(async move {
        if panel.load_screens().await.is_none() {
            panel.announce(&panel.t(Text::FailUnreachable));
            panel.go(or);
        }
    });
    el("section").attr("class", "screen").attr("id", id).children([part(panel, view)])
}

/// A part of a screen, drawn once the chunk is loaded. Nothing loads it because of the part.
pub fn part(panel: Panel, view: fn(Screens, Panel) -> AnyView) -> AnyView {
    live(move || {
        panel.triggers().screens_loaded.track();
        panel.screens().map_or_else(nothing, |screens| view(screens, panel))
    })
}

/// The attachments of an owner (`browser::attachments`), and how to add some. If what draws them cannot be loaded, the message is complete without.
pub fn attachments(panel: Panel, owner: String) -> AnyView {
    spawn(async move {
        panel.load_attachments().await;
    });
    live(move || {
        panel.triggers().attachments_loaded.track();
        panel.attachments().map_or_else(nothing, |attachments| (attachments.view)(panel, &owner))
    })
}

/// A view of the chunk `context`. Nothing that it shows can be there before the chunk is.
pub fn outgoing(panel: Panel, view: fn(Context) -> fn(Panel) -> AnyView) -> AnyView {
    document::ready().map_or_else(nothing, |context| view(context)(panel))
}

impl Panel {
    /// Loads the chunk, unless it is loaded. `None` if that fails.
    pub(super) async fn load_screens(self) -> Option<Screens> {
        texts::set_table(loader::screens(&self.loader()).await?);
        if let Some(loaded) = self.screens() {
            return Some(loaded);
        }
        let screens = chunks::screens();
        STATE.with(|state| state.screens.set(Some(screens)));
        self.triggers().screens_loaded.notify();
        Some(screens)
    }

    /// The chunk, if it is loaded.
    pub(super) fn screens(self) -> Option<Screens> {
        STATE.with(|state| state.screens.get())
    }

    /// Loads the chunk `attachments`, unless it is loaded. `None` if that fails.
    pub(super) async fn load_attachments(self) -> Option<Attachments> {
        texts::set_table(attachments::load(&self.loader()).await?);
        if let Some(loaded) = self.attachments() {
            return Some(loaded);
        }
        let attachments = chunks::attachments();
        STATE.with(|state| state.attachments.set(Some(attachments)));
        self.triggers().attachments_loaded.notify();
        Some(attachments)
    }

    /// The chunk `attachments`, if it is loaded.
    pub(super) fn attachments(self) -> Option<Attachments> {
        STATE.with(|state| state.attachments.get())
    }

    /// Calls the chunk once it is loaded; does nothing if it cannot be.
    pub(super) fn with_screens(self, act: impl FnOnce(Screens) + 'static) {
        spawn(async move {
            if let Some(screens) = self.load_screens().await {
                act(screens);
            }
        });
    }
}
