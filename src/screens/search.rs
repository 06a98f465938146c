//! Search while typing: one search at a time, and older results never replace newer ones.

use std::rc::Rc;
use std::time::Duration;

use wasm_bindgen::JsValue;

use super::model::{Model, Screen};
use super::{Panel, STATE, choices, document, question, suggestions};
use crate::browser::dom::{self, encoded};
use crate::browser::http::Abort;
use crate::browser::timer::{self, Timer};
use crate::components::el::spawn;
use domain::engine::SearchTrigger;
use domain::join::join_nonempty;
use domain::question::{Hit, Hits};
use domain::texts::Text;
use domain::ticket::{Outcome, Severity};
use wire::{Read, Source};

/// The most hits that are shown: five that are requested, and further ones of several engines.
const SHOWN: usize = 8;
/// The shortest text that is searched for, in characters.
const SHORTEST: usize = 2;
/// The longest text that is searched for, in characters: the end of the message, where the problem is named.
const LONGEST: usize = 300;
/// The pause in a message before it is searched for; on Home every letter counts.
const PAUSE: Duration = Duration::from_millis(150);
/// How long the hits have to stay the same before they are announced, so that a screen reader is not interrupted at every letter.
const ANNOUNCED_AFTER: Duration = Duration::from_secs(1);
/// From this many words on, a message is searched for without a pause, whenever a word is complete.
const ENOUGH_WORDS: usize = 3;

/// After how many seconds a search without an answer is repeated, as long as its text stays the same: the gateway builds an index when a site is searched
/// for the first time, and no customer should have to type again for it.
const REPEATED_AFTER: [u64; 5] = [1, 2, 4, 8, 16];

/// The running search; aborted when another one replaces it.
#[derive(Default)]
pub struct Running {
    number: u32,
    _pause: Option<Timer>,
    abort: Option<Rc<Abort>>,
    _announcement: Option<Timer>,
}

/// Searches for the text in the box.
pub fn start(panel: Panel) {
    let (query, at_once, is_empty) = panel.peek(|model| {
        (query_of(model), model.screen == Screen::Home || says_enough(&model.text), model.text.is_empty())
    });
    let number = STATE.with(|state| state.search.borrow().number + 1);
    if query.chars().count() < SHORTEST {
        replace(Running { number, ..Running::default() });
        panel.change(|model| {
            model.hits.clear();
            model.found_nothing = false;
        });
        if is_empty && panel.peek(|model| model.screen == Screen::Home) {
            suggestions::start(panel);
        }
        return;
    }
    let abort = Rc::new(Abort::new());
    replace(Running { number, abort: Some(abort.clone()), ..Running::default() });
    let go = move || spawn(run(panel, number, query, abort));
    if at_once {
        return go();
    }
    let pause = timer::after(PAUSE, go);
    STATE.with(|state| state.search.borrow_mut()._pause = pause);
}

/// Whether searching is possible, and the customer allows it.
pub fn is_on(model: &Model) -> bool {
    model.searches && choices::goes(model, choices::SEARCH)
}

/// Whether suggestions are offered: searching is on, and the product is not down for the customer.
pub fn offers(model: &Model) -> bool {
    let critical = model.screen == Screen::Ticket && model.severity() == Severity::Critical;
    is_on(model) && !critical
}

/// The result of a query; `None` if no engine responded.
pub async fn ask(panel: Panel, query: &str, trigger: SearchTrigger, abort: &Abort) -> Option<JsValue> {
    let (lang, visit) = (panel.lang(), panel.loader().visit());
    let kind = panel.peek(|model| model.kind().word());
    let path = ["search?limit=5&lang=", &lang, "&visit=", &visit, "&kind=", kind, "&asked=", trigger.word(), "&q="];
    panel.ask(&[&path.concat(), &encoded(query)[..]].concat(), abort).await
}

/// The hits in a response, as many as are shown.
pub fn hits_of(answer: &JsValue) -> Vec<Hit> {
    let mut hits = Hits::read(answer).hits;
    hits.truncate(SHOWN);
    hits
}

/// Records what the customer sees.
pub fn shown(panel: Panel, hits: &[Hit]) {
    let ids: Vec<String> = hits.iter().map(|hit| hit.id.clone()).filter(|id| !id.is_empty()).collect();
    if ids.is_empty() {
        return;
    }
    // Before one is opened.
    panel.with_screens(drop);
    panel.emit("question-shown", &[("ids", join_nonempty(&ids, ",").into())]);
    count(panel, "shown", ids);
    panel.change(|model| hits.iter().for_each(|hit| question::upsert_outcome(&mut model.seen, hit, Outcome::Shown)));
}

