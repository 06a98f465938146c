//! Searches several engines, on pages whose configuration names `sources`. Its arguments and results are JavaScript values.

mod github;
mod index;

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use serde::Serialize;
use wasm_bindgen::JsValue;

use super::browser::dom::encoded;
use super::browser::{http, loader, read, timer};
use super::transport;
use domain::engine::{self, Engine, EngineType, SearchTrigger};
use domain::question::{Hit, Hits};
use domain::ticket::Kind;
use wire::{Read, Source};

/// The timeout of an engine.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long typing has to pause before an engine with a low rate limit is searched.
const STILL: Duration = Duration::from_millis(700);
/// The most hits of the engines that are searched at once.
const SHOWN: usize = 5;

/// A search.
#[derive(Clone, Debug)]
struct Search {
    engines: Vec<Engine>,
    /// The site's address at the gateway.
    site_url: String,
    query: String,
    kind: Kind,
    trigger: SearchTrigger,
    lang: String,
    visit: String,
}

/// The result of a search, and whether there are engines left to search.
#[derive(Clone, Debug)]
struct Found {
    search: Search,
    hits: Vec<Hit>,
}

/// The result for the form.
#[derive(Serialize)]
struct Answer<'a> {
    hits: &'a [Hit],
    /// The engines that found the hits.
    source: String,
    /// Whether there are engines left to search.
    more: bool,
}

