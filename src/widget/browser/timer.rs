//! Timers that end when they are dropped.

use std::time::Duration;

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;

/// Calls once, after a time, unless it is dropped before.
#[derive(Debug)]
pub struct Timer {
    id: i32,
    _callback: Closure<dyn FnMut()>,
}

/// Starts a timer. `None` where the browser refuses one.
pub fn after(time: Duration, call: impl FnOnce() + 'static) -> Option<Timer> {
    let callback = Closure::once(call);
    let id = web_sys::window()?
        .set_timeout_with_callback_and_timeout_and_arguments_0(
            callback.as_ref().unchecked_ref(),
            time.as_millis().min(i32::MAX as u128) as i32,
        )
        .ok()?;
    Some(Timer { id, _callback: callback })
}

impl Drop for Timer {
    fn drop(&mut self) {
        if let Some(window) = web_sys::window() {
            window.clear_timeout_with_handle(self.id);
        }
    }
}
