//! The customer's choices: switches for groups and items of the context, and for searching while typing.

use super::Panel;
use super::model::Model;
use crate::browser::{read, storage};
use domain::context::Group;
use wire::Pairs;
use wire::Source;

/// The switch for searching while typing.
pub const SEARCH: &str = "search";
const NAME: &str = "choices";

/// Whether something is sent: a place in the context, `/errors` or `/errors/2`, or [`SEARCH`].
pub fn goes(model: &Model, place: &str) -> bool {
    let is_named = |group: &Group| place.strip_prefix('/') == Some(group.word());
    model.choices.get(place).copied().unwrap_or_else(|| !model.config.context.ask.iter().any(is_named))
}

/// Flips a switch. Choices about groups are stored on the device, those about items belong to the draft.
pub fn flip(panel: Panel, place: &str) {
    panel.change(|model| {
        let goes = !goes(model, place);
        match model.choices.0.iter_mut().find(|(known, _)| known == place) {
            Some((_, value)) => *value = goes,
            None => model.choices.0.push((place.to_string(), goes)),
        }
    });
    if place == SEARCH {
        panel.loader().uncount();
    }
    let kept: Vec<(String, bool)> =
        panel.peek(|model| model.choices.0.iter().filter(|(place, _)| !is_item(place)).cloned().collect());
    // If storage is forbidden the choice lasts as long as the page.
    storage::write(&panel.loader().site(), NAME, &serde_json::to_string(&Pairs(kept)).unwrap_or_default());
}

/// The choices stored on this device.
pub fn remembered(site: &str) -> Pairs<bool> {
    let kept = storage::read(site, NAME).and_then(|json| read::parse(&json));
    Pairs(
        kept.map(|kept| kept.entries().into_iter().map(|(place, goes)| (place, goes.is_true())).collect())
            .unwrap_or_default(),
    )
}

/// Forgets the choices about single items: they refer to another snapshot.
pub fn forget_items(model: &mut Model) {
    model.choices.0.retain(|(place, _)| !is_item(place));
}

fn is_item(place: &str) -> bool {
    place.bytes().any(|byte| byte.is_ascii_digit())
}
