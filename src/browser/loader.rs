//! The interface to the loader: the parts of the panel that it painted, and the functions that the widget may call.

use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{HtmlElement, HtmlTextAreaElement, ShadowRoot};
use wire::Source;

#[wasm_bindgen]
extern "C" {
    /// The object that the loader passes (`loader/widget-loader.js`).
    #[derive(Clone, Debug)]
    pub type Loader;
    /// The shadow root.
    #[wasm_bindgen(method, getter)]
    pub fn root(this: &Loader) -> ShadowRoot;
    /// The panel.
    #[wasm_bindgen(method, getter)]
    pub fn dialog(this: &Loader) -> HtmlElement;
    /// The heading in the panel's header.
    #[wasm_bindgen(method, getter)]
    pub fn title(this: &Loader) -> HtmlElement;
    /// The back button.
    #[wasm_bindgen(method, getter)]
    pub fn back(this: &Loader) -> HtmlElement;
    /// The label of the box.
    #[wasm_bindgen(method, getter)]
    pub fn label(this: &Loader) -> HtmlElement;
    /// The one box. It is never replaced.
    #[wasm_bindgen(method, getter, js_name = "box")]
    pub fn text_box(this: &Loader) -> HtmlTextAreaElement;
    /// The element that the widget draws into.
    #[wasm_bindgen(method, getter)]
    pub fn below(this: &Loader) -> HtmlElement;
    /// The live region.
    #[wasm_bindgen(method, getter)]
    pub fn live(this: &Loader) -> HtmlElement;
    /// The public key of the site.
    #[wasm_bindgen(method, getter)]
    pub fn site(this: &Loader) -> String;
    /// The gateway's address.
    #[wasm_bindgen(method, getter)]
    pub fn gateway(this: &Loader) -> String;
    /// The site's address at the gateway; empty on a page without a gateway.
    #[wasm_bindgen(method, getter, js_name = siteUrl)]
    pub fn site_url(this: &Loader) -> String;
    /// The e-mail address that is offered if nothing else works; may be empty.
    #[wasm_bindgen(method, getter)]
    pub fn email(this: &Loader) -> String;
    /// The tag of the panel's language.
    #[wasm_bindgen(method, getter)]
    pub fn lang(this: &Loader) -> String;
    /// The table of that language as JSON; empty for English.
    #[wasm_bindgen(method, getter)]
    pub fn words(this: &Loader) -> String;
    /// The version of the package.
    #[wasm_bindgen(method, getter)]
    pub fn version(this: &Loader) -> String;
    /// The values that the host has set.
    #[wasm_bindgen(method, getter)]
    pub fn state(this: &Loader) -> State;
    /// Takes the snapshot of the context, as the loader does at the first letter.
    #[wasm_bindgen(method)]
    pub fn freeze(this: &Loader);
    /// The page, the user and the errors at this moment.
    #[wasm_bindgen(method)]
    pub fn snapshot(this: &Loader) -> JsValue;
    /// Completes a snapshot with what takes time. Returns a promise that never rejects.
    #[wasm_bindgen(method)]
    pub fn complete(this: &Loader, snapshot: &JsValue) -> js_sys::Promise;
    /// A snapshot in wire format, neither redacted nor cut.
    #[wasm_bindgen(method)]
    pub fn describe(this: &Loader, snapshot: &JsValue) -> JsValue;
    /// Passes the configuration that the gateway published; undefined if there is none.
    #[wasm_bindgen(method)]
    pub fn configured(this: &Loader, published: &JsValue);
    #[wasm_bindgen(method)]
    fn screens(this: &Loader) -> js_sys::Promise;
    #[wasm_bindgen(method)]
    fn affected(this: &Loader, id: &str) -> js_sys::Promise;
    #[wasm_bindgen(method)]
    fn elsewhere(this: &Loader, what: &str) -> JsValue;
    /// The visit that a search or a draft belongs to.
    #[wasm_bindgen(method)]
    pub fn visit(this: &Loader) -> String;
    /// Counts an event of questions, by their ids.
    #[wasm_bindgen(method)]
    pub fn count(this: &Loader, name: &str, kind: &str, questions: Vec<String>);
    /// The draft is gone: what follows is another visit.
    #[wasm_bindgen(method, js_name = leaveVisit)]
    pub fn leave_visit(this: &Loader);
    /// Drops what was shown and is not counted yet.
    #[wasm_bindgen(method)]
    pub fn uncount(this: &Loader);
    #[wasm_bindgen(method)]
    fn send(this: &Loader, body: &str, text: &str, signed: bool, visit: &str) -> js_sys::Promise;
    /// Discards the stored draft: it has become a submission, or support has it.
    #[wasm_bindgen(method, js_name = letGo)]
    pub fn let_go(this: &Loader);
    #[wasm_bindgen(method)]
    fn settled(this: &Loader) -> js_sys::Promise;
    #[wasm_bindgen(method, js_name = openTickets)]
    fn open_tickets(this: &Loader) -> js_sys::Promise;
    /// The ids of the attachments, and the value of the field that people cannot see.
    #[wasm_bindgen(method)]
    pub fn extras(this: &Loader) -> JsValue;
    /// Closes the panel.
    #[wasm_bindgen(method)]
    pub fn close(this: &Loader);
    /// Sends an event to the host.
    #[wasm_bindgen(method)]
    fn emit(this: &Loader, name: &str, detail: &JsValue);
    /// Removes what the widget drew and shows that it has crashed.
    #[wasm_bindgen(method)]
    fn crash(this: &Loader);

    /// The values that the host has set so far.
    #[derive(Clone, Debug)]
    pub type State;
    /// The arguments of `configure`, in order.
    #[wasm_bindgen(method, getter)]
    pub fn config(this: &State) -> js_sys::Array;
    /// The last argument of `suggest`.
    #[wasm_bindgen(method, getter)]
    pub fn suggested(this: &State) -> JsValue;
    /// The last argument of `identify`.
    #[wasm_bindgen(method, getter)]
    pub fn user(this: &State) -> JsValue;
    /// The snapshot at the draft's first letter; null without a draft.
    #[wasm_bindgen(method, getter)]
    pub fn frozen(this: &State) -> JsValue;
    #[wasm_bindgen(method, setter)]
    fn set_frozen(this: &State, frozen: &JsValue);

    /// The argument of `open`.
    #[derive(Clone, Debug)]
    pub type Options;

    #[wasm_bindgen(js_namespace = console)]
    fn warn(message: &str);
}

