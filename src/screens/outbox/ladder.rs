//! What can be done with a text that cannot be sent: copy it, write it as an e-mail, save it as a file. And what a receipt offers besides.

use leptos::prelude::*;
use wasm_bindgen::JsValue;

use crate::browser::{dom, outbox};
use crate::components::el::{button, el, live, nothing, paragraph, spawn};
use crate::components::shared::Shared;
use crate::screens::document::draft_json;
use crate::screens::{Panel, copy};
use crate::texts;
use wire::Source;

/// The longest address that mail programs accept, in characters.
const MAIL_MAX: usize = 1900;

/// The ways for the text in the box.
pub fn view(panel: Panel) -> AnyView {
    named(panel, move || {
        let text = panel.loader().text_box().value();
        ways(panel, text, draft_json(panel), false).into_any()
    })
}

/// The ways for a text. `body` is what would be sent, as JSON. If they are the only ones, the first is the most visible button.
pub fn ways(panel: Panel, text: String, body: String, are_only: bool) -> Vec<AnyView> {
    let first = if are_only { "button main" } else { "button" };
    let (copied, email) = (text.clone(), panel.loader().email());
    let mail = match email.is_empty() {
        true => None,
        false => {
            Some(el("a").attr("class", first).attr("href", mail(&email, &text)).text(texts::named("waiting_mail")))
        }
    };
    let copy = button(if mail.is_some() { "button" } else { first }, move |_| copy(copied.clone()));
    let save = button("button", move |_| outbox::save(&panel.loader(), &text, &body));
    let others = [copy.text(texts::named("waiting_copy")), save.text(texts::named("waiting_save"))];
    mail.into_iter().chain(others).collect()
}

/// What was left out of the ticket that was sent, how its answers come where there is no gateway, and a copy of it as a file.
pub fn receipt(panel: Panel) -> AnyView {
    named(panel, move || {
        let sent = outbox::last_sent(&panel.loader());
        let mut parts: Vec<AnyView> = left_out(&sent).into_iter().map(|text| paragraph("notice", text)).collect();
        if !panel.has_gateway() {
            parts.push(paragraph("", texts::named("receipt_by_mail")));
        }
        let (text, body) = (sent.text_of("text"), sent.text_of("body"));
        let save = button("button", move |_| outbox::save(&panel.loader(), &text, &body));
        parts.push(save.text(texts::named("waiting_save")));
        parts.into_any()
    })
}

/// Which attachments are left out of what is sent, because they are missing, support does not accept them, or something on the way blocks them,
/// in words.
pub fn left_out(sent: &JsValue) -> Vec<String> {
    let named = |list: &str, key: &str| -> Vec<String> {
        let names = sent.get(list).items();
        names.iter().map(|name| texts::named_with(key, "{name}", &name.text())).collect()
    };
    [named("lost", "file_lost"), named("unaccepted", "file_unaccepted"), named("stopped", "file_stopped")].concat()
}

/// A view that needs texts beyond those of the form; nothing if these cannot be loaded.
fn named(panel: Panel, view: impl Fn() -> AnyView + Send + 'static) -> AnyView {
    let is_loaded = Shared::new(false);
    let loaded = is_loaded.clone();
    spawn(async move {
        if let Some(labels) = outbox::labels(&panel.loader()).await {
            texts::set_table(labels);
            loaded.update(|is_loaded| *is_loaded = true);
        }
    });
    live(move || if is_loaded.with(|is_loaded| *is_loaded) { view() } else { nothing() })
}

/// A `mailto:` address that mail programs accept: if it is too long, the address of the page is dropped first, then the end of the text.
fn mail(email: &str, text: &str) -> String {
    let address = |body: &str| ["mailto:", email, "?body=", &dom::encoded(body)].concat();
    let whole = address(&[text, "\n\n", &dom::page_address()].concat());
    if whole.len() <= MAIL_MAX {
        return whole;
    }
    let mut kept = text.chars().count();
    let mut body = text.to_string();
    loop {
        let address = address(&body);
        let over = address.len().saturating_sub(MAIL_MAX);
        if over == 0 || kept == 0 {
            return address;
        }
        // A character has twelve encoded characters at most, so no more are dropped than necessary.
        kept = kept.saturating_sub(over.div_ceil(12));
        body = text.chars().take(kept).chain(['…']).collect();
    }
}
