//! HTTP requests that always come to an end.
//!
//! gloo-net builds the requests and reads the answers. The call itself goes to the page's `fetch` directly: pages replace
//! it, and gloo-net panics over replacements that reject with something other than an `Error` or answer with something
//! other than a `Response`.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use gloo_net::http::{Method, RequestBuilder, Response};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, RequestCredentials};

use super::{read, timer};
use crate::domain::outbox;

/// An answer with the browser's JSON.
pub type Answer = outbox::Answer<wasm_bindgen::JsValue>;

/// Ends a request when it is dropped.
#[derive(Debug, Default)]
pub struct Abort(Option<AbortController>);

impl Abort {
    /// A handle for one request.
    pub fn new() -> Abort {
        Abort(AbortController::new().ok())
    }

    fn controller(&self) -> Option<AbortController> {
        self.0.clone()
    }
}

impl Drop for Abort {
    fn drop(&mut self) {
        if let Some(controller) = &self.0 {
            controller.abort();
        }
    }
}

/// Asks for something.
pub async fn get(url: &str, timeout: Duration, abort: &Abort) -> Answer {
    send(RequestBuilder::new(url), None, timeout, abort).await
}

/// Posts JSON.
pub async fn post(url: &str, headers: &[(&str, &str)], body: &str, timeout: Duration) -> Answer {
    let mut builder = RequestBuilder::new(url).method(Method::POST).header("Content-Type", "application/json");
    for (name, value) in headers {
        builder = builder.header(name, value);
    }
    send(builder, Some(body), timeout, &Abort::new()).await
}

async fn send(builder: RequestBuilder, body: Option<&str>, timeout: Duration, abort: &Abort) -> Answer {
    let controller = abort.controller();
    let signal = controller.as_ref().map(AbortController::signal);
    let builder = builder.credentials(RequestCredentials::Omit).abort_signal(signal.as_ref());
    let request = match body {
        Some(body) => builder.body(body),
        None => builder.build(),
    };
    let timed_out = Rc::new(Cell::new(false));
    let late = timed_out.clone();
    let _timer = timer::after(timeout, move || {
        late.set(true);
        if let Some(controller) = controller {
            controller.abort();
        }
    });
    let answer = match request {
        Ok(request) => exchange(&request.into()).await,
        Err(_) => None,
    };
    match answer {
        Some(answer) => answer,
        None if timed_out.get() => Answer::TimedOut,
        None => Answer::Unreachable,
    }
}

async fn exchange(request: &web_sys::Request) -> Option<Answer> {
    let fetched = JsFuture::from(web_sys::window()?.fetch_with_request(request)).await.ok()?;
    let response = Response::from(fetched.dyn_into::<web_sys::Response>().ok()?);
    let retry_after = response.headers().get("Retry-After").and_then(|seconds| seconds.parse().ok());
    let body = read::parse(&response.text().await.ok()?);
    Some(Answer::Http { status: response.status(), body, retry_after })
}

/// Whether the browser believes to be online.
pub fn online() -> bool {
    web_sys::window().is_none_or(|window| window.navigator().on_line())
}
