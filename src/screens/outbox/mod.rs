//! The outbox: each submission with why it was not sent yet, and what can be done besides waiting. It is in the chunk `context`, because it has to
//! be there when the network is not.

pub mod ladder;

use std::time::Duration;

use leptos::prelude::*;
use wasm_bindgen::JsValue;

use super::Panel;
use super::model::Screen;
use crate::browser::{dom, intl, outbox, timer};
use crate::components::el::{El, button, div, el, live, nothing, paragraph, spawn};
use crate::components::shared::Shared;
use crate::texts;
use domain::texts::Text;
use wire::Source;

/// The most characters of a message that are shown.
const SHOWN_MAX: usize = 300;
/// After this time the customer decides whether it is still to be sent, in milliseconds.
const OLD_MS: f64 = 86_400_000.0;
/// How long the buttons of a submission that may have arrived do nothing after they took the place of others, in milliseconds: a press in this
/// time was meant for those.
const GUARD_MS: f64 = 1000.0;

/// What is shown.
#[derive(Default)]
struct State {
    is_loaded: bool,
    items: Vec<Item>,
    /// Whether the browser could not store some.
    is_unkept: bool,
    /// Whether the outbox was opened, and nobody who only hears the screen knows yet why the latest submission was not sent.
    is_unannounced: bool,
}

/// A submission.
struct Item {
    key: String,
    text: String,
    /// All that is sent, as JSON.
    body: String,
    /// Why it was not sent yet; empty before the first attempt.
    cause: String,
    /// Whether this tab is sending it.
    is_going: bool,
    /// Why it was refused, if it was.
    refused: Option<String>,
    /// When it is tried next, in milliseconds since 1970.
    next: f64,
    /// When the customer last wanted to send it, in the same.
    wanted: f64,
    /// What is left out, in words.
    left_out: Vec<String>,
    /// Whether it is a ticket, which can be edited.
    is_ticket: bool,
    /// From when on its buttons can be pressed, in milliseconds since 1970.
    pressable_from: f64,
    /// Whether the customer was asked if it is to be discarded; stays so while it is tried again.
    is_asked: Shared<bool>,
}

/// The cause of a submission that may have arrived (`loader/outbox.js`).
const UNSURE: &str = "unsure";

thread_local! {
    static STATE: Shared<State> = Shared::default();
}

/// The screen.
pub fn view(panel: Panel) -> AnyView {
    let state = STATE.with(Clone::clone);
    state.update(|state| state.is_unannounced = true);
    refresh(panel);
    live(move || state.with(|state| if state.is_loaded { screen(panel, state) } else { nothing() }))
}

/// Reads the outbox again, if it is shown. The focus stays on the same button, or goes to the first.
pub fn refresh(panel: Panel) {
    if panel.peek(|model| model.screen != Screen::Outbox) {
        return;
    }
    spawn(async move {
        let loader = panel.loader();
        let labels = outbox::labels(&loader).await;
        let Some((labels, outbox)) = labels.zip(outbox::read(&loader).await) else {
            panel.announce(&panel.t(Text::FailUnreachable));
            return panel.go(Screen::Home);
        };
        texts::set_table(labels);
        let focused = focused(panel);
        let known = STATE.with(Clone::clone);
        let items: Vec<Item> =
            known.peek(|known| outbox.get("items").items().iter().map(|item| Item::read(item, &known.items)).collect());
        if items.iter().any(Item::is_guarded) {
            enable_later(panel);
        }
        // The latest is the last.
        let reason = items.last().filter(|item| !item.is_going).map(|item| item.reason(panel));
        let mut is_unannounced = known.peek(|known| known.is_unannounced);
        if let Some(reason) = reason.filter(|_| is_unannounced) {
            is_unannounced = false;
            panel.announce(&reason);
        }
        let state = State { is_loaded: true, items, is_unkept: outbox.get("unkept").is_true(), is_unannounced };
        known.update(|known| *known = state);
        if let Some(index) = focused {
            panel.later(move || focus(panel, index));
        }
    });
}

/// Draws the buttons anew once they can be pressed.
fn enable_later(panel: Panel) {
    spawn(async move {
        timer::wait(Duration::from_millis(GUARD_MS as u64)).await;
        refresh(panel);
    });
}

fn buttons(panel: Panel) -> Vec<crate::browser::HtmlElement> {
    dom::all(&panel.loader().root(), "#waiting button")
}

/// The position of the focused button.
fn focused(panel: Panel) -> Option<usize> {
    buttons(panel).iter().position(dom::is_focused)
}

fn focus(panel: Panel, index: usize) {
    let buttons = buttons(panel);
    buttons.get(index).or(buttons.first()).into_iter().for_each(dom::focus);
}

impl Item {
    /// Reads a submission. `known` are those that were shown until now.
    fn read(item: &JsValue, known: &[Item]) -> Item {
        let key = item.text_of("key");
        let is_going = item.get("going").is_true();
        // Without a gateway it is recorded before an attempt that it may arrive. As long as the attempt lasts there is nothing to decide.
        let cause = if is_going { String::new() } else { item.text_of("cause") };
        let was = known.iter().find(|known| known.key == key);
        let pressable_from = match was {
            Some(was) if cause == UNSURE && !was.is_unsure() => intl::now_ms() + GUARD_MS,
            Some(was) => was.pressable_from,
            None => 0.0,
        };
        let refused = item.get("refused");
        let reason = || {
            let known = texts::named(&["refused_", &refused.text_of("code")].concat());
            if known.is_empty() { refused.text_of("title") } else { known }
        };
        Item {
            key,
            text: item.text_of("text"),
            body: item.text_of("body"),
            cause,
            is_going,
            refused: (!refused.is_undefined()).then(reason),
            next: item.get("next").number(),
            wanted: item.get("at").number().max(item.get("said").number()),
            left_out: ladder::left_out(item),
            is_ticket: !item.text_of("draft").is_empty(),
            pressable_from,
            is_asked: was.map(|was| was.is_asked.clone()).unwrap_or_default(),
        }
    }