thread_local! {
    /// Counts typed searches, so that a search notices when it is not the latest.
    static TYPED: Cell<u32> = const { Cell::new(0) };
    /// The result of the latest typed search.
    static LAST: RefCell<Option<Found>> = const { RefCell::new(None) };
    /// The warnings that were shown already.
    static NAMED: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Searches the engines that respond at once: the gateway and indexes. Passes `{hits, source, more}` to `done`, where `more` tells that
/// [`rest`] can search others; undefined if no engine responded.
pub fn find(done: JsValue, sources: JsValue, site_url: String, request: JsValue) {
    timer::tell(done, Box::pin(found_at_once(sources, site_url, request)));
}

/// Searches the engines with low rate limits, once typing has paused. Passes all results to `done`, including those of the others; undefined if
/// typing continued.
pub fn rest(done: JsValue) {
    timer::tell(done, Box::pin(found_later()));
}

/// Passes a question of an index, or else of the gateway, to `done`; undefined if none has it.
pub fn question(done: JsValue, sources: JsValue, site_url: String, id: String) {
    timer::tell(done, Box::pin(question_of(sources, site_url, id)));
}

async fn found_at_once(sources: JsValue, site_url: String, request: JsValue) -> JsValue {
    let search = Search::read(&sources, site_url, &request);
    if search.trigger == SearchTrigger::Typed {
        TYPED.set(TYPED.get().wrapping_add(1));
    }
    let is_searched = |engine: &&Engine| engine.is_searched(search.kind, search.trigger);
    let prompt: Vec<&Engine> =
        search.engines.iter().filter(is_searched).filter(|engine| engine.engine != EngineType::Github).collect();
    let more = search.engines.iter().filter(is_searched).any(|engine| engine.engine == EngineType::Github);
    let answers = all(prompt.iter().map(|engine| ask(&search, engine)).collect()).await;
    if answers.iter().all(Option::is_none) && !more {
        return JsValue::UNDEFINED;
    }
    let mut hits: Vec<Hit> = Vec::new();
    for hit in answers.into_iter().flatten().flatten() {
        if !hits.iter().any(|known| known.id == hit.id) {
            hits.push(hit);
        }
    }
    hits.truncate(SHOWN);
    let answer = answer(&hits, more);
    if search.trigger == SearchTrigger::Typed {
        LAST.set(Some(Found { search, hits }));
    }
    answer
}

async fn found_later() -> JsValue {
    let number = TYPED.get();
    timer::wait(STILL).await;
    if TYPED.get() != number {
        return JsValue::UNDEFINED;
    }
    let Some(Found { search, mut hits }) = LAST.take() else { return JsValue::UNDEFINED };
    for engine in &search.engines {
        if engine.engine == EngineType::Github && engine.is_searched(search.kind, search.trigger) {
            hits.extend(github::search(&search.query, &engine.repository, PATIENCE).await);
        }
    }
    answer(&hits, false)
}

async fn question_of(sources: JsValue, site_url: String, id: String) -> JsValue {
    let (engines, _) = engine::read(&sources);
    for engine in engines.iter().filter(|engine| engine.engine == EngineType::Index) {
        if let Some(question) = index::question(&engine.url, &id).await {
            return read::value(&question);
        }
    }
    let path = ["questions/", &encoded(&id)].concat();
    transport::ask(&site_url, &path, &http::Abort::new()).await.unwrap_or(JsValue::UNDEFINED)
}

impl Search {
    fn read(sources: &JsValue, site_url: String, request: &JsValue) -> Search {
        let (engines, problems) = engine::read(sources);
        problems.into_iter().for_each(complain);
        Search {
            engines,
            site_url,
            query: request.text_of("q"),
            kind: Kind::from_word(&request.text_of("kind")).unwrap_or(Kind::Question),
            trigger: request.member("asked"),
            lang: request.text_of("lang"),
            visit: request.text_of("visit"),
        }
    }
}

async fn ask(search: &Search, engine: &Engine) -> Option<Vec<Hit>> {
    match engine.engine {
        EngineType::Index => within(PATIENCE, index::search(&engine.url, &search.query, SHOWN)).await?,
        _ => {
            let Search { site_url, query, lang, visit, .. } = search;
            let path = ["search?limit=5&lang=", lang, "&visit=", visit, "&q=", &encoded(query)].concat();
            let answer = transport::ask_within(site_url, &path, PATIENCE, &http::Abort::new()).await;
            answer.as_ref().map(Hits::read).map(|hits| hits.hits)
        }
    }
}

fn answer(hits: &[Hit], more: bool) -> JsValue {
    let mut sources: Vec<&str> = Vec::new();
    for hit in hits {
        let source = if hit.source.is_empty() { EngineType::Gateway.word() } else { &hit.source };
        if !sources.contains(&source) {
            sources.push(source);
        }
    }
    read::value(&Answer { hits, source: sources.join(","), more })
}

/// Warns the host's developer, once for each problem.
fn complain(problem: String) {
    let new = NAMED.with_borrow(|named| !named.contains(&problem));
    if new {
        loader::warn_developer(&["deskbell: configure: ", &problem].concat());
        NAMED.with_borrow_mut(|named| named.push(problem));
    }
}

/// The results of several futures, run concurrently.
async fn all<T>(waiting: Vec<impl Future<Output = T>>) -> Vec<T> {
    let mut waiting: Vec<_> = waiting.into_iter().map(|one| (Box::pin(one), None)).collect();
    std::future::poll_fn(|cx| {
        for (one, done) in waiting.iter_mut().filter(|(_, done)| done.is_none()) {
            if let Poll::Ready(result) = one.as_mut().poll(cx) {
                *done = Some(result);
            }
        }
        match waiting.iter().all(|(_, done)| done.is_some()) {
            true => Poll::Ready(waiting.iter_mut().filter_map(|(_, done)| done.take()).collect()),
            false => Poll::Pending,
        }
    })
    .await
}

/// The result of a future, if it completes in time.
async fn within<T>(time: Duration, one: impl Future<Output = T>) -> Option<T> {
    let mut late = std::pin::pin!(timer::wait(time));
    let mut one = std::pin::pin!(one);
    std::future::poll_fn(|cx| {
        if let Poll::Ready(result) = one.as_mut().poll(cx) {
            return Poll::Ready(Some(result));
        }
        Pin::as_mut(&mut late).poll(cx).map(|()| None)
    })
    .await
}
