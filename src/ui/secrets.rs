//! Secrets in the message: marked while typing, redacted by one press, never changed silently.

use leptos::prelude::*;

use super::Panel;
use super::el::{button, div, el, nothing};
use crate::browser::{context, dom};
use domain::texts::Text;
use redaction::{self, Origin};

/// How many characters of a secret are shown, enough to recognise it and no more.
const SHOWN: usize = 4;

/// The secrets in the message, each with a button to redact it.
pub fn view(panel: Panel) -> AnyView {
    let found = panel.read(|model| {
        let rules = context::rules(&model.config, model.user.as_ref());
        let found = redaction::secrets(&model.text, Origin::Written, &rules);
        found.iter().map(|secret| begin_of(&model.text, secret.start, secret.end)).collect::<Vec<String>>()
    });
    if found.is_empty() {
        return nothing();
    }
    let row = |begin: String| {
        let about = el("span").text(panel.fill(Text::SecretFound, "{secret}", &begin));
        div("row").children([about, button("button", move |_| hide(panel, &begin)).text(panel.t(Text::HideSecret))])
    };
    div("secrets").children(found.into_iter().map(row).collect::<Vec<_>>())
}

/// Replaces the first secret that begins with `begin` by its kind. The rest of the text stays, and the box can undo it.
fn hide(panel: Panel, begin: &str) {
    let found = panel.peek(|model| {
        let rules = context::rules(&model.config, model.user.as_ref());
        let found = redaction::secrets(&model.text, Origin::Written, &rules);
        let secret = found.into_iter().find(|secret| begin_of(&model.text, secret.start, secret.end) == begin)?;
        // The browser counts UTF-16 code units.
        let units = |end: usize| model.text.get(..end).map_or(0, |text| text.encode_utf16().count()) as u32;
        Some((units(secret.start), units(secret.end), ["[", secret.kind.word(), "]"].concat()))
    });
    if let Some((start, end, kind)) = found {
        dom::replace(&panel.loader().text_box(), start, end, &kind);
        panel.typed();
    }
}

fn begin_of(text: &str, start: usize, end: usize) -> String {
    let mut begin: String = text.get(start..end).unwrap_or_default().chars().take(SHOWN).collect();
    begin.push('…');
    begin
}
