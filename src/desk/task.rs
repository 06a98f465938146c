//! Tasks that end when they are dropped.

use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Poll, Waker};

use crate::browser::timer;

/// A task that runs. Dropping it ends it, and drops what it was doing.
#[derive(Debug)]
pub struct Task(Rc<State>);

#[derive(Debug, Default)]
struct State {
    is_over: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

impl Task {
    /// Runs a future.
    pub fn run(future: impl Future<Output = ()> + 'static) -> Task {
        let state: Rc<State> = Rc::default();
        let own = state.clone();
        timer::spawn(async move {
            let mut future = pin!(future);
            std::future::poll_fn(|cx| {
                if own.is_over.get() {
                    return Poll::Ready(());
                }
                own.waker.replace(Some(cx.waker().clone()));
                future.as_mut().poll(cx)
            })
            .await;
        });
        Task(state)
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.is_over.set(true);
        if let Some(waker) = self.0.waker.take() {
            waker.wake();
        }
    }
}
