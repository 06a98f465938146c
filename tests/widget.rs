//! Parts of the widget in a real browser, each alone, with everything that pages may do to them.

#![cfg(target_arch = "wasm32")]
// clippy.toml allows these in tests, but does not recognise helpers in separate files as tests.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use deskbell::browser::http::{self, Abort, Answer};
use deskbell::browser::loader::Loader;
use deskbell::browser::{context, dom, intl, read, timer};
use deskbell::components::el;
use deskbell::components::prose::prose;
use js_sys::{Function, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use wire::Source;

wasm_bindgen_test_configure!(run_in_browser);

/// Runs JavaScript.
fn js(code: &str) -> JsValue {
    Function::new_no_args(code).call0(&JsValue::UNDEFINED).unwrap()
}

/// Runs JavaScript with a value named `it`.
fn with(it: &JsValue, code: &str) -> JsValue {
    Function::new_with_args("it", code).call1(&JsValue::UNDEFINED, it).unwrap()
}

async fn pass(milliseconds: u32) {
    let wait = format!("return new Promise((done) => setTimeout(done, {milliseconds}))");
    JsFuture::from(js(&wait).unchecked_into::<Promise>()).await.unwrap();
}

/// Replaces one of the page's globals until it is dropped.
struct Replaced {
    name: &'static str,
    real: JsValue,
}

fn replace(name: &'static str, code: &str) -> Replaced {
    let global = js_sys::global();
    let real = Reflect::get(&global, &name.into()).unwrap();
    with(&JsValue::from(name), &format!("Object.defineProperty(globalThis, it, {{ {code}, configurable: true }})"));
    Replaced { name, real }
}

impl Drop for Replaced {
    fn drop(&mut self) {
        let define = "return (name, value) => Object.defineProperty(globalThis, name, { value, configurable: true, writable: true })";
        let define: Function = js(define).unchecked_into();
        define.call2(&JsValue::UNDEFINED, &self.name.into(), &self.real).unwrap();
    }
}

/// The rendered Markdown of a text: the tags in order, or the HTML.
fn drawn(text: &str, code: &str) -> String {
    let place = js("return document.body.appendChild(document.createElement('div'))");
    let _mounted = el::mount(place.unchecked_ref(), prose(text));
    let seen = with(&place, code).as_string().unwrap();
    with(&place, "it.remove()");
    seen
}

fn tags(text: &str) -> String {
    drawn(text, "return [...it.querySelectorAll('.prose *')].map((node) => node.localName).join(' ')")
}

#[wasm_bindgen_test]
fn markdown_becomes_the_elements_of_its_subset() {
    assert_eq!(tags("plain"), "p");
    assert_eq!(tags("# a heading"), "h4");
    assert_eq!(tags("**strong** and *soft* and `code`"), "p strong em code");
    assert_eq!(tags("- one\n- two"), "ul li p li p");
    assert_eq!(tags("1. one"), "ol li p");
    assert_eq!(tags("> quote"), "blockquote p");
    assert_eq!(tags("```\nlet x;\n```"), "div pre code button");
    assert_eq!(tags("see https://x.example/"), "p a");
    assert_eq!(
        drawn(
            "[a **b** c](https://x.example/?q=1&r=2)",
            "const a = it.querySelector('a'); return `${a.textContent} ${a.href} ${a.rel} ${a.target}`"
        ),
        "a b c https://x.example/?q=1&r=2 noopener noreferrer nofollow ugc _blank"
    );
}

#[wasm_bindgen_test]
fn markdown_becomes_no_other_elements() {
    let bad = "<img src=x onerror=alert(1)><script>alert(1)</script><svg/onload=alert(1)>";
    for frame in ["{}", "# {}", "- {}", "> {}", "**{}**", "`{}`", "```\n{}\n```", "[{}](https://x.example)", "1. {}"] {
        let text = frame.replace("{}", bad);
        let foreign = drawn(
            &text,
            "return [...it.querySelectorAll('img, script, svg, [onload], [onerror]')].map((node) => node.localName).join()",
        );
        assert_eq!(foreign, "", "{text}");
        assert!(drawn(&text, "return it.textContent").contains(bad), "{text}");
    }
    for url in [
        "javascript:alert(1)",
        "JAVASCRIPT:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "java\tscript:x",
        "//x.example",
    ] {
        let text = format!("[press]({url}) <{url}> ![press]({url})");
        assert_eq!(drawn(&text, "return [...it.querySelectorAll('a')].map((node) => node.href).join()"), "", "{text}");
    }
}

#[wasm_bindgen_test]
fn what_a_page_hands_over_is_read_whatever_it_is() {
    let user = js(
        "return { id: 7, name: null, email: ['a'], plan: true, organization: 'Acme', role() {}, seats: 3, tags: { a: 1 } }",
    );
    let user = context::user(&user).unwrap();
    assert_eq!((user.id.as_str(), user.name.as_str(), user.role.as_str()), ("7", "", ""));
    assert_eq!((user.email.as_str(), user.plan.as_str(), user.organization.name.as_str()), (r#"["a"]"#, "true", ""));
    assert_eq!(user.attributes.get("seats").map(String::as_str), Some("3"));
    assert_eq!(user.attributes.get("tags").map(String::as_str), Some(r#"{"a":1}"#));

    for nobody in ["null", "undefined", "7", "'u-1'"] {
        assert_eq!(context::user(&js(&format!("return {nobody}"))), None, "{nobody}");
    }
    let throws = js("return { get id() { throw 1 }, name: 'Ada', get extra() { throw 2 } }");
    assert_eq!(read::text_of(&throws, "id"), "");
    assert_eq!(read::text_of(&throws, "name"), "Ada");
    let knot = js("const knot = {}; knot.knot = knot; return knot");
    assert_eq!(read::text(&knot), "");
    assert_eq!(read::text(&js("return 12345678901n")), "");
    assert_eq!(read::text(&js("return Symbol('x')")), "");
}

#[wasm_bindgen_test]
fn a_property_that_throws_costs_nothing_else() {
    let throws = js("return { before: 1, get extra() { throw 2 }, after: 'x' }");
    let texts = read::texts_of(&throws, &[]);
    assert_eq!(texts.0, [("before".to_string(), "1".to_string()), ("after".to_string(), "x".to_string())]);
}

#[wasm_bindgen_test]
fn pages_that_teach_json_to_lists_change_nothing() {
    js("Array.prototype.toJSON = function () { return 'spoilt' }");
    let snapshot =
        js("return { frozen_at: 'now', page: { url: 'https://x.example/', title: undefined, referrer: null },
        errors: [{ name: 'E', message: 'm', count: 2, at: undefined }], page_values: { a: '1' } }");
    let loader: Loader = js("return { describe: (snapshot) => snapshot }").unchecked_into();
    let json = serde_json::to_string(&context::describe(&loader, &snapshot)).unwrap();
    let stored =
        js("return { at: 1.5, list: [{ a: null }, [undefined]], since: new Date(0), none: undefined, run() {} }");
    assert_eq!(stored.to_json(), r#"{"at":1.5,"list":[{"a":null},[null]],"since":"1970-01-01T00:00:00.000Z"}"#);
    js("delete Array.prototype.toJSON");
    let expected = concat!(
        r#"{"frozen_at":"now","page":{"url":"https://x.example/","title":{},"referrer":{}},"#,
        r#""errors":[{"name":"E","message":"m","count":2,"at":{}}],"page_values":{"a":"1"}}"#
    );
    assert_eq!(json, expected);
}

#[wasm_bindgen_test]
fn a_value_that_contains_itself_is_written_to_a_depth() {
    let json = js("const knot = {}; knot.knot = knot; return knot").to_json();
    assert!(json.starts_with(r#"{"knot":{"knot":{"#) && json.contains("null") && json.len() < 1000, "{json}");
}

#[wasm_bindgen_test]
fn json_that_is_none_is_nothing() {
    for json in ["", "{", "<h1>Bad gateway</h1>"] {
        assert!(read::parse(json).is_none(), "{json}");
    }
    let parsed = read::parse(r#"{"a":[1,"b"],"yes":true}"#).unwrap();
    assert_eq!(parsed.get("a").items().len(), 2);
    assert!(parsed.get("missing").items().is_empty());
    assert_eq!(parsed.get("missing").text(), "");
    assert!(parsed.get("yes").is_true());
}

#[wasm_bindgen_test]
async fn a_timer_ends_when_it_is_dropped() {
    let calls = Rc::new(Cell::new(0));
    let call = |calls: &Rc<Cell<i32>>| {
        let calls = calls.clone();
        move || calls.set(calls.get() + 1)
    };
    let kept = timer::after(Duration::from_millis(10), call(&calls));
    drop(timer::after(Duration::from_millis(10), call(&calls)));
    pass(60).await;
    assert_eq!(calls.get(), 1);
    drop(kept);
}

#[wasm_bindgen_test]
fn a_listener_ends_when_it_is_dropped() {
    let target = js("return new EventTarget()");
    let fire = || with(&target, "it.dispatchEvent(new Event('ping'))");
    let heard = Rc::new(Cell::new(0));
    let count = heard.clone();
    let listener = dom::listen(target.unchecked_ref(), "ping", move |_| count.set(count.get() + 1));
    fire();
    fire();
    drop(listener);
    fire();
    assert_eq!(heard.get(), 2);
}

const SOON: Duration = Duration::from_millis(50);

/// Calls the page's `fetch`. A request that does not end fails the test without blocking the others.
async fn ask() -> Answer {
    let answer = Rc::new(Cell::new(None));
    let slot = answer.clone();
    wasm_bindgen_futures::spawn_local(async move {
        slot.set(Some(http::get("https://gateway.invalid/x", SOON, &Abort::new()).await));
    });
    for _ in 0..100 {
        pass(10).await;
        if let Some(answer) = answer.take() {
            return answer;
        }
    }
    panic!("no end after a second");
}

#[wasm_bindgen_test]
async fn a_fetch_that_misbehaves_is_an_answer_too() {
    for fetch in [
        "value: () => Promise.reject('a text')",
        "value: () => Promise.reject(undefined)",
        "value: () => Promise.reject(new TypeError('Failed to fetch'))",
        "value: () => Promise.resolve('no response')",
        "value: () => Promise.resolve(undefined)",
        "value: () => Promise.resolve({ status: 200, text: async () => '{}' })",
        "value: async () => { throw null }",
        "value: async () => { const r = new Response('x'); await r.text(); return r }",
    ] {
        let _replaced = replace("fetch", fetch);
        assert_eq!(ask().await, Answer::Unreachable, "{fetch}");
    }
}

#[wasm_bindgen_test]
async fn a_fetch_that_throws_or_gives_no_promise_is_an_answer_too() {
    for fetch in ["value: () => { throw new Error('blocked') }", "value: () => 7", "value: () => undefined"] {
        let _replaced = replace("fetch", fetch);
        assert_eq!(ask().await, Answer::Unreachable, "{fetch}");
    }
}

#[wasm_bindgen_test]
async fn a_fetch_that_never_settles_times_out() {
    let _replaced = replace(
        "fetch",
        "value: (url, { signal }) => new Promise((_, no) => signal.addEventListener('abort', () => no(signal.reason)))",
    );
    assert_eq!(ask().await, Answer::TimedOut);
}

#[wasm_bindgen_test]
async fn a_fetch_that_never_settles_and_hears_no_signal_times_out() {
    let _replaced = replace("fetch", "value: () => new Promise(() => {})");
    assert_eq!(ask().await, Answer::TimedOut);
}

#[wasm_bindgen_test]
async fn an_answer_comes_with_what_it_said() {
    let _replaced = replace(
        "fetch",
        r#"value: async (url, init) => new Response(JSON.stringify({ url, credentials: init.credentials }), { status: 429, headers: { "Retry-After": "7" } })"#,
    );
    let Answer::Http { status, body, retry_after } = ask().await else { panic!("no answer") };
    assert_eq!((status, retry_after), (429, Some(7)));
    let body = body.unwrap();
    assert_eq!((body.text_of("url"), body.text_of("credentials")), ("https://gateway.invalid/x".into(), "omit".into()));
}

#[wasm_bindgen_test]
fn arabic_counts_in_six_ways() {
    let categories: Vec<String> = [0, 1, 2, 3, 11, 100].iter().map(|n| intl::plural_category(*n, "ar")).collect();
    assert_eq!(categories, ["zero", "one", "two", "few", "many", "other"]);
    assert_eq!([1, 2].map(|n| intl::plural_category(n, "en")), ["one", "other"]);
}

#[wasm_bindgen_test]
fn numbers_and_days_are_written_as_people_do() {
    assert_eq!(intl::number(10_000, "en"), "10,000");
    assert_eq!(intl::day("2026-11-03T12:00:00Z", "en"), "Nov 3, 2026");
    assert_eq!(intl::day("yesterday", "en"), "");
}
