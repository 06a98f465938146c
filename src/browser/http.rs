//! HTTP requests that always end.
//!
//! gloo-net holds the headers and reads the responses. The call itself goes to the page's `fetch` directly: pages replace it, and gloo-net
//! panics if a replacement rejects with something other than an `Error` or resolves to something other than a `Response`.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use gloo_net::http::Response;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, RequestCredentials, RequestInit};

use super::{read, timer};
use domain::response;
use wire::Source;

/// A response with JSON as a JavaScript value.
pub type Answer = response::Response<JsValue>;

/// The largest response that is read, in bytes.
const BODY_MAX: usize = 2_000_000;

/// A response as text, or none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status; 0 without a response that the page may read.
    pub status: u16,
    /// The body; empty if it is too large.
    pub text: String,
    /// `Retry-After` in seconds.
    pub retry_after: Option<u32>,
    /// Whether the request timed out.
    pub is_late: bool,
}

/// Aborts a request when it is dropped, or earlier.
#[derive(Debug, Default)]
pub struct Abort(Option<AbortController>);

impl Abort {
    /// A handle for one request.
    pub fn new() -> Abort {
        Abort(AbortController::new().ok())
    }

    /// Aborts the request now, whoever still waits for it.
    pub fn end(&self) {
        if let Some(controller) = &self.0 {
            controller.abort();
        }
    }

    fn controller(&self) -> Option<AbortController> {
        self.0.clone()
    }
}

impl Drop for Abort {
    fn drop(&mut self) {
        self.end();
    }
}

thread_local! {
    static IS_OVER: Cell<bool> = const { Cell::new(false) };
}

/// Says whether the page has destroyed the widget: then no request is sent.
pub fn set_over(is_over: bool) {
    IS_OVER.set(is_over);
}

/// Sends a GET request. Boxed and out of line, so that the program has its code once, and chunks share the form's.
#[inline(never)]
pub fn get<'a>(url: &'a str, timeout: Duration, abort: &'a Abort) -> Pin<Box<dyn Future<Output = Answer> + 'a>> {
    Box::pin(send(url, RequestInit::new(), timeout, abort))
}

/// Sends a POST request with a body. Dropping the future aborts it.
pub async fn post(url: &str, headers: &[(&str, String)], body: &str, timeout: Duration) -> Reply {
    let request = RequestInit::new();
    request.set_method("POST");
    let named = js_sys::Object::new();
    for (name, value) in headers {
        // Fails only on frozen objects, and this one is ours.
        let _ = js_sys::Reflect::set(&named, &JsValue::from_str(name), &JsValue::from_str(value));
    }
    request.set_headers(&named);
    request.set_body(&JsValue::from_str(body));
    reply(url, request, timeout, &Abort::new()).await
}

/// Converts a response from the loader: the `status`, 0 without a response, and then whether it timed out (`late`); the `text`, and the seconds
/// of `Retry-After`.
pub fn loader_answer(answer: &impl Source) -> Answer {
    match answer.get("status").number() as u16 {
        0 if answer.get("late").is_true() => Answer::TimedOut,
        0 => Answer::Unreachable,
        status => {
            let after = answer.get("after").number() as u32;
            let body = read::parse(&answer.text_of("text"));
            Answer::Http { status, body, retry_after: Some(after).filter(|after| *after > 0) }
        }
    }
}

async fn send(url: &str, request: RequestInit, timeout: Duration, abort: &Abort) -> Answer {
    match reply(url, request, timeout, abort).await {
        Reply { is_late: true, .. } => Answer::TimedOut,
        Reply { status: 0, .. } => Answer::Unreachable,
        Reply { status, text, retry_after, .. } => Answer::Http { status, body: read::parse(&text), retry_after },
    }
}

async fn reply(url: &str, request: RequestInit, timeout: Duration, abort: &Abort) -> Reply {
    let controller = abort.controller();
    request.set_credentials(RequestCredentials::Omit);
    request.set_signal(controller.as_ref().map(AbortController::signal).as_ref());
    let timed_out = Rc::new(Cell::new(false));
    let (late, waker) = (timed_out.clone(), Rc::new(Cell::new(None::<std::task::Waker>)));
    let wake = waker.clone();
    let _timer = timer::after(timeout, move || {
        late.set(true);
        if let Some(controller) = controller {
            controller.abort();
        }
        // A page's own `fetch` may ignore the signal.
        if let Some(waker) = wake.take() {
            waker.wake();
        }
    });
    let mut exchange = std::pin::pin!(exchange(url, &request));
    let answer = std::future::poll_fn(|cx| {
        waker.set(Some(cx.waker().clone()));
        match exchange.as_mut().poll(cx) {
            std::task::Poll::Pending if timed_out.get() => std::task::Poll::Ready(None),
            poll => poll,
        }
    });
    let is_late = || Reply { is_late: timed_out.get(), ..Reply::default() };
    answer.await.unwrap_or_else(is_late)
}

async fn exchange(url: &str, request: &RequestInit) -> Option<Reply> {
    if IS_OVER.get() {
        return None;
    }
    let fetch: js_sys::Function = read::property(&js_sys::global(), "fetch").dyn_into().ok()?;
    // The page's own `fetch` may throw, or return something other than a promise.
    let fetched = fetch.call2(&JsValue::UNDEFINED, &url.into(), request).ok()?;
    let fetched = JsFuture::from(js_sys::Promise::resolve(&fetched)).await.ok()?;
    let response = Response::from(fetched.dyn_into::<web_sys::Response>().ok()?);
    let retry_after = response.headers().get("Retry-After").and_then(|seconds| seconds.parse().ok());
    // A larger response is not the gateway's, and would cost the page time.
    let mut text = response.text().await.ok()?;
    if text.len() > BODY_MAX {
        text.clear();
    }
    Some(Reply { status: response.status(), text, retry_after, is_late: false })
}