    fn is_guarded(&self) -> bool {
        self.is_unsure() && intl::now_ms() < self.pressable_from
    }

    /// Whether something lets other requests through to support, and not this one.
    fn is_blocked(&self) -> bool {
        !self.is_going && matches!(self.cause.as_str(), "blocked" | "origin")
    }

    /// Whether it may have arrived, so that the customer has to decide.
    fn is_unsure(&self) -> bool {
        self.cause == UNSURE
    }

    /// Why it was not sent yet.
    fn reason(&self, panel: Panel) -> String {
        let time = |at: f64| intl::clock(at, &panel.lang());
        if self.is_going || self.cause.is_empty() {
            return texts::named("waiting_sending");
        }
        if let Some(reason) = &self.refused {
            return texts::named_with("waiting_refused", "{reason}", reason);
        }
        if self.is_unsure() {
            return texts::named("waiting_unsure");
        }
        if intl::now_ms() - self.wanted >= OLD_MS {
            return texts::named_with("waiting_old", "{time}", &time(self.wanted));
        }
        let cause = match self.cause.as_str() {
            "unreachable" | "blocked" | "origin" if !panel.has_gateway() => "unsent",
            cause => cause,
        };
        let reason = texts::named(&["waiting_", cause].concat());
        [reason, texts::named_with("waiting_next", "{time}", &time(self.next))].join(" ").trim_ascii().to_string()
    }
}

fn screen(panel: Panel, state: &State) -> AnyView {
    let mut parts: Vec<AnyView> = state.items.iter().map(|item| submission(panel, item)).collect();
    if parts.is_empty() {
        parts.push(paragraph("notice", texts::named("waiting_nothing")));
    }
    if state.is_unkept {
        parts.push(paragraph("hint", texts::named("waiting_unkept")));
    }
    parts.into_any()
}

fn submission(panel: Panel, item: &Item) -> AnyView {
    let mut text: String = item.text.chars().take(SHOWN_MAX).collect();
    if text.len() < item.text.len() {
        text.push('…');
    }
    let mut parts = vec![paragraph("", item.reason(panel))];
    parts.extend(item.left_out.iter().map(|text| paragraph("notice", text.clone())));
    let mut ways = ladder::ways(panel, item.text.clone(), item.body.clone(), item.is_blocked());
    // What is blocked is most likely blocked again; everything else goes through at some time.
    ways.insert(if item.is_blocked() { ways.len() } else { 0 }, again(panel, item));
    ways.push(discard(panel, item));
    parts.push(div("row").children(ways));
    let text = el("p").attr("class", "written").attr("dir", "auto").in_any_language().text(text);
    el("article").attr("class", "waits").children([text, div("alert").children(parts)])
}

/// What is most likely wanted: to send it again, or to edit what was refused.
fn again(panel: Panel, item: &Item) -> AnyView {
    let key = item.key.clone();
    if item.refused.is_some() && item.is_ticket {
        let edit = move |_| outbox::edit(&panel.loader(), &key);
        return button("button main", edit).text(texts::named("waiting_edit"));
    }
    let (is_unsure, is_guarded) = (item.is_unsure(), item.is_guarded());
    let again = move |_| {
        if !is_guarded {
            outbox::send_again(&panel.loader(), &key, is_unsure);
        }
    };
    // Something that may arrive twice must not be pressed without thinking.
    match is_unsure {
        true => guarded(button("button", again), is_guarded).text(texts::named("waiting_twice")),
        false => {
            button(if item.is_blocked() { "button" } else { "button main" }, again).text(texts::named("waiting_again"))
        }
    }
}

/// Shows whether a button does nothing yet. It keeps the focus, which a disabled one would lose.
fn guarded(button: El, is_guarded: bool) -> El {
    button.maybe("aria-disabled", is_guarded.then(|| "true".into()))
}

/// Asks for confirmation, because it cannot be undone; not if it may have arrived.
fn discard(panel: Panel, item: &Item) -> AnyView {
    let (key, is_unsure, is_guarded) = (item.key.clone(), item.is_unsure(), item.is_guarded());
    let is_asked = item.is_asked.clone();
    live(move || {
        let (asks, key, was_asked) = (is_asked.clone(), key.clone(), is_asked.with(|is_asked| *is_asked));
        let text = match (is_unsure, was_asked) {
            (true, _) => "waiting_settled",
            (false, false) => "waiting_discard",
            (false, true) => "waiting_really",
        };
        let press = move |_| match is_unsure || was_asked {
            true if is_guarded => (),
            true => outbox::discard(&panel.loader(), &key),
            false => asks.update(|is_asked| *is_asked = true),
        };
        guarded(button("button", press), is_guarded).text(texts::named(text))
    })
}
