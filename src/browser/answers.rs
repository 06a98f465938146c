//! The screen that shows answers (`answers`), as the form uses it through the loader's scripts.

use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use super::loader::Loader;
use super::read::property;

/// Loads the screen, unless it is loaded. `None` if that fails.
pub async fn load(loader: &Loader) -> Option<JsValue> {
    JsFuture::from(loader.answers()).await.ok()
}

/// Loads the screen before it is needed.
pub fn prefetch(loader: &Loader) {
    // The promise handles its own rejection.
    let _ = loader.answers();
}

/// Draws a question into the element with an id, unless one is drawn there. `None` if that fails.
pub fn show(
    module: &JsValue,
    loader: &Loader,
    place: &str,
    question: &JsValue,
    lang: &str,
    labels: Vec<String>,
) -> Option<()> {
    let Some(place) = loader.root().get_element_by_id(place).filter(|place| place.child_element_count() == 0) else {
        return Some(());
    };
    let show: js_sys::Function = property(module, "show").dyn_into().ok()?;
    let labels: js_sys::Array = labels.into_iter().map(JsValue::from).collect();
    let given = [&place, &*loader.live(), question, &lang.into(), &labels];
    let given: js_sys::Array = given.into_iter().collect();
    show.apply(&JsValue::UNDEFINED, &given).ok().map(drop)
}
