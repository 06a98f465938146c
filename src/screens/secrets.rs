//! Secrets in the message: marked while typing, redacted by one press, never changed silently.

use leptos::prelude::*;

use super::model::Screen;
use super::{Panel, document, model_mut};
use crate::browser::dom;
use crate::components::el::{button, div, el, nothing};
use domain::texts::Text;

/// The secrets in the message, each with a button to redact it.
pub fn view(panel: Panel) -> AnyView {
    let found = panel.read(|model| document::ready().map(|context| (context.secrets)(model)).unwrap_or_default());
    if found.is_empty() {
        return nothing();
    }
    let row = |begin: String| {
        let warning = el("span").text(panel.fill(Text::SecretFound, "{secret}", &begin));
        div("row").children([warning, button("button", move |_| hide(panel, &begin)).text(panel.t(Text::HideSecret))])
    };
    div("secrets").children(found.into_iter().map(|secret| row(secret.begin)).collect::<Vec<_>>())
}

/// Announces a secret that was not in the message before; the form shows it.
pub fn announce(panel: Panel) {
    let Some(context) = document::ready().filter(|_| panel.peek(|model| model.screen == Screen::Ticket)) else {
        return;
    };
    let (found, before) = panel.peek(|model| ((context.secrets)(model), model.secrets));
    model_mut().secrets = found.len();
    if let Some(latest) = found.last().filter(|_| found.len() > before) {
        panel.announce(&panel.fill(Text::SecretFound, "{secret}", &latest.begin));
    }
}

/// Replaces the first secret that begins with `begin` by its kind. The rest of the text stays, and the box can undo it.
fn hide(panel: Panel, begin: &str) {
    let Some(context) = document::ready() else { return };
    let found = panel.peek(|model| (context.secrets)(model).into_iter().find(|secret| secret.begin == begin));
    if let Some(secret) = found {
        dom::replace(&panel.loader().text_box(), secret.start, secret.end, &secret.replacement);
        panel.typed();
    }
}
