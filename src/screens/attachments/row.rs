//! A file in the list.

use leptos::prelude::*;

use super::file::{File, Limits};
use crate::browser::{attachments, intl};
use crate::components::el::{button, div, el, nothing};
use crate::screens::Panel;
use crate::texts;

/// The attribute with the id of the picture that belongs into a canvas.
pub const OF: &str = "data-of";

/// A file: its picture or type, its name, its state, and what can be done with it. What cannot be done now is hidden and not gone, so that the
/// focus stays where it is.
pub fn view(panel: Panel, file: &File, limits: &Limits) -> AnyView {
    let named = |text: &str| texts::named_with(text, "{name}", &file.name);
    let details: Vec<String> = [intl::bytes(file.size, &panel.lang()), file.status(limits, &panel.lang())]
        .into_iter()
        .filter(|text| !text.is_empty())
        .collect();
    let progress = el("progress")
        .attr("aria-label", named("file_going"))
        .attr("max", "100")
        // Without a value it shows indeterminate progress.
        .maybe("value", file.progress.map(|part| part.to_string()))
        .maybe("hidden", (!file.is_uploading).then(String::new));
    let (id, name) = (file.id.clone(), file.name.clone());
    let remove = button("icon", move |_| super::remove(panel, &id, &name)).attr("aria-label", named("file_remove"));
    let text = [
        div("").children([el("span").attr("class", "name").in_any_language().text(file.name.clone())]),
        el("span").attr("class", if file.is_refused() { "about error" } else { "about" }).text(details.join(" · ")),
        progress.children([]),
        el("span").attr("class", "ways").children([again(panel, file, limits), edit(panel, file)]),
    ];
    let text = el("span").attr("class", "text").children(text);
    el("li").attr("class", "file").children([kind(file), text, remove.text("✕".to_string())])
}

/// The end of the file's name, and over it the picture once it is drawn.
fn kind(file: &File) -> AnyView {
    let canvas = match file.is_picture() {
        true => el("canvas").attr(OF, &file.id).children([]),
        false => nothing(),
    };
    let extension = el("span").text(file.extension());
    el("span").attr("class", "kind").attr("aria-hidden", "true").children([extension, canvas])
}

fn again(panel: Panel, file: &File, limits: &Limits) -> AnyView {
    let id = file.id.clone();
    button("link", move |_| attachments::upload(&panel.loader(), &id))
        .maybe("hidden", (!file.can_be_retried(limits)).then(String::new))
        .text(texts::named("file_retry"))
}

fn edit(panel: Panel, file: &File) -> AnyView {
    let id = file.id.clone();
    button("link", move |_| super::shoot(panel, id.clone()))
        .attr("aria-label", texts::named_with("file_edit_named", "{name}", &file.name))
        .maybe("hidden", (!file.is_editable()).then(String::new))
        .text(texts::named("file_edit"))
}