/// Counts an event of questions. Nothing is counted for customers who have turned searching off.
pub fn count(panel: Panel, name: &str, questions: Vec<String>) {
    if panel.peek(is_on) {
        panel.loader().count(name, panel.peek(|model| model.kind().word()), questions);
    }
}

fn replace(running: Running) {
    // After the borrow, because aborting a request calls into the page.
    let ended = STATE.with(|state| state.search.replace(running));
    // Ended and not only dropped, because what waits for the response has the handle as well.
    if let Some(abort) = ended.abort {
        abort.end();
    }
}

/// Whether no other search has replaced the one with the number.
fn is_current(number: u32) -> bool {
    STATE.with(|state| state.search.borrow().number == number)
}

async fn run(panel: Panel, number: u32, query: String, abort: Rc<Abort>) {
    let is_current = || is_current(number);
    let mut answer = ask(panel, &query, SearchTrigger::Typed, &abort).await;
    for (repeats, seconds) in REPEATED_AFTER.into_iter().enumerate() {
        if answer.is_some() || !is_current() {
            break;
        }
        if repeats == 0 {
            found(panel, number, &query, None);
        }
        timer::wait(Duration::from_secs(seconds)).await;
        if is_current() {
            answer = ask(panel, &query, SearchTrigger::Typed, &abort).await;
        }
    }
    while let Some(shown) = answer.take().filter(|_| is_current()) {
        found(panel, number, &query, Some(&shown));
        if shown.get("more").is_true() {
            answer = panel.ask("rest", &abort).await;
        }
    }
}

/// Takes the result of a search.
fn found(panel: Panel, number: u32, query: &str, answer: Option<&JsValue>) {
    let mut hits = answer.map(hits_of).unwrap_or_default();
    panel.peek(|model| hits.retain(|hit| !model.memory.has_solved(&hit.id, query)));
    let count = hits.len() as u32;
    let source = answer.map(|answer| answer.text_of("source")).filter(|source| !source.is_empty());
    panel.emit("search", &[("hits", count.into()), ("source", source.as_deref().unwrap_or("gateway").into())]);
    announce(panel, if answer.is_some() { panel.count(Text::HitsFound, count) } else { panel.t(Text::SearchFailed) });
    if count > 0 {
        shown(panel, &hits);
    }
    let hits = answer.is_some().then_some(hits);
    if !is_hit_pressed(panel) {
        return show(panel, hits);
    }
    // A hit that is being pressed must not change under the finger.
    spawn(async move {
        timer::until(Box::new(move || !is_hit_pressed(panel))).await;
        if is_current(number) {
            show(panel, hits);
        }
    });
}

fn is_hit_pressed(panel: Panel) -> bool {
    !dom::all(&panel.loader().root(), ".hit:active").is_empty()
}

/// Shows the hits of a search; `None` if it has failed.
fn show(panel: Panel, hits: Option<Vec<Hit>>) {
    panel.change(|model| {
        model.search_failed = hits.is_none();
        model.found_nothing = hits.as_ref().is_some_and(Vec::is_empty);
        // While searching fails, the earlier hits stay; they are the best there is.
        if let Some(hits) = hits {
            model.hits = hits;
        }
    });
}

/// Announces the outcome of a search, unless another one begins soon, or a screen without hits is shown by then.
fn announce(panel: Panel, outcome: String) {
    let announcement = timer::after(ANNOUNCED_AFTER, move || {
        if panel.peek(|model| matches!(model.screen, Screen::Home | Screen::Ticket)) {
            panel.announce(&outcome);
        }
    });
    STATE.with(|state| state.search.borrow_mut()._announcement = announcement);
}

/// Whether a message has enough words, and the last one is complete.
fn says_enough(text: &str) -> bool {
    text.ends_with([' ', '\n']) && text.split_ascii_whitespace().count() >= ENOUGH_WORDS
}

/// The end of the text without its secrets; empty if nothing is searched for, or while secrets cannot be recognised.
pub fn query_of(model: &Model) -> String {
    let Some(context) = document::ready().filter(|_| offers(model)) else { return String::new() };
    let text = (context.redact)(model, &model.text);
    let surplus = text.chars().count().saturating_sub(LONGEST);
    text.chars().skip(surplus).collect::<String>().trim_ascii_start().to_string()
}
