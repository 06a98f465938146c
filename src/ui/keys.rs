//! The keyboard in the box: arrows lead among what was found without leaving it, Enter opens, Escape lets go.

use crate::browser::Event;
use wasm_bindgen::JsValue;

use super::Panel;
use crate::browser::dom;
use wire::Source;

/// What can be led to, in the order in which it is seen; the way to a ticket is the last of it.
const CHOICES: &str = ".hit,.recent,.foot .wide";

/// A key was pressed in the box.
pub fn pressed(panel: Panel, event: &Event) {
    let event_value: &JsValue = event;
    // While letters are put together the keys are the input method's.
    if event_value.get("isComposing").is_true() {
        return;
    }
    let loader = panel.loader();
    let (text_box, root) = (loader.text_box(), loader.root());
    let choices = dom::all(&root, CHOICES);
    let active = choices.iter().position(|choice| choice.id() == dom::ACTIVE);
    let next = match (event_value.text_of("key").as_str(), active) {
        ("ArrowDown", Some(at)) => Some((at + 1).min(choices.len().saturating_sub(1))),
        // In the middle of a text the arrows are for the text.
        ("ArrowDown", None) if dom::at_end(&text_box) && !choices.is_empty() => Some(0),
        ("ArrowUp", Some(at)) => at.checked_sub(1),
        ("Escape", Some(_)) => None,
        ("Enter", Some(at)) => {
            event.prevent_default();
            choices.get(at).into_iter().for_each(|choice| choice.click());
            return;
        }
        _ => return,
    };
    event.prevent_default();
    dom::activate(&text_box, &root, next.and_then(|at| choices.get(at)));
}

/// Lets go of what the keyboard has led to.
pub fn release(panel: Panel) {
    let loader = panel.loader();
    dom::activate(&loader.text_box(), &loader.root(), None);
}