/// Sends an event to the host, with strings and numbers as details.
pub fn emit(loader: &Loader, name: &str, details: &[(&str, JsValue)]) {
    let detail = js_sys::Object::new();
    for (key, value) in details {
        // Fails only on frozen objects, and this one is ours.
        let _ = js_sys::Reflect::set(&detail, &JsValue::from_str(key), value);
    }
    loader.emit(name, &detail);
}

/// The outcome of the first attempt of a submission.
#[derive(Debug)]
pub struct Sent {
    /// The outcome in the terms of `loader/outcome.js`; `gone` if it was taken back or the user has changed, empty if what sends could not be
    /// loaded.
    pub word: String,
    /// The gateway's response, if it was JSON.
    pub answer: JsValue,
}

/// Submits a ticket. `text` is what the customer wrote. It is sent as the verified customer if the host signs and `signed` allows it.
/// Once it has arrived it is counted to the visit, if that is not empty.
pub async fn send(loader: &Loader, body: &str, text: &str, signed: bool, visit: &str) -> Sent {
    outcome(loader.send(body, text, signed, visit)).await
}

/// Waits for the outcome of a submission.
pub async fn outcome(sent: js_sys::Promise) -> Sent {
    let sent = JsFuture::from(sent).await.unwrap_or(JsValue::UNDEFINED);
    let answer = super::read::parse(&sent.text_of("text")).unwrap_or(JsValue::UNDEFINED);
    Sent { word: sent.text_of("word"), answer }
}

/// Loads the chunk `screens` with its style. Returns the texts of its screens, undefined if only these could not be loaded; `None` if the chunk
/// could not.
pub async fn screens(loader: &Loader) -> Option<JsValue> {
    JsFuture::from(loader.screens()).await.ok()
}

/// Reports that the customer is affected by an incident. Returns the incident after that; `None` if the report failed.
pub async fn report_affected(loader: &Loader, id: &str) -> Option<JsValue> {
    JsFuture::from(loader.affected(id)).await.ok().filter(JsValue::is_object)
}

/// Waits until it is known who the user is, and whether they have open tickets; for the latter not long.
pub async fn settled(loader: &Loader) {
    // It never rejects.
    let _ = JsFuture::from(loader.settled()).await;
}

/// Whether the user has open tickets, as far as known.
pub async fn has_open_tickets(loader: &Loader) -> bool {
    JsFuture::from(loader.open_tickets()).await.is_ok_and(|open| open.is_truthy())
}

/// The result of the search engines that the page or its gateway configures in place of the gateway; `None` without any.
pub fn elsewhere(loader: &Loader, what: &str) -> Option<JsFuture> {
    loader.elsewhere(what).dyn_into().ok().map(|asked: js_sys::Promise| JsFuture::from(asked))
}

/// Drops the snapshot, because the draft is gone.
pub fn thaw(loader: &Loader) {
    loader.state().set_frozen(&JsValue::NULL);
}

/// Adds what happened since a snapshot to it.
pub fn add_since(loader: &Loader, frozen: &JsValue) {
    // Fails only on frozen objects, and this one is the loader's own.
    let _ = js_sys::Reflect::set(frozen, &"since".into(), &loader.snapshot());
}

/// Warns the host's developer in the console.
pub fn warn_developer(message: &str) {
    warn(message);
}

/// The string options.
pub fn option_pairs(options: &Options) -> Vec<(String, String)> {
    super::read::entries(options).into_iter().filter_map(|(name, value)| Some((name, value.as_string()?))).collect()
}

/// Makes a panic end in a message instead of a broken panel.
pub fn on_panic(loader: Loader) {
    thread_local! {
        static CRASHED: std::cell::OnceCell<Loader> = const { std::cell::OnceCell::new() };
    }
    if CRASHED.with(|crashed| crashed.set(loader)).is_ok() {
        // The hook must neither panic nor borrow: the code that panicked may still hold its borrows.
        std::panic::set_hook(Box::new(|_| CRASHED.with(|crashed| crashed.get().into_iter().for_each(Loader::crash))));
    }
}
