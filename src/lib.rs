//! The widget: what a visitor of the host page sees, in Leptos, around the box that the loader painted. The gateway is the crate `gateway`; the
//! rules that both share are in `domain`.

#![cfg(target_arch = "wasm32")]

pub mod browser;
pub mod chunks;
pub mod components;
pub mod engines;
pub mod form;
pub mod markdown;
pub mod screens;
pub mod texts;
pub mod tickets;
pub mod transport;
pub mod words;

use std::cell::RefCell;

use browser::loader::{Loader, Options};
use wasm_bindgen::JsValue;

thread_local! {
    static PANEL: RefCell<Option<screens::Mounted>> = const { RefCell::new(None) };
}

/// Draws the widget into the panel. Called once by the loader.
pub fn mount(loader: Loader) {
    browser::loader::on_panic(loader.clone());
    PANEL.set(Some(screens::mount(loader)));
}

/// Goes where the options of the command `open`, or a link, lead.
pub fn open(options: &Options) {
    with_panel(|panel| screens::open(panel, options));
}

/// The host has set something: configuration, user or values. 1: the user has logged out or changed. 2: another configuration is published for
/// the current user.
pub fn changed(what: u8) {
    with_panel(|panel| screens::changed(panel, what));
}

/// Answers a question about the form, of the screens beyond it (`sends`, `site`, `tickets`) and of the loader's scripts.
pub fn answer(what: &str, about: &str) -> JsValue {
    panel().map_or(JsValue::UNDEFINED, |panel| screens::answer(panel, what, about))
}

/// Sets how many tickets the customer has, how many unread messages, how many submissions are in the outbox, and for how many of these it is
/// unknown whether they arrived.
pub fn follows(total: u32, unread: u32, queued: u32, unsure: u32) {
    with_panel(|panel| screens::follows(panel, total, unread, queued, unsure));
}

/// The chunk `context` is loaded, or could not be loaded.
pub fn context_loaded(loaded: bool) {
    with_panel(|panel| screens::context_loaded(panel, loaded.then(chunks::context)));
}

fn with_panel(act: impl FnOnce(screens::Panel)) {
    if let Some(panel) = panel() {
        act(panel);
    }
}

fn panel() -> Option<screens::Panel> {
    PANEL.with_borrow(|mounted| mounted.as_ref().map(|mounted| mounted.panel))
}
