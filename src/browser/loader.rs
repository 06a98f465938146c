//! The loader's side of the seam: the panel's parts as it painted them, and what it lets the widget do.

use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{HtmlElement, HtmlTextAreaElement, ShadowRoot};
use wire::Source;

#[wasm_bindgen]
extern "C" {
    /// The object that the loader hands over (`loader/widget-loader.js`).
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
    /// The button that leads back.
    #[wasm_bindgen(method, getter)]
    pub fn back(this: &Loader) -> HtmlElement;
    /// What the box is called.
    #[wasm_bindgen(method, getter)]
    pub fn label(this: &Loader) -> HtmlElement;
    /// The one box. It is never replaced.
    #[wasm_bindgen(method, getter, js_name = "box")]
    pub fn text_box(this: &Loader) -> HtmlTextAreaElement;
    /// Where the widget draws.
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
    /// Where the gateway answers for the site; empty on a page that has none.
    #[wasm_bindgen(method, getter, js_name = siteUrl)]
    pub fn site_url(this: &Loader) -> String;
    /// The address that is offered when nothing else works; may be empty.
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
    /// What the host has said.
    #[wasm_bindgen(method, getter)]
    pub fn state(this: &Loader) -> State;
    /// Freezes the context, as the loader does at the first letter.
    #[wasm_bindgen(method)]
    pub fn freeze(this: &Loader);
    /// The page, the person and the errors as they are now.
    #[wasm_bindgen(method)]
    pub fn snapshot(this: &Loader) -> JsValue;
    /// Completes a snapshot with what takes time; gives a promise, which never rejects.
    #[wasm_bindgen(method)]
    pub fn complete(this: &Loader, snapshot: &JsValue) -> js_sys::Promise;
    /// A snapshot in the form of the wire, not yet redacted nor cut.
    #[wasm_bindgen(method)]
    pub fn describe(this: &Loader, snapshot: &JsValue) -> JsValue;
    /// The configuration as the gateway published it; undefined where it did not.
    #[wasm_bindgen(method)]
    pub fn configured(this: &Loader, published: &JsValue);
    #[wasm_bindgen(method)]
    fn elsewhere(this: &Loader, what: &str) -> JsValue;
    /// Fetches the module that shows answers, once.
    #[wasm_bindgen(method)]
    pub fn answers(this: &Loader) -> js_sys::Promise;
    /// The visit that a search or a draft belongs to.
    #[wasm_bindgen(method)]
    pub fn visit(this: &Loader) -> String;
    /// Counts what has become of questions, by their ids.
    #[wasm_bindgen(method)]
    pub fn count(this: &Loader, name: &str, kind: &str, questions: Vec<String>);
    /// Forgets what was shown and is not counted yet.
    #[wasm_bindgen(method)]
    pub fn uncount(this: &Loader);
    #[wasm_bindgen(method)]
    fn send(this: &Loader, body: &str, text: &str, signed: bool) -> js_sys::Promise;
    /// Lets go of the draft: it is sealed, or support has it.
    #[wasm_bindgen(method, js_name = letGo)]
    pub fn let_go(this: &Loader);
    #[wasm_bindgen(method)]
    fn show(this: &Loader, place: &web_sys::Element, about: &str) -> js_sys::Promise;
    #[wasm_bindgen(method)]
    fn ready(this: &Loader) -> js_sys::Promise;
    /// What was answered to the fields of the site's own, whether support may look into the account, and what stands where
    /// nobody can write.
    #[wasm_bindgen(method)]
    pub fn extras(this: &Loader) -> JsValue;
    /// Closes the panel.
    #[wasm_bindgen(method)]
    pub fn close(this: &Loader);
    /// Tells the host.
    #[wasm_bindgen(method)]
    fn emit(this: &Loader, name: &str, detail: &JsValue);
    /// Clears away what the widget drew and says that it has stopped.
    #[wasm_bindgen(method)]
    fn crash(this: &Loader);

    /// What the host has said so far.
    #[derive(Clone, Debug)]
    pub type State;
    /// What `configure` was given, in order.
    #[wasm_bindgen(method, getter)]
    pub fn config(this: &State) -> js_sys::Array;
    /// What `suggest` was given last.
    #[wasm_bindgen(method, getter)]
    pub fn suggested(this: &State) -> JsValue;
    /// What `identify` was given last.
    #[wasm_bindgen(method, getter)]
    pub fn user(this: &State) -> JsValue;
    /// The snapshot at the draft's first letter; null where there is no draft.
    #[wasm_bindgen(method, getter)]
    pub fn frozen(this: &State) -> JsValue;
    #[wasm_bindgen(method, setter)]
    fn set_frozen(this: &State, frozen: &JsValue);

    /// What `open` was given.
    #[derive(Clone, Debug)]
    pub type Options;

    #[wasm_bindgen(js_namespace = console)]
    fn warn(message: &str);
}

