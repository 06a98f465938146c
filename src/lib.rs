//! The widget: what a visitor of the host sees, in Leptos, around the box that the loader painted. The gateway is the crate
//! `gateway`; the rules that both carry out are in `domain`.

#![cfg(target_arch = "wasm32")]

pub mod answers;
pub mod browser;
pub mod engines;
pub mod markdown;
pub mod sends;
pub mod site;
pub mod tickets;
pub mod transport;
pub mod ui;
pub mod words;

use std::cell::RefCell;

use browser::loader::{Loader, Options};
use wasm_bindgen::JsValue;

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

/// The host has said something new: configuration, person or values; 1 where the person has logged out or another one is
/// here, 2 where another configuration is published for who is here now.
pub fn changed(what: u8) {
    with_panel(|panel| ui::changed(panel, what));
}

/// What the modules beside the form ask of it (`widget/sends`, `widget/site`, `widget/tickets`).
pub fn answer(what: &str, about: &str) -> JsValue {
    panel().map_or(JsValue::UNDEFINED, |panel| ui::answer(panel, what, about))
}

/// How many tickets the person has, how many messages they have not read, how much waits to be sent, and of how much of that it is
/// not known whether it was.
pub fn follows(total: u32, unread: u32, queued: u32, unsure: u32) {
    with_panel(|panel| ui::follows(panel, total, unread, queued, unsure));
}

fn with_panel(act: impl FnOnce(ui::Panel)) {
    if let Some(panel) = panel() {
        act(panel);
    }
}

fn panel() -> Option<ui::Panel> {
    PANEL.with_borrow(|mounted| mounted.as_ref().map(|mounted| mounted.panel))
}
