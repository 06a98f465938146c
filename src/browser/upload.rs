//! Uploads. `fetch` reports no progress, so they go by XMLHttpRequest.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use js_sys::{Function, Promise};
use wasm_bindgen::JsValue;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::JsFuture;
use wire::Source;

use super::http::Reply;
use super::timer::{self, Timer};

#[wasm_bindgen]
extern "C" {
    #[derive(Clone)]
    type XMLHttpRequest;
    #[wasm_bindgen(constructor, catch)]
    fn new() -> Result<XMLHttpRequest, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn open(this: &XMLHttpRequest, method: &str, url: &str) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch, js_name = setRequestHeader)]
    fn set_request_header(this: &XMLHttpRequest, name: &str, value: &str) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch)]
    fn send(this: &XMLHttpRequest, body: &JsValue) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch)]
    fn abort(this: &XMLHttpRequest) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch, js_name = getAllResponseHeaders)]
    fn get_all_response_headers(this: &XMLHttpRequest) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, setter)]
    fn set_onloadend(this: &XMLHttpRequest, call: &JsValue);
    #[wasm_bindgen(method, getter)]
    fn upload(this: &XMLHttpRequest) -> Upload;

    type Upload;
    #[wasm_bindgen(method, setter)]
    fn set_onprogress(this: &Upload, call: &JsValue);
}

/// An upload that runs. It ends when it is dropped.
struct Running {
    request: XMLHttpRequest,
    _progress: Closure<dyn FnMut(JsValue)>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.request.set_onloadend(&JsValue::NULL);
        self.request.upload().set_onprogress(&JsValue::NULL);
        // Does nothing if it has ended.
        let _ = self.request.abort();
    }
}

/// Puts a body. Ends if it makes no progress for some time. `progress` gets how much of it is there, from 0 to 1. Dropping the future aborts it.
pub async fn put(
    url: &str,
    headers: &[(&str, String)],
    body: &JsValue,
    stalled: Duration,
    progress: impl Fn(f64) + 'static,
) -> Reply {
    exchange(url, headers, body, stalled, progress).await.unwrap_or_default()
}

async fn exchange(
    url: &str,
    headers: &[(&str, String)],
    body: &JsValue,
    stalled: Duration,
    progress: impl Fn(f64) + 'static,
) -> Option<Reply> {
    let request = XMLHttpRequest::new().ok()?;
    request.open("PUT", url).ok()?;
    for (name, value) in headers {
        request.set_request_header(name, value).ok()?;
    }
    let is_late = Rc::new(Cell::new(false));
    let timer: Rc<RefCell<Option<Timer>>> = Rc::default();
    let wait = {
        let (request, is_late, timer) = (request.clone(), is_late.clone(), timer.clone());
        move || {
            let (request, is_late) = (request.clone(), is_late.clone());
            let give_up = move || {
                is_late.set(true);
                // Then it ends.
                let _ = request.abort();
            };
            timer.replace(timer::after(stalled, give_up));
        }
    };
    wait();
    let moved = Closure::<dyn FnMut(JsValue)>::new(move |event: JsValue| {
        wait();
        let (loaded, total) = (event.get("loaded").number(), event.get("total").number());
        if total > 0.0 {
            progress(loaded / total);
        }
    });
    request.upload().set_onprogress(moved.as_ref());
    let mut listen = |resolve: Function, _: Function| request.set_onloadend(&resolve);
    let ended = JsFuture::from(Promise::new(&mut listen));
    let running = Running { request: request.clone(), _progress: moved };
    request.send(body).ok()?;
    ended.await.ok()?;
    let answered: &JsValue = request.as_ref();
    let status = answered.get("status").number() as u16;
    let text = answered.text_of("responseText");
    // By its name the browser would log an error if something in between has answered.
    let all = request.get_all_response_headers().ok().and_then(|headers| headers.as_string()).unwrap_or_default();
    let retry_after = all.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("retry-after").then(|| value.trim_ascii().parse().ok())?
    });
    drop(running);
    timer.take();
    Some(match status {
        0 => Reply { is_late: is_late.get(), ..Reply::default() },
        status => Reply { status, text, retry_after, is_late: false },
    })
}
