//! Locks between the tabs of an origin (Web Locks).

use js_sys::{Array, Function, Object, Promise, Reflect};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::AbortController;

use super::read::property;

#[wasm_bindgen]
extern "C" {
    type LockManager;
    #[wasm_bindgen(method, catch)]
    fn request(this: &LockManager, name: &str, options: &JsValue, call: &JsValue) -> Result<Promise, JsValue>;
}

/// How a lock is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// By one at a time.
    Exclusive,
    /// Together with others that share it.
    Shared,
}

/// A lock, or the request for one. It is released when it is dropped.
#[derive(Debug)]
pub struct Lock {
    release: Option<Function>,
    abort: Option<AbortController>,
}

impl Drop for Lock {
    fn drop(&mut self) {
        if let Some(release) = &self.release {
            // Resolving a promise does not fail.
            let _ = release.call0(&JsValue::UNDEFINED);
        }
        if let Some(abort) = &self.abort {
            abort.abort();
        }
    }
}

/// Whether the browser has locks.
pub fn are_supported() -> bool {
    manager().is_object()
}

/// Waits for a lock; `None` if the browser refuses it. Dropping the future gives up.
pub async fn request(name: &str, mode: Mode) -> Option<Lock> {
    let (mut release, mut grant) = (None, None);
    let held = Promise::new(&mut |resolve, _| release = Some(resolve));
    let granted = Promise::new(&mut |resolve, _| grant = Some(resolve));
    let lock = Lock { release, abort: AbortController::new().ok() };
    let options = Object::new();
    let mode = if mode == Mode::Shared { "shared" } else { "exclusive" };
    let signal = lock.abort.as_ref().map(|abort| abort.signal().into()).unwrap_or(JsValue::UNDEFINED);
    for (name, value) in [("mode", JsValue::from_str(mode)), ("signal", signal)] {
        // Fails only on frozen objects, and this one is ours.
        let _ = Reflect::set(&options, &name.into(), &value);
    }
    let call = Closure::once_into_js(move |_lock: JsValue| {
        if let Some(grant) = grant {
            // Resolving a promise does not fail.
            let _ = grant.call0(&JsValue::UNDEFINED);
        }
        JsValue::from(held)
    });
    let requested = manager().unchecked_ref::<LockManager>().request(name, &options, &call).ok()?;
    // The request ends with the lock, and fails if it is refused.
    JsFuture::from(Promise::race(&Array::of2(&granted, &requested))).await.ok()?;
    Some(lock)
}

fn manager() -> JsValue {
    property(&property(&js_sys::global(), "navigator"), "locks")
}
