//! The time and timers.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use domain::desk::ids::Time;

use crate::browser::{intl, timer};

/// A clock.
pub trait Clock {
    /// A timer. It ends when it is dropped.
    type Timer;

    /// The time by the device's clock.
    fn now(&self) -> Time;

    /// Calls a function once when a time has come, and not before.
    fn call_at(&self, time: Time, call: Box<dyn FnOnce()>) -> Self::Timer;

    /// Waits for a future; `None` if it takes longer than a time.
    fn within<T>(&self, limit: Duration, future: impl Future<Output = T>) -> impl Future<Output = Option<T>>;
}

/// The browser's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct DeviceClock;

/// A timer of the browser. Browsers count at most 24 days, so a longer one is started again.
pub struct DeviceTimer {
    _running: Rc<Cell<Option<timer::Timer>>>,
}

impl Clock for DeviceClock {
    type Timer = DeviceTimer;

    fn now(&self) -> Time {
        Time(intl::now_ms() as u64)
    }

    fn call_at(&self, time: Time, call: Box<dyn FnOnce()>) -> DeviceTimer {
        let slot = Rc::new(Cell::new(None));
        arm(*self, time, call, &slot);
        DeviceTimer { _running: slot }
    }

    async fn within<T>(&self, limit: Duration, future: impl Future<Output = T>) -> Option<T> {
        timer::within(limit, future).await
    }
}

fn arm(clock: DeviceClock, time: Time, call: Box<dyn FnOnce()>, slot: &Rc<Cell<Option<timer::Timer>>>) {
    let again = Rc::downgrade(slot);
    let wait = Duration::from_millis(time.since(clock.now()));
    slot.set(timer::after(wait, move || {
        let Some(slot) = again.upgrade() else { return };
        // The timer that calls this is freed by the next one, or with the slot.
        if clock.now() < time { arm(clock, time, call, &slot) } else { call() }
    }));
}
