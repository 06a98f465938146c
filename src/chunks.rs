//! The parts of the program beyond the form. `pack` moves what only one of them reaches into a chunk: a file of its own, which
//! `loader/chunks.js` loads into the program's memory. A part must not be linked before its chunk is loaded: its code would not be there.

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context as Task, Poll, Waker};

use leptos::prelude::AnyView;
use wasm_bindgen::JsValue;
use wasm_split_macros::wasm_split;

use super::screens::Panel;
use super::screens::document::Context;
use super::{engines, screens};

/// The screens beyond the form.
#[derive(Clone, Copy)]
pub struct Screens {
    /// The question that is open, with its answers.
    pub answers: fn(Panel) -> AnyView,
    /// Everything that is sent with a ticket.
    pub preview: fn(Panel) -> AnyView,
    /// The list of tickets, or the conversation that is open.
    pub tickets: fn(Panel) -> AnyView,
    /// Fetches again what is shown of tickets.
    pub refresh_tickets: fn(&str),
    /// Similar tickets, offered before the draft is sent.
    pub similar: fn(Panel) -> AnyView,
    /// Looks for similar tickets, and shows them.
    pub find_similar: fn(Panel) -> Pin<Box<dyn Future<Output = bool>>>,
    /// Fetches and shows current incidents.
    pub show_incidents: fn(Panel),
    /// Custom fields.
    pub fields: fn(Panel) -> AnyView,
    /// Checks the custom fields, and shows what is missing.
    pub fields_complete: fn(Panel) -> bool,
}

/// The list of attachments.
#[derive(Clone, Copy)]
pub struct Attachments {
    /// The attachments of an owner.
    pub view: fn(Panel, &str) -> AnyView,
    /// Reads again what is shown.
    pub refresh: fn(Panel),
    /// Shows and announces what became of files that were added.
    pub added: fn(Panel, JsValue),
}

/// The search in several engines.
pub struct Engines {
    /// Searches the engines without low rate limits.
    pub find: fn(JsValue, JsValue, String, JsValue),
    /// Searches the others.
    pub find_rest: fn(JsValue),
    /// Fetches a question.
    pub find_question: fn(JsValue, JsValue, String, String),
}

#[wasm_split(context, wasm_split_path = crate::chunks)]
fn context_chunk() -> Context {
    screens::document::context()
}

#[wasm_split(attachments, wasm_split_path = crate::chunks)]
fn attachments_chunk() -> Attachments {
    Attachments {
        view: screens::attachments::view,
        refresh: screens::attachments::refresh,
        added: screens::attachments::added,
    }
}

#[wasm_split(screens, wasm_split_path = crate::chunks)]
fn screens_chunk() -> Screens {
    Screens {
        answers: screens::answers::view,
        preview: screens::preview::view,
        tickets: screens::tickets::view,
        refresh_tickets: screens::tickets::refresh,
        similar: screens::tickets::similar::view,
        find_similar: screens::tickets::similar::find,
        show_incidents: screens::incidents::show,
        fields: screens::fields::view,
        fields_complete: screens::fields::complete,
    }
}

#[wasm_split(engines, wasm_split_path = crate::chunks)]
fn engines_chunk() -> Engines {
    Engines { find: engines::find, find_rest: engines::rest, find_question: engines::question }
}

/// Links the chunk `context`, which is loaded.
pub fn context() -> Context {
    linked(context_chunk())
}

/// Links the chunk `attachments`, which is loaded.
pub fn attachments() -> Attachments {
    linked(attachments_chunk())
}

/// Links the chunk `screens`, which is loaded.
pub fn screens() -> Screens {
    linked(screens_chunk())
}

/// Links the chunk `engines`, which is loaded.
pub fn engines() -> Engines {
    linked(engines_chunk())
}

/// The result of a function in a chunk. `wasm_split` makes the function wait for its chunk, which is loaded (see [`rt`]).
fn linked<T>(function: impl Future<Output = T>) -> T {
    let mut function = pin!(function);
    loop {
        if let Poll::Ready(part) = function.as_mut().poll(&mut Task::from_waker(Waker::noop())) {
            return part;
        }
    }
}

/// What `wasm_split` loads chunks with. The loader's scripts load them before they call the program, so this does nothing.
#[doc(hidden)]
pub mod rt {
    use std::convert::Infallible;
    use std::ffi::c_void;
    use std::pin::Pin;

    /// Told that a chunk is loaded.
    pub type LoadCallbackFn = extern "C" fn(*const c_void, bool);
    /// Loads a chunk.
    pub type LoadFn = unsafe extern "C" fn(LoadCallbackFn, *const c_void);

    /// Loads nothing.
    #[derive(Debug)]
    pub struct LazySplitLoader;

    impl LazySplitLoader {
        /// Drops the function, so that it is not linked.
        pub const fn new(_load: LoadFn) -> LazySplitLoader {
            LazySplitLoader
        }
    }

    /// The chunk is loaded.
    pub async fn ensure_loaded(_loader: Pin<&LazySplitLoader>) -> Result<(), Infallible> {
        Ok(())
    }
}
