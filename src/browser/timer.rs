//! Timers that are cancelled when they are dropped, and tasks.

use std::cell::Cell;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Poll, Waker};
use std::time::Duration;

use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};

/// How often a condition is tested, and how many times.
const POLL: Duration = Duration::from_millis(100);
const POLLS_MAX: u32 = 600;

/// Calls a function once after a time, unless it is dropped before.
#[derive(Debug)]
pub struct Timer {
    id: i32,
    _callback: Closure<dyn FnMut()>,
}

/// Starts a timer. `None` if the browser refuses one.
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

/// Waits for a time.
pub async fn wait(time: Duration) {
    let (done, waker) = (Rc::new(Cell::new(false)), Rc::new(Cell::new(None::<Waker>)));
    let (rings, wake) = (done.clone(), waker.clone());
    let timer = after(time, move || {
        rings.set(true);
        if let Some(waker) = wake.take() {
            waker.wake();
        }
    });
    std::future::poll_fn(|cx| {
        waker.set(Some(cx.waker().clone()));
        // Without a timer there is nothing to wait for.
        if done.get() || timer.is_none() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// Waits until a condition holds, at most a minute. Boxed, so that the program has its code once.
pub async fn until(holds: Box<dyn Fn() -> bool>) {
    // Counted, because nothing is waited for where the browser refuses timers.
    for _ in 0..POLLS_MAX {
        if holds() {
            return;
        }
        wait(POLL).await;
    }
}

/// Waits for a future; `None` if it takes longer than a time.
pub async fn within<T>(time: Duration, future: impl Future<Output = T>) -> Option<T> {
    let (mut future, mut late) = (pin!(future), pin!(wait(time)));
    std::future::poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(value) => Poll::Ready(Some(value)),
        Poll::Pending => late.as_mut().poll(cx).map(|()| None),
    })
    .await
}

/// Runs a task.
pub fn spawn(future: impl Future<Output = ()> + 'static) {
    wasm_bindgen_futures::spawn_local(future);
}

/// Runs a task, and passes its result to a function of the page.
pub fn tell(done: JsValue, task: Pin<Box<dyn Future<Output = JsValue>>>) {
    spawn(async move {
        let result = task.await;
        if let Some(done) = done.dyn_ref::<js_sys::Function>() {
            // An exception of a promise's own function cannot be reported here.
            let _ = done.call1(&JsValue::UNDEFINED, &result);
        }
    });
}

impl Drop for Timer {
    fn drop(&mut self) {
        if let Some(window) = web_sys::window() {
            window.clear_timeout_with_handle(self.id);
        }
    }
}
