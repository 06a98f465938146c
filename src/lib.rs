//! The widget: what a visitor of the host page sees, in Leptos, around the box that the loader painted. The gateway is the crate `gateway`; the
//! rules that both share are in `domain`.

#![cfg(target_arch = "wasm32")]

pub mod browser;
pub mod chunks;
pub mod components;
pub mod engines;
pub mod screens;
pub mod texts;
pub mod transport;

use std::cell::RefCell;

use browser::loader::{Loader, Options};
use wasm_bindgen::JsValue;

thread_local! {
    static PANEL: RefCell<Option<screens::Mounted>> = const { RefCell::new(None) };
}

/// Draws the widget into the panel; again whenever the language changes.
pub fn mount(loader: Loader) {
    browser::loader::on_panic(loader.clone());
    browser::http::set_over(false);
    PANEL.set(Some(screens::mount(loader)));
}

/// The page has destroyed the widget: it sends no more requests.
pub fn destroyed() {
    browser::http::set_over(true);
}

/// Goes where the options of the command `open`, or a link, lead.
pub fn open(options: &Options) {
    with_panel(|panel| screens::open(panel, options));
}

/// The host has set something: configuration, user or values. `change` says what ([`screens::changed`]).
pub fn changed(change: u8) {
    with_panel(|panel| screens::changed(panel, change));
}

/// The ticket as the form stands, without its context, as JSON.
pub fn draft() -> String {
    panel().map(screens::document::draft_json).unwrap_or_default()
}

/// Fills the form with an earlier ticket.
pub fn restore_draft(ticket: &JsValue) {
    with_panel(|panel| panel.restore(ticket));
}

/// Fills the form with a ticket that was refused, and opens it.
pub fn edit_ticket(ticket: &JsValue) {
    with_panel(|panel| screens::edit(panel, ticket));
}

/// A ticket from the outbox has arrived. `answer` is the gateway's response.
pub fn ticket_arrived(answer: &str) {
    with_panel(|panel| screens::arrived(panel, answer));
}

/// Copies a text to the clipboard, and announces that.
pub fn copy_text(text: String) {
    screens::copy(text);
}

/// Sets how many tickets the customer has, how many unread messages, how many submissions are in the outbox, and for how many of these it is
/// unknown whether they arrived.
pub fn follows(total: u32, unread: u32, queued: u32, unsure: u32) {
    with_panel(|panel| screens::follows(panel, total, unread, queued, unsure));
}

/// Something about the ticket with an id has changed, or about any ticket if it is empty.
pub fn tickets_changed(id: &str) {
    with_panel(|panel| screens::tickets_changed(panel, id));
}

/// Something about attachments has changed, or the draft is another one.
pub fn attachments_changed() {
    with_panel(screens::attachments_changed);
}

/// Files were added. `outcome` says what became of each.
pub fn files_added(outcome: JsValue) {
    with_panel(|panel| screens::files_added(panel, outcome));
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
