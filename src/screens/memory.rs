//! What the device stores about searches.

use super::Panel;
use super::model::Model;
use crate::browser::storage;
use domain::memory::Memory;

const NAME: &str = "answers";

/// What is stored on this device.
pub fn remembered(site: &str) -> Memory {
    Memory::read(&storage::read(site, NAME).unwrap_or_default())
}

/// Changes what is stored. If storage is forbidden it lasts as long as the page.
pub fn remember(panel: Panel, change: impl FnOnce(&mut Model)) {
    panel.change(change);
    storage::write(&panel.loader().site(), NAME, &panel.peek(|model| model.memory.text()));
}
