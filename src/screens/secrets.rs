//! Secrets in the message: marked while typing, redacted by one press, never changed silently.

use leptos::prelude::*;

use super::Panel;
use super::document;
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
        let about = el("span").text(panel.fill(Text::SecretFound, "{secret}", &begin));
        div("row").children([about, button("button", move |_| hide(panel, &begin)).text(panel.t(Text::HideSecret))])
    };
    div("secrets").children(found.into_iter().map(|secret| row(secret.begin)).collect::<Vec<_>>())
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
