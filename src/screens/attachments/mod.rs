//! The attachments of a message: added by button, drop and paste, each with its picture or type, its size, its progress, and a button to remove
//! it. A refused one shows the reason and affects nothing else.

mod file;
mod row;

use leptos::prelude::*;
use wasm_bindgen::JsValue;

use super::Panel;
use crate::browser::{attachments, dom, intl};
use crate::components::el::{button, div, el, live, nothing, paragraph, spawn};
use crate::components::shared::Shared;
use crate::texts;
use file::{File, Limits};
use wire::Source;

/// The id of the button that adds files.
const ADD: &str = "add-file";
/// The sides of a thumbnail, in pixels: twice its size on the screen.
const THUMBNAIL: u32 = 80;

/// What is shown.
#[derive(Default)]
struct State {
    /// The owner that the screen has named; empty for the current draft.
    named: String,
    /// The owner.
    owner: String,
    limits: Limits,
    /// Whether the browser can take a picture of the page.
    captures: bool,
    files: Vec<File>,
    /// Why files could not be added, in words.
    refused: Vec<String>,
}

thread_local! {
    static STATE: Shared<State> = Shared::default();
}

fn state() -> Shared<State> {
    STATE.with(Clone::clone)
}

/// The attachments of an owner (`browser::attachments`), and how to add some; nothing if the site accepts none.
pub fn view(panel: Panel, owner: &str) -> AnyView {
    state().update(|state| state.named = owner.to_string());
    attachments::restore(&panel.loader(), owner);
    refresh(panel);
    live(move || state().with(|state| list(panel, state)))
}

/// Reads again what is shown.
pub fn refresh(panel: Panel) {
    let attached = attachments::read(&panel.loader(), &state().peek(|state| state.named.clone()));
    let owner = attached.text_of("owner");
    state().update(|state| {
        if state.owner != owner {
            state.refused.clear();
        }
        state.owner = owner;
        state.limits = Limits::read(&attached);
        state.captures = attached.get("captures").is_true();
        state.files = files(&attached);
    });
    panel.later(move || draw_thumbnails(panel));
}

/// Files were chosen, dropped, pasted or taken for an owner, and `outcome` says what became of each: shows why some were not added, and announces
/// the others once it is known whether the gateway accepts them.
pub fn added(panel: Panel, outcome: JsValue) {
    let limits = Limits::read(&outcome.get("limits"));
    let refused: Vec<String> =
        outcome.get("refused").items().iter().map(|file| turned_away(file, &limits, &panel.lang())).collect();
    state().update(|state| state.refused.clone_from(&refused));
    spawn(async move {
        attachments::settled(outcome.get("uploaded")).await;
        let ids: Vec<String> = outcome.get("added").items().iter().map(Source::text).collect();
        let attached = attachments::read(&panel.loader(), &outcome.text_of("owner"));
        let added = files(&attached).into_iter().filter(|file| ids.contains(&file.id));
        let limits = Limits::read(&attached);
        let mut lines: Vec<String> = added.map(|file| file.announcement(&limits, &panel.lang())).collect();
        lines.extend(refused);
        panel.announce(&lines.join(" "));
    });
}

fn files(attached: &JsValue) -> Vec<File> {
    attached.get("files").items().iter().map(File::read).collect()
}

/// Why a file was not added.
fn turned_away(file: &JsValue, limits: &Limits, lang: &str) -> String {
    let reason = match file.text_of("why").as_str() {
        "many" => return texts::named_with("file_many", "{n}", &intl::number(limits.max_count, lang)),
        "large" => limits.too_large(lang),
        _ => texts::named("file_empty"),
    };
    [&file.text_of("name"), ": ", &reason].concat()
}

fn list(panel: Panel, state: &State) -> AnyView {
    if state.limits.accept_nothing() {
        return nothing();
    }
    let rows: Vec<AnyView> = state.files.iter().map(|file| row::view(panel, file, &state.limits)).collect();
    let refused: Vec<AnyView> = state.refused.iter().map(|why| paragraph("error", why.clone())).collect();
    let (owner, accept) = (state.named.clone(), state.limits.offered());
    let add = button("button", move |_| attachments::choose(&panel.loader(), &owner, &accept)).attr("id", ADD);
    let capture = button("button", move |_| shoot(panel, String::new()))
        .maybe("hidden", (!state.captures).then(String::new))
        .text(texts::named("file_shot"));
    let ways = [add.text(texts::named("file_add")), capture];
    vec![
        el("ul").attr("class", "plain files").children(rows),
        div("").children(refused),
        div("row ways").children(ways),
    ]
    .into_any()
}

/// Removes a file; the focus goes to the next one, or to where files are added.
fn remove(panel: Panel, id: &str, name: &str) {
    let index = state().peek(|state| state.files.iter().position(|file| file.id == id).unwrap_or_default());
    attachments::remove(&panel.loader(), id);
    panel.announce(&texts::named_with("file_removed", "{name}", name));
    panel.later(move || {
        let buttons = dom::all(&panel.loader().root(), ".file > button");
        match buttons.get(index).or(buttons.last()) {
            Some(next) => dom::focus(next),
            None => dom::focus_id(&panel.loader().root(), ADD),
        }
    });
}

/// Takes a picture of the page, or edits the one with an id; the edited picture replaces the original.
fn shoot(panel: Panel, id: String) {
    spawn(async move {
        let owner = state().peek(|state| state.named.clone());
        match attachments::shoot(&panel.loader(), &owner, &id).await {
            // The button that opened the editor is gone with its picture.
            Ok(true) => panel.later(move || dom::focus_id(&panel.loader().root(), ADD)),
            Ok(false) => {}
            Err(code) => {
                let known = texts::named(&["shot_", &code].concat());
                let why = if known.is_empty() { texts::named("shot_refused") } else { known };
                panel.announce(&why);
                state().update(|state| state.refused = vec![why]);
            }
        }
    });
}

/// Draws the pictures that are not drawn yet: a row shows another file once one before it is removed.
fn draw_thumbnails(panel: Panel) {
    const DRAWN: &str = "data-drawn";
    for canvas in dom::all(&panel.loader().root(), ".file canvas") {
        let id = canvas.get_attribute(row::OF).unwrap_or_default();
        if canvas.get_attribute(DRAWN).as_deref() == Some(id.as_str()) {
            continue;
        }
        dom::set_attribute(&canvas, DRAWN, Some(&id));
        spawn(async move { attachments::draw_thumbnail(&panel.loader(), canvas, &id, THUMBNAIL, row::OF).await });
    }
}
