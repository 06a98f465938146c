//! The keyboard in the box: arrows move among the hits while the focus stays, Enter opens one, Escape clears the selection.

use crate::browser::Event;
use wasm_bindgen::JsValue;

use super::Panel;
use crate::browser::{dom, read};
use wire::Source;

/// What can be selected, in visual order; the way to a ticket is last.
const CHOICES: &str = ".hit,.recent,.foot .wide";

/// Handles a key that was pressed in the box.
pub fn pressed(panel: Panel, event: &Event) {
    let event_value: &JsValue = event;
    // During composition the keys belong to the input method.
    if read::is_composing(event_value) {
        return;
    }
    let loader = panel.loader();
    let (text_box, root) = (loader.text_box(), loader.root());
    let choices = dom::all(&root, CHOICES);
    let active = choices.iter().position(|choice| choice.id() == dom::ACTIVE);
    let next = match (event_value.text_of("key").as_str(), active) {
        ("ArrowDown", Some(index)) => Some((index + 1).min(choices.len().saturating_sub(1))),
        // Within a text the arrows move the caret.
        ("ArrowDown", None) if dom::at_end(&text_box) && !choices.is_empty() => Some(0),
        ("ArrowUp", Some(index)) => index.checked_sub(1),
        ("Escape", Some(_)) => None,
        ("Enter", Some(index)) => {
            event.prevent_default();
            choices.get(index).into_iter().for_each(|choice| choice.click());
            return;
        }
        _ => return,
    };
    event.prevent_default();
    dom::activate(&text_box, &root, next.and_then(|index| choices.get(index)));
}

/// Clears the selection.
pub fn release(panel: Panel) {
    let loader = panel.loader();
    dom::activate(&loader.text_box(), &loader.root(), None);
}
