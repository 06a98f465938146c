//! The widget: what a visitor of the host sees, in Leptos, around the box that the loader painted.

pub mod answers;
pub mod browser;
pub mod engines;
pub mod transport;
pub mod ui;

use std::cell::RefCell;

use browser::loader::{Loader, Options};

thread_local! {
    static PANEL: RefCell<Option<ui::Mounted>> = const { RefCell::new(None) };
}

/// Draws the widget into the panel. Called once by the loader.
pub fn mount(loader: Loader) {
    browser::loader::on_panic(loader.clone());
    PANEL.set(Some(ui::mount(loader)));
}

/// Leads where the options of the command `open`, or a link, say.
pub fn open(options: &Options) {
    with_panel(|panel| ui::open(panel, options));
}

/// The host has said something new: configuration, person or values; `reset` where the person has logged out.
pub fn changed(reset: bool) {
    with_panel(|panel| ui::changed(panel, reset));
}

fn with_panel(act: impl FnOnce(ui::Panel)) {
    let panel = PANEL.with_borrow(|mounted| mounted.as_ref().map(|mounted| mounted.panel));
    if let Some(panel) = panel {
        act(panel);
    }
}