/// Tells the host of something, with texts and numbers as details.
pub fn emit(loader: &Loader, name: &str, details: &[(&str, JsValue)]) {
    let detail = js_sys::Object::new();
    for (key, value) in details {
        // Fails only on frozen objects, and this one is ours.
        let _ = js_sys::Reflect::set(&detail, &JsValue::from_str(key), value);
    }
    loader.emit(name, &detail);
}

/// What came of sending something for the first time.
#[derive(Debug)]
pub struct Sent {
    /// What `loader/outcome.js` calls it; empty where nothing of it counts any more, because the person is another.
    pub word: String,
    /// What the gateway answered, where it was JSON.
    pub answer: JsValue,
}

/// Seals a ticket in which a person wrote a text, and sends it; signed where the host signs and `signed` lets it.
pub async fn send(loader: &Loader, body: &str, text: &str, signed: bool) -> Sent {
    outcome(loader.send(body, text, signed)).await
}

/// What came of sending.
pub async fn outcome(sent: js_sys::Promise) -> Sent {
    let sent = JsFuture::from(sent).await.unwrap_or(JsValue::UNDEFINED);
    let answer = super::read::parse(&sent.text_of("text")).unwrap_or(JsValue::UNDEFINED);
    Sent { word: sent.text_of("word"), answer }
}

/// Lets a module beside the form draw into the place of an id, which it is named after. `None` where it does not come.
pub async fn show(loader: &Loader, place: &str, about: &str) -> Option<()> {
    let place = loader.root().get_element_by_id(place)?;
    JsFuture::from(loader.show(&place, about)).await.ok().map(drop)
}

/// Whether nothing is in the way of sending but what the form itself asks for. What is has been said.
pub async fn is_ready(loader: &Loader) -> bool {
    JsFuture::from(loader.ready()).await.is_ok_and(|ready| ready.is_truthy())
}

/// What the engines that the page or its gateway names answer in the gateway's place; `None` where neither names any.
pub fn elsewhere(loader: &Loader, what: &str) -> Option<JsFuture> {
    loader.elsewhere(what).dyn_into().ok().map(|asked: js_sys::Promise| JsFuture::from(asked))
}

/// Lets go of the frozen context: the draft is gone.
pub fn thaw(loader: &Loader) {
    loader.state().set_frozen(&JsValue::NULL);
}

/// Lets what has happened since it was frozen go along with a snapshot.
pub fn add_since(loader: &Loader, frozen: &JsValue) {
    // Fails only on frozen objects, and this one is the loader's own.
    let _ = js_sys::Reflect::set(frozen, &"since".into(), &loader.snapshot());
}

/// Names something that the host's developer should see.
pub fn warn_developer(message: &str) {
    warn(message);
}

/// The texts among the options.
pub fn option_pairs(options: &Options) -> Vec<(String, String)> {
    super::read::entries(options).into_iter().filter_map(|(name, value)| Some((name, value.as_string()?))).collect()
}

/// Lets a panic end in words instead of a torn panel.
pub fn on_panic(loader: Loader) {
    thread_local! {
        static CRASHED: std::cell::OnceCell<Loader> = const { std::cell::OnceCell::new() };
    }
    if CRASHED.with(|crashed| crashed.set(loader)).is_ok() {
        // The hook must neither panic nor borrow: whatever panicked may still hold its borrows.
        std::panic::set_hook(Box::new(|_| CRASHED.with(|crashed| crashed.get().into_iter().for_each(Loader::crash))));
    }
}
